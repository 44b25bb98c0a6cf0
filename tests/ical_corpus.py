"""The files of `tests/data/ics`, shaped like those that people have, and the ways in and out of a calendar."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from scheduling.core.ical import read_calendar
from scheduling.exporting import calendar_text
from scheduling.models import Calendar
from scheduling.queries import occurrences_between
from scheduling.services.importing import apply_import

FOLDER = Path(__file__).parent / "data" / "ics"
FILES = sorted(path.stem for path in FOLDER.glob("*.ics"))
# What takes place by each file within the two years, as `occurrences` tells it.
GOLDEN: dict[str, list[list[str]]] = json.loads((FOLDER / "occurrences.json").read_text())
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)


def content(name: str) -> bytes:
    return (FOLDER / f"{name}.ics").read_bytes()


def bring_in(data: bytes, calendar: Calendar) -> dict[str, int]:
    return apply_import(calendar=calendar, events=read_calendar(data, zone="Europe/Berlin").events)


def take_out(calendar: Calendar) -> bytes:
    return "".join(calendar_text(calendar)).encode()


def occurrences(calendar: Calendar) -> list[list[str]]:
    """(start, end, title) of all that takes place in two years, in order."""
    found = [
        [_text(o.start, o.is_all_day), _text(o.end, o.is_all_day), o.event.title]
        for o in occurrences_between([calendar.pk], START, END)
    ]
    return sorted(found)


def _text(moment: datetime, is_all_day: bool) -> str:
    return f"{moment:%Y-%m-%d}" if is_all_day else f"{moment:%Y-%m-%dT%H:%MZ}"
