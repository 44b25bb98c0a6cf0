"""Google's JSON: the error bodies and the resources of Calendar v3, as they travel."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sync.sandbox import recurrence
from sync.sandbox.models import FREE_BUSY, READER, WRITER_NO_PRIVATE, Calendar, Event, ListEntry

Json = dict[str, Any]


class GoogleError(Exception):
    """An answer that is an error: HTTP status, reason and message as Google words them."""

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        location: tuple[str, str] | None = None,
        state: str = "",
        details: list[Json] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.reason, self.headers = status, reason, headers or {}
        error: Json = {"domain": domain, "reason": reason, "message": message}
        if location:
            error["locationType"], error["location"] = location
        body: Json = {"errors": [error], "code": status, "message": message}
        if state:
            body["status"] = state
        if details:
            body["details"] = details
        self.body = {"error": body}


def invalid(message: str, reason: str = "invalid", parameter: str = "") -> GoogleError:
    return GoogleError(400, reason, message, location=("parameter", parameter) if parameter else None)


def not_found() -> GoogleError:
    return GoogleError(404, "notFound", "Not Found")


def deleted() -> GoogleError:
    return GoogleError(410, "deleted", "Resource has been deleted")


def duplicate() -> GoogleError:
    return GoogleError(409, "duplicate", "The requested identifier already exists.")


def condition_not_met() -> GoogleError:
    return GoogleError(412, "conditionNotMet", "Precondition Failed", location=("header", "If-Match"))


def full_sync_required() -> GoogleError:
    return GoogleError(
        410,
        "fullSyncRequired",
        "Sync token is no longer valid, a full sync is required.",
        domain="calendar",
        location=("parameter", "syncToken"),
    )


def invalid_credentials() -> GoogleError:
    return GoogleError(
        401,
        "authError",
        "Invalid Credentials",
        location=("header", "Authorization"),
        state="UNAUTHENTICATED",
        headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'},
    )


def login_required() -> GoogleError:
    return GoogleError(
        401,
        "required",
        "Login Required.",
        location=("header", "Authorization"),
        state="UNAUTHENTICATED",
        headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'},
    )


def insufficient_scope(method: str = "") -> GoogleError:
    return GoogleError(
        403,
        "insufficientPermissions",
        "Request had insufficient authentication scopes.",
        state="PERMISSION_DENIED",
        details=[
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
                "domain": "googleapis.com",
                "metadata": {"service": "calendar-json.googleapis.com", "method": method},
            }
        ],
    )


def required_access_level() -> GoogleError:
    return GoogleError(
        403, "requiredAccessLevel", "You need to have writer access to this calendar.", domain="calendar"
    )


def forbidden_for_non_organizer() -> GoogleError:
    return GoogleError(
        403,
        "forbiddenForNonOrganizer",
        "Shared properties can only be changed by the organizer of the event.",
        domain="calendar",
    )


def _limit(status: int, reason: str, message: str) -> Callable[[], GoogleError]:
    return lambda: GoogleError(status, reason, message, domain="usageLimits")


# Errors that a fault can name instead of writing out a body.
NAMED_ERRORS: dict[str, Callable[[], GoogleError]] = {
    "authError": invalid_credentials,
    "insufficientPermissions": insufficient_scope,
    "requiredAccessLevel": required_access_level,
    "forbiddenForNonOrganizer": forbidden_for_non_organizer,
    "notFound": not_found,
    "deleted": deleted,
    "duplicate": duplicate,
    "conditionNotMet": condition_not_met,
    "fullSyncRequired": full_sync_required,
    "badRequest": lambda: invalid("Bad Request", "badRequest"),
    "rateLimitExceeded": _limit(403, "rateLimitExceeded", "Rate Limit Exceeded"),
    "userRateLimitExceeded": _limit(403, "userRateLimitExceeded", "User Rate Limit Exceeded"),
    "tooManyRequests": _limit(429, "rateLimitExceeded", "Too Many Requests"),
    "quotaExceeded": _limit(403, "quotaExceeded", "Calendar usage limits exceeded."),
    "accessNotConfigured": _limit(
        403,
        "accessNotConfigured",
        "Google Calendar API has not been used in project 0 before or it is disabled.",
    ),
    "backendError": lambda: GoogleError(503, "backendError", "Backend Error"),
    "internalError": lambda: GoogleError(500, "backendError", "Internal Error"),
}


def rfc3339(moment: datetime) -> str:
    """`2026-11-24T09:00:00.000Z`"""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def shown(moment: Json, zone: ZoneInfo) -> Json:
    """A normalized start or end, written in the zone of the answer; its own zone's name stays."""
    if "date" in moment:
        return moment
    local = datetime.fromisoformat(moment["dateTime"]).astimezone(zone)
    return {
        "dateTime": local.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "timeZone": moment["timeZone"],
    }


def event_link(calendar: Calendar, event_id: str, base: str) -> str:
    key = base64.urlsafe_b64encode(f"{event_id} {calendar.google_id}".encode()).decode().rstrip("=")
    return f"{base}?eid={key}"


def read_event_link(key: str) -> tuple[str, str]:
    """(event id, calendar id); raises `ValueError`."""
    event_id, _, calendar_id = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)).decode().partition(" ")
    return event_id, calendar_id


