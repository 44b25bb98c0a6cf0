"""Quick add for one person: what their line says, in which calendar, and what is already there at that time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from scheduling.core import grid, wording
from scheduling.core.event import EventValues, canonical, check
from scheduling.core.quickadd import QuickAdd, parse
from scheduling.core.zones import wall_time
from scheduling.models import Calendar, CalendarEvent, EventInstance, UserProfile
from scheduling.queries import calendars_of, occurrences_between

LONGEST = 500  # characters of a line
STRIP_HOURS = 5
NEW = "new"


@dataclass(frozen=True)
class StripEvent:
    """A box on the strip of the day: `place` and `state` are its classes."""

    title: str
    color: int
    place: str
    state: str


@dataclass(frozen=True)
class Understood:
    """A line as this person means it. `calendar` is None when no calendar may be written to."""

    text: str
    parsed: QuickAdd
    calendar: Calendar | None
    profile: UserProfile
    today: date

    @property
    def is_ready(self) -> bool:
        return bool(self.text) and self.parsed.question is None and self.calendar is not None

    @cached_property
    def values(self) -> EventValues:
        """Of a line that is ready. Raises `InvalidEvent` when it says what no event can be."""
        parsed = self.parsed
        assert parsed.start is not None and parsed.end is not None
        values = EventValues(
            title=parsed.title,
            location=parsed.location,
            start=parsed.start,
            end=parsed.end,
            is_all_day=parsed.all_day,
            time_zone="" if parsed.all_day else self.profile.timezone,
            recurrence=parsed.recurrence,
        )
        check(canonical(values))
        return values

    @property
    def place(self) -> ZoneInfo:
        return ZoneInfo(self.profile.timezone)

    @property
    def twelve(self) -> bool:
        return self.profile.clock == UserProfile.Clock.HOURS_12

    @cached_property
    def when(self) -> tuple[str, str]:
        parsed = self.parsed
        if parsed.start is None or parsed.end is None:
            return "", ""
        return wording.span_words(parsed.start, parsed.end, self.place, self.today, self.twelve)

    @property
    def length(self) -> str:
        if self.parsed.all_day or self.parsed.start is None or self.parsed.end is None:
            return ""
        return wording.length_words(self.parsed.end - self.parsed.start)  # type: ignore[operator]

    @property
    def repeats(self) -> str:
        return wording.repeats(self.parsed.recurrence, self.today)

    @property
    def more_url(self) -> str:
        """The full form, with everything that was understood in it."""
        parsed = self.parsed
        answers = {
            "title": parsed.title,
            "location": parsed.location,
            "repeat": "\n".join(parsed.recurrence),
            "calendar": str(self.calendar.pk) if self.calendar else "",
        }
        if isinstance(parsed.start, datetime) and isinstance(parsed.end, datetime):
            for name, moment in (("start", parsed.start), ("end", parsed.end)):
                answers[name] = f"{wall_time(moment, self.place):%Y-%m-%dT%H:%M}"
        elif parsed.start is not None and parsed.end is not None:
            last = parsed.end - timedelta(days=1)
            answers |= {"all_day": "1", "start": parsed.start.isoformat(), "end": last.isoformat()}
        return f"{reverse('event-new')}?{urlencode({k: v for k, v in answers.items() if v})}"

    # --- what is there already ---
    @cached_property
    def _there(self) -> list[EventInstance]:
        """Timed occurrences of visible calendars on the day of the event."""
        start = self.parsed.start
        if not isinstance(start, datetime):
            return []
        ids = [c.pk for c in calendars_of(self.profile.user) if c.is_visible]
        day = timedelta(days=1)
        return [o for o in occurrences_between(ids, start - day, start + day) if not o.is_all_day]

    @cached_property
    def overlaps(self) -> str:
        """The titles of busy events at the same time."""
        start, end = self.parsed.start, self.parsed.end
        titles = [
            _("“%(title)s”") % {"title": o.event.title}
            for o in self._there
            if o.start < end and o.end > start and o.event.availability == CalendarEvent.Availability.BUSY  # type: ignore[operator]
        ]
        words = ", ".join(titles[:2])
        if len(titles) <= 2:
            return words
        return _("%(titles)s and %(count)d more") % {"titles": words, "count": len(titles) - 2}

    @cached_property
    def strip_from(self) -> int:
        """The hour at which the strip begins."""
        assert isinstance(self.parsed.start, datetime)
        return max(0, min(24 - STRIP_HOURS, wall_time(self.parsed.start, self.place).hour - 1))

    @property
    def hours(self) -> list[tuple[str, str, str]]:
        """(place of the hour, place of its line, hour)."""
        return [
            (
                f"r-{n * 12 + 1} s-6",
                f"r-{n * 12 + 1} s-1",
                wording.clock(time(self.strip_from + n), self.twelve),
            )
            for n in range(STRIP_HOURS)
        ]

    @cached_property
    def strip(self) -> list[StripEvent]:
        """The hours around, with the new event among what is there; empty for an all-day event."""
        parsed = self.parsed
        if not isinstance(parsed.start, datetime) or parsed.end is None:
            return []
        events = {str(number): o.event for number, o in enumerate(self._there)}
        entries = [
            grid.Entry(str(number), o.start, o.end, o.event.title) for number, o in enumerate(self._there)
        ]
        entries.append(grid.Entry(NEW, parsed.start, parsed.end, parsed.title))
        day = grid.day_grid(entries, wall_time(parsed.start, self.place).date(), self.place)
        offset, rows = self.strip_from * 12, STRIP_HOURS * 12
        found = []
        for box in day.boxes:
            first, last = max(box.row - offset, 1), min(box.row - offset + box.rows, rows + 1)
            if first >= last:
                continue
            place = f"r-{first} s-{last - first}"
            place += f" c-{box.column}of{box.columns}" * (box.columns > 1) + f" x-{box.span}" * (box.span > 1)
            event = events.get(box.key)
            color = event.effective_color if event else self.calendar.color if self.calendar else 9
            title = event.title if event else parsed.title
            found.append(StripEvent(title, color, place, "" if event else "is-selected"))
        return found

    @property
    def strip_label(self) -> str:
        others = ", ".join(event.title for event in self.strip if not event.state)
        return _("%(day)s: %(events)s around that time") % {
            "day": self.when[0],
            "events": others or _("nothing else"),
        }


def understand(text: str, *, user: object, profile: UserProfile, calendars: QuerySet[Calendar]) -> Understood:
    text = " ".join(text.split())
    writable = list(calendars)
    now = timezone.now()
    place = ZoneInfo(profile.timezone)
    parsed = parse(
        text,
        now,
        place,
        default_minutes=profile.default_event_duration,
        calendars=[calendar.name for calendar in writable],
    )
    chosen = next((c for c in writable if c.name == parsed.calendar), None)
    return Understood(
        text=text,
        parsed=parsed,
        calendar=chosen or (writable[0] if writable else None),
        profile=profile,
        today=wall_time(now, place).date(),
    )
