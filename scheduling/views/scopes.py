"""Which part of a series a change is meant for: this event, it and all that follow, or all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from scheduling import services
from scheduling.core.event import EventValues, format_moment
from scheduling.htmx import page_or_fragment, wants_fragment
from scheduling.models import Calendar, CalendarEvent
from scheduling.series import SeriesOccurrence, find_occurrence
from scheduling.services import InvalidEvent, UnknownOccurrence
from scheduling.views.replies import event_or_404

THIS, FOLLOWING, ALL = "this", "following", "all"
SCOPES = (THIS, FOLLOWING, ALL)


def occurrence_of(event: CalendarEvent, original_start: str) -> SeriesOccurrence | None:
    """The occurrence that is meant (the first one when none is named); None for an event that does not repeat.

    Raises `UnknownOccurrence`.
    """
    if not event.recurrence:
        return None
    found = find_occurrence(event, original_start or format_moment(event.start))
    if found is None:
        raise UnknownOccurrence(event)
    return found


def addressed(request: HttpRequest, event_id: UUID) -> tuple[CalendarEvent, SeriesOccurrence | None]:
    """The event of an address; or the series and the occurrence that `?occurrence=` names, or that the row overrides.

    What names no occurrence means the series.
    """
    event = event_or_404(request, event_id)
    series, key = event, request.GET.get("occurrence", "")
    if event.series is not None:
        series, key = event.series, event.original_start
    found = find_occurrence(series, key) if key and series.recurrence and not series.is_deleted else None
    return (series, found) if found else (event, None)


def update_part(
    event: CalendarEvent,
    occurrence: SeriesOccurrence | None,
    scope: str,
    values: EventValues,
    *,
    calendar: Calendar | None,
    **options: Any,
) -> CalendarEvent:
    """Give the event, or the part of its series that is meant, these values; returns the row that says them."""
    if occurrence is None:
        return services.update_event(event=event, values=values, calendar=calendar, **options)
    place: dict[str, Any] = {"series": event, "occurrence": occurrence.key, **options}
    if scope == THIS:
        if calendar is not None and calendar.pk != event.calendar_id:
            raise InvalidEvent({"calendar": "One event of a series stays in the calendar of its series."})
        return services.update_occurrence(values=replace(values, recurrence=()), **place)
    change = services.update_following if scope == FOLLOWING else services.update_series
    rule = event.values.recurrence
    return change(values=replace(values, recurrence=rule), calendar=calendar, **place)


def undo_of(event: CalendarEvent, changed: CalendarEvent) -> dict[str, Any]:
    """What Undo posts. Of a series that goes on as another one, the old one comes back and is spoken of."""
    is_division = not changed.series_id and changed.pk != event.pk
    spoken_of = event if is_division else changed
    return {"url": reverse("event-undo", args=[spoken_of.pk]), "values": {"revision": changed.revision}}


def delete_part(
    event: CalendarEvent, occurrence: SeriesOccurrence | None, scope: str, **options: Any
) -> CalendarEvent:
    if occurrence is None or scope == ALL:
        return services.delete_event(event=event, **options)
    change = services.delete_occurrence if scope == THIS else services.delete_following
    return change(series=event, occurrence=occurrence.key, **options)


def ask(
    request: HttpRequest, event: CalendarEvent, said: Mapping[str, str], *, verb: str, address: str
) -> HttpResponse:
    """The question which part is meant; its form sends again what was `said`, to the same address."""
    context = {
        "event": event,
        "verb": verb,
        "address": address,
        "fields": {name: value for name, value in said.items() if value and name != "csrfmiddlewaretoken"},
        "in_dialog": wants_fragment(request),
        "can_split": "calendar" not in said or said["calendar"] == str(event.calendar_id),
    }
    response = page_or_fragment(
        request, "scheduling/event_scope.html", "scheduling/_event_scope.html", context
    )
    if wants_fragment(request):
        response["HX-Retarget"], response["HX-Reswap"] = "#dialog-body", "innerHTML"
    return response
