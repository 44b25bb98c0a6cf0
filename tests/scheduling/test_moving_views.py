from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from scheduling import services
from scheduling.models import Calendar, CalendarEvent, Occurrence
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


FIRST = "2026-12-01T09:00:00Z"  # of the second occurrence


@pytest.fixture
def series(alice: Any) -> CalendarEvent:
    return make_event(alice, recurrence=("RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=4",))


def days(user: Any) -> list[str]:
    return [f"{o.start:%d %H}" for o in Occurrence.objects.filter(event__user=user).order_by("start")]


def test_move_of_one_of_a_series_asks_which_part_is_meant(
    web: Client, alice: Any, series: CalendarEvent
) -> None:
    response = post(web, series, delta_days="1", occurrence=FIRST, revision=str(series.revision))
    assert response.status_code == 200 and response.headers["HX-Retarget"] == "#dialog-body"
    assert 'name="scope"' in response.text and f'name="occurrence" value="{FIRST}"' in response.text
    assert days(alice) == ["24 09", "01 09", "08 09", "15 09"]
    plain = web.post(reverse("event-move", args=[series.pk]), {"delta_days": "1", "occurrence": FIRST})
    assert "<html" in plain.text and 'name="scope"' in plain.text


@pytest.mark.parametrize(
    ("scope", "expected", "words"),
    [
        ("this", ["24 09", "02 10", "08 09", "15 09"], "Moved “Stand-up” to"),
        ("following", ["24 09", "02 10", "09 10", "16 10"], "Moved “Stand-up” and all that follow to"),
        ("all", ["25 10", "02 10", "09 10", "16 10"], "Moved every “Stand-up” to"),
    ],
)
def test_part_of_a_series_moves_and_comes_back(
    web: Client, alice: Any, series: CalendarEvent, scope: str, expected: list[str], words: str
) -> None:
    said = {"delta_days": "1", "delta_minutes": "60", "occurrence": FIRST, "scope": scope}
    response = post(web, series, **said)
    assert message(response).startswith(f"{words} Wednesday 2 December, 11:00")
    assert days(alice) == expected
    undo = json.loads(response.headers["HX-Trigger"])["toast"]["undo"]
    web.post(undo["url"], undo["values"], headers=HTMX)
    assert days(alice) == ["24 09", "01 09", "08 09", "15 09"]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [("this", ["24 09", "08 09", "15 09"]), ("following", ["24 09"]), ("all", [])],
)
def test_part_of_a_series_is_deleted_and_comes_back(
    web: Client, alice: Any, series: CalendarEvent, scope: str, expected: list[str]
) -> None:
    address = reverse("event-delete", args=[series.pk])
    asked = web.post(f"{address}?occurrence={FIRST}", headers=HTMX)
    assert asked.headers["HX-Retarget"] == "#dialog-body" and "All, since Tuesday 24 November" in asked.text
    response = web.post(address, {"occurrence": FIRST, "scope": scope}, headers=HTMX)
    assert days(alice) == expected
    undo = json.loads(response.headers["HX-Trigger"])["toast"]["undo"]
    web.post(undo["url"], undo.get("values", {}), headers=HTMX)
    assert days(alice) == ["24 09", "01 09", "08 09", "15 09"]


def test_occurrence_that_is_not_there_is_refused_in_words(web: Client, series: CalendarEvent) -> None:
    for name in ("event-move", "event-delete"):
        said = {"delta_days": "1", "occurrence": "2026-12-02T09:00:00Z", "scope": "this"}
        response = web.post(reverse(name, args=[series.pk]), said, headers=HTMX)
        assert response.status_code == 404 and "not there any more" in message(response)


def test_series_whose_rule_cannot_follow_is_left_alone(web: Client, alice: Any) -> None:
    event = make_event(alice, recurrence=("RRULE:FREQ=MONTHLY;BYDAY=TU;BYSETPOS=4",))
    said = {"delta_days": "1", "occurrence": "2026-11-24T09:00:00Z", "scope": "all"}
    assert post(web, event, **said).status_code == 422
