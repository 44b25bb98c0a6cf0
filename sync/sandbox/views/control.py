"""Control over the sandbox for tests and tools: JSON in, JSON out, not part of Google, not in the log.

Bodies must be sent as `application/json`, so that no other site's page can post here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from sync.sandbox import channels, directory, oauth, seed, store, wire
from sync.sandbox.models import Account, Calendar, Channel, Event, Fault, ListEntry, LogEntry
from sync.sandbox.oauth import API
from sync.sandbox.views.access import only_in_trials, read_json
from sync.sandbox.wire import GoogleError, invalid

Json = dict[str, Any]
DEFAULT_CLIENT = "sandbox-client.apps.googleusercontent.com"
ALL_SCOPES = ["openid", "email", "profile", f"{API}calendar"]


def control(**handlers: Callable[..., Json]) -> Callable[..., HttpResponse]:
    """One address, one handler for each HTTP method; a handler takes the JSON body (GET: the query)."""

    def view(request: HttpRequest, **kwargs: str) -> HttpResponse:
        handler = handlers.get((request.method or "").lower())
        if handler is None:
            return JsonResponse({"error": "method not allowed"}, status=405)
        if request.method != "GET" and request.body and request.content_type != "application/json":
            return JsonResponse({"error": "send application/json"}, status=415)
        try:
            return JsonResponse(
                handler(request.GET.dict() if request.method == "GET" else read_json(request), **kwargs)
            )
        except GoogleError as error:
            return JsonResponse(error.body, status=error.status)
        except (KeyError, Account.DoesNotExist) as error:
            return JsonResponse({"error": f"missing or unknown: {error}"}, status=400)

    return csrf_exempt(only_in_trials(wraps(next(iter(handlers.values())))(view)))


def _entry(data: Json) -> ListEntry:
    return directory.entry_for(Account.objects.get(email=data["account"]), data.get("calendar", "primary"))


def _resource(entry: ListEntry, event: Event) -> Json:
    zone = wire.ZoneInfo(entry.calendar.time_zone)
    return wire.event_resource(event, entry, zone=zone, minimal_tombstones=False) | {"change": event.change}


def health(data: Json) -> Json:
    return {"sandbox": "ready"}


def reset(data: Json) -> Json:
    """Forget everything."""
    channels.wait_until_sent()
    for model in (Account, Calendar, Fault, LogEntry):
        model.objects.all().delete()
    return {}


def create_account(data: Json) -> Json:
    """`email`, `name`, `time_zone`, `seed`, `scopes` (all calendar scopes), `client_id`: an account with tokens."""
    if data.get("seed"):
        account = seed.seed_account(data["email"], data.get("name", ""))
    else:
        account = directory.ensure_account(
            data["email"], data.get("name", ""), data.get("time_zone", "Europe/Berlin")
        )
    tokens = oauth.issue_tokens(
        account, data.get("client_id", DEFAULT_CLIENT), data.get("scopes", ALL_SCOPES)
    )
    calendars = [wire.entry_resource(entry) for entry in account.entries.select_related("calendar")]
    return tokens | {"email": account.email, "sub": account.subject, "calendars": calendars}


def create_calendar(data: Json) -> Json:
    """`account`, `summary`, `role`, `id` (also one of another account: sharing), `time_zone`, `color_id`."""
    entry = directory.add_calendar(
        Account.objects.get(email=data["account"]),
        data.get("summary", "Calendar"),
        google_id=data.get("id", ""),
        role=data.get("role", "owner"),
        time_zone=data.get("time_zone", ""),
        color_id=data.get("color_id", "14"),
    )
    return wire.entry_resource(entry)


def change_calendar(data: Json) -> Json:
    """`account`, `calendar`, and any of `role`, `deleted`, `hidden`, `expire_sync_tokens`."""
    account = Account.objects.get(email=data["account"])
    entries = ListEntry.objects.select_related("calendar").filter(account=account)
    google_id = account.email if data.get("calendar", "primary") == "primary" else data["calendar"]
    entry = entries.filter(calendar__google_id=google_id).first()
    if entry is None:
        raise wire.not_found()
    names = {"role": "access_role", "deleted": "is_deleted", "hidden": "is_hidden"}
    entry = directory.change_entry(
        entry, **{field: data[name] for name, field in names.items() if name in data}
    )
    if data.get("expire_sync_tokens"):
        directory.expire_sync_tokens([entry.calendar])
    return wire.entry_resource(entry)


def list_events(data: Json) -> Json:
    """Every row of `account`'s `calendar`, deleted ones too, in the order of their last changes."""
    entry = _entry(data)
    rows = Event.objects.filter(calendar=entry.calendar).order_by("change")
    return {"items": [_resource(entry, event) for event in rows]}


