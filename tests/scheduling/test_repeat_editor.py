from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from scheduling import services
from scheduling.models import Calendar, CalendarEvent, Occurrence
from tests.make import make_event

HTMX = {"HX-Request": "true"}
FIRST, SECOND = "2026-11-24T09:00:00Z", "2026-12-01T09:00:00Z"
WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=4"


@pytest.fixture
def web(alice: Any, client: Client) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def series(alice: Any) -> CalendarEvent:
    """Four Tuesdays at 10:00 in Berlin, from 24 November."""
    return make_event(alice, recurrence=(WEEKLY,))


def typed(user: Any, **over: Any) -> dict[str, Any]:
    """What the form posts for the event that `make_event` makes."""
    return {
        "title": "Stand-up",
        "start_date": "2026-11-24",
        "start_time": "10:00",
        "end_date": "2026-11-24",
        "end_time": "11:00",
        "time_zone": "Europe/Berlin",
        "availability": "busy",
        "calendar": str(Calendar.objects.get(user=user, is_primary=True).pk),
    } | over


def typed_series(user: Any, event: CalendarEvent, **over: Any) -> dict[str, Any]:
    rule = {
        "repeat": "weekly",
        "repeat_every": "1",
        "repeat_ends": "after",
        "repeat_count": "4",
        "repeat_was": "\n".join(event.recurrence),
    }
    return typed(user, revision=event.revision, **{**rule, **over})


def edit_url(event: CalendarEvent, occurrence: str = "") -> str:
    return reverse("event-edit", args=[event.pk]) + (f"?occurrence={occurrence}" if occurrence else "")


def starts(user: Any) -> list[str]:
    moments = Occurrence.objects.filter(calendar__user=user).order_by("start").values_list("start", flat=True)
    return [f"{moment:%d %H}" for moment in moments]


# --- editor ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "lines"),
    [
        ({"repeat": ""}, []),
        ({"repeat": "daily", "repeat_every": "3"}, ["RRULE:FREQ=DAILY;INTERVAL=3"]),
        ({"repeat": "weekly", "repeat_days": ["FR", "TU"]}, ["RRULE:FREQ=WEEKLY;BYDAY=TU,FR"]),
        ({"repeat": "monthly", "repeat_by": "day", "repeat_day": "-1"}, ["RRULE:FREQ=MONTHLY;BYMONTHDAY=-1"]),
        (
            {"repeat": "monthly", "repeat_by": "weekday", "repeat_ordinal": "4", "repeat_weekday": "TU"},
            ["RRULE:FREQ=MONTHLY;BYDAY=4TU"],
        ),
        (
            {"repeat": "yearly", "repeat_ends": "on", "repeat_until": "2030-11-24"},
            ["RRULE:FREQ=YEARLY;UNTIL=20301124T225959Z"],
        ),
        (
            {"repeat": "yearly", "repeat_by": "weekday", "repeat_ordinal": "4", "repeat_weekday": "TH"},
            ["RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"],
        ),
        ({"repeat": "yearly", "repeat_by": "day", "repeat_day": "3"}, ["RRULE:FREQ=YEARLY"]),
        ({"repeat": "daily", "repeat_ends": "after", "repeat_count": "5"}, ["RRULE:FREQ=DAILY;COUNT=5"]),
        ({"repeat": "daily", "repeat_count": "nonsense", "repeat_until": "?"}, ["RRULE:FREQ=DAILY"]),
        (
            {"repeat": "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,24\r\nEXDATE:20270101T090000Z"},
            ["RRULE:FREQ=MONTHLY;BYMONTHDAY=1,24", "EXDATE:20270101T090000Z"],
        ),
    ],
)
def test_editor_writes_the_lines_of_what_was_chosen(
    web: Client, alice: Any, said: dict[str, Any], lines: list[str]
) -> None:
    assert web.post(reverse("event-new"), typed(alice, **said)).status_code == 302
    event = CalendarEvent.objects.get()
    assert event.recurrence == lines
    shown = web.get(edit_url(event)).context["form"]
    assert shown["repeat"].value() == str(said["repeat"]).replace("\r", "")


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"repeat_every": "0"}, "repeat_every", "whole number from 1 to 999"),
        ({"repeat_ends": "after"}, "repeat_count", "Say how many times."),
        ({"repeat_ends": "after", "repeat_count": "many"}, "repeat_count", "whole number from 1 to 9999"),
        ({"repeat_ends": "on"}, "repeat_until", "Give the last date."),
        ({"repeat_ends": "on", "repeat_until": "soon"}, "repeat_until", "“soon” is not a date"),
        ({"repeat_ends": "on", "repeat_until": "2026-11-23"}, "repeat_until", "before the event starts"),
        ({"repeat_days": ["XX"]}, "repeat_days", "Choose weekdays of the list."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    web: Client, alice: Any, said: dict[str, Any], field: str, words: str
) -> None:
    response = web.post(reverse("event-new"), typed(alice, location="Room Havel", repeat="weekly", **said))
    assert response.status_code == 422 and not CalendarEvent.objects.exists()
    form = response.context["form"]
    assert list(form.errors) == [field] and words in form.errors[field][0]
    assert words in response.text and 'value="Room Havel"' in response.text


