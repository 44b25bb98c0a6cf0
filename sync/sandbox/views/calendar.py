"""Calendar API v3."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.http import parse_etags

from sync.sandbox import channels, clock, directory, listing, store, wire
from sync.sandbox.models import Account, Event, ListEntry
from sync.sandbox.views.access import api, check_owned, page_size, read_json
from sync.sandbox.wire import GoogleError, invalid

EVENT_WRITE = ("calendar", "calendar.app.created", "calendar.events", "calendar.events.owned")
EVENT_READ = (
    *EVENT_WRITE,
    "calendar.readonly",
    "calendar.events.readonly",
    "calendar.events.owned.readonly",
    "calendar.events.freebusy",
    "calendar.events.public.readonly",
)
LIST_READ = ("calendar", "calendar.readonly", "calendar.calendarlist", "calendar.calendarlist.readonly")
CALENDAR_READ = (
    "calendar",
    "calendar.readonly",
    "calendar.app.created",
    "calendar.calendars",
    "calendar.calendars.readonly",
)
COLORS_READ = tuple(
    dict.fromkeys((*(scope for scope in EVENT_READ if scope != "calendar.events"), *LIST_READ))
)  # as the discovery document has it
SETTINGS_READ = ("calendar", "calendar.readonly", "calendar.settings", "calendar.settings.readonly")


def by_method(**views: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """One address, one view for each HTTP method; 404 for others, as Google answers."""

    def dispatch(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        view = views.get((request.method or "").lower())
        if view is None:
            return JsonResponse(GoogleError(404, "notFound", "Not Found").body, status=404)
        return view(request, *args, **kwargs)

    # The parts are exempt from CSRF and sign-in one by one; the middlewares ask the whole.
    dispatch.csrf_exempt = True  # type: ignore[attr-defined]
    dispatch.login_required = False  # type: ignore[attr-defined]
    return dispatch


def link_base() -> str:
    return getattr(settings, "SITE_URL", "") + reverse("google_sandbox:event_link")


def _entry(request: HttpRequest, account: Account, calendar_id: str) -> ListEntry:
    return check_owned(request, directory.entry_for(account, calendar_id))


def _options(request: HttpRequest) -> dict[str, bool]:
    return {
        "conference": request.GET.get("conferenceDataVersion") == "1",
        "attachments": request.GET.get("supportsAttachments") == "true",
    }


def _event_answer(request: HttpRequest, entry: ListEntry, event: Event) -> JsonResponse:
    zone = listing.zone_of(request.GET, entry)
    resource = wire.event_resource(event, entry, zone=zone, link_base=link_base(), minimal_tombstones=False)
    return JsonResponse(resource, headers={"ETag": event.etag})


def _is_unchanged(request: HttpRequest, etag: str) -> bool:
    return etag in parse_etags(request.headers.get("If-None-Match", ""))


# --- Events --------------------------------------------------------------------------------------
@api(*EVENT_READ)
def events_list(request: HttpRequest, account: Account, calendar_id: str) -> HttpResponse:
    entry = _entry(request, account, calendar_id)
    answer = listing.list_events(entry, request.GET, link_base=link_base(), page_size=page_size(request))
    if _is_unchanged(request, answer["etag"]):
        return HttpResponse(status=304, headers={"ETag": answer["etag"]})
    return JsonResponse(answer, headers={"ETag": answer["etag"]})


@api(*EVENT_WRITE)
def events_insert(request: HttpRequest, account: Account, calendar_id: str) -> HttpResponse:
    entry = _entry(request, account, calendar_id)
    body = {key: value for key, value in read_json(request).items() if key != "organizer"}
    return _event_answer(request, entry, store.insert(entry, body, **_options(request)))


@api(*EVENT_WRITE)
def events_import(request: HttpRequest, account: Account, calendar_id: str) -> HttpResponse:
    entry = _entry(request, account, calendar_id)
    return _event_answer(request, entry, store.import_event(entry, read_json(request)))


@api(*EVENT_WRITE)
def events_quick_add(request: HttpRequest, account: Account, calendar_id: str) -> HttpResponse:
    """The text becomes the title of an event in the next full hour; Google's grammar is not imitated."""
    entry = _entry(request, account, calendar_id)
    if not request.GET.get("text"):
        raise invalid("Missing text.", "required", "text")
    hour = clock.now().replace(minute=0, second=0, microsecond=0).timestamp() + 3600
    times = [datetime.fromtimestamp(hour + 3600 * n, UTC).isoformat() for n in (0, 1)]
    body = {
        "summary": request.GET["text"],
        "start": {"dateTime": times[0], "timeZone": entry.calendar.time_zone},
        "end": {"dateTime": times[1], "timeZone": entry.calendar.time_zone},
    }
    return _event_answer(request, entry, store.insert(entry, body))


@api(*EVENT_READ)
def events_get(request: HttpRequest, account: Account, calendar_id: str, event_id: str) -> HttpResponse:
    entry = _entry(request, account, calendar_id)
    event = store.find(entry, event_id)
    if _is_unchanged(request, event.etag):
        return HttpResponse(status=304, headers={"ETag": event.etag})
    return _event_answer(request, entry, event)


@api(*EVENT_WRITE)
def events_update(request: HttpRequest, account: Account, calendar_id: str, event_id: str) -> HttpResponse:
    return _change(request, account, calendar_id, event_id, replace=True)


