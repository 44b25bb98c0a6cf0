"""Recurrence lines in words.

A sentence is put together of clauses, each of which a translator sees whole. Invariant: a rule that has no short wording
is still said to repeat.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from scheduling.core.language import gettext as _
from scheduling.core.language import ngettext, pgettext
from scheduling.core.wording.days import day_month, listed, month_name, small
from scheduling.core.zones import wall_time

CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
NAMED_PARTS = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "COUNT", "UNTIL", "WKST"}
MOST_NAMED_DATES = 3
WORKDAYS, WEEKEND = CODES[:5], CODES[5:]


def repeats(lines: tuple[str, ...] | list[str], today: date, zone: str = "") -> str:
    """`Every week on Thursday and Friday, until 18 December`; empty when nothing repeats.

    An end that is given as an instant has its date in `zone`, that of the series.
    """
    rules = [_rule(line.partition(":")[2], today, zone) for line in lines if _is(line, "RRULE")]
    added = _dates([line for line in lines if _is(line, "RDATE")], today)
    excluded = _dates([line for line in lines if _is(line, "EXDATE")], today)
    if not rules and not added:
        return ""
    if not all(rules):
        return _("Repeats by a rule of its own") if len(rules) == 1 else _("Repeats by several rules")
    words, *others = rules or [pgettext("repeat", "On the start")]
    for other in others:
        words = pgettext("repeat", "%(rule)s; also %(other)s") % {
            "rule": words,
            "other": small(other),
        }
    if added:
        words = pgettext("repeat", "%(rule)s, and on %(dates)s") % {"rule": words, "dates": added}
    if excluded:
        words = pgettext("repeat", "%(rule)s, except %(dates)s") % {"rule": words, "dates": excluded}
    return words


def _is(line: str, name: str) -> bool:
    return line.upper().startswith((f"{name}:", f"{name};"))


def _rule(content: str, today: date, zone: str) -> str:
    """One rule in words, empty when they would not say all of it."""
    parts = dict(part.split("=", 1) for part in content.upper().split(";") if "=" in part)
    if parts.keys() - NAMED_PARTS:
        return ""
    try:
        words = _how_often(parts["FREQ"], int(parts.get("INTERVAL", "1")))
        which = _on_which(parts["FREQ"], parts)
        return _until(f"{words} {which}" if which else words, parts, today, zone)
    except (ValueError, IndexError, KeyError):
        return ""


def _how_often(frequency: str, every: int) -> str:
    """Raises `KeyError` for what has no words."""
    found = {
        "DAILY": ngettext("Every day", "Every %(count)d days", every),
        "WEEKLY": ngettext("Every week", "Every %(count)d weeks", every),
        "MONTHLY": ngettext("Every month", "Every %(count)d months", every),
        "YEARLY": ngettext("Every year", "Every %(count)d years", every),
    }[frequency]
    return found % {"count": every}


def _on_which(frequency: str, parts: dict[str, str]) -> str:
    """Raises `ValueError` and `KeyError` for what has no words."""
    codes = parts["BYDAY"].split(",") if "BYDAY" in parts else []
    days = [int(text) for text in parts.get("BYMONTHDAY", "").split(",") if text]
    months = [_month(text) for text in parts.get("BYMONTH", "").split(",") if text]
    if codes and days:
        raise ValueError("days of the week and of the month at once")
    if position := parts.get("BYSETPOS"):
        if not codes or frequency not in ("MONTHLY", "YEARLY") or (frequency == "YEARLY" and not months):
            raise ValueError("a position among other things than weekdays")
        which = _on_numbered([_positioned(position.split(","), codes)])
    elif days:
        if len(months) == 1 and all(day > 0 for day in days):
            which = _on_days_of(days, months[0])
        else:
            which = _on_days(days)
            if len(months) == 1:
                which = _of(which, months)
        if len(months) == 1 and frequency == "YEARLY":
            return which
    else:
        which = _on_weekdays(frequency, codes)
    if not months:
        return which
    if not which:
        return pgettext("repeat", "in %(months)s") % {"months": listed(months)}
    return _of(which, months) if frequency == "YEARLY" else _in(which, months)


def _of(which: str, months: list[str]) -> str:
    return pgettext("repeat", "%(days)s of %(months)s") % {"days": which, "months": listed(months)}


def _in(which: str, months: list[str]) -> str:
    return pgettext("repeat", "%(days)s in %(months)s") % {"days": which, "months": listed(months)}


def _month(text: str) -> str:
    return month_name(date(2000, int(text), 1))


def _on_weekdays(frequency: str, codes: list[str]) -> str:
    if frequency in ("WEEKLY", "DAILY") and tuple(codes) == WORKDAYS:
        return pgettext("repeat", "from Monday to Friday")
    if not codes:
        return ""
    days = [_named_day(code) for code in codes]
    if any(len(code) > 2 for code in codes):
        return _on_numbered(days)
    return pgettext("repeat on weekdays", "on %(days)s") % {"days": listed(days)}


def _on_numbered(days: list[str]) -> str:
    return pgettext("repeat on numbered days", "on %(days)s") % {"days": listed(days)}


def _on_days_of(days: list[int], month: str) -> str:
    """`on 3 and 5 March`."""
    numbers = [pgettext("number of a day", "%(day)d") % {"day": day} for day in days]
    return pgettext("repeat", "on %(days)s %(month)s") % {"days": listed(numbers), "month": month}


def _on_days(days: list[int]) -> str:
    if not all(day > 0 for day in days):
        return _on_numbered([_month_day(day) for day in days])
    numbers = [pgettext("number of a day", "%(day)d") % {"day": day} for day in days]
    return ngettext("on day %(days)s", "on days %(days)s", len(days)) % {"days": listed(numbers)}


def _month_day(day: int) -> str:
    if day > 0:
        return pgettext("repeat", "day %(day)d") % {"day": day}
    return _numbered(_ordinal(day), pgettext("repeat", "day"))


def _numbered(ordinals: str, day: str) -> str:
    return pgettext("repeat", "the %(ordinals)s %(day)s") % {"ordinals": ordinals, "day": day}


def _ordinal(number: int) -> str:
    named = {
        1: pgettext("which day", "first"),
        2: pgettext("which day", "second"),
        3: pgettext("which day", "third"),
        4: pgettext("which day", "fourth"),
        5: pgettext("which day", "fifth"),
        -1: pgettext("which day", "last"),
        -2: pgettext("which day", "second to last"),
    }
    if number in named:
        return named[number]
    if number < 0:
        return pgettext("which day", "%(ordinal)s to last") % {"ordinal": _ordinal(-number)}
    if number % 100 in (11, 12, 13) or not 1 <= number % 10 <= 3:
        return pgettext("which day", "%(number)dth") % {"number": number}
    endings = (
        pgettext("which day", "%(number)dst"),
        pgettext("which day", "%(number)dnd"),
        pgettext("which day", "%(number)drd"),
    )
    return endings[number % 10 - 1] % {"number": number}


def _positioned(positions: list[str], codes: list[str]) -> str:
    chosen = tuple(sorted(codes, key=CODES.index))
    kinds = {
        CODES: pgettext("repeat", "day"),
        WORKDAYS: pgettext("repeat", "weekday"),
        WEEKEND: pgettext("repeat", "day of the weekend"),
    }
    name = kinds.get(chosen) or _either([_named_day(code) for code in chosen])
    return _numbered(listed([_ordinal(int(position)) for position in positions]), name)


def _either(words: list[str]) -> str:
    if len(words) == 1:
        return words[0]
    return _("%(first)s or %(last)s") % {"first": ", ".join(words[:-1]), "last": words[-1]}


def _named_day(code: str) -> str:
    names = {
        "MO": pgettext("repeat on", "Monday"),
        "TU": pgettext("repeat on", "Tuesday"),
        "WE": pgettext("repeat on", "Wednesday"),
        "TH": pgettext("repeat on", "Thursday"),
        "FR": pgettext("repeat on", "Friday"),
        "SA": pgettext("repeat on", "Saturday"),
        "SU": pgettext("repeat on", "Sunday"),
    }
    name = names[code[-2:]]
    number = code[:-2]
    return _numbered(_ordinal(int(number)), name) if number else name


def _dates(lines: list[str], today: date) -> str:
    """`24 and 26 December` of RDATE or EXDATE lines, their number when there are many."""
    texts = [text.strip() for line in lines for text in line.partition(":")[2].split(",") if text.strip()]
    many = ngettext("%(count)d date", "%(count)d dates", len(texts)) % {"count": len(texts)}
    if len(texts) > MOST_NAMED_DATES:
        return many
    try:
        days = sorted({datetime.strptime(text[:8], "%Y%m%d").date() for text in texts})
    except ValueError:
        return many
    return listed([day_month(day, today) for day in days])


def _until(rule: str, parts: dict[str, str], today: date, zone: str) -> str:
    """The rule with its end, if it has one."""
    if "COUNT" in parts:
        count = int(parts["COUNT"])
        if count == 1:
            return pgettext("repeat", "%(rule)s, once") % {"rule": rule}
        return ngettext("%(rule)s, %(count)d time", "%(rule)s, %(count)d times", count) % {
            "rule": rule,
            "count": count,
        }
    if "UNTIL" not in parts:
        return rule
    last = day_month(until_day(parts["UNTIL"], zone), today)
    return pgettext("repeat", "%(rule)s, until %(day)s") % {"rule": rule, "day": last}


def until_day(text: str, zone: str) -> date:
    """The last day that an UNTIL lets pass, on the clock of `zone` (empty for all-day). Raises `ValueError`."""
    if len(text) == 8 or not zone or not text.endswith("Z"):
        return datetime.strptime(text[:8], "%Y%m%d").date()
    return wall_time(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC), ZoneInfo(zone)).date()
