"""The history of an event: every version told, every version restorable."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from scheduling import services
from scheduling.history import history_of
from scheduling.models import Calendar, CalendarEvent, EventRevision
from tests.make import make_event, make_values


@pytest.fixture
def web(alice: Any, client: Client) -> Client:
    client.force_login(alice)
    return client


def edit(event: CalendarEvent, origin: str = "web", **changes: Any) -> CalendarEvent:
    event.refresh_from_db()
    return services.update_event(
        event=event, values=replace(event.values, **changes), origin=origin, actor=event.user
    )


def change_of(event: CalendarEvent, **which: Any) -> EventRevision:
    return event.revisions.filter(**which).get()


def press_restore(web: Client, change: EventRevision) -> str:
    address = reverse("event-history-restore", args=[change.event_id, change.pk])
    return web.post(address, follow=True).text


def test_the_history_says_who_changed_what_and_from_where(alice: Any) -> None:
    event = make_event(alice)
    edit(event, location="Roma")
    event = edit(event, origin="api", title="Stand-up, short")
    services.apply_remote(calendar=event.calendar, event=event, values=make_values(), details={})
    event.refresh_from_db()
    told = [
        (change.sentence, [(d.label, d.before, d.after) for d in change.differences])
        for change in history_of(event, alice.profile)
    ]
    assert told == [
        ("Changed in Google", [("Title", "Stand-up, short", "Stand-up"), ("Place", "Roma", "nothing")]),
        ("Changed by you by the API", [("Title", "Stand-up", "Stand-up, short")]),
        ("Changed by you", [("Place", "nothing", "Roma")]),
        ("Created by you", []),
    ]


def test_any_version_is_brought_back_and_that_can_be_taken_back_too(web: Client, alice: Any) -> None:
    event = make_event(alice)
    edit(event, location="Roma")
    edit(event, location="Napoli", title="Lunch")
    page = press_restore(web, change_of(event, before__location="Roma"))
    assert "is as it was" in page
    event.refresh_from_db()
    assert (event.title, event.location) == ("Stand-up", "Roma")
    press_restore(web, change_of(event, before__location="Napoli"))
    event.refresh_from_db()
    assert (event.title, event.location) == ("Lunch", "Napoli")


def test_what_a_merge_displaced_is_brought_back(web: Client, alice: Any) -> None:
    event = make_event(alice, title="Theirs")
    services.keep_displaced(event=event, values=make_values(title="Ours"), origin="google")
    page = web.get(reverse("event-history", args=[event.pk])).text
    assert "gave way to Google’s" in page and ">Restore mine<" in page
    press_restore(web, change_of(event, action="displaced"))
    event.refresh_from_db()
    assert event.title == "Ours"


def test_a_deleted_event_comes_back_from_its_history_with_its_calendar(web: Client, alice: Any) -> None:
    event = make_event(alice)
    second = services.create_calendar(user=alice, name="Second")
    services.update_event(event=event, values=event.values, calendar=second, origin="web", actor=alice)
    event.refresh_from_db()
    services.delete_event(event=event, origin="web", actor=alice)
    page = web.get(reverse("event-history", args=[event.pk])).text
    assert "in the trash" in page and "Second" in page
    press_restore(web, change_of(event, action="edit"))
    event.refresh_from_db()
    assert not event.is_deleted
    assert event.calendar == Calendar.objects.get(user=alice, is_primary=True)


def test_a_read_only_event_offers_no_restore_and_refuses_one(web: Client, alice: Any) -> None:
    event = make_event(alice)
    edit(event, location="Roma")
    services.update_calendar(calendar=event.calendar, is_read_only=True)
    page = web.get(reverse("event-history", args=[event.pk])).text
    assert ">Restore<" not in page
    assert "read only" in press_restore(web, change_of(event, action="edit"))
    event.refresh_from_db()
    assert event.location == "Roma"


def test_a_history_belongs_to_the_owner_and_a_change_to_its_event(web: Client, alice: Any, bob: Any) -> None:
    foreign, own = make_event(bob), make_event(alice)
    assert web.get(reverse("event-history", args=[foreign.pk])).status_code == 404
    for event in (foreign, own):
        address = reverse("event-history-restore", args=[event.pk, change_of(foreign).pk])
        assert web.post(address).status_code == 404
