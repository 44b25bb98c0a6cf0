"""One occurrence of a series, as the values it has when nobody changed it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from scheduling.core.event import EventValues, parse_moment


def occurrence_values(series: EventValues, original_start: str) -> EventValues:
    """The occurrence that starts at `original_start` (`format_moment`). Its end is as many hours later as the
    first one's; a series that has turned all-day or timed since gives its own times."""
    start = parse_moment(original_start)
    values = replace(series, recurrence=())
    if isinstance(start, datetime) == series.is_all_day:
        return values
    end = start + (series.end - series.start)  # type: ignore[operator]
    return replace(values, start=start, end=end)
