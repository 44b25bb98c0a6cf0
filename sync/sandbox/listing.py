"""Lists with page tokens and sync tokens, for events, instances and the calendar list.

A sync token names a calendar's change number and the query it was made with; a page token names the last item
of its page and the state at the first page. Both are opaque to clients.

Invariants:
- `nextSyncToken` comes on the last page only, and never beside `nextPageToken`
- what changes while somebody pages comes with the next sync token
- a sync token is used with the parameters it was made with, or it is refused
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.http import QueryDict

from sync.sandbox import clock, recurrence, store, wire
from sync.sandbox.models import ROLES, Account, Event, ListEntry
from sync.sandbox.wire import GoogleError, full_sync_required, invalid

Json = dict[str, Any]

EVENTS_DEFAULT, EVENTS_MOST = 250, 2500
LIST_DEFAULT, LIST_MOST = 100, 250
# [?] How far Google expands an endless series in a list without timeMax.
EXPANSION = timedelta(days=2 * 366)
UPDATED_MIN_REACH = timedelta(days=28)  # [?] older: 410 updatedMinTooLongAgo

NOT_WITH_SYNC_TOKEN = {
    "iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin",
}  # fmt: skip
# A list that was narrowed by these gets no sync token at all; a time window stays in the token.
NO_TOKEN_AFTER = NOT_WITH_SYNC_TOKEN - {"timeMin", "timeMax"}
# Parameters that say nothing about which events are meant.
_TRANSPORT = {
    "alt", "fields", "prettyPrint", "key", "quotaUser", "userIp", "access_token", "oauth_token", "uploadType",
    "maxResults", "pageToken", "syncToken",
}  # fmt: skip


def encode(payload: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(payload, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(token: str, name: str) -> Json:
    """The payload of a token; 400 when it is none of ours."""
    try:
        payload = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        if not isinstance(payload, dict):
            raise ValueError
        return payload
    except ValueError as error:
        raise invalid(f"Invalid {name} value.", "invalid", name) from error


def identity(query: QueryDict, without: Iterable[str] = ()) -> str:
    """What makes two lists the same list."""
    left_out = _TRANSPORT | set(without)
    pairs = sorted((key, sorted(values)) for key, values in query.lists() if key not in left_out)
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()[:16]


def flag(query: QueryDict, name: str) -> bool:
    value = query.get(name, "false").lower()
    if value not in ("true", "false"):
        raise invalid(f"Invalid value for: {name}", "invalidParameter", name)
    return value == "true"


def number(query: QueryDict, name: str, default: int, most: int) -> int:
    """A count from 1 up; more than `most` is cut to it."""
    value = query.get(name, str(default))
    if not value.isdigit() or int(value) < 1:
        raise invalid(f"Invalid value for: {name}", "invalidParameter", name)
    return min(int(value), most)


def instant(query: QueryDict, name: str) -> datetime | None:
    """An RFC 3339 time; its offset is mandatory."""
    value = query.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise invalid("Bad Request", "badRequest", name) from error
    if moment.tzinfo is None:
        raise invalid("Bad Request", "badRequest", name)
    return moment.astimezone(UTC).replace(microsecond=0)


def zone_of(query: QueryDict, entry: ListEntry) -> ZoneInfo:
    try:
        return ZoneInfo(query.get("timeZone") or entry.calendar.time_zone)
    except (LookupError, ValueError, OSError) as error:
        raise invalid("Invalid time zone.", "invalid", "timeZone") from error


# --- events.list ---------------------------------------------------------------------------------
def list_events(
    entry: ListEntry, query: QueryDict, *, link_base: str = "", page_size: int | None = None
) -> Json:
    """The answer of `events.list`; `page_size` is a fault's smaller limit (0: an empty page)."""
    entry.calendar.refresh_from_db()  # its change number is the state that the next sync token names
    since, window = _since(entry, query)
    page = _page_token(query)
    snapshot = page["snapshot"] if page else entry.calendar.change
    size = number(query, "maxResults", EVENTS_DEFAULT, EVENTS_MOST)
    size = size if page_size is None else min(size, page_size)
    zone = zone_of(query, entry)
    most_attendees = number(query, "maxAttendees", 10**6, 10**6) if "maxAttendees" in query else None
    show_deleted = flag(query, "showDeleted")
    result: Json = {
        "kind": "calendar#events",
        "etag": f'"{entry.calendar.token_generation}-{snapshot}"',
        "summary": entry.calendar.summary,
        "description": entry.calendar.description,
        "updated": wire.rfc3339(clock.now()),
        "timeZone": zone.key,
        "accessRole": entry.access_role,
        "defaultReminders": wire.DEFAULT_REMINDERS if entry.is_primary else [],
    }
    last = page["last"] if page else ""
    found: list[Event] = []
    if size == 0:
        is_last = False
    elif flag(query, "singleEvents") or query.get("orderBy"):
        found, is_last, last = _computed(entry, query, since, window, last, size)
    else:
        found, is_last, last = _stored(entry, query, since, window, last, size)
    result["items"] = [
        wire.event_resource(
            event,
            entry,
            zone=zone,
            link_base=link_base,
            most_attendees=most_attendees,
            minimal_tombstones=not show_deleted,
        )
        for event in found
    ]
    if not is_last:
        token = {
            "last": last,
            "snapshot": snapshot,
            "is": identity(query),
            "from": query.get("syncToken", ""),
        }
        result["nextPageToken"] = encode(token)
    elif not NO_TOKEN_AFTER & query.keys():
        result["nextSyncToken"] = encode(
            {
                "calendar": entry.calendar.google_id,
                "account": entry.account_id,
                "change": snapshot,
                "generation": entry.calendar.token_generation,
                "is": identity(query, NOT_WITH_SYNC_TOKEN | {"showDeleted"}),
                "window": window,
            }
        )
    return result


