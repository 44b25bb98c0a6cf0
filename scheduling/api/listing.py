"""The three lists of events, cut into pages.

A cursor is the sort key of the last item of its page, so pages neither repeat nor skip what stays in place
while others come and go.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db.models import Q

from scheduling import queries
from scheduling.api.errors import invalid
from scheduling.api.moments import read_bound
from scheduling.api.representation import write_change, write_event
from scheduling.api.schemas import LARGEST_REVISION, MOST_DAYS, EventQuery
from scheduling.core.event import format_moment
from scheduling.core.spans import Span, overlap
from scheduling.core.zones import window
from scheduling.models import CalendarEvent, EventInstance

Key = tuple[Any, ...]
T = TypeVar("T")


def list_events(user: User, query: EventQuery) -> tuple[list[dict[str, Any]], str | None]:
    """The items of one page and the cursor of the next; raises 422."""
    if query.since is not None:
        return _changes(user, query)
    span = _window(query, user.profile.timezone)
    if query.expand:
        if span is None:
            raise invalid({"start": "Give start and end, or since, or expand=false."})
        return _occurrences(user, query, span)
    return _masters(user, query, span)


def _changes(user: User, query: EventQuery) -> tuple[list[dict[str, Any]], str | None]:
    # What a series has lost of its occurrences is said by telling all that it still has.
    rows = queries.events_of(user).filter(former_series=None)
    rows = rows.filter(Q(revision__gt=query.since) | Q(series__revision__gt=query.since))
    rows = rows.exclude(series__status=CalendarEvent.Status.CANCELLED).order_by("revision", "pk")
    if query.cursor:
        revision, pk = _read_cursor(query.cursor, int, UUID)
        rows = rows.filter(Q(revision__gt=revision) | Q(revision=revision, pk__gt=pk))
    found = list(rows[: query.limit + 1])
    page, following = _cut([((event.revision, str(event.pk)), event) for event in found], query.limit)
    return [write_change(event) for event in page], following


def _masters(
    user: User, query: EventQuery, span: Span[datetime] | None
) -> tuple[list[dict[str, Any]], str | None]:
    rows = queries.events_of(user).live().filter(series=None).order_by("pk")
    if span is not None:
        rows = rows.filter(
            pk__in={occurrence.master_id or occurrence.event_id for occurrence in _in_window(user, span)}
        )
    if query.cursor:
        (pk,) = _read_cursor(query.cursor, UUID)
        rows = rows.filter(pk__gt=pk)
    found = list(rows[: query.limit + 1])
    page, following = _cut([((str(event.pk),), event) for event in found], query.limit)
    return [write_event(event) for event in page], following


def _occurrences(
    user: User, query: EventQuery, span: Span[datetime]
) -> tuple[list[dict[str, Any]], str | None]:
    keyed = sorted(
        ((_occurrence_key(occurrence), occurrence) for occurrence in _in_window(user, span)),
        key=lambda k: k[0],
    )
    if query.cursor:
        after = _read_cursor(query.cursor, str, str, str)
        keyed = [(key, occurrence) for key, occurrence in keyed if key > after]
    page, following = _cut(keyed, query.limit)
    return [write_event(occurrence.event, occurrence) for occurrence in page], following


def _in_window(user: User, span: Span[datetime]) -> list[EventInstance]:
    """The occurrences that overlap; all-day ones by their days in the person's zone."""
    zone = ZoneInfo(user.profile.timezone)
    calendars = queries.calendars_of(user).values_list("pk", flat=True)
    return [
        occurrence
        for occurrence in queries.occurrences_between(
            calendars, span.start, span.end, events=queries.events_of(user)
        )
        if overlap(
            window(occurrence.start_date, occurrence.end_date, zone)
            if occurrence.is_all_day
            else Span(occurrence.start, occurrence.end),
            span,
        )
    ]


def _occurrence_key(occurrence: EventInstance) -> Key:
    return (
        format_moment(occurrence.start),
        str(occurrence.master_id or occurrence.event_id),
        occurrence.original_start,
    )


def _window(query: EventQuery, zone: str) -> Span[datetime] | None:
    """The half-open window in UTC, None when neither end is given."""
    if query.start is None and query.end is None:
        return None
    bounds: dict[str, datetime] = {}
    faults: dict[str, str] = {}
    for name, text in (("start", query.start), ("end", query.end)):
        try:
            if text is None:
                raise ValueError("A window needs start and end.")
            bounds[name] = read_bound(text, zone)
        except ValueError as error:
            faults[name] = str(error)
    if not faults and bounds["end"] <= bounds["start"]:
        faults["end"] = "The end is not after the start."
    elif not faults and bounds["end"] - bounds["start"] > timedelta(days=MOST_DAYS):
        faults["end"] = f"The window is longer than {MOST_DAYS} days. Ask for it in parts."
    if faults:
        raise invalid(faults)
    return Span(bounds["start"].astimezone(UTC), bounds["end"].astimezone(UTC))


def _cut(keyed: Sequence[tuple[Key, T]], limit: int) -> tuple[list[T], str | None]:
    page = keyed[:limit]
    following = _write_cursor(page[-1][0]) if len(keyed) > limit else None
    return [item for _, item in page], following


def _write_cursor(key: Key) -> str:
    return urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, *kinds: type) -> Key:
    try:
        parts = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        key = tuple(kind(part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        raise invalid({"cursor": "This is not the cursor of a page of this list."}) from None
    if any(isinstance(part, int) and not 0 <= part <= LARGEST_REVISION for part in key):
        raise invalid({"cursor": "This is not the cursor of a page of this list."})
    return key
