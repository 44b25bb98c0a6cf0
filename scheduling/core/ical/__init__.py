"""iCalendar (RFC 5545): files into events, events into files. No Django, no network."""

from scheduling.core.ical.lines import LARGEST_FILE, UnreadableCalendar
from scheduling.core.ical.reading import Problem, ReadCalendar, ReadEvent, ReadOverride, read_calendar
from scheduling.core.ical.writing import BUSY_TITLE, END, FORMAT, head, write_busy, write_event

__all__ = [
    "BUSY_TITLE",
    "END",
    "FORMAT",
    "LARGEST_FILE",
    "Problem",
    "ReadCalendar",
    "ReadEvent",
    "ReadOverride",
    "UnreadableCalendar",
    "head",
    "read_calendar",
    "write_busy",
    "write_event",
]