def _since(entry: ListEntry, query: QueryDict) -> tuple[int | None, list[str | None]]:
    """(change number to start after, the window as given) after checking a sync token; None without one."""
    if not query.get("syncToken"):
        window = [query.get("timeMin"), query.get("timeMax")]
        times = [instant(query, name) for name in ("timeMin", "timeMax")]
        if times[0] and times[1] and times[1] <= times[0]:
            raise GoogleError(
                400,
                "timeRangeEmpty",
                "The specified time range is empty.",
                domain="calendar",
                location=("parameter", "timeMax"),
            )
        updated_min = instant(query, "updatedMin")
        if updated_min and updated_min < clock.now() - UPDATED_MIN_REACH:
            raise GoogleError(
                410,
                "updatedMinTooLongAgo",
                "The requested minimum modification time lies too far in the past.",
                domain="calendar",
                location=("parameter", "updatedMin"),
            )
        if query.get("orderBy") == "startTime" and not flag(query, "singleEvents"):
            raise invalid("The requested ordering is not available for the particular query.", "badRequest")
        return None, window
    if refused := sorted(NOT_WITH_SYNC_TOKEN & query.keys()):
        raise invalid(
            f"Sync token cannot be used together with {', '.join(refused)}.", "badRequest", refused[0]
        )
    if query.get("showDeleted", "").lower() == "false":
        raise invalid("Sync token cannot be used with showDeleted=false.", "badRequest", "showDeleted")
    token = decode(query.get("syncToken", ""), "syncToken")
    if token.get("calendar") != entry.calendar.google_id or token.get("account") != entry.account_id:
        raise invalid("Invalid sync token value.", "invalid", "syncToken")
    if token["generation"] != entry.calendar.token_generation:
        raise full_sync_required()
    if token["is"] != identity(query, {"showDeleted"}):
        raise invalid(
            "The parameters differ from those of the initial synchronization.", "badRequest", "syncToken"
        )
    return token["change"], token["window"]


def _page_token(query: QueryDict) -> Json | None:
    """The page token's payload; it belongs to exactly this query, with the same sync token."""
    if not query.get("pageToken"):
        return None
    token = decode(query.get("pageToken", ""), "pageToken")
    if token.get("is") != identity(query) or token.get("from") != query.get("syncToken", ""):
        raise invalid("Invalid page token value.", "invalid", "pageToken")
    return token


