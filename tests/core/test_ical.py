"""iCalendar text: lines that cannot be broken out of, limits that hold, zones that are right."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.core.event import clean_text
from scheduling.core.ical import UnreadableCalendar, head, read_calendar, write_busy, write_event
from scheduling.core.ical.lines import (
    Deadline,
    decode,
    escape,
    fold,
    parse_components,
    parse_line,
    quote,
    unescape,
)
from scheduling.core.ical.vtimezone import vtimezone
from scheduling.core.ical.zones import known_name, read_zone
from scheduling.core.zones import zone_names

ZONE_PROPERTIES = ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE")
SAMPLE_ZONES = [
    "Europe/Berlin", "America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia",
    "Africa/Casablanca", "America/Nuuk", "Asia/Jerusalem", "America/Sao_Paulo", "Asia/Tehran", "Pacific/Chatham",
    "Europe/Moscow", "Africa/Cairo", "America/Havana", "Asia/Gaza",
]  # fmt: skip


@dataclass
class Row:
    """What the writer reads of an event."""

    id: str = "7d1f"
    ical_uid: str = "uid@example.com"
    sequence: int = 0
    title: str = "Title"
    description: str = ""
    location: str = ""
    is_all_day: bool = False
    start_time: datetime | None = datetime(2026, 11, 24, 9, tzinfo=UTC)
    end_time: datetime | None = datetime(2026, 11, 24, 10, tzinfo=UTC)
    start_date: date | None = None
    end_date: date | None = None
    time_zone: str = "Europe/Berlin"
    end_time_zone: str = ""
    recurrence: list[str] = field(default_factory=list)
    series_id: Any = None
    original_start: str = ""
    status: str = "confirmed"
    availability: str = "busy"
    visibility: str = "default"
    color: int | None = None
    organizer: dict[str, Any] = field(default_factory=dict)
    attendees: list[dict[str, Any]] = field(default_factory=list)
    conference_url: str = ""
    created: str = "20261101T000000Z"
    updated: str = "20261102T000000Z"


def written(row: Row) -> bytes:
    return (head("Calendar", {row.time_zone}) + write_event(row) + "END:VCALENDAR\r\n").encode()


def file_of(*lines: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""]).encode()


# --- lines -------------------------------------------------------------------------------------
@given(st.text(max_size=400))
def test_what_is_escaped_and_folded_is_read_back_as_the_same_text(text: str) -> None:
    text = clean_text("".join(c for c in text if c in "\n\t" or c.isprintable()))
    line = fold("SUMMARY:" + escape(text))
    assert all(len(piece) <= 75 for piece in line.encode().split(b"\r\n"))
    unfolded, _ = decode(line.encode())
    found = parse_line(unfolded.removesuffix("\r\n"))
    assert found is not None and unescape(found.value) == text.replace("\u2028", "\n").replace("\u2029", "\n")


@pytest.mark.parametrize(
    "ending", ["\r\n", "\n", "\r", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x1e"]
)
@pytest.mark.parametrize("name", ["title", "description", "location", "ical_uid", "conference_url", "time"])
def test_no_text_ends_its_line(ending: str, name: str) -> None:
    attack = f"x{ending}ATTENDEE:mailto:evil@example.com{ending}END:VEVENT"
    row = Row(recurrence=["RRULE:FREQ=DAILY;COUNT=2" + attack]) if name == "time" else Row(**{name: attack})
    for lines in (written(row).decode().splitlines(), written(row).decode().split("\r\n")):
        assert not any(line.startswith("ATTENDEE") for line in lines)
        assert sum(line == "END:VEVENT" for line in lines) == 1


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\u2028", "\x0b"])
def test_names_and_addresses_of_people_end_no_line_either(ending: str) -> None:
    attack = {"email": f"a@b.c{ending}X-EVIL:1", "displayName": f'N";X="{ending}X-EVIL:1'}
    data = written(Row(organizer=attack, attendees=[{**attack, "responseStatus": "accepted"}]))
    assert not any(line.startswith("X-EVIL") for line in data.decode().splitlines())
    event = icalendar.Calendar.from_ical(data).walk("VEVENT")[0]
    assert "X-EVIL" not in event and "X" not in event["ATTENDEE"].params


def test_quotes_in_a_name_survive() -> None:
    person = {"email": "a@b.c", "displayName": 'Ana "The Boss" O^Hara, PhD; MD: x'}
    read = read_calendar(written(Row(attendees=[person])), zone="UTC")
    assert read.events[0].details["attendees"][0]["displayName"] == person["displayName"]
    assert quote('a"b') == '"a^\'b"'


# --- limits ------------------------------------------------------------------------------------
EVENT = "BEGIN:VEVENT\r\nUID:{n}\r\nDTSTART:20261124T090000Z\r\nSUMMARY:{n}\r\nEND:VEVENT\r\n"
OWN_ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Z{n}\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0100\r\n"
    "TZOFFSETTO:+0213\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n"
    "DTSTART:16010101T000000\r\nTZOFFSETFROM:+0213\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=9\r\n"
    "END:DAYLIGHT\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:z{n}\r\nDTSTART;TZID=Z{n}:20261124T090000\r\nEND:VEVENT\r\n"
)
BOMBS = {
    "too large": lambda: b"BEGIN:VCALENDAR\r\nX:" + b"a" * 11_000_000,
    "a huge title": lambda: file_of("BEGIN:VEVENT", "UID:1", "SUMMARY:" + "a" * 9_000_000, "END:VEVENT"),
    "20,000 events": lambda: file_of("".join(EVENT.format(n=n) for n in range(20_000))),
    "deep nesting": lambda: file_of(*["BEGIN:VEVENT"] * 50_000),
    "deep nesting of what is passed over": lambda: file_of(*["BEGIN:X-A"] * 50_000),
    "millions of lines": lambda: file_of("\n" * 9_000_000),
    "a zip file": lambda: b"PK\x03\x04" + b"\0" * 1000,
    "a gzip file": lambda: b"\x1f\x8b\x08" + b"\0" * 1000,
    "a web page": lambda: b"<!doctype html><html><body>Sign in</body></html>",
    "no calendar": lambda: b"hello\r\nworld\r\n",
    "nothing": lambda: b"",
    "thousands of zones": lambda: file_of("".join(OWN_ZONE.format(n=n) for n in range(5000))),
}
HEAVY = {
    "quotes without end": lambda: file_of("BEGIN:VEVENT", 'SUMMARY;X="' + ":" * 190_000, "END:VEVENT"),
    "parameters without end": lambda: file_of("BEGIN:VEVENT", "SUMMARY" + ";a=b" * 45_000, "END:VEVENT"),
    "folds without end": lambda: file_of("BEGIN:VEVENT", "SUMMARY:" + "\r\n " * 3_000_000, "END:VEVENT"),
    "an attachment inside": lambda: file_of("BEGIN:VEVENT", "DTSTART:20261124", "ATTACH:" + "QUJD" * 2_000_000, "END:VEVENT"),
    "dates without end": lambda: file_of(
        "BEGIN:VEVENT", "DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY", "EXDATE:" + "20261124T090000Z," * 11_000, "END:VEVENT"
    ),
    "a rule in a zone that never ends": lambda: file_of(
        OWN_ZONE.format(n=1).replace("FREQ=YEARLY;BYMONTH=9", "FREQ=SECONDLY")
    ),
    "40,000 alarms": lambda: file_of("BEGIN:VEVENT", "DTSTART:20261124", *["BEGIN:VALARM", "END:VALARM"] * 40_000, "END:VEVENT"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_five_seconds_and_with_words(name: str) -> None:
    data = BOMBS[name]()
    begun = time.thread_time()
    with pytest.raises(UnreadableCalendar) as refused:
        read_calendar(data, zone="Europe/Berlin")
    assert time.thread_time() - begun < 5
    assert str(refused.value).endswith(".") and len(str(refused.value)) < 120


@pytest.mark.parametrize("name", HEAVY)
def test_what_is_heavy_is_read_or_refused_within_five_seconds(name: str) -> None:
    data = HEAVY[name]()
    begun = time.thread_time()
    try:
        read_calendar(data, zone="Europe/Berlin")
    except UnreadableCalendar as refused:
        assert str(refused).endswith(".")
    assert time.thread_time() - begun < 5


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([
    "BEGIN:VEVENT", "END:VEVENT", "DTSTART:20261124T090000", "DTSTART;VALUE=DATE:00000000", "DTEND:x", "DURATION:-P9999W",
    "RRULE:", "RDATE;VALUE=PERIOD:20261124T090000Z/P", "RECURRENCE-ID:20261124", "UID:a", "SEQUENCE:-1", "EXDATE:,",
    "DTSTART;TZID=Europe/Berlin:99991231T235959Z", "DTSTART:00010101T000000", "DURATION:P999999D", "BEGIN:VTIMEZONE",
    "TZID:Q", "DTSTART;TZID=Q:20261124T090000", "END:VTIMEZONE", "BEGIN:STANDARD", "TZOFFSETFROM:+9999", "TZOFFSETTO:+01",
    "END:STANDARD", "STATUS:CANCELLED", ";;;", ":", "\x00", "ATTENDEE:", "ORGANIZER;CN=:x", "BEGIN:", "END:", " fold",
]), max_size=30))  # fmt: skip
def test_any_mixture_of_lines_is_read_without_a_fault(lines: list[str]) -> None:
    try:
        read = read_calendar(file_of(*lines), zone="Europe/Berlin")
    except UnreadableCalendar:
        return
    assert len(read.events) <= lines.count("BEGIN:VEVENT")


# --- zones -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("tzid", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("/mozilla.org/20050126_1/Europe/London", "Europe/London"),
        ("/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("UTC", "UTC"),
        ("GMT+0530", ""),
        ("UTC+02:00", "Etc/GMT-2"),
        ("GMT-0800", "Etc/GMT+8"),
        ("Customized Time Zone", ""),
        ("../../etc/passwd", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_zone_names_of_others_become_ours(tzid: str, name: str) -> None:
    assert known_name(tzid) == name


def _own_reading(name: str) -> Any:
    text, _ = decode(("BEGIN:VCALENDAR\r\n" + vtimezone(name) + "END:VCALENDAR\r\n").encode())
    wanted = {
        "VCALENDAR": (),
        "VTIMEZONE": ("TZID",),
        "STANDARD": ZONE_PROPERTIES,
        "DAYLIGHT": ZONE_PROPERTIES,
    }
    roots, _ = parse_components(text, wanted, Deadline())
    return read_zone(roots[0].children[0])


@pytest.mark.parametrize("name", SAMPLE_ZONES)
def test_a_written_zone_is_right_in_our_reader_and_in_icalendar(name: str) -> None:
    component = icalendar.Timezone.from_ical(vtimezone(name))
    theirs = component.to_tz(lookup_tzid=False)
    ours, place = _own_reading(name), ZoneInfo(name)
    moment = datetime(1971, 1, 2, 3, tzinfo=UTC)
    while moment.year < 2037:
        wall = moment.astimezone(place).replace(tzinfo=None, fold=0)
        right = wall.replace(tzinfo=place).utcoffset()
        assert ours.offset_at(moment.replace(tzinfo=None)) == moment.astimezone(place).utcoffset(), moment
        assert wall.replace(tzinfo=theirs).utcoffset() == right, moment
        moment += timedelta(days=9, hours=7)


def test_every_zone_that_is_offered_can_be_written() -> None:
    for name in zone_names()[::9]:
        assert vtimezone(name).startswith("BEGIN:VTIMEZONE\r\n") and "END:VTIMEZONE\r\n" in vtimezone(name)


def test_a_written_zone_has_rules_and_no_lists() -> None:
    text = vtimezone("Europe/Berlin")
    assert "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n" in text and "RDATE" not in text
    assert vtimezone("Asia/Dubai").count("BEGIN:STANDARD") >= 1 and "RRULE" not in vtimezone("Asia/Dubai")


# --- writing -----------------------------------------------------------------------------------
def test_a_time_that_clocks_show_twice_is_written_in_utc() -> None:
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert b"DTSTART;TZID=Europe/Berlin:20261025T023000" in written(Row(start_time=first, end_time=second))
    assert b"DTSTART:20261025T013000Z" in written(Row(start_time=second, end_time=second))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("RRULE:FREQ=DAILY;UNTIL=20261201", "RRULE:FREQ=DAILY;UNTIL=20261201T225959Z"),
        ("RRULE:FREQ=DAILY;UNTIL=20261201T100000", "RRULE:FREQ=DAILY;UNTIL=20261201T090000Z"),
        ("EXDATE;TZID=America/New_York:20261201T040000", "EXDATE:20261201T090000Z"),
        ("EXDATE;TZID=Europe/Berlin:20261201T100000", "EXDATE;TZID=Europe/Berlin:20261201T100000"),
    ],
)
def test_recurrence_lines_leave_in_the_form_that_strict_readers_take(line: str, expected: str) -> None:
    assert expected.encode() in written(Row(recurrence=[line])).replace(b"\r\n ", b"")


def test_busy_times_tell_nothing_else() -> None:
    row = Row(
        title="Secret", description="Secret", location="Secret", organizer={"email": "secret@example.com"},
        attendees=[{"email": "secret@example.com"}], conference_url="https://secret.example", ical_uid="secret",
        recurrence=["RRULE:FREQ=DAILY;COUNT=3"],
    )  # fmt: skip
    text = write_busy(row, cancelled=["2026-11-25T09:00:00Z"])
    assert "secret" not in text.lower()
    assert "RRULE:FREQ=DAILY;COUNT=3" in text and "EXDATE;TZID=Europe/Berlin:20261125T100000" in text
