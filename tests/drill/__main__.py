"""`make drill`: what an operator fears, tried on a running installation under load.

`python -m tests.drill [--database sqlite|postgresql] [--savers 3] [--writes 30] [--tries 200]`:
- a backup taken while people save holds everything they were told of before it began
- SIGTERM under load: nothing that was acknowledged is lost
- everything is destroyed; the backup is restored into an empty installation: each row of each table is the same, and it
  starts and serves
- the disk fills up (SQLite) or the database becomes read-only and restarts (PostgreSQL): plain 503s, pages can be
  read, nothing acknowledged is lost, and saving works again when the trouble ends

Jumps of the clock are tests on a frozen clock (docs/checks.md, R-17).
"""

from __future__ import annotations

import argparse
import os
import resource
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psycopg
from cryptography.fernet import Fernet
from psycopg import sql

from tests.browser import PASSWORD
from tests.browser import PERSON as EMAIL
from tests.drill.load import Load, event_titled
from tests.drill.rows import Rows, rows_of
from tests.postgres import new_database, tools
from tests.servers import (
    Product,
    end_on_sigterm,
    free_port,
    log_shown_on_failure,
    processes,
    product_environment,
    run_command,
    sign_in,
    start_product,
    wait_for,
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--data", type=Path, help="a data folder with demo content to begin with a copy of")
    parser.add_argument("--savers", type=int, default=3, help="programs that save at once")
    parser.add_argument(
        "--writes", type=int, default=30, help="before the backup, and again before the SIGTERM"
    )
    parser.add_argument("--tries", type=int, default=200, help="to save while there is trouble")
    options = parser.parse_args()
    end_on_sigterm()
    over = {"SECRET_KEY": secrets.token_urlsafe(50), "TOKEN_KEYS": Fernet.generate_key().decode()}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="appointment-drill-")))
        is_postgresql = options.database == "postgresql"
        if is_postgresql:
            over["PATH"] = f"{tools()}{os.pathsep}{os.environ['PATH']}"
            over["DATABASE_URL"] = stack.enter_context(new_database())
        elif options.data:
            shutil.copytree(options.data, folder / "first" / "var")
        (folder / "first").mkdir(exist_ok=True)
        product = start_product(folder / "first", **over, API_RATE_PER_MINUTE="1000000")
        stack.callback(product.stop)
        stack.enter_context(log_shown_on_failure(product))
        if not options.data:
            product.command("demo")
        kept = back_up_stop_and_count(product, folder, options.savers, options.writes)
        if is_postgresql:
            over["DATABASE_URL"] = stack.enter_context(new_database())
        for name in ("assets", "static"):  # are in no backup; making them anew takes seconds
            shutil.copytree(folder / "first" / "var" / name, folder / "second" / "var" / name)
        restored = restore_into_nothing(kept, folder / "second", over)
        restored.tokens = product.tokens  # they were restored too
        stack.callback(restored.stop)
        stack.enter_context(log_shown_on_failure(restored))
        save_through_trouble(restored, options.tries)
    return 0


def back_up_stop_and_count(product: Product, folder: Path, savers: int, writes: int) -> tuple[Path, Rows]:
    """(a backup of the stopped installation, what is in it)."""
    with Load(product.url, product.api_token(EMAIL), savers) as load:
        load.wait_for(writes)
        before = set(load.acknowledged)
        product.command("backup", str(folder / "while-running"))
        load.wait_for(len(before) + writes)
        assert product.stop() == 0
    assert processes(product) == {}
    after = rows_of(product.environment)
    titles = after.titles()
    acknowledged = set(load.acknowledged)
    lost, unheard = acknowledged - titles, {t for t in titles if t.startswith("Load ")} - acknowledged
    assert not lost, lost
    print(
        f"ok: SIGTERM under load: {len(acknowledged)} acknowledged writes, all there; {len(unheard)} more whose answer was cut off"
    )
    held = rows_in_backup(product, folder / "while-running", folder).titles()
    assert before <= held <= titles, before - held
    print(
        f"ok: a backup under load holds all {len(before)} writes from before it, {len(held & acknowledged)} in all"
    )
    still = folder / "still"
    product.command("backup", str(still))
    return still, after


def rows_in_backup(product: Product, backup: Path, folder: Path) -> Rows:
    """What a backup holds: restored into an installation of its own that is never started."""
    with ExitStack() as stack:
        environment = {**product.environment, "APPOINTMENT_VAR_DIR": str(folder / "third")}
        if "DATABASE_URL" in environment:
            environment["DATABASE_URL"] = stack.enter_context(new_database())
        run_command(environment, "restore", str(backup))
        return rows_of(environment)


def restore_into_nothing(kept: tuple[Path, Rows], folder: Path, over: dict[str, str]) -> Product:
    backup, rows = kept
    environment = product_environment(folder, free_port(), **over)
    run_command(environment, "restore", str(backup))
    found = rows_of(environment)
    for table in sorted(rows.tables | found.tables):
        assert rows[table] == found[table], f"{table} differs"
    product = start_product(folder, **over, API_RATE_PER_MINUTE="1000000")
    print(
        f"ok: restored into an empty installation: {len(found)} rows in {len(found.tables)} tables, all the same; it serves"
    )
    return product


@contextmanager
def broken(product: Product) -> Iterator[str]:
    """Trouble with the database while it lasts; yields what it is."""
    url = product.environment.get("DATABASE_URL")
    if url is None:
        web = [pid for pid, command in processes(product).items() if "project.web" in command]
        # As a full disk: nothing may grow beyond this. The hard limit stays, so that it can be lifted again.
        for pid in web:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
        yield "the disk is full"
        for pid in web:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        return
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    set_read_only(url, name, "on")
    yield "the database is read-only, and all its connections were ended"
    set_read_only(url, name, "off")


def set_read_only(url: str, name: str, value: str) -> None:
    with psycopg.connect(url, autocommit=True, options="-c default_transaction_read_only=off") as connection:
        command = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}")
        connection.execute(command.format(sql.Identifier(str(name)), sql.SQL(value)))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def save_through_trouble(product: Product, tries: int) -> None:
    token = product.api_token(EMAIL)
    headers = {"Authorization": f"Bearer {token}"}
    with (
        httpx.Client(base_url=product.url, timeout=30) as page,
        httpx.Client(base_url=product.url, timeout=60, headers=headers) as program,
    ):
        sign_in(page, EMAIL, PASSWORD)
        saved = {save(program, title) for title in ("Before 1", "Before 2")}
        assert None not in saved
        with broken(product) as trouble:
            answers = [save(program, f"Trouble {number}") for number in range(tries)]
            assert None in answers, f"{trouble}: every save was taken"
            assert page.get("/calendar/").status_code == 200
        wait_for(lambda: save(program, "After"), "saving to work again")
    kept = rows_of(product.environment).titles()
    saved |= {title for title in answers if title}
    refused = {f"Trouble {number}" for number in range(tries)} - saved
    assert saved <= kept and not refused & kept, (saved - kept, refused & kept)
    refusals = answers.count(None)
    print(
        f"ok: {trouble}: {refusals} of {tries} saves were refused by 503, pages could be read, nothing acknowledged is lost"
    )


def save(program: httpx.Client, title: str) -> str | None:
    """The title, None when it was refused."""
    answer = program.post("/appointment/api/events/", json=event_titled(title))
    assert answer.status_code in (201, 503), (answer.status_code, answer.text[:300])
    return title if answer.status_code == 201 else None


if __name__ == "__main__":
    sys.exit(main())
