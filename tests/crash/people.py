"""Who works while things are killed: people on pages, programs, guests, and the same people in Google.

Each runs in a thread of its own until told to stop, and notes in the ledger what it was told. Whoever can repeat a
request safely (a key, or a request that says the same twice) repeats it until there is an answer.
"""

from __future__ import annotations

import json
import random
import threading
import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from scheduling.demo import PASSWORD
from tests.crash.ledger import Item, Ledger, Sale
from tests.forms import fields_of
from tests.servers import sign_in
from tests.sync.google_side import GoogleSide

LIVE = timedelta(days=20)  # events lie within so many days
LEAD = timedelta(minutes=15)  # of the demo people's reminders
READS_A_FORM = 3.0  # seconds; quicker ones are taken for robots
ANSWERED = {200, 201, 204, 302, 303}


class Person(threading.Thread, ABC):
    """`act` is done again and again; `chance` decides what."""

    pause = 0.15

    def __init__(self, url: str, ledger: Ledger, chance: random.Random, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.ledger, self.chance = ledger, chance
        self.failure: BaseException | None = None
        self._stopping = threading.Event()
        self._number = 0
        forwarded = f"192.0.2.{chance.randrange(1, 255)}"
        self.client = httpx.Client(
            base_url=url, timeout=httpx.Timeout(60, connect=5), headers={"X-Forwarded-For": forwarded}
        )

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                self.act()
                self._stopping.wait(self.pause * self.chance.uniform(0.3, 1.7))
        except BaseException as error:
            self.failure = error
        finally:
            self.client.close()

    def stop(self) -> None:
        self._stopping.set()

    def arrive(self) -> None:
        """What is done before the storm begins."""

    @abstractmethod
    def act(self) -> None:
        """One thing that such a person does."""

    def new_item(self, **options: Any) -> Item:
        self._number += 1
        return self.ledger.make(f"made {self.name}-{self._number}", **options)

    def new_title(self) -> str:
        return f"{self.name} {uuid4().hex[:6]}"

    def moment(self) -> datetime:
        """Some full quarter of an hour of the next weeks."""
        first = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
        return first + timedelta(minutes=15 * self.chance.randrange(LIVE.days * 96))

    def send(self, method: str, path: str, **content: Any) -> httpx.Response | None:
        """The answer; None when it was lost, or the server said that it could not finish."""
        try:
            answer = self.client.request(method, path, **content)
        except httpx.TransportError as error:
            self.ledger.count(type(error).__name__)
            time.sleep(0.1)
            return None
        self.ledger.count(answer.status_code)
        if answer.status_code >= 500:
            time.sleep(0.1)
            return None
        return answer

    def send_until_answered(self, method: str, path: str, **content: Any) -> httpx.Response:
        deadline = time.monotonic() + 300
        while True:
            answer = self.send(method, path, **content)
            if answer is not None:
                return answer
            assert time.monotonic() < deadline, f"{method} {path} is not answered any more"


class WebPerson(Person):
    """Adds, edits and deletes by the forms of the pages, as the page's scripts send them."""

    def __init__(self, *arguments: Any, email: str) -> None:
        super().__init__(*arguments)
        self._email = email
        self._mine: list[tuple[Item, str]] = []  # with its address

    def arrive(self) -> None:
        sign_in(self.client, self._email, PASSWORD)
        self.client.headers["HX-Request"] = "true"

    def act(self) -> None:
        if len(self._mine) < 3 or self.chance.random() < 0.4:
            self._add()
        elif self.chance.random() < 0.8:
            self._edit(*self.chance.choice(self._mine))
        else:
            self._remove(*self._mine.pop(self.chance.randrange(len(self._mine))))

    def _form(self, address: str) -> dict[str, Any] | None:
        page = self.send("GET", address)
        return fields_of(page.text, "event-form") if page is not None and page.status_code == 200 else None

    def _post(
        self, address: str, fields: dict[str, Any], item: Item, title: str | None
    ) -> httpx.Response | None:
        """The answer when it was taken."""
        before = item.possible
        item.ask(title)
        token = self.client.cookies["csrftoken"]
        answer = self.send("POST", address, data=fields, headers={"X-CSRFToken": token})
        if answer is None:
            return None
        if answer.status_code not in ANSWERED:
            item.possible = before  # refused: somebody else was quicker
            assert answer.status_code == 409, (answer.status_code, answer.text[:2000])
            return None
        item.confirm(title)
        return answer

    def _add(self) -> None:
        fields = self._form("/calendar/events/new/")
        if fields is None:
            return
        item, title, start = self.new_item(), self.new_title(), self.moment()
        for name, moment in (("start", start), ("end", start + timedelta(hours=1))):
            fields |= {f"{name}_date": f"{moment:%Y-%m-%d}", f"{name}_time": f"{moment:%H:%M}"}
        fields |= {"title": title, "description": item.name, "time_zone": "UTC"}
        if answer := self._post("/calendar/events/new/", fields, item, title):
            event = json.loads(answer.headers["HX-Trigger"])["events-changed"]["event"]
            self._mine.append((item, f"/calendar/events/{event}/"))

    def _edit(self, item: Item, address: str) -> None:
        fields = self._form(f"{address}edit/")
        if fields is not None:
            title = self.new_title()
            self._post(f"{address}edit/", {**fields, "title": title}, item, title)

    def _remove(self, item: Item, address: str) -> None:
        self._post(f"{address}delete/", {}, item, None)


class Program(Person):
    """Uses the API with a token and `Idempotency-Key`, and asks again until it knows."""

    def __init__(self, *arguments: Any, token: str) -> None:
        super().__init__(*arguments)
        self.client.headers["Authorization"] = f"Bearer {token}"
        self._mine: list[tuple[Item, str]] = []

    def act(self) -> None:
        if len(self._mine) < 3 or self.chance.random() < 0.5:
            self._mine.append(self.add(self.moment(), self.new_item()))
            return
        item, path = self.chance.choice(self._mine)
        if self.chance.random() < 0.75:
            title = self.new_title()
            item.ask(title)
            answer = self.send_until_answered("PATCH", path, json={"title": title})
            assert answer.status_code == 200, answer.text
            item.confirm(title)
            return
        self._mine.remove((item, path))
        item.ask(None)
        answer = self.send_until_answered("DELETE", path)
        assert answer.status_code in (204, 404), answer.text  # 404: that the first try did it was not heard
        item.confirm(None)

    def add(self, start: datetime, item: Item) -> tuple[Item, str]:
        title = self.new_title()
        body = {"title": title, "description": item.name, "start_time": start.isoformat()}
        body["end_time"] = (start + timedelta(hours=1)).isoformat()
        item.ask(title)
        answer = self.send_until_answered(
            "POST", "/appointment/api/events/", json=body, headers={"Idempotency-Key": uuid4().hex}
        )
        assert answer.status_code == 201, answer.text
        item.confirm(title)
        return item, f"/appointment/api/events/{answer.json()['id']}/"


class Punctual(Program):
    """Makes events that are reminded of in a few seconds, and leaves them alone."""

    pause = 0.8

    def act(self) -> None:
        item, due = self.new_item(), datetime.now(UTC) + timedelta(seconds=self.chance.uniform(2, 6))
        due = due.replace(microsecond=0)  # as times of events are kept
        self.add(due + LEAD, item)
        # What was saved only after the time of its reminder needs none.
        item.reminder = item.SURE if datetime.now(UTC) < due else item.PERHAPS


class Guest(Person):
    """Books the first free times, which many want."""

    pause = 0.6

    def __init__(self, *arguments: Any, page: str, by_form: bool) -> None:
        super().__init__(*arguments)
        self._page, self._by_form = page, by_form

    def act(self) -> None:
        self._number += 1
        self.client.headers["X-Forwarded-For"] = f"198.51.100.{self.chance.randrange(1, 255)}"
        free = self.send("GET", f"/appointment/api/public/{self._page}/slots/", params={"tz": "UTC"})
        if free is None or free.status_code != 200:
            return
        starts = [slot["start"] for slot in free.json()["slots"]]
        if len(starts) < 2:
            self._stopping.wait(1)
            return
        email = f"{self.name}-{self._number}@example.com"
        start = self.chance.choice(starts[1:13])  # the first one may be too soon in a moment
        is_sold = self._by_page(start, email) if self._by_form else self._by_api(start, email)
        if is_sold:
            self.ledger.sales.append(Sale(email, start))

    def _by_api(self, start: str, email: str) -> bool:
        answer = self.send_until_answered(
            "POST",
            f"/appointment/api/public/{self._page}/bookings/",
            json={"start": start, "name": self.name, "email": email},
            headers={"Idempotency-Key": uuid4().hex},
        )
        assert answer.status_code in (201, 409), (answer.status_code, answer.text)
        return answer.status_code == 201

    def _by_page(self, start: str, email: str) -> bool:
        path = f"/book/{self._page}/"
        moment = f"{datetime.fromisoformat(start):%Y-%m-%dT%H:%MZ}"
        page = self.send_until_answered("GET", path, params={"start": moment, "tz": "UTC"})
        if page.status_code != 200:
            return False  # taken meanwhile
        fields = fields_of(page.text, path) | {"name": self.name, "email": email, "tz": "UTC"}
        time.sleep(READS_A_FORM)
        answer = self.send_until_answered("POST", path, data=fields)
        assert answer.status_code in (303, 409), (answer.status_code, answer.text[:3000])
        return answer.status_code == 303


class OnGooglesSide(Person):
    """The same person in Google: adds, edits and deletes there, and writes places to events made here."""

    pause = 0.3

    def __init__(self, *arguments: Any, google: GoogleSide) -> None:
        super().__init__(*arguments)
        self._google = google
        self._mine: list[tuple[Item, str]] = []

    def act(self) -> None:
        what = self.chance.random()
        if len(self._mine) < 3 or what < 0.4:
            self._add()
        elif what < 0.6:
            item, pk = self.chance.choice(self._mine)
            title = self.new_title()
            self._google.change(pk, summary=title)
            item.confirm(title)
        elif what < 0.7:
            item, pk = self._mine.pop(self.chance.randrange(len(self._mine)))
            self._google.delete(pk)
            item.confirm(None)
        else:
            self._place()

    def _add(self) -> None:
        item, title, start = self.new_item(there=True), self.new_title(), self.moment()
        body: dict[str, Any] = {"summary": title, "description": item.name}
        for name, moment in (("start", start), ("end", start + timedelta(minutes=30))):
            body[name] = {"dateTime": moment.isoformat(), "timeZone": "Europe/Berlin"}
        [made] = self._google.add(body)
        item.confirm(title)
        self._mine.append((item, made["id"]))

    def _place(self) -> None:
        """Another field than those that are edited here, so that both edits must survive."""
        found = [event for event in self._google.events() if event.get("description") in self.ledger.here]
        if not found:
            return
        event, place = self.chance.choice(found), self.new_title()
        try:
            self._google.change(event["id"], location=place)
        except AssertionError:
            return  # deleted meanwhile
        self.ledger.here[event["description"]].location = place


class Trouble(Person):
    """Google's bad days: it refuses, hangs up, loses answers, forgets tokens."""

    pause = 4.0  # in between an account gets on with its work, and is killed in the middle of that
    FAULTS: tuple[dict[str, Any], ...] = (
        {"drop_before": True},
        {"process_then_drop": True},
        {"process_then_drop": True},
        {"truncated_json": True},
        {"status": 500},
        {"error": "backendError"},
        {"error": "rateLimitExceeded"},
        {"error": "conditionNotMet"},
        {"delay": 1.5},
        {"page_size": 1},
    )

    def __init__(self, *arguments: Any, google: GoogleSide) -> None:
        super().__init__(*arguments)
        self._google = google

    def act(self) -> None:
        what = self.chance.random()
        if what < 0.05:
            self._google.expire_sync_tokens()
        elif what < 0.1:
            self._google.expire_access_tokens()
        elif what < 0.2:
            notice = self.chance.choice(["drop", "duplicate"])
            self._google.fault({"method": "NOTICE"}, {"notice": notice}, times=3)
        else:
            match = {"path": "/calendars/"}
            if method := self.chance.choice(["", "POST", "PATCH", "DELETE", "GET"]):
                match["method"] = method
            self._google.fault(match, self.chance.choice(self.FAULTS), times=self.chance.randint(1, 2))