@api(*EVENT_WRITE)
def events_patch(request: HttpRequest, account: Account, calendar_id: str, event_id: str) -> HttpResponse:
    return _change(request, account, calendar_id, event_id, replace=False)


def _change(
    request: HttpRequest, account: Account, calendar_id: str, event_id: str, *, replace: bool
) -> HttpResponse:
    entry = _entry(request, account, calendar_id)
    event = store.update(
        entry,
        event_id,
        read_json(request),
        replace=replace,
        if_match=request.headers.get("If-Match", ""),
        **_options(request),
    )
    return _event_answer(request, entry, event)


@api(*EVENT_WRITE)
def events_delete(request: HttpRequest, account: Account, calendar_id: str, event_id: str) -> HttpResponse:
    entry = _entry(request, account, calendar_id)
    store.delete(entry, event_id, if_match=request.headers.get("If-Match", ""))
    return HttpResponse(status=204)


@api("calendar", "calendar.events", "calendar.events.owned")
def events_move(request: HttpRequest, account: Account, calendar_id: str, event_id: str) -> HttpResponse:
    entry = _entry(request, account, calendar_id)
    if not request.GET.get("destination"):
        raise invalid("Missing destination.", "required", "destination")
    destination = _entry(request, account, request.GET["destination"])
    return _event_answer(request, destination, store.move(entry, event_id, destination))


@api(*EVENT_READ)
def events_instances(request: HttpRequest, account: Account, calendar_id: str, event_id: str) -> HttpResponse:
    entry = _entry(request, account, calendar_id)
    return JsonResponse(listing.list_instances(entry, event_id, request.GET, link_base=link_base()))


@api(*EVENT_READ)
def events_watch(request: HttpRequest, account: Account, calendar_id: str) -> HttpResponse:
    entry = _entry(request, account, calendar_id)
    address = reverse("google_sandbox:events", args=[entry.calendar.google_id])
    uri = f"{request.build_absolute_uri(address)}?alt=json"
    return JsonResponse(channels.watch(account, entry.calendar, read_json(request), uri))


# --- The calendar list, calendars and the rest ---------------------------------------------------
@api(*LIST_READ)
def calendar_list_list(request: HttpRequest, account: Account) -> HttpResponse:
    answer = listing.list_calendars(account, request.GET, page_size=page_size(request))
    if _is_unchanged(request, answer["etag"]):
        return HttpResponse(status=304, headers={"ETag": answer["etag"]})
    return JsonResponse(answer, headers={"ETag": answer["etag"]})


@api(*LIST_READ, "calendar.app.created")
def calendar_list_get(request: HttpRequest, account: Account, calendar_id: str) -> HttpResponse:
    return JsonResponse(wire.entry_resource(directory.entry_for(account, calendar_id)))


@api(*LIST_READ)
def calendar_list_watch(request: HttpRequest, account: Account) -> HttpResponse:
    uri = f"{request.build_absolute_uri(reverse('google_sandbox:calendar_list'))}?alt=json"
    return JsonResponse(channels.watch(account, None, read_json(request), uri))


@api(*CALENDAR_READ)
def calendars_get(request: HttpRequest, account: Account, calendar_id: str) -> HttpResponse:
    return JsonResponse(wire.calendar_resource(directory.entry_for(account, calendar_id).calendar))


@api(*dict.fromkeys((*EVENT_READ, *LIST_READ, *SETTINGS_READ)))
def channels_stop(request: HttpRequest, account: Account) -> HttpResponse:
    channels.stop(account, read_json(request))
    return HttpResponse(status=204)


@api(*COLORS_READ)
def colors_get(request: HttpRequest, account: Account) -> HttpResponse:
    return JsonResponse(wire.colors_resource())


@api(*SETTINGS_READ)
def settings_list(request: HttpRequest, account: Account) -> HttpResponse:
    items = [_setting(account, name) for name in _SETTINGS]
    return JsonResponse({"kind": "calendar#settings", "etag": '"settings"', "items": items})


@api(*SETTINGS_READ)
def settings_get(request: HttpRequest, account: Account, name: str) -> HttpResponse:
    if name not in _SETTINGS:
        raise wire.not_found()
    return JsonResponse(_setting(account, name))


_SETTINGS = {"timezone": "", "locale": "en_GB", "weekStart": "1", "format24HourTime": "true"}


def _setting(account: Account, name: str) -> wire.Json:
    value = account.time_zone if name == "timezone" else _SETTINGS[name]
    return {"kind": "calendar#setting", "etag": f'"{name}"', "id": name, "value": value}


# What the addresses lead to, each with its HTTP methods.
events = by_method(get=events_list, post=events_insert)
event = by_method(get=events_get, put=events_update, patch=events_patch, delete=events_delete)
imports, quick_add = by_method(post=events_import), by_method(post=events_quick_add)
move, instances = by_method(post=events_move), by_method(get=events_instances)
watch, list_watch, stop = (
    by_method(post=events_watch),
    by_method(post=calendar_list_watch),
    by_method(post=channels_stop),
)
calendar_list, calendar_list_entry = by_method(get=calendar_list_list), by_method(get=calendar_list_get)
calendars, colors = by_method(get=calendars_get), by_method(get=colors_get)
settings_all, settings_one = by_method(get=settings_list), by_method(get=settings_get)