def create_events(data: Json) -> Json:
    """`events` to add as Google's side does (any id, any organizer), and `raw` ones to answer as they are."""
    entry = _entry(data)
    made = store.insert_many(entry, data.get("events", []))
    for resource in data.get("raw", []):
        if "id" not in resource:
            raise invalid("A raw event needs an id.")
        made.append(store.store_raw(entry, resource["id"], resource))
    return {"items": [_resource(entry, event) for event in made]}


def read_event(data: Json, event_id: str) -> Json:
    entry = _entry(data)
    return _resource(entry, store.find(entry, event_id))


def change_event(data: Json, event_id: str) -> Json:
    """`changes` merged into the event, as a person on Google's side does; `if_match` optional."""
    entry = _entry(data)
    event = store.update(
        entry,
        event_id,
        data["changes"],
        replace=False,
        if_match=data.get("if_match", ""),
        conference=True,
        attachments=True,
    )
    return _resource(entry, event)


def delete_event(data: Json, event_id: str) -> Json:
    entry = _entry(data)
    return _resource(entry, store.delete(entry, event_id))


def split_event(data: Json, event_id: str) -> Json:
    """ "This and following": `original_start` (the id stamp) and `changes`; answers the new series."""
    entry = _entry(data)
    return _resource(
        entry, store.split_series(entry, event_id, data["original_start"], data.get("changes", {}))
    )


def expire_sync_tokens(data: Json) -> Json:
    """Of one `calendar` of `account`, else of all of the account's, else of everybody's."""
    entries = ListEntry.objects.select_related("calendar", "account")
    if "account" in data:
        entries = entries.filter(account__email=data["account"])
    if "calendar" in data:
        directory.expire_sync_tokens([_entry(data).calendar])
    else:
        directory.expire_sync_tokens({e.calendar for e in entries}, {e.account for e in entries})
    return {}


def expire_access_tokens(data: Json) -> Json:
    oauth.expire_access_tokens(Account.objects.get(email=data["account"]))
    return {}


def revoke(data: Json) -> Json:
    oauth.revoke_account(Account.objects.get(email=data["account"]))
    return {}


def list_faults(data: Json) -> Json:
    fields = ("id", "label", "match", "action", "times", "seen", "fired")
    return {"items": list(Fault.objects.order_by("pk").values(*fields))}


def create_fault(data: Json) -> Json:
    """`match`, `action`, `times` (default 1; null: until removed), `label`; see `sync.sandbox.faults`."""
    name = data["action"].get("error")
    if name is not None and name not in wire.NAMED_ERRORS:
        raise invalid(f"Unknown error {name}; known: {', '.join(wire.NAMED_ERRORS)}")
    fault = Fault.objects.create(
        label=data.get("label", ""),
        match=data.get("match", {}),
        action=data["action"],
        times=data.get("times", 1),
    )
    return {"id": fault.pk}


def delete_faults(data: Json) -> Json:
    """All, or those with `label` or `id`."""
    wanted = {name: data[key] for key, name in (("label", "label"), ("id", "pk")) if key in data}
    Fault.objects.filter(**wanted).delete()
    return {}


def read_log(data: Json) -> Json:
    fields = (
        "id",
        "at",
        "method",
        "path",
        "query",
        "account",
        "status",
        "if_match",
        "body_keys",
        "fault",
        "cost",
    )
    return {"items": list(LogEntry.objects.order_by("pk").values(*fields))}


def clear_log(data: Json) -> Json:
    LogEntry.objects.all().delete()
    return {}


def list_channels(data: Json) -> Json:
    """The open channels (their tokens are secrets between Google and the client, and tests play Google)."""
    rows = Channel.objects.select_related("account", "calendar").order_by("pk")
    return {
        "items": [
            {
                "id": channel.channel_id,
                "account": channel.account.email,
                "calendar": channel.calendar.google_id if channel.calendar else None,
                "resource_id": channel.resource_id,
                "address": channel.address,
                "token": channel.token,
                "expiration": channel.expires_at,
                "messages": channel.message_number,
            }
            for channel in rows
        ]
    }


def send_notice(data: Json) -> Json:
    """Send `count` notices on `channel`, with `state` and `headers` of choice (replays, forgeries)."""
    channel = Channel.objects.select_related("account").filter(channel_id=data["channel"]).first()
    if channel is None:
        raise wire.not_found()
    for _ in range(int(data.get("count", 1))):
        channels.send_again(channel, state=data.get("state", "exists"), headers=data.get("headers"))
    channels.wait_until_sent()
    return {}
