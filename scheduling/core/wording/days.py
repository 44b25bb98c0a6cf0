"""Days, times and lengths in words, as people read them on pages, in toasts and in mails.

What a page says hundreds of times is kept by its language; who has the code of the language at hand (`Viewer.language`)
hands it over and saves the question.

Invariants:
- a range names each day once and the year only when it is not this one
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from scheduling.core.language import gettext as _
from scheduling.core.language import ngettext, pgettext, spoken
from scheduling.core.zones import wall_time


# --- names -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Names:
    """Weekdays from Monday, months from January."""

    weekdays: tuple[str, ...]
    short_weekdays: tuple[str, ...]
    months: tuple[str, ...]
    short_months: tuple[str, ...]


@lru_cache(maxsize=16)
def _names(language: str) -> _Names:
    return _Names(
        weekdays=(
            _("Monday"),
            _("Tuesday"),
            _("Wednesday"),
            _("Thursday"),
            _("Friday"),
            _("Saturday"),
            _("Sunday"),
        ),
        short_weekdays=(
            pgettext("short", "Mon"),
            pgettext("short", "Tue"),
            pgettext("short", "Wed"),
            pgettext("short", "Thu"),
            pgettext("short", "Fri"),
            pgettext("short", "Sat"),
            pgettext("short", "Sun"),
        ),
        months=(
            _("January"),
            _("February"),
            _("March"),
            _("April"),
            _("May"),
            _("June"),
            _("July"),
            _("August"),
            _("September"),
            _("October"),
            _("November"),
            _("December"),
        ),
        short_months=(
            pgettext("short", "Jan"),
            pgettext("short", "Feb"),
            pgettext("short", "Mar"),
            pgettext("short", "Apr"),
            pgettext("short", "May"),
            pgettext("short", "Jun"),
            pgettext("short", "Jul"),
            pgettext("short", "Aug"),
            pgettext("short", "Sep"),
            pgettext("short", "Oct"),
            pgettext("short", "Nov"),
            pgettext("short", "Dec"),
        ),
    )


def weekday_names() -> tuple[str, ...]:
    """From Monday."""
    return _names(spoken()).weekdays


def weekday(day: date, language: str = "") -> str:
    return _names(language or spoken()).weekdays[day.weekday()]


def short_weekday(day: date) -> str:
    return _names(spoken()).short_weekdays[day.weekday()]


def split_weekday(day: date) -> tuple[str, str]:
    """(`Wed`, `nesday`): the short name, and what completes it for those who listen."""
    short, full = short_weekday(day), weekday(day)
    return (short, full.removeprefix(short)) if full.startswith(short) else (full, "")


def month_name(day: date, language: str = "") -> str:
    return _names(language or spoken()).months[day.month - 1]


def short_month(day: date, language: str = "") -> str:
    return _names(language or spoken()).short_months[day.month - 1]


def color_names() -> dict[int, str]:
    """By Google's numbers."""
    return {
        1: pgettext("colour", "Iris"),
        2: pgettext("colour", "Mint"),
        3: pgettext("colour", "Plum"),
        4: pgettext("colour", "Coral"),
        5: pgettext("colour", "Honey"),
        6: pgettext("colour", "Apricot"),
        7: pgettext("colour", "Lagoon"),
        8: pgettext("colour", "Slate"),
        9: pgettext("colour", "Indigo"),
        10: pgettext("colour", "Moss"),
        11: pgettext("colour", "Brick"),
    }


def listed(words: list[str]) -> str:
    """`1, 2 and 3`."""
    if len(words) < 2:
        return "".join(words)
    return _("%(first)s and %(last)s") % {"first": ", ".join(words[:-1]), "last": words[-1]}


def capital(words: str) -> str:
    """As it begins a heading: months and weekdays are written small in some languages."""
    return words[:1].upper() + words[1:]


def small(words: str) -> str:
    """As it goes on within a sentence."""
    return words[:1].lower() + words[1:]


# --- days --------------------------------------------------------------------------------------
def day_number(day: date) -> str:
    """As dates have it: the first day of a month is `1er` in French."""
    return pgettext("first day of a month", "1") if day.day == 1 else str(day.day)


def day_month(day: date, today: date) -> str:
    """`18 November`, with the year when it is another than today's."""
    if day.year != today.year:
        return date_words(day)
    return _("%(day)s %(month)s") % {"day": day_number(day), "month": month_name(day)}


def date_words(day: date) -> str:
    """`18 November 2026`."""
    return _("%(day)s %(month)s %(year)d") % _parts(day)


def full_day(day: date, today: date) -> str:
    """`Wednesday 18 November`, with the year when it is another than today's."""
    if day.year == today.year:
        return long_day(day)
    return _("%(weekday)s %(day)s %(month)s %(year)d") % _parts(day)


def long_day(day: date, language: str = "") -> str:
    """`Wednesday 18 November`."""
    return _long_day(day, language or spoken())


