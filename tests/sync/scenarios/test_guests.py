"""Guests, the Meet link and what else Google keeps of an event and we do not: they go where the event goes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from scheduling import services
from scheduling.models import Calendar, CalendarEvent, Occurrence
from scheduling.series import find_occurrence
from sync.calendars import enable_calendar
from sync.engine import run_account
from sync.models import CalendarLink, GoogleAccount
from tests.sync.google_side import GoogleSide, lunch
from tests.sync.hooked_provider import killed_at_call
from tests.sync.runs import edit, primary, run
from tests.sync.scenarios.test_listing import bury

pytestmark = pytest.mark.django_db(transaction=True)

GUEST = {"email": "ines@example.com", "displayName": "Ines", "responseStatus": "accepted"}
MEETING = {
    "attendees": [GUEST],
    "conferenceData": {"createRequest": {"requestId": "weekly"}},
    "attachments": [{"fileUrl": "https://drive.example/plan", "title": "Plan"}],
    "guestsCanInviteOthers": False,
}


def kept(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "guests": [guest["email"] for guest in item.get("attendees", [])],
        "link": item.get("hangoutLink"),
        "attachments": item.get("attachments"),
        "can_invite": item.get("guestsCanInviteOthers", True),
    }


def named(google: GoogleSide, title: str, calendar: str = "") -> dict[str, Any]:
    items = google.control.events(google.email, calendar or None) if calendar else google.events()
    (item,) = [i for i in items if i.get("summary") == title and i["status"] != "cancelled"]
    return item


def test_this_and_following_keeps_the_guests_the_meeting_and_the_attachments(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    (master,) = google.add(summary="Weekly", recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"], **MEETING)
    run(account)
    series = CalendarEvent.objects.get()
    found = find_occurrence(series, "2026-12-08T11:00:00Z")
    assert found is not None
    later = services.update_following(
        series=series,
        occurrence=found.key,
        values=replace(found.values, title="Later", recurrence=tuple(series.recurrence)),
        origin="web",
    )
    assert later.attendees == series.attendees and later.conference_url == series.conference_url
    run(account)
    assert kept(named(google, "Later")) == kept(master) == kept(named(google, "Weekly"))
    later.refresh_from_db()
    assert [guest["email"] for guest in later.attendees] == ["ines@example.com"] and later.conference_url


@pytest.fixture
def second(google: GoogleSide, account: GoogleAccount) -> Calendar:
    """Another calendar of the account, mirrored here."""
    made = google.control.calendar(google.email, "Second")
    run(account)
    link = CalendarLink.objects.select_related("account__user__profile").get(google_id=made["id"])
    enable_calendar(link=link)
    run(account)
    return Calendar.objects.get(google_link=link)


def move(event: CalendarEvent, calendar: Calendar) -> None:
    event.refresh_from_db()
    services.update_event(event=event, values=event.values, calendar=calendar, origin="web")


def everywhere(google: GoogleSide, second: Calendar) -> list[tuple[str, dict[str, Any]]]:
    """What lives in Google, with its calendar's name."""
    calendars = {"Primary": "primary", "Second": CalendarLink.objects.get(calendar=second).google_id}
    return [
        (name, item)
        for name, calendar in calendars.items()
        for item in google.control.events(google.email, calendar)
        if item["status"] != "cancelled"
    ]


@pytest.mark.parametrize(
    ("to_second", "fault"), [(True, None), (False, None), (False, {"process_then_drop": True})]
)
def test_an_event_that_moves_to_another_calendar_is_moved_in_google_with_its_guests(
    alice: Any,
    google: GoogleSide,
    account: GoogleAccount,
    second: Calendar,
    to_second: bool,
    fault: dict[str, Any] | None,
) -> None:
    origin, target = (primary(alice), second) if to_second else (second, primary(alice))
    place = CalendarLink.objects.get(calendar=origin).google_id
    (made,) = google.control.add_events(google.email, [lunch(summary="Plan", **MEETING)], place)
    run(account)
    event = CalendarEvent.objects.get()
    move(event, target)
    if fault:
        google.fault({"path": "/move"}, fault)
    google.clear_log()
    run_account(account.pk, in_foreground=True)
    if not fault:
        assert [call["path"].rsplit("/", 1)[1] for call in google.log("POST")] == ["move"]
    run(account)
    run(account)
    ((name, item),) = everywhere(google, second)
    assert (name, item["id"], kept(item)) == ("Second" if to_second else "Primary", made["id"], kept(made))
    event.refresh_from_db()
    assert event.calendar == target and not event.is_waiting


@pytest.mark.parametrize("at", [3, 4])  # with the answers to the move and to the edit
def test_a_move_that_dies_anywhere_ends_with_the_event_in_one_place(
    alice: Any, google: GoogleSide, account: GoogleAccount, second: Calendar, at: int
) -> None:
    (item,) = google.add(summary="Weekly", recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    google.change(f"{item['id']}_20261201T110000Z", location="Roma")
    run(account)
    series = CalendarEvent.objects.get(series=None)
    move(series, second)
    edit(series, title="Elsewhere")
    CalendarLink.objects.update(next_poll_at=timezone.now())
    with killed_at_call(at):
        run_account(account.pk)
    bury()
    for _ in range(3):
        CalendarLink.objects.update(next_poll_at=timezone.now())
        run(account)
    there = everywhere(google, second)
    assert {name for name, _ in there} == {"Second"} and len(there) == 2
    assert {item["summary"] for _, item in there} == {"Elsewhere"}
    assert CalendarEvent.objects.live().count() == 2 and Occurrence.objects.count() == 4


def test_an_event_that_moved_here_while_google_changed_it_is_moved_with_the_change(
    alice: Any, google: GoogleSide, account: GoogleAccount, second: Calendar
) -> None:
    (item,) = google.add(summary="Plan")
    run(account)
    move(CalendarEvent.objects.get(), second)
    google.change(item["id"], location="Roma")
    run(account)
    ((name, there),) = everywhere(google, second)
    assert (name, there["location"]) == ("Second", "Roma")
    assert CalendarEvent.objects.get().location == "Roma"


def test_an_event_that_was_deleted_in_google_after_it_moved_here_is_not_lost(
    alice: Any, google: GoogleSide, account: GoogleAccount, second: Calendar
) -> None:
    (item,) = google.add(summary="Plan", **MEETING)
    run(account)
    move(CalendarEvent.objects.get(), second)
    google.delete(item["id"])
    run(account)
    run(account)
    ((name, there),) = everywhere(google, second)
    assert (name, kept(there)["guests"]) == ("Second", ["ines@example.com"])
    assert not CalendarEvent.objects.get().is_deleted