def _chosen(entry: ListEntry, query: QueryDict) -> QuerySet[Event]:
    rows = Event.objects.filter(calendar=entry.calendar)
    if "iCalUID" in query:
        rows = rows.filter(ical_uid=query["iCalUID"])
    if updated_min := instant(query, "updatedMin"):
        rows = rows.filter(updated__gte=updated_min)
    return rows


def _fits(event: Event, query: QueryDict, window: list[str | None]) -> bool:
    """The filters that look into an event."""
    body = event.body
    kinds = query.getlist("eventTypes")
    if kinds and body.get("eventType", "default") not in kinds and not event.is_cancelled:
        return False
    if wanted := query.get("q"):
        people = [a.get("email", "") for a in body.get("attendees", [])]
        text = " ".join([body.get(n, "") for n in ("summary", "description", "location")] + people).lower()
        if not all(word in text for word in wanted.lower().split()):
            return False
    for name, group in (("privateExtendedProperty", "private"), ("sharedExtendedProperty", "shared")):
        properties = (body.get("extendedProperties") or {}).get(group) or {}
        for pair in query.getlist(name):
            key, _, value = pair.partition("=")
            if properties.get(key) != value:
                return False
    return _in_window(event, window)


def _in_window(event: Event, window: list[str | None]) -> bool:
    after, before = (datetime.fromisoformat(text) if text else None for text in window)
    if event.starts_at is None or not (after or before):
        return True
    if before and event.starts_at >= before:
        return False
    if event.is_recurring and after and (event.ends_at is None or event.ends_at > after):
        slots = recurrence.slots(
            event.body["start"],
            event.body["recurrence"],
            after=after,
            before=before,
            length=recurrence.slot_of(event.body["end"]) - recurrence.slot_of(event.body["start"]),
        )
        return next(slots, None) is not None
    return not (after and event.ends_at and event.ends_at <= after)


def _stored(
    entry: ListEntry, query: QueryDict, since: int | None, window: list[str | None], last: str, size: int
) -> tuple[list[Event], bool, str]:
    """Masters, exceptions and single events as they are stored. A page may hold fewer than `size`, or none."""
    rows = _chosen(entry, query)
    if since is not None:
        rows = rows.filter(change__gt=since)
    elif not flag(query, "showDeleted"):
        # Tombstones are left out of a full list, but cancelled instances of a series are in it.
        rows = rows.exclude(Q(status="cancelled") & (Q(recurring_event_id="") | Q(is_gone=True)))
    ordered = list(rows.filter(order_key__gt=last).order_by("order_key")[: size + 1])
    page = ordered[:size]
    found = [event for event in page if _fits(event, query, window)]
    return found, len(ordered) <= size, page[-1].order_key if page else last


def _computed(
    entry: ListEntry, query: QueryDict, since: int | None, window: list[str | None], last: str, size: int
) -> tuple[list[Event], bool, str]:
    """Instances in place of series (`singleEvents`), or another order: worked out in memory."""
    rows = _chosen(entry, query)
    if since is not None:
        rows = rows.filter(change__gt=since)
    single = flag(query, "singleEvents")
    after, before = (datetime.fromisoformat(text) if text else None for text in window)
    until = before or clock.now() + EXPANSION
    found: dict[str, Event] = {}
    for event in rows:
        if single and event.is_recurring and not event.is_gone:
            for instance in store.instances(event, after=after, before=until):
                found[instance.event_id] = instance
        else:
            found.setdefault(event.event_id, event)
    show_cancelled = flag(query, "showDeleted") or since is not None
    events = [e for e in found.values() if (show_cancelled or not e.is_cancelled) and _fits(e, query, window)]
    far = datetime.max.replace(tzinfo=UTC)
    keys = {
        "startTime": lambda e: f"{(e.starts_at or far):%Y%m%d%H%M%S}{e.order_key}",
        "updated": lambda e: f"{e.updated:%Y%m%d%H%M%S%f}{e.order_key}",
    }
    key = keys.get(query.get("orderBy", ""), lambda e: e.order_key)
    ordered = sorted((event for event in events if key(event) > last), key=key)
    page = ordered[:size]
    return page, len(ordered) <= size, key(page[-1]) if page else last


