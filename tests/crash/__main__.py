"""`make crash`: kill -9 of web, worker, tasks and supervisor at random while people, programs, guests and Google work.

`python -m tests.crash [--seconds 60] [--seed N] [--database sqlite|postgresql]`; with PostgreSQL goes Redis.

Google is the sandbox as a process of its own, with faults; each killed process is started again as in daily life. Then
the killing ends, and once it is quiet: no write that anybody was told of is lost, nothing is sold twice, both calendars
show the same, nothing waits any more, every mail went out at most twice. Ends with 1 and says what does not hold; the
data folder is then kept.
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import StringIO
from pathlib import Path

import django
import httpx
from cryptography.fernet import Fernet
from django.core.management import call_command

from tests.crash.killer import Killer
from tests.postgres import new_database
from tests.redis import new_redis
from tests.sandbox.fixtures import run_sandbox
from tests.servers import (
    Product,
    end_on_sigterm,
    log_shown_on_failure,
    processes,
    sign_in,
    start_product,
    wait_for,
)
from tests.smtp import MailSink
from tests.sync.google_side import GoogleSide

PEOPLE = {"ana@example.com": "ana@gmail.example", "bo@example.com": "bo@gmail.example"}
TARGETS = ("web",) * 3 + ("worker",) * 2 + ("task",) * 3 + ("supervisor",)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--data", type=Path, help="a data folder with demo content to begin with a copy of")
    options = parser.parse_args()
    end_on_sigterm()
    folder = Path(tempfile.mkdtemp(prefix="appointment-crash-"))
    with ExitStack() as stack:
        mails = stack.enter_context(MailSink())
        control = stack.enter_context(run_sandbox(folder))
        over = {**control.addresses, "EMAIL_URL": f"smtp://127.0.0.1:{mails.port}"}
        targets = TARGETS
        if options.database == "postgresql":
            over["DATABASE_URL"] = stack.enter_context(new_database())
            over["REDIS_URL"] = stack.enter_context(new_redis())
            targets = (*TARGETS, "database")
        elif options.data:
            shutil.copytree(options.data, folder / "var")
        product = stack.enter_context(installation(folder, over))
        stack.enter_context(log_shown_on_failure(product))
        from tests.crash.storm import judge, storm  # it needs the settings

        sides = {email: GoogleSide(control, there) for email, there in PEOPLE.items()}
        for email, google in sides.items():
            connect(product, email, google)
        chance = random.Random(options.seed)
        killer = Killer(product, chance, targets)
        stack.callback(killer.keep_no_more)
        ledger = storm(product, killer, sides, chance, options.seconds)
        begun = time.monotonic()
        wrong = judge(ledger, sides, mails.messages)
        took = time.monotonic() - begun
        status = killer.stop()
        try:  # a web process whose supervisor was killed may still be draining
            wait_for(lambda: not processes(product), "every process to be gone")
        except AssertionError:
            wrong.append(f"left behind: {processes(product)}")
        if status:
            wrong.append(f"serve ended with {status}")
    kills = ", ".join(f"{count} × {target}" for target, count in sorted(killer.killed.items()))
    print(f"seed {options.seed}, {options.database}, {options.seconds:g} s: killed {kills}")
    print(f"answers: {dict(sorted(ledger.answers.items()))}")
    print(
        f"{len(ledger.here)} events here, {len(ledger.there)} in Google, {len(ledger.sales)} bookings,"
        f" {len(mails.messages)} mails; quiet {took:.0f} s after"
    )
    if wrong:
        print(f"\n{len(wrong)} things do not hold (kept: {folder}):", *wrong[:40], sep="\n- ")
        print(product.last_words())
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    print(
        "no acknowledged write lost, nothing sold twice, both sides equal, nothing waits, no mail more than twice"
    )
    return 0


@contextmanager
def installation(folder: Path, over: dict[str, str]) -> Iterator[Product]:
    """As in production: what a person is told while the database restarts is no page for developers."""
    product = start_product(
        folder,
        push=True,
        DEBUG="0",
        SECRET_KEY=secrets.token_urlsafe(50),
        TOKEN_KEYS=Fernet.generate_key().decode(),
        GOOGLE_CLIENT_ID="sandbox-client.apps.googleusercontent.com",
        GOOGLE_CLIENT_SECRET="sandbox-secret",
        API_RATE_PER_MINUTE="1000000",
        TRUSTED_PROXIES="1",  # guests come from many addresses
        **over,
    )
    try:
        # This process reads the same database. Demo content is for trials only.
        os.environ.clear()
        os.environ.update(product.environment, DJANGO_SETTINGS_MODULE="project.settings", DEBUG="1")
        django.setup()
        call_command("demo", stdout=StringIO())
        yield product
    finally:
        if product.process.poll() is None:
            product.stop()


def connect(product: Product, email: str, google: GoogleSide) -> None:
    """As the person does it on the pages; then everything from before is sent."""
    from scheduling.demo import PASSWORD
    from tests.product.people import connect_calendar

    with httpx.Client(base_url=product.url, timeout=30, headers={"X-Forwarded-For": "192.0.2.1"}) as client:
        sign_in(client, email, PASSWORD)
        connect_calendar(client, google.email)
    call_command("sync", email, stdout=StringIO())


if __name__ == "__main__":
    sys.exit(main())
