"""Files shaped like those that people have: brought in, taken out and brought in again, nothing moves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest

from scheduling.models import Calendar, CalendarEvent
from tests.ical_corpus import FILES, GOLDEN, bring_in, content, occurrences, take_out
from tests.make import make_user

STAMPS = re.compile(r"(DTSTAMP|CREATED|LAST-MODIFIED):.*\r\n")

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine(alice: Any) -> Calendar:
    return Calendar.objects.get(user=alice)


@pytest.fixture
def theirs() -> Calendar:
    return Calendar.objects.get(user=make_user("other@example.com", zone="America/New_York"))


def test_the_corpus_has_at_least_thirty_files() -> None:
    assert len(FILES) >= 30 and GOLDEN.keys() == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_an_imported_file_takes_place_when_it_says(name: str, mine: Calendar) -> None:
    bring_in(content(name), mine)
    assert occurrences(mine) == GOLDEN[name]


@pytest.mark.parametrize("name", FILES)
def test_an_export_imported_elsewhere_takes_place_at_the_same_times(
    name: str, mine: Calendar, theirs: Calendar
) -> None:
    bring_in(content(name), mine)
    first = take_out(mine)
    bring_in(first, theirs)
    assert occurrences(theirs) == GOLDEN[name]
    theirs.name = mine.name
    again = take_out(theirs)
    assert _components(again) == _components(first)


def _components(data: bytes) -> list[str]:
    """In an order of our own: the database's is any."""
    events = STAMPS.sub("", data.decode()).removesuffix("END:VCALENDAR\r\n")
    return sorted(events.split("BEGIN:VEVENT"))


@pytest.mark.parametrize("name", FILES)
def test_importing_twice_changes_nothing(name: str, mine: Calendar) -> None:
    data = content(name)
    bring_in(data, mine)
    before = list(CalendarEvent.objects.order_by("pk").values_list("pk", "revision"))
    counts = bring_in(data, mine)
    assert (counts["created"], counts["updated"]) == (0, 0)
    assert list(CalendarEvent.objects.order_by("pk").values_list("pk", "revision")) == before


@pytest.mark.parametrize("name", FILES)
def test_importing_an_export_into_its_own_calendar_changes_nothing(name: str, mine: Calendar) -> None:
    bring_in(content(name), mine)
    counts = bring_in(take_out(mine), mine)
    assert (counts["created"], counts["updated"]) == (0, 0)


@pytest.mark.parametrize("name", FILES)
def test_icalendar_reads_from_an_export_what_we_wrote(name: str, mine: Calendar) -> None:
    bring_in(content(name), mine)
    read = icalendar.Calendar.from_ical(take_out(mine))
    found = sorted(_seen(event) for event in read.walk("VEVENT"))
    assert found == sorted(_expected(event) for event in CalendarEvent.objects.live())
    if name != "refused-rules":
        assert all(not event.errors for event in read.walk("VEVENT"))


def _seen(event: Any) -> tuple[str, str, str, str]:
    return (
        str(event.get("SUMMARY", "")),
        _utc(event.decoded("DTSTART")),
        _utc(event.decoded("DTEND")),
        str(event.get("LOCATION", "")),
    )


def _expected(event: CalendarEvent) -> tuple[str, str, str, str]:
    return (event.title, _utc(event.start), _utc(event.end), event.location)


def _utc(moment: datetime | date) -> str:
    return (moment.astimezone(UTC) if isinstance(moment, datetime) else moment).isoformat()


def files() -> Iterator[tuple[str, bytes]]:
    yield from ((name, content(name)) for name in FILES)


def test_every_line_of_an_export_is_short_and_ends_with_crlf(mine: Calendar) -> None:
    for _, data in files():
        bring_in(data, mine)
    lines = take_out(mine).split(b"\r\n")
    assert lines[-1] == b"" and max(map(len, lines)) <= 75
    assert not any(b"\n" in line or b"\r" in line for line in lines)


def test_a_lone_change_of_a_series_that_is_here_is_taken(mine: Calendar) -> None:
    bring_in(content("google-export"), mine)
    assert bring_in(content("lone-override"), mine)["updated"] == 1
    assert ["2026-11-16T13:00Z", "2026-11-16T13:30Z", "Stand-up (afternoon)"] in occurrences(mine)


def test_a_cancellation_takes_the_event_out(mine: Calendar) -> None:
    bring_in(content("booking-mail"), mine)
    assert bring_in(content("booking-cancelled"), mine)["updated"] == 1
    assert occurrences(mine) == []
    assert bring_in(content("booking-mail"), mine)["skipped"] == 1  # the older version


def test_a_refused_rule_is_kept_and_shown_once(mine: Calendar) -> None:
    bring_in(content("refused-rules"), mine)
    event = CalendarEvent.objects.get(title="Every second")
    assert event.recurrence == ["RRULE:FREQ=SECONDLY"] and event.recurrence_error
    assert len(occurrences(mine)) == 2
    assert b"RRULE:FREQ=SECONDLY" in take_out(mine)


def test_a_period_of_its_own_length_keeps_it(mine: Calendar) -> None:
    bring_in(content("periods"), mine)
    assert ["2026-10-06T08:00Z", "2026-10-06T09:30Z", "Talks"] in occurrences(mine)
    assert (
        timedelta(hours=1)
        == CalendarEvent.objects.get(series=None).end - CalendarEvent.objects.get(series=None).start
    )  # type: ignore[operator]
