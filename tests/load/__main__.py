"""`make load`: one box with 1,000 open calendars, 50 requests a second, 100,000 events and 300 connected accounts.

`python -m tests.load [--data FOLDER] [--seconds 60] [--prepare]`. The data set is made once in FOLDER (`--prepare`: only
that). Google is the sandbox as a process of its own. Everything shares the machine: what the visitors themselves cost is
said. The last part compares live notices to 1,000 sockets of one person with plain Channels groups on the same machine.

Ends with 1 when a request failed, a socket was lost or a goal was missed. Other numbers than the usual ones try the
command itself (`--people 10 --sockets 10 …`): the goals are for the usual ones and are left out then.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import secrets
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
from cryptography.fernet import Fernet

from tests.load.machine import own_seconds, use_of
from tests.load.visitors import Answers, Fleet, Visitors, change, cookie_of
from tests.load.wire import Connection
from tests.sandbox.fixtures import run_sandbox
from tests.servers import (
    ROOT,
    Product,
    end_on_sigterm,
    free_port,
    leader,
    product_environment,
    start_product,
    wait_for,
)

PAGES = ("page", "turn", "event")


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    people: int = 1000
    events: int = 100  # of each person
    accounts: int = 300  # of these people that are connected
    sockets: int = 1000  # at most as many as there are people
    per_second: int = 50  # requests
    saves: int = 25  # whose notices are timed
    seconds: int = 60  # of requests
    rest: int = 10  # seconds; what is measured while nobody asks for anything


@dataclass
class Outcome:
    """`failures` must never be; `missed` are goals."""

    failures: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, help="where the data set is, or is to be made and kept")
    parser.add_argument(
        "--begin-with", type=Path, help="a data folder that the data set is added to a copy of"
    )
    parser.add_argument("--prepare", action="store_true", help="make the data set and measure nothing")
    for part in fields(Size):
        parser.add_argument(f"--{part.name.replace('_', '-')}", type=int, default=part.default)
    options = parser.parse_args()
    size = Size(**{part.name: getattr(options, part.name) for part in fields(Size)})
    end_on_sigterm()
    with ExitStack() as stack:
        folder = options.data or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "people.json").exists():
            make_data(folder, size, options.begin_with)
        if options.prepare:
            return 0
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="appointment-load-")))
        for name in ("var", "google"):
            shutil.copytree(folder / name, work / name)
        control = stack.enter_context(run_sandbox(work / "google"))
        product = start_product(work, **surroundings(folder, control.addresses))
        stack.callback(product.stop)
        people = json.loads((folder / "people.json").read_text())
        spread_polls(work)
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        outcome = asyncio.run(measure(product, people, size, work))
    for failure in outcome.failures:
        print(f"FAILED: {failure}")
    missed = outcome.missed if size == replace(Size(), seconds=size.seconds) else []
    for goal in missed:
        print(f"MISSED: {goal}")
    return 1 if outcome.failures or missed else 0


def surroundings(folder: Path, addresses: dict[str, str]) -> dict[str, str]:
    """As in production, but over plain HTTP on this machine."""
    keys = folder / "keys.json"
    if not keys.exists():
        keys.write_text(
            json.dumps(
                {"SECRET_KEY": secrets.token_urlsafe(48), "TOKEN_KEYS": Fernet.generate_key().decode()}
            )
        )
    return {
        **addresses,
        **json.loads(keys.read_text()),
        "DEBUG": "0",
        "GOOGLE_CLIENT_ID": "sandbox-client.apps.googleusercontent.com",
        "GOOGLE_CLIENT_SECRET": "sandbox-secret",
        "SYNC_POLL_SECONDS": "300",
        "SYNC_SEND_DELAY_SECONDS": "5",
        "EMAIL_URL": "dummymail://",
        "API_RATE_PER_MINUTE": "1000000",
    }


def make_data(folder: Path, size: Size, beginning: Path | None) -> None:
    for name in ("var", "google"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir()
    if beginning:
        shutil.copytree(beginning, folder / "var", dirs_exist_ok=True)
    with run_sandbox(folder / "google") as control:
        environment = product_environment(folder, free_port(), **surroundings(folder, control.addresses))
        numbers = map(str, (size.people, size.events, size.accounts))
        subprocess.run(
            [sys.executable, "-m", "tests.load.data", str(folder), *numbers],
            cwd=ROOT,
            env={**environment, "DJANGO_SETTINGS_MODULE": "project.settings"},
            check=True,
        )


def spread_polls(work: Path) -> None:
    """All accounts come due within the next poll interval, as they do in daily life."""
    with sqlite3.connect(work / "var" / "appointment.sqlite3", timeout=20) as database:
        soon = "strftime('%Y-%m-%d %H:%M:%f', 'now', '+' || (abs(random()) % 300) || ' seconds')"
        database.execute(f"UPDATE sync_googleaccount SET next_run_at = {soon}")
        database.execute(
            "UPDATE sync_calendarlink SET next_poll_at = (SELECT next_run_at FROM sync_googleaccount a"
            " WHERE a.id = account_id)"
        )


async def measure(product: Product, people: list[dict], size: Size, work: Path) -> Outcome:
    port, outcome, pause = product.port, Outcome(), size.rest / 5
    web = leader(product, "project.web")
    await Visitors(port, people).load(5, 2 * pause)  # everything is loaded once
    await asyncio.sleep(pause)
    parts = {
        "web": web,
        "worker": leader(product, "manage.py worker"),
        "with the supervisor": product.process.pid,
    }
    uses = {name: use_of(pid) for name, pid in parts.items()}
    print(
        "memory at the start, accounts being synced:",
        ", ".join(f"{name} {use.pss_mb:.0f} MB" for name, use in uses.items()),
    )

    fleet, before = Fleet(), use_of(web)
    begun = time.perf_counter()
    await fleet.open(port, "/ws/calendar/", [cookie_of(person) for person in people[: size.sockets]])
    opened = time.perf_counter() - begun
    await asyncio.sleep(4 * pause)  # presence is told, what opening needed is given back
    each = (use_of(web).pss - before.pss) / size.sockets
    spent = use_of(product.process.pid).seconds
    await asyncio.sleep(size.rest)
    share = (use_of(product.process.pid).seconds - spent) / size.rest
    print(
        f"{size.sockets} open calendars: opened in {opened:.1f} s, {each:.1f} kB each, idle {share:.1%} of a core"
    )
    if each > 37:
        outcome.missed.append(f"{each:.1f} kB per idle socket > 37")

    visitors = Visitors(port, people)
    await visitors.open_calendars()
    before, own = use_of(product.process.pid), own_seconds()
    begun, begun_at = time.perf_counter(), datetime.now(UTC)
    answers = await visitors.load(size.per_second, size.seconds)
    took = time.perf_counter() - begun
    after = use_of(product.process.pid)
    visitors.close()
    print(f"{size.per_second} requests/s:", end=" ")
    tell(answers, outcome)
    print(
        f"  processor: product {(after.seconds - before.seconds) / took:.0%} of a core, these visitors"
        f" {(own_seconds() - own) / took:.0%}; {synced_since(work, begun_at)} accounts synced meanwhile"
    )
    print(
        f"  memory {before.pss_mb:.0f} → {after.pss_mb:.0f} MB under load; {len(fleet.moments)} notices heard"
    )
    print(f"  of {len(fleet.watchers)} sockets {fleet.lost} were lost; {late(work)}")
    if fleet.lost:
        outcome.failures.append(f"{fleet.lost} sockets were lost")
    fleet.close()
    await asyncio.sleep(pause)
    await compare_notices(product, people, size, outcome)
    return outcome


def tell(answers: Answers, outcome: Outcome) -> None:
    every = answers.all()
    print(f"{len(every)} answered, {len(answers.errors)} errors; milliseconds p50 / p95 / max:")
    for kind, took in sorted(answers.milliseconds.items()):
        print(f"  {kind:<10}{len(took):6}  {shown(took)}")
    print(f"  {'all':<10}{len(every):6}  {shown(every)}  {dict(answers.statuses)}")
    pages = [took for kind in PAGES for took in answers.milliseconds.get(kind, [])]
    if percentile(pages, 95) >= 300:
        outcome.missed.append(f"p95 of pages {percentile(pages, 95):.0f} ms >= 300")
    if answers.errors:
        outcome.failures.append(f"{len(answers.errors)} errors, such as {answers.errors[:3]}")


def shown(values: list[float]) -> str:
    return f"{statistics.median(values):7.0f} {percentile(values, 95):7.0f} {max(values):7.0f}"


def percentile(values: list[float], percent: int) -> float:
    return sorted(values)[max(0, round(len(values) * percent / 100) - 1)]


def synced_since(work: Path, moment: datetime) -> int:
    return ask(
        work, f"SELECT count(*) FROM sync_googleaccount WHERE last_run_at > '{moment:%Y-%m-%d %H:%M:%S}'"
    )


def late(work: Path) -> str:
    late_ones = ask(
        work, "SELECT count(*) FROM sync_googleaccount WHERE next_run_at < datetime('now', '-5 seconds')"
    )
    return f"{late_ones} accounts more than 5 s late"


def ask(work: Path, query: str) -> int:
    with sqlite3.connect(work / "var" / "appointment.sqlite3", timeout=20) as database:
        found: int = database.execute(query).fetchone()[0]
        return found


# --- live notices to a thousand sockets of one person --------------------------------------------
async def compare_notices(product: Product, people: list[dict], size: Size, outcome: Outcome) -> None:
    person, sockets, turn = people[-1], size.sockets, size.saves // 5
    cookies = [cookie_of(person)] * sockets
    with running_peer() as peer_port:
        ours, theirs = Fleet(), Fleet()
        await ours.open(product.port, "/ws/calendar/", cookies[:1])
        one, _ = await notices(product.port, ours, person, size.saves)
        await ours.open(product.port, "/ws/calendar/", cookies[1:])
        await theirs.open(peer_port, "/ws/", [""] * sockets)
        await asyncio.sleep(size.rest / 5)
        # In turn, so that both meet the same machine.
        many, last, peer_saves, peer_last = [], [], [], []
        for _ in range(5):
            saves, arrivals = await notices(product.port, ours, person, turn)
            many, last = many + saves, last + arrivals
            saves, arrivals = await notices(peer_port, theirs, None, turn)
            peer_saves, peer_last = peer_saves + saves, peer_last + arrivals
        for fleet in (ours, theirs):
            fleet.close()
    print(f"live notice to the last of {sockets} sockets, from the request on; milliseconds p50 / p95 / max:")
    print(f"  ours (with the save)    {shown(last)}\n  plain Channels groups   {shown(peer_last)}")
    print("the request itself:")
    print(f"  a save with 1 watcher   {shown(one)}\n  with {sockets:<19}{shown(many)}")
    print(f"  group_send to {sockets:<10}{shown(peer_saves)}")
    ratio = percentile(last, 95) / percentile(peer_last, 95)
    slower = statistics.median(many) / statistics.median(one)
    print(f"  notice p95 {ratio:.2f} × Channels groups; save {slower:.2f} × that with one watcher")
    if ratio > 0.5:
        outcome.missed.append(f"the last notice takes {ratio:.2f} × Channels groups > 0.5")
    if slower > 1.3:
        outcome.missed.append(f"a save with {sockets} watchers takes {slower:.2f} × > 1.3")


async def notices(
    port: int, fleet: Fleet, person: dict | None, count: int
) -> tuple[list[float], list[float]]:
    """(milliseconds of each request, milliseconds until the last socket has heard of it)."""
    connection, chance = Connection(port), random.Random()  # another title each time: no change, no notice
    requests, arrivals = [], []
    for _ in range(count):
        fleet.moments.clear()
        begun = time.perf_counter()
        if person is None:
            status, *_ = await connection.request("POST", "/", {})
        else:
            headers, body = change(chance)
            status, *_ = await connection.request(
                "PATCH",
                f"/appointment/api/events/{person['events'][0]}/",
                {**headers, "Cookie": cookie_of(person)},
                body,
            )
        requests.append((time.perf_counter() - begun) * 1000)
        assert status in (200, 204), status
        arrivals.append((await fleet.last_of(len(fleet.watchers)) - begun) * 1000)
        await asyncio.sleep(0.15)
    connection.close()
    return requests, arrivals


@contextmanager
def running_peer() -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "daphne", "-v", "0", "-p", str(port), "tests.load.peer:application"], cwd=ROOT
    )
    try:
        wait_for(lambda: httpx.post(f"http://127.0.0.1:{port}/").status_code == 204, "the peer")
        yield port
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    sys.exit(main())
