"""Google's JSON ↔ `EventValues` (Calendar API v3, events resource).

Invariants:
- a missing field, an empty one and Google's default are the same value
- all-day ends are exclusive on both sides
- recurrence lines pass through verbatim
- what is read and written back unchanged makes no difference
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from scheduling.core.event import (
    LOCATION_LIMIT,
    TITLE_LIMIT,
    EventValues,
    canonical,
    format_moment,
    is_zone,
)
from scheduling.core.language import gettext as _
from scheduling.core.reminders import LONGEST_LEAD, MOST_REMINDERS
from sync.core.remote import RemoteEvent, RemoteItem, UnreadableEvent

CARRIED = (
    "attendees",
    "attachments",
    "conferenceData",
    "extendedProperties",
    "source",
    "anyoneCanAddSelf",
    "guestsCanInviteOthers",
    "guestsCanModify",
    "guestsCanSeeOtherGuests",
)


class NotUnderstood(ValueError):
    """The resource cannot be read as an event; it is kept aside, the others go on."""


def read_item(item: Mapping[str, Any], calendar_zone: str) -> RemoteItem:
    """One resource, readable or not."""
    try:
        return from_google(item, calendar_zone)
    except NotUnderstood as error:
        return UnreadableEvent(
            id=str(item.get("id") or ""), etag=str(item.get("etag") or ""), fault=str(error), raw=dict(item)
        )


def from_google(item: Mapping[str, Any], calendar_zone: str) -> RemoteEvent:
    """Read one resource; raises `NotUnderstood`. A tombstone needs no more than an id."""
    google_id = item.get("id")
    if not isinstance(google_id, str) or not google_id:
        raise NotUnderstood(_("The item has no id."))
    cancelled = item.get("status") == "cancelled"
    try:
        values = None if cancelled else _values(item, calendar_zone)
        original = item.get("originalStartTime")
        original_start = format_moment(_moment(original, calendar_zone)[0]) if original else ""
    except KeyError as error:
        raise NotUnderstood(_("It has no %(name)s.") % {"name": error.args[0]}) from error
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise NotUnderstood(
            _("Its times cannot be read (%(reason)s).") % {"reason": str(error)[:200]}
        ) from error
    private = (item.get("extendedProperties") or {}).get("private") or {}
    return RemoteEvent(
        id=google_id,
        etag=str(item.get("etag") or ""),
        values=values,
        series_id=str(item.get("recurringEventId") or ""),
        original_start=original_start,
        local_id=str(private.get("appt_id") or ""),
        details={} if cancelled else _details(item, google_id),
        raw=dict(item),
    )


def to_google(
    values: EventValues,
    groups: Iterable[str] | None = None,
    *,
    patch: bool = False,
    rule_changed: bool = False,
) -> dict[str, Any]:
    """The body that says `values`; only the named field groups when given.

    A patch names the fields that must go away as null: without that an event that turns from timed into
    all-day would keep its `dateTime` and be refused. The rule travels whole or, with `rule_changed` false, not at all:
    lines that we do not understand are never sent back.
    """
    parts: dict[str, dict[str, Any]] = {
        "when": {
            "start": _time(values.start, values.time_zone, patch),
            "end": _time(values.end, values.end_time_zone or values.time_zone, patch),
        },
        "title": {"summary": values.title},
        "description": {"description": values.description},
        "location": {"location": values.location},
        "status": {"status": values.status},
        "availability": {"transparency": "transparent" if values.availability == "free" else "opaque"},
        "visibility": {"visibility": values.visibility},
        "color": {"colorId": str(values.color) if values.color else None},
        "reminders": {"reminders": _reminders_for_google(values.reminders, patch)},
    }
    if rule_changed or (groups is None and values.recurrence):
        parts["when"]["recurrence"] = list(values.recurrence)
    body: dict[str, Any] = {}
    for group in parts if groups is None else groups:
        body |= parts[group]
    return body if patch else {name: value for name, value in body.items() if value not in (None, "")}


def carried(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What Google keeps of an event and we do not, for an insert that goes on from it.

    Nothing of an invitation: its guests are its organiser's.
    """
    if not (raw.get("organizer") or {}).get("self", True):
        return {}
    body = {name: raw[name] for name in CARRIED if raw.get(name) not in (None, "", [], {})}
    if raw.get("attendeesOmitted"):
        body.pop("attendees", None)  # some of them only
    if (body.get("conferenceData") or {}).get("entryPoints"):
        # The same meeting; the request that made it would make another.
        body["conferenceData"] = {k: v for k, v in body["conferenceData"].items() if k != "createRequest"}
    return body


def instance_id(series_id: str, original_start: str) -> str:
    """The id Google gives the instance of a series: `<series>_20261124T090000Z` or `<series>_20261124`."""
    return f"{series_id}_{original_start.replace('-', '').replace(':', '')}"


