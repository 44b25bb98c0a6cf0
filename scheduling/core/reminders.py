"""When a reminder is due: minutes before the start, in the zone of whoever is reminded.

A timed event is counted back from its instant. An all-day event has none: minutes that an event has of its own are
counted back from midnight, as Google does it, and the usual minutes from the morning, when the working hours begin.

Invariants:
- counting back days from an all-day event keeps the hour across clock changes
- what is delayed by quiet hours comes when they end, and never twice
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduling.core.language import gettext as _
from scheduling.core.language import ngettext
from scheduling.core.zones import DAY, instant, wall_time

LONGEST_LEAD = 40320  # minutes, four weeks: what Google accepts
MOST_REMINDERS = 5  # of one event, the same


def remind_at(
    start: datetime, minutes: int, place: ZoneInfo, *, is_all_day: bool = False, morning: time = time.min
) -> datetime:
    """The instant that lies `minutes` before `start`; of an all-day event `start` is midnight UTC of its date."""
    lead = timedelta(minutes=minutes)
    if not is_all_day:
        return start - lead
    return instant(datetime.combine(start.date(), morning) - lead, place)


def after_quiet(moment: datetime, quiet: tuple[time, time] | None, place: ZoneInfo) -> datetime:
    """`moment`, or where it lies in the quiet hours (from, until; over midnight too) the instant at which they end."""
    if quiet is None or quiet[0] == quiet[1]:
        return moment
    begin, end = quiet
    wall = wall_time(moment, place)
    over_night = begin > end
    is_quiet = wall.time() >= begin or wall.time() < end if over_night else begin <= wall.time() < end
    if not is_quiet:
        return moment
    day = wall.date() + DAY if over_night and wall.time() >= begin else wall.date()
    return max(moment, instant(datetime.combine(day, end), place))


def lead_words(minutes: int) -> str:
    """`At the start`, `15 minutes before`, `2 hours before`, `1 day before`."""
    if not minutes:
        return _("At the start")
    if minutes % 10080 == 0:
        count = minutes // 10080
        words = ngettext("%(count)d week before", "%(count)d weeks before", count)
    elif minutes % 1440 == 0:
        count = minutes // 1440
        words = ngettext("%(count)d day before", "%(count)d days before", count)
    elif minutes % 60 == 0:
        count = minutes // 60
        words = ngettext("%(count)d hour before", "%(count)d hours before", count)
    else:
        count = minutes
        words = ngettext("%(count)d minute before", "%(count)d minutes before", count)
    return words % {"count": count}
