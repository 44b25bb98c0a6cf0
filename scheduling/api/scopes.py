"""How much of a series a request means: `?scope=this|following|all&occurrence=<original start>`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest

from scheduling import queries, services
from scheduling.api.conditions import expected_revision
from scheduling.api.errors import invalid
from scheduling.api.schemas import ScopeQuery
from scheduling.core.event import EventValues
from scheduling.core.series import read_key
from scheduling.models import CalendarEvent
from scheduling.series import SeriesOccurrence, find_occurrence


@dataclass(frozen=True)
class Target:
    """What a request is about: an event or a whole series, or an occurrence and how much from it."""

    event: CalendarEvent
    scope: str = "all"
    occurrence: SeriesOccurrence | None = None

    @property
    def shown(self) -> CalendarEvent:
        """The event as it is answered; the occurrence's is a copy for reading."""
        if self.occurrence is None or self.scope == "all":
            return self.event
        return self.occurrence.as_event()

    @property
    def values(self) -> EventValues:
        """What a change starts from."""
        if self.occurrence is None:
            return self.event.values
        if self.scope == "this":
            return self.occurrence.values
        return replace(self.occurrence.values, recurrence=tuple(self.event.recurrence))

    def expected_revision(self, request: HttpRequest) -> int | None:
        """What `If-Match` demands of the row that counts. Of more than one occurrence the series' tag does too."""
        if self.occurrence is None:
            return expected_revision(request, self.event)
        try:
            return expected_revision(request, self.occurrence.event)
        except services.StaleEvent:
            if self.scope == "this":
                raise
            expected_revision(request, self.event)
            return None  # compared just now, with the series locked

    def without_rule(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The fields given for one occurrence: it may repeat the rule of its series, as it was read, no other."""
        if given.get("recurrence") not in (None, [], self.event.recurrence):
            raise invalid(
                {"recurrence": "One event of a series has no rule of its own: use scope=following or all."}
            )
        return {name: value for name, value in given.items() if name != "recurrence"}


def target_of(user: User, event_id: UUID, query: ScopeQuery, *, lock: bool = False) -> Target:
    """Find what is meant. `lock`: it will be changed, so how much of a series is to be said. Raises 404 and 422."""
    events = queries.events_of(user).live()
    if lock:
        events = events.select_for_update(of=("self",))
    event = events.filter(pk=event_id, series=None).first()
    if event is None:
        raise Http404
    if not event.recurrence:
        if query.occurrence is not None:
            raise invalid({"occurrence": "This event is not a series."})
        return Target(event)
    if query.occurrence is None:
        if query.scope in ("this", "following"):
            raise invalid({"occurrence": "Say which event of the series is meant: give its original start."})
        return Target(event)
    if query.scope is None and lock:
        raise invalid({"scope": "Say which part of the series is meant: this, following or all."})
    try:
        read_key(query.occurrence, event.values)
    except (ValueError, OverflowError):
        kind = "a date, as 2026-11-24" if event.is_all_day else "a time, as 2026-11-24T09:00:00+01:00"
        raise invalid({"occurrence": f"The original start of an event of this series is {kind}."}) from None
    found = find_occurrence(event, query.occurrence)
    if found is None or found.is_deleted:
        raise services.UnknownOccurrence(event)
    return Target(event, query.scope or "this", found)