def _time(value: datetime | date, zone: str, patch: bool) -> dict[str, Any]:
    if isinstance(value, datetime):
        said: dict[str, Any] = {"dateTime": value.astimezone(ZoneInfo(zone)).isoformat(), "timeZone": zone}
        return said | ({"date": None} if patch else {})
    return {"date": value.isoformat()} | ({"dateTime": None, "timeZone": None} if patch else {})


def _values(item: Mapping[str, Any], calendar_zone: str) -> EventValues:
    start, zone = _moment(item["start"], calendar_zone)
    end, end_zone = _moment(item["end"], calendar_zone)
    if isinstance(start, datetime) != isinstance(end, datetime):
        raise ValueError("start and end are of different kinds")
    if not isinstance(start, datetime) and end <= start:  # a day of no length is that day
        end = start + timedelta(days=1)
    color = str(item.get("colorId") or "")
    values = canonical(
        EventValues(
            title=str(item.get("summary") or ""),
            description=str(item.get("description") or ""),
            location=str(item.get("location") or ""),
            start=start,
            end=end,
            is_all_day=not isinstance(start, datetime),
            time_zone=zone,
            end_time_zone=end_zone,
            recurrence=tuple(str(line) for line in item.get("recurrence") or ()),
            status="tentative" if item.get("status") == "tentative" else "confirmed",
            availability="free" if item.get("transparency") == "transparent" else "busy",
            visibility=_known(item.get("visibility"), ("public", "private", "confidential"), "default"),
            reminders=_reminders(item.get("reminders")),
            color=int(color) if color.isdigit() and 1 <= int(color) <= 11 else None,
        )
    )
    # Cut to what fits here; Google keeps the whole, because only groups that people change are sent.
    if len(values.title) <= TITLE_LIMIT and len(values.location) <= LOCATION_LIMIT:
        return values
    return replace(
        values,
        title=values.title[:TITLE_LIMIT].rstrip(),
        location=values.location[:LOCATION_LIMIT].rstrip(),
    )


def _reminders(said: Any) -> tuple[int, ...] | None:
    """The minutes of Google's overrides, whatever their method; here a reminder has none."""
    if not isinstance(said, Mapping) or said.get("useDefault", True):
        return None
    minutes = {int(override["minutes"]) for override in said.get("overrides") or ()}
    return tuple(sorted(n for n in minutes if 0 <= n <= LONGEST_LEAD)[:MOST_REMINDERS])


def _reminders_for_google(minutes: Iterable[int] | None, patch: bool) -> dict[str, Any] | None:
    if minutes is None:
        return {"useDefault": True} if patch else None
    return {"useDefault": False, "overrides": [{"method": "popup", "minutes": n} for n in minutes]}


def _known(value: Any, allowed: tuple[str, ...], default: str) -> str:
    return value if value in allowed else default


def _moment(said: Mapping[str, Any], calendar_zone: str) -> tuple[datetime | date, str]:
    if said.get("date"):
        return date.fromisoformat(said["date"]), ""
    moment = datetime.fromisoformat(said["dateTime"])
    zone = said.get("timeZone") or calendar_zone
    if not is_zone(zone):
        zone = calendar_zone if is_zone(calendar_zone) else "UTC"
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC).replace(microsecond=0), zone


def _details(item: Mapping[str, Any], google_id: str) -> dict[str, Any]:
    """What people here only read, as fields of the event's row."""
    organizer = item.get("organizer") or {}
    event_type = str(item.get("eventType") or "default")
    reason = _read_only_reason(item, organizer, event_type)
    return {
        "google_event_id": google_id,
        "ical_uid": str(item.get("iCalUID") or "")[:1024],
        "sequence": int(item.get("sequence") or 0),
        "event_type": event_type[:40],
        "organizer": {}
        if organizer.get("self")
        else {key: organizer[key] for key in ("email", "displayName") if key in organizer},
        "attendees": [
            {
                key: guest[key]
                for key in ("email", "displayName", "responseStatus", "self", "optional", "organizer")
                if key in guest
            }
            for guest in item.get("attendees") or []
        ],
        "conference_url": _conference_url(item),
        "is_read_only": bool(reason),
        "read_only_reason": reason,
    }


def _read_only_reason(item: Mapping[str, Any], organizer: Mapping[str, Any], event_type: str) -> str:
    if event_type not in ("default", "fromGmail"):
        return _("Google keeps this entry (%(kind)s) itself; change it there.") % {"kind": event_type}
    if item.get("locked"):
        return _("Google has locked this event; change it there.")
    if organizer and not organizer.get("self") and not item.get("guestsCanModify"):
        name = organizer.get("displayName") or organizer.get("email") or _("its organiser")
        return (_("Only %(name)s can change this event.") % {"name": name})[:200]
    return ""


def _conference_url(item: Mapping[str, Any]) -> str:
    url = str(item.get("hangoutLink") or "")
    for entry in (item.get("conferenceData") or {}).get("entryPoints") or []:
        if not url and entry.get("entryPointType") == "video":
            url = str(entry.get("uri") or "")
    return url if url.startswith("https://") and len(url) <= 2000 else ""
