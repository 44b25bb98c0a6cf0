"""The people of the load test: a thousand open calendars, and fifty requests a second at fixed moments.

Requests leave when they are due, whether or not the ones before are answered; their time counts from then.
"""

from __future__ import annotations

import asyncio
import html
import json
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tests.load.wire import Connection, Watcher, watch

Person = dict[str, Any]
VIEWS = ("week", "month", "day", "agenda")
STATE = re.compile(r'If-None-Match": "\\"(\w+)')
COOKIE = "csrftoken=" + "c" * 32
CSRF = {"X-CSRFToken": "c" * 32}


@dataclass
class Answers:
    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)

    def add(self, kind: str, status: int, took: float) -> None:
        self.milliseconds.setdefault(kind, []).append(took * 1000)
        self.statuses[f"{kind} {status}"] += 1

    def all(self) -> list[float]:
        return [took for kind in self.milliseconds.values() for took in kind]


class Visitors:
    def __init__(self, port: int, people: list[Person], *, seed: int = 1) -> None:
        self.port, self.people = port, people
        self._chance = random.Random(seed)
        self._idle: list[Connection] = []
        self._tags: dict[tuple[int, str], str] = {}

    async def open_calendars(self, at_once: int = 4) -> None:
        """Each person opens their calendar at the view they like; its state is remembered, as the page does."""
        waiting = list(self.people)

        async def open_some() -> None:
            connection = Connection(self.port)
            while waiting:
                person = waiting.pop()
                headers = {"HX-Request": "true", "Cookie": cookie_of(person)}
                _, _, body = await connection.request("GET", view_of(person), headers)
                found = STATE.search(html.unescape(body.decode()))
                assert found, body[:500]
                self._tags[person["user"], view_of(person)] = f'"{found.group(1)}"'
            connection.close()

        await asyncio.gather(*(open_some() for _ in range(at_once)))

    async def load(self, per_second: float, seconds: float) -> Answers:
        answers, under_way = Answers(), set()
        begun = time.perf_counter()
        for number in range(round(per_second * seconds)):
            due = begun + number / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            task = asyncio.create_task(self._visit(due, answers))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        if under_way:
            await asyncio.wait(under_way, timeout=30)
        return answers

    async def _visit(self, due: float, answers: Answers) -> None:
        person = self._chance.choice(self.people)
        kind, method, path, headers, body = self._wish(person)
        connection = self._idle.pop() if self._idle else Connection(self.port)
        try:
            status, _, _ = await connection.request(
                method, path, {**headers, "Cookie": cookie_of(person)}, body
            )
        except (OSError, asyncio.IncompleteReadError) as error:
            answers.errors.append(f"{kind}: {error!r}")
            connection.close()
            return
        self._idle.append(connection)
        answers.add(kind, status, time.perf_counter() - due)
        if status not in (200, 201, 204, 304):
            answers.errors.append(f"{kind} {method} {path}: {status}")

    def _wish(self, person: Person) -> tuple[str, str, str, dict[str, str], bytes]:
        """What people with open calendars ask for. Most is what the pages ask by themselves: whether what they show
        still stands; then turning pages, opening the calendar and events, programs, and saves."""
        day = date.today() + timedelta(days=7 * self._chance.randint(-4, 4))
        what = self._chance.random()
        headers, path = {"Accept-Encoding": "gzip, br"}, view_of(person)
        if what < 0.45:
            if state := self._tags.get((person["user"], path)):
                headers["If-None-Match"] = state
            return "still so?", "GET", path, {**headers, "HX-Request": "true"}, b""
        if what < 0.60:
            path = f"/calendar/{self._chance.choice(VIEWS)}/{day}/"
            return "turn", "GET", path, {**headers, "HX-Request": "true"}, b""
        if what < 0.70:
            return "page", "GET", path, headers, b""
        if what < 0.80:
            return "event", "GET", f"/calendar/events/{self._chance.choice(person['events'])}/", headers, b""
        path = "/appointment/api/events/"
        if what < 0.90:
            query = f"?start={day}T00:00:00Z&end={day + timedelta(days=7)}T00:00:00Z"
            return "api list", "GET", path + query, headers, b""
        return "save", "PATCH", f"{path}{self._chance.choice(person['events'])}/", *change(self._chance)

    def close(self) -> None:
        for connection in self._idle:
            connection.close()


def view_of(person: Person) -> str:
    return f"/calendar/{VIEWS[person['user'] % len(VIEWS)]}/{date.today()}/"


def change(chance: random.Random) -> tuple[dict[str, str], bytes]:
    """(headers, body) that give an event a new title."""
    body = json.dumps({"title": f"Changed {chance.randrange(10**6)}"}).encode()
    return {**CSRF, "Content-Type": "application/json"}, body


def cookie_of(person: Person) -> str:
    return f"sessionid={person['session']}; {COOKIE}"


class Fleet:
    """Open sockets; `moments` are when each message arrived."""

    def __init__(self) -> None:
        self.watchers: list[Watcher] = []
        self.moments: list[float] = []

    async def open(self, port: int, path: str, cookies: list[str], *, at_once: int = 20) -> None:
        for first in range(0, len(cookies), at_once):
            some = cookies[first : first + at_once]
            self.watchers += await asyncio.gather(
                *(
                    watch(port, path, self.moments.append, **({"Cookie": cookie} if cookie else {}))
                    for cookie in some
                )
            )

    @property
    def lost(self) -> int:
        return sum(watcher.is_lost for watcher in self.watchers)

    async def last_of(self, count: int, seconds: float = 30) -> float:
        """The moment of the `count`th message; of 0 at once."""
        until = time.perf_counter() + seconds
        while len(self.moments) < count:
            assert time.perf_counter() < until, f"{len(self.moments)} of {count} notices arrived"
            await asyncio.sleep(0.002)
        return self.moments[count - 1]

    def close(self) -> None:
        for watcher in self.watchers:
            watcher.transport.abort()
        self.watchers.clear()
