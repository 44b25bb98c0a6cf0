"""How long changes took from here to Google, by day, for the dashboard and for machines."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext as _

from scheduling.core import wording
from scheduling.core.statistics import percentile
from scheduling.core.zones import DAY, wall_time, window
from scheduling.presentation import Viewer
from scheduling.presentation.charts import Plot, curves
from sync.models import JournalEntry
from sync.queries import account_of

DAYS = 14


@dataclass(frozen=True)
class LagRow:
    """A day: how many changes went out, and how long the middle one and the slowest twentieth took."""

    name: str
    count: int
    median: str
    slow: str
    href: str


@dataclass(frozen=True)
class Lag:
    plot: Plot
    rows: tuple[LagRow, ...]


def lag_of(user: User, viewer: Viewer) -> Lag | None:
    """The last 14 days of the person's connection; None without one. Two queries."""
    account = account_of(user)
    if account is None:
        return None
    days = [viewer.today - DAY * n for n in reversed(range(DAYS))]
    span = window(days[0], days[-1] + DAY, viewer.place)
    sent = JournalEntry.objects.filter(
        account=account, direction=JournalEntry.Direction.OUT, at__gte=span.start, at__lt=span.end
    )
    counts: dict[date, int] = defaultdict(int)
    seconds: dict[date, list[float]] = defaultdict(list)
    for at, took in sent.values_list("at", "seconds").order_by():
        day = wall_time(at, viewer.place).date()
        counts[day] += 1
        if took is not None:
            seconds[day].append(took)
    medians = [percentile(seconds[day], 0.5) for day in days]
    slowest = [percentile(seconds[day], 0.95) for day in days]
    plot = curves(
        [medians, slowest],
        ("ln", "ln2"),
        label=_(
            "Seconds until a change reached Google, last 14 days: median and slowest twentieth. "
            "The numbers are in the table below."
        ),
        acrosses=[wording.short_date(day) for day in (days[0], days[DAYS // 2], days[-1])],
        unit=" s",
    )
    rows = tuple(
        LagRow(wording.short_date(day), counts[day], _words(median), _words(slow), _address(day))
        for day, median, slow in zip(days, medians, slowest, strict=True)
    )
    return Lag(plot, rows)


def recent_seconds(since: timedelta, now: Any) -> list[float]:
    """How long each change of this while took, of everybody."""
    sent = JournalEntry.objects.filter(direction=JournalEntry.Direction.OUT, at__gte=now - since)
    taken = sent.values_list("seconds", flat=True).order_by()
    return [seconds for seconds in taken if seconds is not None]


def _words(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.0f} min"


def _address(day: date) -> str:
    return f"{reverse('sync')}?show=out&day={day.isoformat()}"
