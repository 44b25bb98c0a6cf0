"""A person's calendars, profile and weekly hours."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any

from django.conf import settings
from ninja import Body, Router
from pydantic import Field

from scheduling import availability, queries, services
from scheduling.api.access import ApiRequest
from scheduling.api.errors import invalid
from scheduling.api.problems import problems
from scheduling.api.representation import write_calendar, write_profile, write_slot
from scheduling.api.schemas import MOST_SLOTS, CalendarOut, ProfileOut, ProfilePatch, Slot
from scheduling.core.event import is_zone

router = Router()
Slots = Annotated[list[Slot], Field(max_length=MOST_SLOTS)]
TIMES = ("working_hours_start", "working_hours_end")
OTHER_TIMES = ("agenda_time", "quiet_from", "quiet_until")


@router.get(
    "calendars/",
    response={200: list[CalendarOut], **problems()},
    operation_id="listCalendars",
    summary="List calendars",
    url_name="calendars",
    tags=["Calendars"],
)
def calendars(request: ApiRequest) -> Any:
    """The primary one first."""
    return [write_calendar(calendar) for calendar in queries.calendars_of(request.auth)]


@router.get(
    "profile/",
    response={200: ProfileOut, **problems()},
    operation_id="getProfile",
    summary="Read the profile",
    url_name="profile",
    tags=["Profile"],
)
def profile(request: ApiRequest) -> Any:
    return write_profile(request.auth.profile, list(ProfileOut.model_fields))


@router.patch(
    "profile/",
    response={200: ProfileOut, **problems(400, 403, 413, 415, 422)},
    operation_id="changeProfile",
    summary="Change fields of the profile",
    tags=["Profile"],
)
def change_profile(request: ApiRequest, payload: ProfilePatch) -> Any:
    """An empty `handle` takes the public name away."""
    changes = payload.given()
    for name in (*TIMES, *OTHER_TIMES):
        if changes.get(name) is not None:
            changes[name] = time.fromisoformat(changes[name])
    stored = request.auth.profile
    if changes.get(TIMES[1], stored.working_hours_end) <= changes.get(TIMES[0], stored.working_hours_start):
        raise invalid({"working_hours_end": "The end is not after the start."})
    quiet = [changes.get(name, getattr(stored, name)) for name in ("quiet_from", "quiet_until")]
    if (quiet[0] is None) != (quiet[1] is None):
        raise invalid({"quiet_until": "Quiet hours need both ends, or none."})
    if "handle" in changes:
        changes["handle"] = changes["handle"] or None
    for name in ("timezone", "second_time_zone"):
        if not is_zone(changes.get(name) or "UTC"):
            raise invalid({name: "This is not a time zone. Write a name such as Europe/Berlin."})
    if changes.get("language") and changes["language"] not in dict(settings.LANGUAGES):
        raise invalid({"language": f"Choose one of {', '.join(dict(settings.LANGUAGES))}, or none."})
    changed = services.update_profile(profile=stored, **changes)
    return write_profile(changed, list(ProfileOut.model_fields))


@router.get(
    "slots/",
    response={200: list[Slot], **problems()},
    operation_id="listSlots",
    summary="Read the weekly hours",
    url_name="slots",
    tags=["Weekly hours"],
)
def slots(request: ApiRequest) -> Any:
    """In which appointments are taken; the working hours from Monday to Friday until they are replaced."""
    return [write_slot(slot) for slot in availability.weekly_hours_of(request.auth)]


@router.put(
    "slots/",
    response={200: list[Slot], **problems(400, 403, 413, 415, 422)},
    operation_id="replaceSlots",
    summary="Replace the weekly hours",
    tags=["Weekly hours"],
)
def replace_slots(request: ApiRequest, payload: Body[Slots]) -> Any:
    """The whole week in one list; an empty list means no hours at all."""
    starts = [(slot.day_of_week, slot.start_time[:5]) for slot in payload]
    for number, start in enumerate(starts):
        if start in starts[:number]:
            raise invalid({f"{number}.start_time": "Another range of that day begins at the same time."})
    kept = services.replace_available_slots(
        user=request.auth,
        slots=[
            (
                slot.day_of_week,
                time.fromisoformat(slot.start_time),
                time.fromisoformat(slot.end_time),
                slot.is_available,
            )
            for slot in payload
        ],
    )
    return [write_slot(slot) for slot in kept]
