"""How a day stands against working hours: what is booked and where it is free."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from scheduling.core import wording
from scheduling.core.spans import Span, clip, subtract, total, union
from scheduling.core.zones import wall_time
from scheduling.presentation.items import Item
from scheduling.presentation.viewer import Viewer


def busy_spans(items: Iterable[Item], window: Span[datetime]) -> list[Span[datetime]]:
    """When somebody is busy inside `window`, by timed events."""
    parts = (clip(item.entry.span(), window) for item in items if item.busy and not item.entry.all_day)
    return union(part for part in parts if part)


def day_summary(day: date, items: list[Item], viewer: Viewer) -> str:
    """`5 h 15 min booked · free 12:00–13:00 and 16:00–18:00`, within working hours."""
    work = viewer.work_hours(day)
    if work is None or work.is_empty:
        return _("Weekend")
    busy = busy_spans(items, work)
    gaps = [
        gap
        for gap in subtract([work], busy)
        if gap.end - gap.start >= timedelta(minutes=30) and (day != viewer.today or gap.end > viewer.now)
    ]
    if not busy:
        return _("Nothing booked")
    booked = _("%(length)s booked") % {"length": wording.hours_words(total(busy))}
    longest = sorted(sorted(gaps, key=lambda gap: gap.start - gap.end)[:2])
    free = wording.listed([_clock_span(gap, viewer) for gap in longest])
    words = _("free %(times)s") % {"times": free}
    return f"{booked} · {words}" if free else booked


def _clock_span(span: Span[datetime], viewer: Viewer) -> str:
    return "–".join(viewer.time(wall_time(moment, viewer.place)) for moment in (span.start, span.end))