@lru_cache(maxsize=2048)
def _long_day(day: date, language: str) -> str:
    return _("%(weekday)s %(day)s %(month)s") % _parts(day)


def _parts(day: date) -> dict[str, str | int]:
    return {"weekday": weekday(day), "day": day_number(day), "month": month_name(day), "year": day.year}


def month_year(day: date) -> str:
    """`November 2026`."""
    return _("%(month)s %(year)d") % {"month": month_name(day), "year": day.year}


def short_date(day: date, language: str = "") -> str:
    """`18 Nov`."""
    return _short_date(day, language or spoken())


@lru_cache(maxsize=2048)
def _short_date(day: date, language: str) -> str:
    return pgettext("short", "%(day)s %(month)s") % {"day": day_number(day), "month": short_month(day)}


def short_day(day: date, today: date) -> str:
    """`Wed 18 Nov`, with the year when it is another than today's."""
    return pgettext("short", "%(weekday)s %(date)s") % {
        "weekday": short_weekday(day),
        "date": _dated(day, day.year != today.year),
    }


def _dated(day: date, with_year: bool) -> str:
    if not with_year:
        return short_date(day)
    return pgettext("short", "%(date)s %(year)d") % {"date": short_date(day), "year": day.year}


def day_range(first: date, last: date, *, short: bool = False) -> str:
    """`16–22 November`, `30 November – 2 December`, `28 December 2026 – 3 January`; the last year is left to say."""
    if (first.year, first.month) == (last.year, last.month):
        pattern = (
            pgettext("short", "%(first)d–%(last)d %(month)s") if short else _("%(first)d–%(last)d %(month)s")
        )
        month = short_month(last) if short else month_name(last)
        return pattern % {"first": first.day, "last": last.day, "month": month}
    if short:
        return f"{_dated(first, first.year != last.year)} – {short_date(last)}"
    return f"{day_month(first, last)} – {day_month(last, last)}"


def short_range(first: date, last: date, today: date) -> str:
    """`Wed 18 Nov`, `16–18 Nov`, `30 Nov – 2 Dec`, with the year when it is another than today's."""
    if first == last:
        return short_day(first, today)
    words = day_range(first, last, short=True)
    if last.year == today.year:
        return words
    return pgettext("short", "%(date)s %(year)d") % {"date": words, "year": last.year}


# --- times -------------------------------------------------------------------------------------
def clock(moment: time | datetime, twelve: bool = False) -> str:
    """`14:05`, or `2:05 pm`."""
    if not twelve:
        return f"{moment:%H:%M}"
    return f"{moment.hour % 12 or 12}:{moment:%M} {_half(moment.hour, spoken())}"


def short_clock(moment: time | datetime, twelve: bool = False, language: str = "") -> str:
    """`14:00`, or `2 pm` and `2:05 pm`: where a page has hundreds of them."""
    if not twelve:
        return f"{moment.hour:02}:{moment.minute:02}"
    minutes = f":{moment.minute:02}" if moment.minute else ""
    return f"{moment.hour % 12 or 12}{minutes} {_half(moment.hour, language or spoken())}"


@lru_cache(maxsize=512)
def _half(hour: int, language: str) -> str:
    return _("am") if hour < 12 else _("pm")


def span_words(
    start: datetime | date, end: datetime | date, place: ZoneInfo, today: date, twelve: bool = False
) -> tuple[str, str]:
    """(days, times) of an event as clocks in `place` show it; dates have an exclusive end and no times."""
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        return _days(start, end - timedelta(days=1), today), ""
    first, last = wall_time(start, place), wall_time(end, place)
    if first.date() == last.date():
        return full_day(first, today), f"{clock(first, twelve)}–{clock(last, twelve)}"
    if last - first < timedelta(days=1):
        return full_day(first, today), f"{clock(first, twelve)}–{clock(last, twelve)} ({weekday(last)})"
    return (
        f"{full_day(first, today)}, {clock(first, twelve)}",
        f"{full_day(last, today)}, {clock(last, twelve)}",
    )


def _days(first: date, last: date, today: date) -> str:
    if first == last:
        return full_day(first, today)
    return pgettext("days", "%(first)s to %(last)s") % {
        "first": full_day(first, today),
        "last": full_day(last, today),
    }


# --- lengths -----------------------------------------------------------------------------------
def length_words(length: timedelta) -> str:
    """`45 min`, `1 h 30 min`, `2 days`."""
    days, rest = divmod(int(length.total_seconds()) // 60, 1440)
    if not days:
        return hours_words(length)
    words = ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    return f"{words} {hours_words(timedelta(minutes=rest))}" if rest else words


def hours_words(length: timedelta) -> str:
    """`45 min`, `1 h 30 min`, `48 h`."""
    hours, minutes = divmod(int(length.total_seconds() // 60), 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours)
    return " ".join(parts)
