"""Events: list, create, read, replace, change, delete."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from ninja import Query, Router, Status

from scheduling import queries, services
from scheduling.api.access import ApiRequest
from scheduling.api.conditions import not_modified, tag_of
from scheduling.api.errors import invalid
from scheduling.api.idempotency import answer_once
from scheduling.api.listing import list_events
from scheduling.api.problems import problems
from scheduling.api.representation import read_event, write_event
from scheduling.api.schemas import EventIn, EventOut, EventPage, EventPatch, EventQuery, ScopeQuery
from scheduling.api.scopes import Target, target_of
from scheduling.models import Calendar, CalendarEvent, EventRevision

router = Router(tags=["Events"])
API = EventRevision.Origin.API


@router.get(
    "",
    response={200: EventPage, 304: None, **problems(422)},
    operation_id="listEvents",
    summary="List events",
    url_name="events",
)
def index(request: ApiRequest, response: HttpResponse, query: Query[EventQuery]) -> Any:
    """With `start` and `end`: what overlaps that half-open window, each occurrence of a series as an item of
    its own. With `expand=false`: events and series as they are written. With `since`: what changed after that
    revision. When it tells a series, it also tells every occurrence of it that differs or is cancelled: forget the
    others you know of.
    """
    user = request.auth
    # Read before the rows: what changes in between is then told again by the next `since`, never missed.
    revision = user.profile.revision
    asked = sha256(f"{request.META['QUERY_STRING']} {user.profile.timezone}".encode()).hexdigest()[:16]
    tag = f'"{revision}-{asked}"'
    if unchanged := not_modified(request, tag):
        return unchanged
    items, following = list_events(user, query)
    response["ETag"] = tag
    return {"items": items, "next": following, "revision": revision}


@router.post(
    "",
    response={201: EventOut, **problems(400, 403, 413, 415, 422)},
    operation_id="createEvent",
    summary="Create an event",
)
def create(request: ApiRequest, response: HttpResponse, payload: EventIn) -> Any:
    """Without `calendar` it goes to the primary one. Send an `Idempotency-Key` to make repeating safe: within
    seven days the same key with the same body gets the same answer and makes no second event.
    """
    body = answer_once(request, request.auth, lambda: _create(request.auth, payload))
    response["Location"] = reverse("api:event", args=[body["id"]])
    response["ETag"] = tag_of(body["revision"])
    return Status(201, body)


@router.get(
    "{uuid:event_id}/",
    response={200: EventOut, 304: None, **problems(404, 422)},
    operation_id="getEvent",
    summary="Read an event, a series or one occurrence",
    url_name="event",
)
def read(request: ApiRequest, response: HttpResponse, event_id: UUID, series: Query[ScopeQuery]) -> Any:
    """With `occurrence`: that one of the series (with `scope=all` the series all the same)."""
    event = target_of(request.auth, event_id, series).shown
    if unchanged := not_modified(request, tag_of(event.revision)):
        return unchanged
    return _answer(response, event)


@router.put(
    "{uuid:event_id}/",
    response={200: EventOut, **problems(400, 403, 404, 412, 413, 415, 422)},
    operation_id="replaceEvent",
    summary="Replace an event",
)
def put(
    request: ApiRequest, response: HttpResponse, event_id: UUID, payload: EventIn, series: Query[ScopeQuery]
) -> Any:
    """Every field that is left out gets its default, but `calendar`, which stays. `If-Match` with the event's
    ETag refuses the change when someone else was faster. For a series see `PATCH`.
    """
    zone = request.auth.profile.timezone
    return _change(request, response, event_id, series, payload.model_dump(), payload.calendar, zone)


@router.patch(
    "{uuid:event_id}/",
    response={200: EventOut, **problems(400, 403, 404, 412, 413, 415, 422)},
    operation_id="changeEvent",
    summary="Change fields of an event",
)
def patch(
    request: ApiRequest,
    response: HttpResponse,
    event_id: UUID,
    payload: EventPatch,
    series: Query[ScopeQuery],
) -> Any:
    """Fields that are left out stay. A time without an offset is read in the event's own zone.

    `scope` and `occurrence` say how much of a series: `this` occurrence alone; it and all that are `following`, which
    become a series with an id of its own, the one that is answered; or `all`. Times given for an occurrence move the
    others by as much on the clock, another day moves the days of the rule. Without both, a series is changed as a
    whole by its first start. Occurrences that a change of the rule takes away are kept in the history.
    """
    return _change(request, response, event_id, series, payload.given(), payload.calendar, None)


@router.delete(
    "{uuid:event_id}/",
    response={204: None, **problems(403, 404, 412, 422)},
    operation_id="deleteEvent",
    summary="Delete an event",
)
def delete(request: ApiRequest, event_id: UUID, series: Query[ScopeQuery]) -> Any:
    """It goes to the trash, from which its owner can restore it. `scope` and `occurrence` say how much of a series."""
    _delete(request, event_id, series)
    return Status(204, None)


def _create(user: User, payload: EventIn) -> dict[str, Any]:
    calendar = _calendar(user, payload.calendar) if payload.calendar else queries.primary_calendar_of(user)
    values = read_event(payload.model_dump(), before=None, default_zone=user.profile.timezone)
    return write_event(services.create_event(calendar=calendar, values=values, origin=API, actor=user))


@transaction.atomic
def _change(
    request: ApiRequest,
    response: HttpResponse,
    event_id: UUID,
    series: ScopeQuery,
    given: dict[str, Any],
    calendar_id: UUID | None,
    default_zone: str | None,
) -> dict[str, Any]:
    user = request.auth
    # Locked before it is read, or the fields left out would carry an older state back.
    target = target_of(user, event_id, series, lock=True)
    before = target.values
    if target.scope == "this":
        given = target.without_rule(given)
    zone = default_zone or before.time_zone or user.profile.timezone
    values = read_event(given, before=before, default_zone=zone)
    calendar = _calendar(user, calendar_id) if calendar_id else None
    options = {"origin": API, "actor": user, "expected_revision": target.expected_revision(request)}
    if target.occurrence is None:
        changed = services.update_event(event=target.event, values=values, calendar=calendar, **options)
        return _answer(response, changed)
    place: dict[str, Any] = {"series": target.event, "occurrence": target.occurrence.key}
    if target.scope == "this":
        if calendar is not None and calendar.pk != target.event.calendar_id:
            raise invalid({"calendar": "One event of a series stays in the calendar of its series."})
        services.update_occurrence(values=values, **place, **options)
        return _answer(response, target_of(user, event_id, series).shown)
    update = services.update_following if target.scope == "following" else services.update_series
    return _answer(response, update(values=values, calendar=calendar, **place, **options))


@transaction.atomic
def _delete(request: ApiRequest, event_id: UUID, series: ScopeQuery) -> None:
    target: Target = target_of(request.auth, event_id, series, lock=True)
    options = {"origin": API, "actor": request.auth}
    expected = target.expected_revision(request)
    if target.occurrence is None or target.scope == "all":
        services.delete_event(event=target.event, **options)
        return
    delete = services.delete_occurrence if target.scope == "this" else services.delete_following
    delete(series=target.event, occurrence=target.occurrence.key, expected_revision=expected, **options)


def _answer(response: HttpResponse, event: CalendarEvent) -> dict[str, Any]:
    response["ETag"] = tag_of(event.revision)
    return write_event(event)


def _calendar(user: User, calendar_id: UUID) -> Calendar:
    calendar = queries.calendars_of(user).filter(pk=calendar_id).first()
    if calendar is None:
        raise invalid({"calendar": "Choose one of your own calendars."})
    return calendar
