"""The rules for an event's fields: what Google accepts, how it tidies, what a change means.

Pure: JSON in, JSON out; refusals are `GoogleError`. Marked `[?]`: not confirmed on a page of Google's.

Invariants:
- a normalized body has `start` and `end`, both dates or both date-times with an offset and a zone's name
- what equals Google's default is not stored
- PATCH merges objects and replaces arrays whole; PUT drops what it does not name
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from sync.sandbox import recurrence
from sync.sandbox.wire import GoogleError, forbidden_for_non_organizer, invalid

Json = dict[str, Any]

SUMMARY_LIMIT = 1024  # [?]
DESCRIPTION_LIMIT = 8192  # a third party's measurement
MOST_ATTENDEES, MOST_ATTACHMENTS, MOST_REMINDERS = 200, 25, 5
PROPERTY_KEY_LIMIT, PROPERTY_VALUE_LIMIT, MOST_PROPERTIES, PROPERTIES_SIZE = 44, 1024, 300, 32 * 1024

EVENT_TYPES = {"default", "birthday", "focusTime", "fromGmail", "outOfOffice", "workingLocation"}
# Written by Google only; ignored in what clients send. (`id`, `iCalUID`, `status` and `sequence` have columns.)
READ_ONLY = {
    "kind", "etag", "id", "status", "htmlLink", "created", "updated", "creator", "organizer", "iCalUID", "sequence",
    "recurringEventId", "originalStartTime", "hangoutLink", "attendeesOmitted", "locked", "privateCopy",
}  # fmt: skip
DEFAULTS: Json = {
    "transparency": "opaque",
    "visibility": "default",
    "eventType": "default",
    "guestsCanInviteOthers": True,
    "guestsCanModify": False,
    "guestsCanSeeOtherGuests": True,
    "anyoneCanAddSelf": False,
    "reminders": {"useDefault": True},
}
# What a guest may change on the own copy of someone else's event; of `attendees` only the own answer.
PRIVATE_FIELDS = {"reminders", "colorId", "transparency", "visibility", "extendedProperties", "attendees"}
WHEN = {"start", "end", "recurrence"}


def valid_id(event_id: object) -> bool:
    """Base32hex, 5 to 1024 characters: the rule for ids that clients choose."""
    return isinstance(event_id, str) and bool(re.fullmatch(r"[a-v0-9]{5,1024}", event_id))


def merged(old: Json, patch: Json) -> Json:
    """`patch` merged into `old`: objects recursively, arrays and values whole, null removes."""
    result = dict(old)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def writable(body: Json) -> Json:
    return {key: value for key, value in body.items() if key not in READ_ONLY}


def kept_opaque(body: Json, old: Json, *, conference: bool, attachments: bool) -> Json:
    """`body` with what the caller did not opt in to (conferenceDataVersion, supportsAttachments) as it was."""
    result = dict(body)
    for name, allowed in (("conferenceData", conference), ("attachments", attachments)):
        if not allowed:
            result.pop(name, None)
            if name in old:
                result[name] = old[name]
    return result


def normalize(body: Json, calendar_zone: str, *, is_instance: bool = False) -> Json:
    """The body as Google would store it; raises `GoogleError` 400 for what it would refuse."""
    result = {key: value for key, value in body.items() if value is not None and value != "" and value != []}
    for name in ("summary", "location", "description"):
        if name in result and not isinstance(result[name], str):
            raise invalid(f"Invalid value for: {name}")
    # [?] Google answers trimmed titles and bare line feeds.
    if "summary" in result:
        result["summary"] = result["summary"].strip()
    if "description" in result:
        result["description"] = result["description"].replace("\r\n", "\n")
    if is_instance:
        result.pop("recurrence", None)
    lines = result.get("recurrence", [])
    for name in ("start", "end"):
        result[name] = _moment(result, name, calendar_zone, must_name_zone=bool(lines))
    _check_order(result["start"], result["end"])
    if lines:
        try:
            if not all(isinstance(line, str) for line in lines):
                raise recurrence.BadRecurrence("not text")
            recurrence.check(result["start"], lines)
        except recurrence.BadRecurrence as error:
            raise invalid("Invalid recurrence rule.") from error
    _check_limits(result)
    if conference := result.get("conferenceData"):
        result["conferenceData"] = _with_conference(conference)
    return {key: value for key, value in result.items() if value != "" and DEFAULTS.get(key, ()) != value}


def _moment(body: Json, name: str, calendar_zone: str, *, must_name_zone: bool) -> Json:
    value = body.get(name)
    if not isinstance(value, dict) or not ({"date", "dateTime"} & _present(value)):
        raise invalid(f"Missing {name} time.", "required")
    if {"date", "dateTime"} <= _present(value):
        raise invalid(f"Invalid {name} time.")
    if value.get("date"):
        try:
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value["date"]):
                raise ValueError
            return {"date": date.fromisoformat(value["date"]).isoformat()}
        except (ValueError, TypeError) as error:
            raise invalid(f"Invalid {name} time.") from error
    named_zone = value.get("timeZone")
    if must_name_zone and not named_zone:
        raise invalid(f"Missing time zone definition for {name} time.", "required")
    try:
        zone = ZoneInfo(named_zone or calendar_zone)
    except (LookupError, ValueError, TypeError, OSError) as error:
        raise invalid(f"Invalid time zone definition for {name} time.") from error
    try:
        moment = datetime.fromisoformat(value["dateTime"])
        if "T" not in value["dateTime"].upper():
            raise ValueError
        if moment.tzinfo is None and not named_zone:
            raise invalid(f"Missing time zone definition for {name} time.", "required")
        aware = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
        # By way of UTC, so that a wall time in a DST gap becomes one that exists.
        local = aware.astimezone(UTC).astimezone(zone)
    except (ValueError, TypeError, OverflowError) as error:
        raise invalid(f"Invalid {name} time.") from error
    return {"dateTime": local.isoformat(timespec="seconds"), "timeZone": zone.key}


def _present(value: Json) -> set[str]:
    return {key for key, item in value.items() if item}


def _check_order(start: Json, end: Json) -> None:
    if ("date" in start) != ("date" in end):
        raise invalid("The start and end times must either both be date or both be dateTime.")
    first, last = recurrence.slot_of(start), recurrence.slot_of(end)
    # All-day ends are exclusive, so an equal end is an empty range; a timed event may have no length.
    if last < first or ("date" in start and last == first):
        raise GoogleError(
            400,
            "timeRangeEmpty",
            "The specified time range is empty.",
            domain="calendar",
            location=("parameter", "end"),
        )


def _check_limits(body: Json) -> None:
    if len(body.get("summary", "")) > SUMMARY_LIMIT:
        raise invalid("The event title is too long.")
    if len(body.get("description", "")) > DESCRIPTION_LIMIT:
        raise invalid("The event description is too long.")
    for name, most in (("attendees", MOST_ATTENDEES), ("attachments", MOST_ATTACHMENTS)):
        if not isinstance(body.get(name, []), list):
            raise invalid(f"Invalid value for: {name}")
        if len(body.get(name, [])) > most:
            raise invalid(f"Too many {name}.", f"max{name.capitalize()}")
    if any(not isinstance(a, dict) or "@" not in a.get("email", "") for a in body.get("attendees", [])):
        raise invalid("Invalid attendee email.")
    if body.get("eventType", "default") not in EVENT_TYPES:
        raise invalid("Invalid event type.")
    if "colorId" in body and str(body["colorId"]) not in {str(n) for n in range(1, 12)}:
        raise invalid("Invalid value for: colorId")
    overrides = (body.get("reminders") or {}).get("overrides") or []
    if len(overrides) > MOST_REMINDERS:
        raise invalid("Too many reminders.")
    if any(not 0 <= int(reminder.get("minutes", -1)) <= 40320 for reminder in overrides):
        raise invalid("Invalid reminder override.", "cannotUseReminderMinutes")
    properties = [
        (str(key), str(value))
        for group in ("private", "shared")
        for key, value in (body.get("extendedProperties", {}).get(group) or {}).items()
    ]
    if (
        len(properties) > MOST_PROPERTIES
        or any(len(k) > PROPERTY_KEY_LIMIT or len(v) > PROPERTY_VALUE_LIMIT for k, v in properties)
        or len(json.dumps(properties)) > PROPERTIES_SIZE
    ):
        raise invalid("Extended properties exceed their limits.")


def _with_conference(conference: Json) -> Json:
    """A createRequest is fulfilled at once: a Meet link."""
    request = conference.get("createRequest")
    if not request or conference.get("entryPoints"):
        return conference
    code = f"{crc32(str(request.get('requestId', '')).encode()):010d}"
    link = f"meet.example/sandbox-{code}"
    return conference | {
        "createRequest": request | {"status": {"statusCode": "success"}},
        "conferenceId": f"sandbox-{code}",
        "conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"},
        "entryPoints": [{"entryPointType": "video", "uri": f"https://{link}", "label": link}],
    }


def changed_fields(old: Json, new: Json) -> set[str]:
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


def check_guest_change(old: Json, new: Json, own_email: str) -> None:
    """A guest's change touches the own copy only; raises 403 `forbiddenForNonOrganizer`."""
    if old.get("guestsCanModify"):
        return
    shared = changed_fields(old, new) - PRIVATE_FIELDS
    properties = (old.get("extendedProperties") or {}, new.get("extendedProperties") or {})
    people = [
        [
            {k: v for k, v in a.items() if not (a["email"].lower() == own_email.lower() and k != "email")}
            for a in body
        ]
        for body in (old.get("attendees", []), new.get("attendees", []))
    ]
    if shared or properties[0].get("shared") != properties[1].get("shared") or people[0] != people[1]:
        raise forbidden_for_non_organizer()


