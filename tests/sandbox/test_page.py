""" "Google's side": what a person does without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.sandbox.client import SandboxControl
from tests.sandbox.conftest import NORA, timed

TODAY = datetime.now(ZoneInfo("Europe/Berlin")).date()


class Person:
    """Follows links and posts forms, as a person without scripts does."""

    def __init__(self, sandbox: SandboxControl) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(follow_redirects=True, timeout=20)

    def full(self, address: str) -> str:
        return urljoin(self.sandbox.base_url, address)

    def get(self, address: str = "", **query: str) -> str:
        answer = self.http.get(self.full(address), params=query or None)
        assert answer.status_code == 200, answer.text[:500]
        return answer.text

    def post(self, address: str, data: dict[str, Any]) -> httpx.Response:
        page = self.get(address if "?" in address else "")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        return self.http.post(self.full(address), data={**data, "csrfmiddlewaretoken": token[1]})

    def link(self, page: str, text: str, near: str = "") -> str:
        """The address of the link with that text, after `near`."""
        found = re.search(rf'href="([^"]+)">{text}', page[page.index(near) :])
        assert found, f"no link {text}"
        return unescape(found[1])


@pytest.fixture
def person(sandbox: SandboxControl) -> Iterator[Person]:
    made = Person(sandbox)
    yield made
    made.http.close()


def form(title: str = "Coffee", day: date = TODAY, **more: Any) -> dict[str, Any]:
    return {
        "summary": title,
        "start_date": day.isoformat(),
        "start_time": "23:00",
        "end_date": day.isoformat(),
        "end_time": "23:30",
        "zone": "Europe/Berlin",
        **more,
    }


def test_empty_sandbox_offers_an_account_with_examples(person: Person) -> None:
    assert "No account yet" in person.get()
    page = person.post("accounts/new/", {"email": NORA}).text
    assert "Account created." in page and "Team meeting" in page and "Holidays in Germany" in page


def test_page_says_that_it_is_not_google(person: Person) -> None:
    page = person.get()
    assert "Sandbox Google" in page and "No Google account is involved" in page


@pytest.mark.parametrize("attribute", [" style=", "<script", "<style", " onclick=", "javascript:"])
def test_pages_need_no_inline_script_or_style(person: Person, attribute: str) -> None:
    person.sandbox.account(NORA, seed=True)
    home = person.get()
    pages = [home, person.get(person.link(home, "New event")), person.get(person.link(home, "Edit"))]
    assert not any(attribute in page for page in pages)


def test_event_is_created_edited_and_deleted(person: Person) -> None:
    person.sandbox.account(NORA)
    page = person.post(person.link(person.get(), "New event"), form()).text
    assert "Event created." in page and "Coffee" in page and "Today" in page
    edit = person.link(page, "Edit")
    assert 'value="Coffee"' in person.get(edit)
    page = person.post(edit, form("Tea", location="Kitchen")).text
    assert "Event changed." in page and "Tea" in page and "Kitchen" in page
    page = person.post(person.link(page, "Delete"), {}).text
    assert "Event deleted." in page and "Tea" not in page
    assert person.sandbox.events(NORA)[0]["status"] == "cancelled"


def test_all_day_event_ends_on_the_day_that_was_written(person: Person) -> None:
    person.sandbox.account(NORA)
    last = TODAY + timedelta(days=2)
    new = person.link(person.get(), "New event")
    data = form("Trip", is_all_day="on", start_time="", end_time="", end_date=last.isoformat())
    page = person.post(new, data).text
    event = person.sandbox.events(NORA)[0]
    assert event["end"] == {"date": (last + timedelta(days=1)).isoformat()}
    assert f'value="{last.isoformat()}"' in person.get(person.link(page, "Edit"))
    person.post(person.link(page, "Edit"), form("Timed now"))
    assert "dateTime" in person.sandbox.events(NORA)[0]["start"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"end_time": "22:00"}, "The specified time range is empty."),
        ({"start_time": ""}, "Give a time, or tick all day."),
        ({"start_date": "whenever"}, "Enter a valid date."),
        ({"recurrence": "RRULE:FREQ=SOMETIMES"}, "Invalid recurrence rule."),
    ],
)
def test_bad_form_is_answered_with_422_and_what_was_typed(
    person: Person, change: dict[str, str], message: str
) -> None:
    person.sandbox.account(NORA)
    answer = person.post(person.link(person.get(), "New event"), form("Typed") | change)
    assert answer.status_code == 422 and message in answer.text and 'value="Typed"' in answer.text
    assert person.sandbox.events(NORA) == []


def series(person: Person) -> tuple[str, str]:
    """A daily series of five at 23:00; (its id, the list page)."""
    person.sandbox.account(NORA)
    page = person.post(
        person.link(person.get(), "New event"), form("Daily", recurrence="RRULE:FREQ=DAILY;COUNT=5")
    ).text
    return person.sandbox.events(NORA)[0]["id"], page


def titles(person: Person) -> list[str]:
    return re.findall(r'<p class="title">(\w+)', person.get())


def third(page: str) -> str:
    return unescape(re.findall(r'href="([^"]+)">Edit', page)[2])


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("this", ["Daily", "Daily", "Late", "Daily", "Daily"]),
        ("following", ["Daily", "Daily", "Late", "Late", "Late"]),
        ("all", ["Late"] * 5),
    ],
)
def test_instance_is_edited_alone_with_what_follows_or_with_all(
    person: Person, scope: str, expected: list[str]
) -> None:
    _, page = series(person)
    answer = person.post(third(page), form("Late", TODAY + timedelta(days=2), scope=scope))
    assert answer.status_code == 200 and titles(person) == expected


def test_moving_all_moves_the_series_by_as_much(person: Person) -> None:
    master, page = series(person)
    data = form("Daily", TODAY + timedelta(days=2), scope="all", start_time="22:00", end_time="22:45")
    person.post(third(page), data)
    start = person.sandbox.event(NORA, master)["start"]["dateTime"]
    assert start.startswith(f"{TODAY.isoformat()}T22:00:00") and len(titles(person)) == 5


@pytest.mark.parametrize(("scope", "left"), [("this", 4), ("following", 2), ("all", 0)])
def test_instance_is_deleted_alone_with_what_follows_or_with_all(
    person: Person, scope: str, left: int
) -> None:
    _, page = series(person)
    person.post(third(page).replace("events/edit/", "events/delete/"), {"scope": scope})
    assert len(titles(person)) == left


def test_switches_make_google_fail_and_recover(person: Person) -> None:
    account = person.sandbox.account(NORA)
    headers = {"Authorization": f"Bearer {account['access_token']}"}

    def status() -> int:
        address = f"{person.sandbox.addresses['GOOGLE_CALENDAR_ENDPOINT']}calendars/primary/events"
        return httpx.get(address, headers=headers).status_code

    def press(what: str) -> str:
        return person.post("switch/", {"what": what, "account": NORA}).text

    assert status() == 200
    assert "Go online again" in press("offline") and status() == 503
    assert "Go offline" in press("offline") and status() == 200
    assert "Sync tokens expired" in press("expire")
    assert "Access revoked" in press("revoke") and status() == 401


def test_last_calls_are_shown(person: Person) -> None:
    account = person.sandbox.account(NORA)
    httpx.get(
        f"{person.sandbox.addresses['GOOGLE_CALENDAR_ENDPOINT']}users/me/calendarList",
        headers={"Authorization": f"Bearer {account['access_token']}"},
    )
    assert "calendar/v3/users/me/calendarList" in person.get()


def test_read_only_calendar_has_no_buttons(person: Person) -> None:
    person.sandbox.account(NORA, seed=True)
    page = person.get(calendar="en.german#holiday@group.v.calendar.google.com", account=NORA)
    assert "role reader" in page and "New event" not in page and ">Edit" not in page


def test_post_without_csrf_token_is_refused(person: Person) -> None:
    person.sandbox.account(NORA)
    assert (
        person.http.post(person.full("switch/"), data={"what": "offline", "account": NORA}).status_code == 403
    )


def test_unknown_event_account_and_calendar_are_not_found(person: Person) -> None:
    person.sandbox.account(NORA)
    event = person.sandbox.add_event(NORA, timed())
    for query in (
        {"account": NORA, "calendar": NORA, "event": "none"},
        {"account": NORA, "calendar": "none", "event": event["id"]},
        {"account": "x@example.com", "calendar": NORA, "event": event["id"]},
    ):
        assert person.http.get(person.full("events/edit/"), params=query).status_code == 404
    assert person.http.get(person.full("event"), params={"eid": "####"}).status_code == 404