def test_dates_are_shown_before_anything_is_saved_with_and_without_script(web: Client, alice: Any) -> None:
    said = typed(alice, repeat="weekly", repeat_days=["TU", "TH"], repeat_ends="after", repeat_count="9")
    said |= {"show_dates": "1"}
    page = web.post(reverse("event-new"), said)
    part = web.post(reverse("event-new"), said, headers={**HTMX, "HX-Target": "repeat-preview"})
    assert "<html" in page.text and part.text.startswith('<div id="repeat-preview"')
    for text in (page.text, part.text):
        assert "Every week on Tuesday and Thursday, 9 times" in text
        assert "9 times:" in text and "<li>Tue 24 Nov</li><li>Thu 26 Nov</li>" in text
        assert "… Tue 22 Dec" in text
    assert not CalendarEvent.objects.exists()


def test_dates_of_a_rule_that_does_not_name_its_start_say_so(web: Client, alice: Any) -> None:
    said = typed(alice, repeat="weekly", repeat_days=["TH"], show_dates="1")
    text = web.post(reverse("event-new"), said).text
    assert "<li>Tue 24 Nov</li><li>Thu 26 Nov</li>" in text
    assert "The first one is the start itself, which the rule does not name." in text


def test_a_rule_beyond_the_editor_is_shown_in_words_and_kept(web: Client, alice: Any) -> None:
    lines = ("RRULE:FREQ=MONTHLY;BYMONTHDAY=1,24", "EXDATE:20270101T090000Z")
    event = make_event(alice, recurrence=lines)
    page = web.get(edit_url(event))
    assert "Custom: Every month on days 1 and 24, except 1 January 2027" in page.text
    posted = page.context["form"]["repeat"].value().replace("\n", "\r\n")
    web.post(edit_url(event), typed(alice, title="Other", revision=event.revision, repeat=posted))
    event.refresh_from_db()
    assert (event.title, tuple(event.recurrence)) == ("Other", lines)


def test_a_rule_that_was_left_alone_stays_as_it_is_written(web: Client, alice: Any) -> None:
    line = "RRULE:FREQ=WEEKLY;WKST=SU;COUNT=4;BYDAY=TU"
    event = make_event(alice, recurrence=(line,))
    said = typed_series(alice, event, title="Other", repeat_days=["TU"])
    web.post(edit_url(event), said)
    event.refresh_from_db()
    assert (event.title, event.recurrence) == ("Other", [line])