def check_event_type(old: Json | None, new: Json) -> None:
    """The type is fixed at creation, and Gmail's events are made by Gmail alone."""
    kind = new.get("eventType", "default")
    if old is None and kind == "fromGmail":
        raise GoogleError(
            400, "eventTypeRestriction", "Events of this type cannot be created.", domain="calendar"
        )
    if old is not None and old.get("eventType", "default") != kind:
        raise GoogleError(400, "eventTypeRestriction", "The event type cannot be changed.", domain="calendar")


def bounds(body: Json, calendar_zone: str) -> tuple[datetime, datetime | None]:
    """(first instant, last instant): of a series all of it, the end None when it has none."""
    start, end = recurrence.slot_of(body["start"]), recurrence.slot_of(body["end"])
    zone = body["start"].get("timeZone", calendar_zone)
    first, length = recurrence.instant(start, zone), end - start
    if lines := body.get("recurrence"):
        last = recurrence.last_slot(body["start"], lines)
        return first, None if last is None else recurrence.instant(last + length, zone)
    return first, recurrence.instant(end, zone)


def length(body: Json) -> timedelta:
    return recurrence.slot_of(body["end"]) - recurrence.slot_of(body["start"])


def instance_body(master: Json, slot: recurrence.Slot) -> Json:
    """The body of an untouched instance."""
    body = {key: value for key, value in master.items() if key != "recurrence"}
    zone = master["start"].get("timeZone", "UTC")
    body["start"] = recurrence.moment(slot, zone)
    body["end"] = recurrence.instance_end(master["start"], master["end"], slot)
    return body


def inherited(exception: Json, old_master: Json, new_master: Json) -> Json:
    """The exception after its master changed: fields it shared with the old master follow the new one."""
    result = dict(exception)
    for key in changed_fields(old_master, new_master) - WHEN:
        if exception.get(key) == old_master.get(key):
            result.pop(key, None)
            if key in new_master:
                result[key] = new_master[key]
    return result
