"""From an iCalendar file to events as the services take them.

What cannot be kept is left out with a sentence that says so; what can be kept in part is kept with a note. Only a
file that is no calendar, or beyond the limits of `lines`, is refused as a whole.

Invariants:
- every event of the file is either in `events` or named in `problems`
- two reads of one file give the same uids, also where the file has none
- an override belongs to the series of its uid and is keyed by the original start
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from scheduling.core.event import EventValues, InvalidEvent, canonical, check, format_moment
from scheduling.core.ical.fields import details_of, read_fields
from scheduling.core.ical.lines import SECONDS, Component, Deadline, decode, parse_components
from scheduling.core.ical.moments import Moment, as_start, moment_of, read_duration, read_recurrence
from scheduling.core.ical.recurrence import portable_lines
from scheduling.core.ical.zones import Zones
from scheduling.core.language import gettext as _
from scheduling.core.language import ngettext

_EVENT = (
    "UID SEQUENCE RECURRENCE-ID DTSTART DTEND DURATION RRULE RDATE EXDATE EXRULE SUMMARY DESCRIPTION LOCATION "
    "STATUS TRANSP CLASS ORGANIZER ATTENDEE URL CONFERENCE X-GOOGLE-CONFERENCE X-ALT-DESC X-APPOINTMENT-COLOR "
    "X-MICROSOFT-CDO-BUSYSTATUS X-MICROSOFT-CDO-ALLDAYEVENT"
)
_OBSERVANCE = ["DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE"]
WANTED: Mapping[str, Sequence[str]] = {
    "VCALENDAR": ["PRODID", "METHOD", "X-WR-CALNAME", "NAME", "REFRESH-INTERVAL", "X-PUBLISHED-TTL"],
    "VEVENT": _EVENT.split(),
    "VTIMEZONE": ("TZID", "X-LIC-LOCATION"),
    "STANDARD": _OBSERVANCE,
    "DAYLIGHT": _OBSERVANCE,
}
LONGEST_UID = 1024


@dataclass(frozen=True)
class Problem:
    """What was left out (`is_lost`) or changed, and why; `title` names the event, when it is about one."""

    title: str
    words: str
    is_lost: bool = True
    is_event: bool = False  # about one event, whether or not it has a title


@dataclass(frozen=True)
class ReadOverride:
    """One occurrence that differs from its series; `values` None: it does not take place."""

    original_start: str
    values: EventValues | None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadEvent:
    """An event or a series. `values` None: the file says that it is cancelled, or names only overrides of it."""

    uid: str
    sequence: int
    values: EventValues | None
    details: Mapping[str, Any] = field(default_factory=dict)
    overrides: tuple[ReadOverride, ...] = ()
    is_cancelled: bool = False


@dataclass
class ReadCalendar:
    """All that a file holds for us."""

    name: str = ""
    refresh: timedelta | None = None
    is_complete: bool = True
    events: list[ReadEvent] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_calendar(data: bytes, *, zone: str, seconds: float = SECONDS) -> ReadCalendar:
    """The events of a file; times without a zone are read in `zone`. Raises `UnreadableCalendar`."""
    deadline = Deadline(seconds)
    text, was_guessed = decode(data)
    roots, passed_over = parse_components(text, WANTED, deadline)
    calendars = [root for root in roots if root.name == "VCALENDAR"]
    parts = [child for calendar in calendars for child in calendar.children]
    read = ReadCalendar(
        name=next((name for c in calendars if (name := c.text("X-WR-CALNAME") or c.text("NAME"))), "")[:200],
        refresh=_refresh(calendars),
    )
    if was_guessed:
        read.problems.append(
            Problem("", _("The file is not in UTF-8; accents may have come out wrong."), is_lost=False)
        )
    if not all(calendar.is_complete for calendar in calendars):
        read.is_complete = False
        read.problems.append(Problem("", _("The file ends in the middle. What was complete is here."), False))
    for kind, count in passed_over.items():
        if words := _passed_over(kind, count):
            read.problems.append(Problem("", words % {"count": count}))
    zones = Zones((part for part in parts if part.name == "VTIMEZONE"), zone, deadline)
    _Reader(read, zones, deadline).read([part for part in parts if part.name == "VEVENT"])
    if any(calendar.text("METHOD").upper() == "CANCEL" for calendar in calendars):
        read.events = [_cancelled(event.uid, event.sequence) for event in read.events]
    return read


def _refresh(calendars: Sequence[Component]) -> timedelta | None:
    for calendar in calendars:
        for name in ("REFRESH-INTERVAL", "X-PUBLISHED-TTL"):
            try:
                return read_duration(calendar.text(name))
            except ValueError:
                continue
    return None


@dataclass
class _Draft:
    """One VEVENT, read."""

    component: Component
    uid: str
    sequence: int
    start: Moment
    values: EventValues
    lengths: Mapping[datetime, timedelta]
    is_cancelled: bool
    recurrence_id: Moment | None
    notes: list[str]

    @property
    def details(self) -> dict[str, Any]:
        return details_of(self.component, self.sequence)


class _Reader:
    """Turns the VEVENTs of one file into the events of `read`."""

    def __init__(self, read: ReadCalendar, zones: Zones, deadline: Deadline) -> None:
        self._read, self._zones, self._deadline = read, zones, deadline

    def read(self, components: Sequence[Component]) -> None:
        masters: dict[str, _Draft] = {}
        overrides: dict[str, dict[str, _Draft]] = {}
        for component in components:
            self._deadline.check()
            title = component.text("SUMMARY").strip()[:200]
            if not component.is_complete:
                self._lose(title, _("It is cut off in the file."))
                continue
            try:
                draft = self._draft(component)
            except InvalidEvent as error:
                self._lose(title, str(error))
            except (ValueError, OverflowError) as error:
                self._lose(title, f"{str(error)[:200].rstrip('.')}.")
            else:
                self._sort_in(draft, masters, overrides)
        for uid, master in masters.items():
            self._read.events.append(self._event(master, overrides.pop(uid, {})))
        for uid, orphans in overrides.items():
            self._read.events.append(self._orphans(uid, orphans))
        self._tell_of_zones()

    def _draft(self, component: Component) -> _Draft:
        """Raises ValueError, also as `InvalidEvent`."""
        start = moment_of(component.first("DTSTART"), self._zones)
        if start is None:
            raise ValueError(_("It has no start"))
        start, end = self._span(component, start)
        fields, notes = read_fields(component)
        length: timedelta = end.value - start.value  # type: ignore[operator]
        recurrence_id = moment_of(component.first("RECURRENCE-ID"), self._zones)
        repeats = read_recurrence(component, start, length, self._zones) if recurrence_id is None else None
        values = canonical(
            EventValues(
                **fields,
                start=start.value,
                end=end.value,
                is_all_day=start.is_date,
                time_zone=start.zone,
                end_time_zone=end.zone,
                recurrence=tuple(portable_lines(repeats.lines, start.zone)) if repeats else (),
            )
        )
        check(values, from_remote=True)
        found = component.first("RECURRENCE-ID")
        if found is not None and found.parameters.get("RANGE", "").upper() == "THISANDFUTURE":
            notes.append(
                _(
                    "It changes “this and all following”. Only the first of them is changed here: "
                    "divide the series in the program it comes from, or change the others here."
                )
            )
        return _Draft(
            component=component,
            uid=_uid(component, values),
            sequence=_number(component.text("SEQUENCE")),
            start=start,
            values=values,
            lengths=repeats.lengths if repeats else {},
            is_cancelled=component.text("STATUS").strip().upper() == "CANCELLED",
            recurrence_id=recurrence_id,
            notes=notes,
        )

    def _span(self, component: Component, start: Moment) -> tuple[Moment, Moment]:
        end = moment_of(component.first("DTEND"), self._zones)
        if end is None:
            text = component.text("DURATION")
            if start.is_date:
                end = Moment(start.value + (read_duration(text) if text else timedelta(days=1)))
            else:
                end = Moment(start.value + (read_duration(text) if text else timedelta()), start.zone)
        if start.is_date != end.is_date:
            raise ValueError(_("It starts on a day and ends at a time, or the other way round"))
        if start.is_date and end.value == start.value:
            end = Moment(start.value + timedelta(days=1))  # a common mistake: the end is exclusive
        if component.text("X-MICROSOFT-CDO-ALLDAYEVENT").upper() == "TRUE" and not start.is_date:
            first, last = as_start(start, _A_DATE), as_start(end, _A_DATE)
            if isinstance(first.value, date) and first.value < last.value:
                return first, last
        return start, end

    def _sort_in(
        self, draft: _Draft, masters: dict[str, _Draft], overrides: dict[str, dict[str, _Draft]]
    ) -> None:
        """Of two that mean the same the later version counts; of equal versions the one further down."""
        group: dict[str, _Draft] = masters
        key = draft.uid
        if draft.recurrence_id is not None:
            group = overrides.setdefault(draft.uid, {})
            key = repr(draft.recurrence_id.value)
        if (other := group.get(key)) is None or other.sequence <= draft.sequence:
            group[key] = draft

    def _event(self, master: _Draft, overrides: Mapping[str, _Draft]) -> ReadEvent:
        self._note(master)
        if master.is_cancelled:
            return _cancelled(master.uid, master.sequence)
        own = {o.original_start: o for o in _longer_periods(master)}
        if master.values.recurrence:
            own |= {o.original_start: o for o in self._overrides(overrides.values(), master.start)}
        elif overrides:
            self._lose(master.values.title, _("Changes of single dates, of an event that does not repeat."))
        return ReadEvent(master.uid, master.sequence, master.values, master.details, tuple(own.values()))

    def _orphans(self, uid: str, orphans: Mapping[str, _Draft]) -> ReadEvent:
        """Overrides without their series: whoever imports may have it already."""
        drafts = list(orphans.values())
        return ReadEvent(
            uid,
            max(draft.sequence for draft in drafts),
            None,
            overrides=tuple(self._overrides(drafts, None)),
        )

    def _overrides(self, drafts: Sequence[_Draft] | Any, start: Moment | None) -> Iterator[ReadOverride]:
        for draft in drafts:
            self._note(draft)
            assert draft.recurrence_id is not None
            original = as_start(draft.recurrence_id, start) if start else draft.recurrence_id
            values = None if draft.is_cancelled else draft.values
            yield ReadOverride(format_moment(original.value), values, draft.details)

    def _lose(self, title: str, words: str) -> None:
        self._read.problems.append(Problem(title, words, is_event=True))

    def _note(self, draft: _Draft) -> None:
        self._read.problems += [
            Problem(draft.values.title, note, is_lost=False, is_event=True) for note in draft.notes
        ]

    def _tell_of_zones(self) -> None:
        for name in sorted(self._zones.unknown):
            words = _("The time zone “%(name)s” is not known; its times are read in %(zone)s.") % {
                "name": name[:80],
                "zone": self._zones.fallback,
            }
            self._read.problems.append(Problem("", words, is_lost=False))
        for name in sorted(self._zones.own):
            words = _(
                "The time zone “%(name)s” is like no known one; its times are kept by their offset."
            ) % {"name": name[:80]}
            self._read.problems.append(Problem("", words, is_lost=False))


def _passed_over(kind: str, count: int) -> str:
    """What is said of parts of the file that are no events; empty for those that only help to read."""
    return {
        "VTODO": ngettext(
            "%(count)d task left out: only events are kept.",
            "%(count)d tasks left out: only events are kept.",
            count,
        ),
        "VJOURNAL": ngettext(
            "%(count)d journal entry left out: only events are kept.",
            "%(count)d journal entries left out: only events are kept.",
            count,
        ),
        "VFREEBUSY": ngettext(
            "%(count)d free/busy list left out: only events are kept.",
            "%(count)d free/busy lists left out: only events are kept.",
            count,
        ),
    }.get(kind, "")


_A_DATE = Moment(date(2000, 1, 1))


def _cancelled(uid: str, sequence: int) -> ReadEvent:
    return ReadEvent(uid, sequence, None, {"sequence": sequence}, is_cancelled=True)


def _longer_periods(master: _Draft) -> Iterator[ReadOverride]:
    """RDATE may give single occurrences a length of their own."""
    for start, length in master.lengths.items():
        values = replace(master.values, start=start, end=start + length, recurrence=())
        if length >= timedelta():
            yield ReadOverride(format_moment(start), values, master.details)


def _uid(component: Component, values: EventValues) -> str:
    uid = component.text("UID").strip()
    if uid and len(uid) <= LONGEST_UID:
        return uid
    # Without one, the same content is the same event.
    content = uid or repr((values.title, values.start, values.end, values.location, values.recurrence))
    return f"{sha256(content.encode()).hexdigest()[:40]}@no-uid"


def _number(text: str) -> int:
    text = text.strip()
    return min(int(text), 2**31 - 1) if text.isascii() and text.isdigit() and len(text) < 12 else 0