# --- events.instances ----------------------------------------------------------------------------
def list_instances(entry: ListEntry, event_id: str, query: QueryDict, *, link_base: str = "") -> Json:
    master = store.find(entry, event_id)
    if not master.is_recurring:
        raise invalid("The event is not a recurring event.", "invalid", "eventId")
    zone = zone_of(query, entry)
    size = number(query, "maxResults", EVENTS_DEFAULT, EVENTS_MOST)
    before = instant(query, "timeMax")
    found = store.instances(master, after=instant(query, "timeMin"), before=before or clock.now() + EXPANSION)
    if "originalStart" in query:
        wanted = _original_start(query.get("originalStart", ""), zone)
        found = [event for event in found if event.original_start in wanted]
    if not flag(query, "showDeleted"):
        found = [event for event in found if not event.is_cancelled]
    page = _page_token(query)
    found = [event for event in found if event.original_start > (page["last"] if page else "")]
    items = [wire.event_resource(event, entry, zone=zone, link_base=link_base) for event in found[:size]]
    result: Json = {
        "kind": "calendar#events",
        "etag": master.etag,
        "summary": entry.calendar.summary,
        "timeZone": zone.key,
        "accessRole": entry.access_role,
        "defaultReminders": [],
        "items": items,
    }
    if len(found) > size:
        result["nextPageToken"] = encode(
            {
                "last": found[size - 1].original_start,
                "is": identity(query),
                "from": query.get("syncToken", ""),
            }
        )
    return result


def _original_start(text: str, zone: ZoneInfo) -> set[str]:
    try:
        if len(text) == 10:
            return {text.replace("-", "")}
        moment = datetime.fromisoformat(text)
        return {recurrence.stamp((moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC))}
    except ValueError as error:
        raise invalid("Invalid originalStart.", "invalid", "originalStart") from error


# --- calendarList.list ---------------------------------------------------------------------------
def list_calendars(account: Account, query: QueryDict, *, page_size: int | None = None) -> Json:
    since = None
    if query.get("syncToken"):
        if "minAccessRole" in query:
            raise invalid(
                "Sync token cannot be used together with minAccessRole.", "badRequest", "minAccessRole"
            )
        token = decode(query.get("syncToken", ""), "syncToken")
        if token.get("account") != account.pk or "list" not in token:
            raise invalid("Invalid sync token value.", "invalid", "syncToken")
        if token["generation"] != account.token_generation:
            raise full_sync_required()
        since = token["list"]
    page = _page_token(query)
    snapshot = page["snapshot"] if page else account.change
    size = number(query, "maxResults", LIST_DEFAULT, LIST_MOST)
    size = size if page_size is None else min(size, page_size)
    rows = ListEntry.objects.filter(account=account, pk__gt=page["last"] if page else 0).select_related(
        "calendar"
    )
    if since is not None:
        rows = rows.filter(change__gt=since)
    elif not flag(query, "showDeleted"):
        rows = rows.filter(is_deleted=False)
    if since is None and not flag(query, "showHidden"):
        rows = rows.filter(is_hidden=False)
    if least := query.get("minAccessRole"):
        if least not in ROLES:
            raise invalid("Invalid value for: minAccessRole", "invalidParameter", "minAccessRole")
        rows = rows.filter(access_role__in=ROLES[ROLES.index(least) :])
    ordered = list(rows.order_by("pk")[: size + 1])
    items = ordered[:size]
    result: Json = {
        "kind": "calendar#calendarList",
        "etag": f'"{account.token_generation}-{snapshot}"',
        "items": [wire.entry_resource(entry) for entry in items],
    }
    if len(ordered) > size:
        last = items[-1].pk if items else (page["last"] if page else 0)
        result["nextPageToken"] = encode(
            {"last": last, "snapshot": snapshot, "is": identity(query), "from": query.get("syncToken", "")}
        )
    else:
        result["nextSyncToken"] = encode(
            {"account": account.pk, "list": snapshot, "generation": account.token_generation}
        )
    return result
