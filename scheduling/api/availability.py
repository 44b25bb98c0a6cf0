"""When a person can be booked, for themselves: free time, date overrides, appointment types, bookings."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Status

from scheduling import availability, booking_queries, queries, services
from scheduling.api.access import ApiRequest
from scheduling.api.errors import invalid
from scheduling.api.idempotency import answer_once
from scheduling.api.moments import read_bound, read_date, write_moment
from scheduling.api.problems import problems
from scheduling.api.schemas_booking import (
    AvailabilityOut,
    AvailabilityQuery,
    BookingOut,
    BookingQuery,
    OverrideIn,
    OverrideOut,
    Question,
    TypeIn,
    TypeOut,
    TypePatch,
)
from scheduling.core.slots import Reason
from scheduling.core.zones import day_bounds, exists, instant
from scheduling.models import AppointmentType, Booking, DateOverride

router = Router()
MOST_BOOKINGS = 1000
CAPS = ("daily_cap", "weekly_cap", "monthly_cap")
DATES = ("window_start", "window_end")


@router.get(
    "availability/",
    response={200: AvailabilityOut, **problems(422)},
    operation_id="getAvailability",
    summary="Whether and when a day is free",
    url_name="availability",
    tags=["Availability"],
)
def read_availability(request: ApiRequest, query: Query[AvailabilityQuery]) -> Any:
    """By the weekly hours, overrides, every calendar, bookings and holds; appointment types add their own rules."""
    profile = request.auth.profile
    place, now = ZoneInfo(profile.timezone), timezone.now()
    try:
        day = read_date(query.date)
        bounds = day_bounds(day, place)
    except (ValueError, OverflowError):
        raise invalid({"date": "Write a date as YYYY-MM-DD."}) from None
    if not 1970 <= day.year <= 2199:
        raise invalid({"date": "Dates from 1970 to 2199 can be asked for."})
    duration = query.duration or profile.default_event_duration
    empty = bounds.start == bounds.end  # a day that the zone skipped
    offer = availability.offer_of(
        request.auth, start=bounds.start, end=bounds.end, now=now, duration=duration
    )
    reasons: tuple[Reason, ...] | None = None
    if query.time is not None:
        wall = datetime.combine(day, time.fromisoformat(query.time))
        start = instant(wall, place)
        shown = exists(wall, place) and not empty
        reasons = offer.reasons(start, on_grid=False) if shown else (Reason.OUTSIDE_HOURS,)
    return {
        "date": day.isoformat(),
        "time_zone": profile.timezone,
        "available": None if reasons is None else not reasons,
        "reasons": [reason.value for reason in reasons or ()],
        "slots": [
            {
                "start": write_moment(slot.start, profile.timezone),
                "end": write_moment(slot.end, profile.timezone),
            }
            for slot in ([] if empty else offer.slots())
        ],
    }


@router.get(
    "overrides/",
    response={200: list[OverrideOut], **problems()},
    operation_id="listOverrides",
    summary="List date overrides",
    url_name="overrides",
    tags=["Availability"],
)
def overrides(request: ApiRequest) -> Any:
    return [write_override(override) for override in request.auth.date_overrides.all()]


@router.post(
    "overrides/",
    response={201: OverrideOut, **problems(400, 403, 413, 415, 422)},
    operation_id="createOverride",
    summary="Have other hours, or none, on some days",
    tags=["Availability"],
)
def create_override(request: ApiRequest, payload: OverrideIn) -> Any:
    given = payload.given()
    values: dict[str, Any] = {"note": given.get("note", "")}
    for name in ("date", "last_date"):
        if given.get(name):
            values[name] = _day(name, given[name])
    for name in ("start_time", "end_time"):
        values[name] = time.fromisoformat(_clock(given[name])) if given.get(name) else None
    values["is_available"] = given.get("is_available", values["start_time"] is not None)

    def create() -> dict[str, Any]:
        return write_override(services.add_override(user=request.auth, **values))

    return Status(201, answer_once(request, request.auth, create))


@router.delete(
    "overrides/{int:override_id}/",
    response={204: None, **problems(403, 404)},
    operation_id="deleteOverride",
    summary="Delete a date override",
    url_name="override",
    tags=["Availability"],
)
def delete_override(request: ApiRequest, override_id: int) -> Any:
    override = request.auth.date_overrides.filter(pk=min(override_id, 2**63 - 1)).first()
    if override is None:
        raise Http404
    services.delete_override(override=override)
    return Status(204, None)


@router.get(
    "types/",
    response={200: list[TypeOut], **problems()},
    operation_id="listTypes",
    summary="List appointment types",
    url_name="types",
    tags=["Appointment types"],
)
def types(request: ApiRequest) -> Any:
    return [write_type(found) for found in booking_queries.types_of(request.auth)]


@router.post(
    "types/",
    response={201: TypeOut, **problems(400, 403, 413, 415, 422)},
    operation_id="createType",
    summary="Make an appointment type",
    tags=["Appointment types"],
)
def create_type(request: ApiRequest, payload: TypeIn) -> Any:
    fields = _type_fields(request.auth, payload.given())
    made = answer_once(
        request, request.auth, lambda: write_type(services.create_type(user=request.auth, **fields))
    )
    return Status(201, made)


@router.get(
    "types/{uuid:type_id}/",
    response={200: TypeOut, **problems(404)},
    operation_id="getType",
    summary="Read an appointment type",
    url_name="type",
    tags=["Appointment types"],
)
def read_type(request: ApiRequest, type_id: UUID) -> Any:
    return write_type(_type(request, type_id))


@router.put(
    "types/{uuid:type_id}/",
    response={200: TypeOut, **problems(400, 403, 404, 413, 415, 422)},
    operation_id="replaceType",
    summary="Replace an appointment type",
    tags=["Appointment types"],
)
def replace_type(request: ApiRequest, type_id: UUID, payload: TypeIn) -> Any:
    """What is left out gets its default."""
    found, fresh = _type(request, type_id), AppointmentType()
    defaults = {
        name: getattr(fresh, name)
        for name in TypePatch.model_fields
        if name not in ("calendar", "calendars_to_check")
    }
    given = _type_fields(request.auth, payload.given())
    fields = {**defaults, "calendar": None, "calendars_to_check": [], **given}
    return write_type(services.update_type(appointment_type=found, **fields))


@router.patch(
    "types/{uuid:type_id}/",
    response={200: TypeOut, **problems(400, 403, 404, 413, 415, 422)},
    operation_id="changeType",
    summary="Change fields of an appointment type",
    tags=["Appointment types"],
)
def change_type(request: ApiRequest, type_id: UUID, payload: TypePatch) -> Any:
    fields = _type_fields(request.auth, payload.given())
    return write_type(services.update_type(appointment_type=_type(request, type_id), **fields))


@router.delete(
    "types/{uuid:type_id}/",
    response={204: None, **problems(403, 404)},
    operation_id="deleteType",
    summary="Delete an appointment type",
    tags=["Appointment types"],
)
def delete_type(request: ApiRequest, type_id: UUID) -> Any:
    """Its bookings stay."""
    services.delete_type(appointment_type=_type(request, type_id))
    return Status(204, None)


@router.get(
    "bookings/",
    response={200: list[BookingOut], **problems(422)},
    operation_id="listBookings",
    summary="List bookings",
    url_name="bookings",
    tags=["Bookings"],
)
def bookings(request: ApiRequest, query: Query[BookingQuery], response: HttpResponse) -> Any:
    """Those of which the caller is a host, by their start; cancelled ones too unless `status` chooses."""
    zone = request.auth.profile.timezone
    start = _bound("start", query.start, zone) if query.start is not None else timezone.now()
    end = _bound("end", query.end, zone) if query.end is not None else None
    found = booking_queries.bookings_of(request.auth, start, end)
    if query.status is not None:
        found = found.filter(status=query.status)
    return [write_booking(booking, zone) for booking in found[:MOST_BOOKINGS]]


def _type(request: HttpRequest, type_id: UUID) -> AppointmentType:
    found = booking_queries.types_of(request.auth).filter(pk=type_id).first()  # type: ignore[attr-defined]
    if found is None:
        raise Http404
    return found


def _type_fields(user: User, given: dict[str, Any]) -> dict[str, Any]:
    """What the body says, as the service takes it."""
    fields = dict(given)
    for name in CAPS:
        if name in fields:
            fields[name] = fields[name] or None
    for name in DATES:
        if fields.get(name):
            fields[name] = _day(name, fields[name])
    if "questions" in fields:
        fields["questions"] = [Question(**question).model_dump() for question in fields["questions"]]
    own = {calendar.pk: calendar for calendar in queries.calendars_of(user)}
    if fields.get("calendar"):
        if fields["calendar"] not in own:
            raise invalid({"calendar": "Choose one of your own calendars."})
        fields["calendar"] = own[fields["calendar"]]
    if "calendars_to_check" in fields:
        if not own.keys() >= set(fields["calendars_to_check"]):
            raise invalid({"calendars_to_check": "Choose your own calendars."})
        fields["calendars_to_check"] = [own[identifier] for identifier in fields["calendars_to_check"]]
    return fields


def _bound(name: str, text: str, zone: str) -> datetime:
    try:
        return read_bound(text, zone)
    except ValueError as error:
        raise invalid({name: str(error)}) from None


def _day(name: str, text: str) -> date:
    try:
        day = read_date(text)
    except ValueError as error:
        raise invalid({name: str(error)}) from None
    if not 1970 <= day.year <= 2199:
        raise invalid({name: "Dates from 1970 to 2199 are kept."})
    return day


def _clock(text: str) -> str:
    """24:00 is the midnight that ends the day."""
    return "00:00" if text.startswith("24:") else text


def write_override(override: DateOverride) -> dict[str, Any]:
    def clock(moment: time | None) -> str | None:
        return None if moment is None else f"{moment:%H:%M}"

    return {
        "id": override.pk,
        "date": override.date.isoformat(),
        "last_date": override.last_date.isoformat(),
        "start_time": clock(override.start_time),
        "end_time": clock(override.end_time),
        "is_available": override.is_available,
        "note": override.note,
    }


def write_type(found: AppointmentType) -> dict[str, Any]:
    """Its hosts and `calendars_to_check` are read; load them for lists."""
    own = {name: getattr(found, name) for name in TypeOut.model_fields if hasattr(found, name)}
    handle = found.user.profile.handle
    own |= {
        "id": str(found.pk),
        "increment": found.increment or found.duration,
        "window_start": found.window_start.isoformat() if found.window_start else None,
        "window_end": found.window_end.isoformat() if found.window_end else None,
        "calendar": str(found.calendar_id) if found.calendar_id else None,
        "calendars_to_check": [str(calendar.pk) for calendar in found.calendars_to_check.all()],
        "url": f"{settings.SITE_URL}/book/{handle}/{found.public_name}/" if handle else "",
    }
    return own


def write_booking(booking: Booking, zone: str) -> dict[str, Any]:
    event = booking.event
    return {
        "id": str(booking.pk),
        "type": booking.type.slug,
        "type_id": str(booking.type_id),
        "status": booking.status,
        "start": write_moment(booking.start, zone),
        "end": write_moment(booking.end, zone),
        "proposed_start": write_moment(booking.proposed_start, zone) if booking.proposed_start else None,
        "proposed_end": write_moment(booking.proposed_end, zone) if booking.proposed_end else None,
        "name": booking.guest_name,
        "email": booking.guest_email,
        "time_zone": booking.guest_zone,
        "notes": booking.notes,
        "answers": booking.answers,
        "event": str(event.pk) if event is not None else None,
        "is_no_show": booking.is_no_show,
        "reason": booking.reason,
        "created_at": write_moment(booking.created_at.replace(microsecond=0), zone),
    }
