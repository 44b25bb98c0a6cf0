from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from scheduling import services
from scheduling.models import Calendar, CalendarEvent
from tests.make import make_event, make_values

HTMX = {"HX-Request": "true"}


@pytest.fixture
def web(alice: Any, client: Client) -> Client:
    client.force_login(alice)
    return client


def post(web: Client, event: CalendarEvent, **said: str) -> Any:
    return web.post(reverse("event-move", args=[event.pk]), said, headers=HTMX)


def message(response: Any) -> str:
    return str(json.loads(response.headers["HX-Trigger"])["toast"]["message"])


def test_form_shows_where_the_event_is_and_is_a_page_too(web: Client, alice: Any) -> None:
    event = make_event(alice)
    page, part = (web.get(reverse("event-move", args=[event.pk]), headers=h) for h in ({}, HTMX))
    assert "<html" in page.text and "<html" not in part.text
    for text in (page.text, part.text):
        assert 'value="2026-11-24"' in text and 'value="10:00"' in text


def test_event_moves_to_another_calendar_and_back_by_undo(web: Client, alice: Any) -> None:
    event = make_event(alice)
    other = Calendar.objects.create(user=alice, name="Work")
    said = {"start_date": "2026-11-24", "start_time": "10:00", "calendar": str(other.pk)}
    assert "to Work, Tuesday 24 November, 10:00" in message(post(web, event, **said))
    event.refresh_from_db()
    assert event.calendar == other
    web.post(reverse("event-undo", args=[event.pk]), {"revision": event.revision}, headers=HTMX)
    event.refresh_from_db()
    assert event.calendar != other


def test_event_does_not_move_to_a_calendar_of_another(web: Client, alice: Any, bob: Any) -> None:
    event = make_event(alice)
    theirs = Calendar.objects.get(user=bob)
    post(web, event, delta_minutes="15", calendar=str(theirs.pk))
    event.refresh_from_db()
    assert event.calendar.user == alice


def test_longer_event_says_how_long_it_is_now(web: Client, alice: Any) -> None:
    event = make_event(alice)
    assert message(post(web, event, longer_minutes="30")) == "“Stand-up” now lasts 1 h 30 min."


def test_event_changes_between_all_day_and_an_hour(web: Client, alice: Any) -> None:
    event = make_event(alice)
    post(web, event, start="2026-11-25", all_day="1")
    event.refresh_from_db()
    assert (event.is_all_day, event.start, event.end, event.time_zone) == (
        True,
        date(2026, 11, 25),
        date(2026, 11, 26),
        "",
    )
    post(web, event, start="2026-11-25T14:00", all_day="0")
    event.refresh_from_db()
    assert (event.start, event.time_zone) == (datetime(2026, 11, 25, 13, tzinfo=UTC), "Europe/Berlin")


def test_stale_move_offers_both_times_and_keeps_what_was_meant(web: Client, alice: Any) -> None:
    event = make_event(alice)
    services.update_event(event=event, values=make_values(title="Theirs"), origin="api")
    response = post(web, event, delta_minutes="15", revision=str(event.revision))
    assert response.status_code == 409 and response.headers["HX-Retarget"] == "#dialog-body"
    assert "10:00–11:00" in response.text and "10:15–11:15" in response.text
    event.refresh_from_db()
    assert f'name="revision" value="{event.revision}"' in response.text
    assert 'name="delta_minutes" value="15"' in response.text


def test_move_of_an_event_deleted_elsewhere_says_so(web: Client, alice: Any) -> None:
    event = make_event(alice)
    services.delete_event(event=event, origin="api")
    response = post(web, event, delta_minutes="15")
    assert response.status_code == 409 and "was deleted elsewhere" in message(response)


def test_series_moves_with_its_occurrence(web: Client, alice: Any) -> None:
    event = make_event(alice, recurrence=("RRULE:FREQ=WEEKLY;BYDAY=TU",))
    said = {"delta_days": "1", "delta_minutes": "60", "occurrence": "2026-12-01T09:00:00Z"}
    assert "every “Stand-up”" in message(post(web, event, **said))
    event.refresh_from_db()
    assert event.start == datetime(2026, 11, 25, 10, tzinfo=UTC)
    assert event.recurrence == ["RRULE:FREQ=WEEKLY;BYDAY=WE"]


def test_series_whose_rule_cannot_follow_is_left_alone(web: Client, alice: Any) -> None:
    event = make_event(alice, recurrence=("RRULE:FREQ=MONTHLY;BYDAY=TU;BYSETPOS=4",))
    assert post(web, event, delta_days="1", occurrence="2026-11-24T09:00:00Z").status_code == 422
