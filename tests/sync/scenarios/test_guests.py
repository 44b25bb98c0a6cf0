"""Guests, the Meet link and what else Google keeps of an event and we do not: they go where the event goes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scheduling import services
from scheduling.models import CalendarEvent
from scheduling.series import find_occurrence
from sync.models import GoogleAccount
from tests.sync.google_side import GoogleSide
from tests.sync.runs import run

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