# --- scope -------------------------------------------------------------------------------------
def test_edit_asks_which_events_are_meant_and_says_how_many(
    web: Client, alice: Any, series: CalendarEvent
) -> None:
    said = typed_series(
        alice, series, start_date="2026-12-01", end_date="2026-12-01", title="Other", reminders=["10", "30"],
        own_reminders="on",
    )  # fmt: skip
    page, part = (web.post(edit_url(series, SECOND), said, headers=h) for h in ({}, HTMX))
    assert "<html" in page.text and part.headers["HX-Retarget"] == "#dialog-body"
    for text in (page.text, part.text):
        assert "Only Tuesday 1 December" in text and "All, since Tuesday 24 November" in text
        assert "Change 1 event<" in text and "Change 3 events<" in text and "Change 4 events<" in text
        assert "Nobody is mailed." in text
        assert text.count('name="reminders"') == 2 and 'name="title" value="Other"' in text
    assert CalendarEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("this", ["24 09", "01 10", "08 09", "15 09"]),
        ("following", ["24 09", "01 10", "08 10", "15 10"]),
        ("all", ["24 10", "01 10", "08 10", "15 10"]),
    ],
)
def test_edit_changes_the_part_that_is_meant_and_undo_brings_it_back(
    web: Client, alice: Any, series: CalendarEvent, scope: str, expected: list[str]
) -> None:
    day = {"start_date": "2026-12-01", "end_date": "2026-12-01"}
    said = typed_series(alice, series, **day, start_time="11:00", end_time="12:00", scope=scope)
    response = web.post(edit_url(series, SECOND), said, headers=HTMX)
    assert response.status_code == 204, response.text
    assert starts(alice) == expected
    undo = json.loads(response.headers["HX-Trigger"])["toast"]["undo"]
    web.post(undo["url"], undo["values"], headers=HTMX)
    assert starts(alice) == ["24 09", "01 09", "08 09", "15 09"]


def test_another_rule_cannot_be_that_of_one_event_alone(
    web: Client, alice: Any, series: CalendarEvent
) -> None:
    day = {"start_date": "2026-12-01", "end_date": "2026-12-01"}
    said = typed_series(alice, series, **day, repeat_count="2")
    asked = web.post(edit_url(series, SECOND), said)
    assert 'value="this"' not in asked.text and 'value="following"' in asked.text
    assert web.post(edit_url(series, SECOND), {**said, "scope": "this"}).status_code == 422
    web.post(edit_url(series, SECOND), {**said, "scope": "following"})
    assert starts(alice) == ["24 09", "01 09", "08 09"]


def test_question_names_the_new_time_without_the_day_that_stays(
    web: Client, alice: Any, series: CalendarEvent
) -> None:
    said = typed_series(alice, series, start_time="10:15", end_time="11:15")
    assert "New time: 10:15–11:15 instead of 10:00–11:00." in web.post(edit_url(series, FIRST), said).text


def test_back_from_the_question_shows_what_was_typed(web: Client, alice: Any, series: CalendarEvent) -> None:
    said = typed_series(alice, series, title="Other", back="1")
    text = web.post(edit_url(series, FIRST), said).text
    assert 'id="event-form"' in text and 'value="Other"' in text


def test_occurrence_that_was_changed_elsewhere_is_not_overwritten(
    web: Client, alice: Any, series: CalendarEvent
) -> None:
    said = typed_series(alice, series, title="Mine", scope="this")
    services.update_event(event=series, values=replace(series.values, title="Theirs"),
                          origin="api")  # fmt: skip
    response = web.post(edit_url(series, FIRST), said)
    assert response.status_code == 409 and "Theirs" in response.text


def test_series_of_another_is_not_there(web: Client, bob: Any) -> None:
    theirs = make_event(bob, recurrence=(WEEKLY,))
    assert web.get(edit_url(theirs, FIRST)).status_code == 404


def test_deleted_occurrences_are_not_counted(web: Client, alice: Any, series: CalendarEvent) -> None:
    services.delete_occurrence(series=series, occurrence=SECOND, origin="web")
    text = web.post(reverse("event-delete", args=[series.pk]) + f"?occurrence={FIRST}").text
    assert "Delete 3 events<" in text and "Delete 1 event<" in text


def test_series_without_an_end_is_counted_in_words(web: Client, alice: Any) -> None:
    event = make_event(alice, recurrence=("RRULE:FREQ=DAILY",))
    text = web.post(reverse("event-delete", args=[event.pk]) + f"?occurrence={FIRST}").text
    assert "A series without an end." in text and "Delete all events<" in text