def event_resource(
    event: Event,
    entry: ListEntry,
    *,
    zone: ZoneInfo,
    link_base: str = "",
    most_attendees: int | None = None,
    minimal_tombstones: bool = True,
) -> Json:
    """The events resource as the entry's account may see it."""
    result: Json = {
        "kind": "calendar#event",
        "etag": event.etag,
        "id": event.event_id,
        "status": event.status,
    }
    if event.raw is not None:
        return result | event.raw
    if event.is_exception:
        result["recurringEventId"] = event.recurring_event_id
        slot = recurrence.parse_stamp(event.original_start)
        own_zone = event.body.get("start", {}).get("timeZone", "UTC")
        result["originalStartTime"] = shown(recurrence.moment(slot, own_zone), zone)
    if event.is_gone or (event.is_cancelled and minimal_tombstones):
        return result
    body = event.body
    result |= {
        "htmlLink": event_link(entry.calendar, event.event_id, link_base),
        "created": rfc3339(event.created),
        "updated": rfc3339(event.updated),
    }
    if _hides_details(event, entry):
        times = {name: shown(body[name], zone) for name in ("start", "end") if name in body}
        return (
            result | times | {"visibility": "private", "iCalUID": event.ical_uid, "sequence": event.sequence}
        )
    result |= {
        **body,
        "creator": _person(event.creator, entry),
        "organizer": _person(event.organizer, entry),
        "iCalUID": event.ical_uid,
        "sequence": event.sequence,
        "reminders": body.get("reminders", {"useDefault": True}),
        "eventType": body.get("eventType", "default"),
    }
    for name in ("start", "end"):
        if name in body:
            result[name] = shown(body[name], zone)
    if link := _video_link(body):
        result["hangoutLink"] = link
    if attendees := body.get("attendees"):
        people = [_person(attendee, entry) for attendee in attendees]
        if most_attendees is not None and len(people) > most_attendees:
            people = [person for person in people if person.get("self")]
            result["attendeesOmitted"] = True
        result["attendees"] = people
    return result


def _video_link(body: Json) -> str | None:
    points = (body.get("conferenceData") or {}).get("entryPoints") or []
    return next((point.get("uri") for point in points if point.get("entryPointType") == "video"), None)


def _person(person: Json, entry: ListEntry) -> Json:
    """A person with `self` as the calendar that is looked at sees it."""
    result = {key: value for key, value in person.items() if key != "self"}
    if person.get("email", "").lower() == entry.calendar.google_id.lower():
        result["self"] = True
    return result


def _hides_details(event: Event, entry: ListEntry) -> bool:
    if entry.access_role == FREE_BUSY:
        return True
    is_private = event.body.get("visibility") in ("private", "confidential")
    return is_private and entry.access_role in (READER, WRITER_NO_PRIVATE)


def entry_resource(entry: ListEntry) -> Json:
    """The calendarList resource."""
    result: Json = {
        "kind": "calendar#calendarListEntry",
        "etag": f'"{entry.pk}-{entry.change}"',
        "id": entry.calendar.google_id,
    }
    if entry.is_deleted:
        return result | {"deleted": True}
    background, foreground = CALENDAR_COLORS.get(entry.color_id, CALENDAR_COLORS["14"])
    result |= {
        "summary": entry.calendar.summary,
        "timeZone": entry.calendar.time_zone,
        "colorId": entry.color_id,
        "backgroundColor": background,
        "foregroundColor": foreground,
        "accessRole": entry.access_role,
        "defaultReminders": DEFAULT_REMINDERS if entry.is_primary else [],
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }
    if entry.calendar.description:
        result["description"] = entry.calendar.description
    for name, value in (
        ("primary", entry.is_primary), ("selected", entry.is_selected), ("hidden", entry.is_hidden)
    ):  # fmt: skip
        if value:
            result[name] = True
    return result


def calendar_resource(calendar: Calendar) -> Json:
    """The calendars resource."""
    result: Json = {
        "kind": "calendar#calendar",
        "etag": f'"c{calendar.pk}"',
        "id": calendar.google_id,
        "summary": calendar.summary,
        "timeZone": calendar.time_zone,
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }
    return result | ({"description": calendar.description} if calendar.description else {})


DEFAULT_REMINDERS = [{"method": "popup", "minutes": 30}]

# Google's published palettes (colors.get); (background, foreground).
EVENT_COLORS = {
    "1": "#a4bdfc", "2": "#7ae7bf", "3": "#dbadff", "4": "#ff887c", "5": "#fbd75b", "6": "#ffb878",
    "7": "#46d6db", "8": "#e1e1e1", "9": "#5484ed", "10": "#51b749", "11": "#dc2127",
}  # fmt: skip
CALENDAR_COLORS = {
    number: (background, "#1d1d1d")
    for number, background in {
        "1": "#ac725e", "2": "#d06b64", "3": "#f83a22", "4": "#fa573c", "5": "#ff7537", "6": "#ffad46",
        "7": "#42d692", "8": "#16a765", "9": "#7bd148", "10": "#b3dc6c", "11": "#fbe983", "12": "#fad165",
        "13": "#92e1c0", "14": "#9fe1e7", "15": "#9fc6e7", "16": "#4986e7", "17": "#9a9cff", "18": "#b99aff",
        "19": "#c2c2c2", "20": "#cabdbf", "21": "#cca6ac", "22": "#f691b2", "23": "#cd74e6", "24": "#a47ae2",
    }.items()
}  # fmt: skip


def colors_resource() -> Json:
    return {
        "kind": "calendar#colors",
        "updated": "2012-02-14T00:00:00.000Z",
        "calendar": {n: {"background": b, "foreground": f} for n, (b, f) in CALENDAR_COLORS.items()},
        "event": {n: {"background": b, "foreground": "#1d1d1d"} for n, b in EVENT_COLORS.items()},
    }
