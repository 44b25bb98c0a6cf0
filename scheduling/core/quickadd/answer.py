"""From what was understood to the event, or a question."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from scheduling.core.language import gettext as _
from scheduling.core.language import pgettext
from scheduling.core.quickadd.line import TAKEN, Line
from scheduling.core.quickadd.values import Option, Question, QuickAdd, Token
from scheduling.core.quickadd.vocabulary import (
    EDGES,
    WEEKDAY,
)
from scheduling.core.wording import (
    CODES,
    clock,
    length_words,
)
from scheduling.core.zones import DAY, instant


def answer(line: Line) -> QuickAdd:
    title = title_of(line)
    span = span_of(line)
    if not title:
        line.question = Question(_("What is it called?"))
    elif span is None:
        line.ask(
            _("When is it?"),
            Option(_("Today"), f"{line.text} today"),
            Option(_("Tomorrow"), f"{line.text} tomorrow"),
        )
    start, end, all_day = span or (None, None, False)
    return QuickAdd(
        title=title,
        start=start,
        end=end,
        all_day=all_day,
        location=line.location,
        recurrence=recurrence_of(line, start),
        calendar=line.calendar,
        tokens=tuple(sorted(line.tokens, key=lambda token: token.position)),
        question=line.question,
    )


def title_of(line: Line) -> str:
    """What is left over; its pieces become tokens as well."""
    pieces = []
    for match in re.finditer(rf"[^{TAKEN}]+", line.rest):
        start, end = match.span()
        piece = line.text[start:end]
        cleaned = piece
        while (shorter := EDGES.sub("", cleaned)) != cleaned:
            cleaned = shorter
        if cleaned.strip('“”" ,.;:-–—'):
            cleaned = cleaned.strip(" ,;:-–—")
            pieces.append(cleaned)
            line.tokens.append(
                Token(cleaned, "title", pgettext("understood", "title"), start + piece.index(cleaned))
            )
    return re.sub(r"[“”\"]", "", " ".join(pieces)).strip()


def span_of(line: Line) -> tuple[datetime | date, datetime | date, bool] | None:
    if line.start_at is not None:
        start = line.start_at
    else:
        day = first_day(line)
        if day is None and line.all_day:
            day = line.today
        if day is None:
            return None
        if line.all_day or line.start_time is None:
            return whole_days(line, day)
        start = datetime.combine(day, line.start_time)
    end = start + (line.length or timedelta(minutes=line.default_minutes))
    if line.end_time is not None:
        end = datetime.combine(line.last_day or start.date(), line.end_time)
        if end <= start:
            end += DAY
        if end - start > timedelta(hours=16) and line.last_day is None:
            line.ask(
                _("%(end)s is before %(start)s. When does it end?")
                % {"end": clock(line.end_time), "start": clock(start)}
            )
    elif line.last_day is not None and line.last_day > start.date():
        end = datetime.combine(line.last_day, end.time())
    begin, finish = instant(start, line.zone), instant(end, line.zone)
    return begin, max(finish, begin + timedelta(minutes=1)), False


def whole_days(line: Line, day: date) -> tuple[date, date, bool]:
    if line.length and line.length >= DAY:
        return day, day + timedelta(days=line.length.days), True
    if line.length:
        line.ask(_("%(length)s from when on? Add a time.") % {"length": length_words(line.length)})
    last = line.last_day if line.last_day and line.last_day > day else day
    return day, last + DAY, True


def first_day(line: Line) -> date | None:
    if line.days:
        day = line.days[0][0]
        named_today = line.tokens and any(
            t.kind == "day" and t.text.lower() in ("today", "tonight") for t in line.tokens
        )
        by_weekday = re.search(rf"\b{WEEKDAY}\b", line.text[line.days[0][1] : line.days[0][2]], re.I)
        if day == line.today and by_weekday and not named_today and not line.is_ahead(day):
            day += 7 * DAY
    elif line.start_time is not None or line.rule:
        day = line.today if line.is_ahead(line.today) else line.today + DAY
    else:
        return None
    return on_rule(line, day)


def on_rule(line: Line, day: date) -> date:
    """The first day from `day` on that the rule names."""
    codes = line.rule.get("BYDAY", "")
    for ahead in range(63 if codes else 0):
        candidate = day + ahead * DAY
        if line.rule["FREQ"] == "WEEKLY" and CODES[candidate.weekday()] in codes.split(","):
            return candidate
        if line.rule["FREQ"] == "MONTHLY" and CODES[candidate.weekday()] == codes[-2:]:
            number = int(codes[:-2])
            is_last = (candidate + 7 * DAY).month != candidate.month
            if is_last if number < 0 else (candidate.day - 1) // 7 + 1 == number:
                return candidate
    return day


def recurrence_of(line: Line, start: datetime | date | None) -> tuple[str, ...]:
    rule = dict(line.rule)
    if "UNTIL" in rule and isinstance(start, datetime):
        day = datetime.strptime(rule["UNTIL"], "%Y%m%d").replace(hour=23, minute=59, second=59)
        rule["UNTIL"] = instant(day, line.zone).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return (f"RRULE:{';'.join(f'{key}={value}' for key, value in rule.items())}",) if rule else ()
