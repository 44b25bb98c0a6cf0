""" "Google's side": the page where a person sees and edits the sandbox calendars and sets faults."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sync.sandbox import clock, directory, oauth, recurrence, seed, store, wire
from sync.sandbox.forms import SCOPES, EventForm, initial_for_new, initial_of
from sync.sandbox.models import Account, Event, Fault, ListEntry, LogEntry
from sync.sandbox.views.access import only_in_trials
from sync.sandbox.wire import GoogleError

DAYS_SHOWN = 35
CALLS_SHOWN = 25
SWITCHES = {
    "offline": {"status": 503, "body": {"error": {"code": 503, "message": "The sandbox is switched off."}}},
    "slow": {"delay": 3},
}
NOTES = {
    "created": "Event created.",
    "changed": "Event changed.",
    "deleted": "Event deleted.",
    "offline-on": "Google is offline: every call answers 503.",
    "offline-off": "Google is reachable again.",
    "slow-on": "Every call now takes 3 seconds.",
    "slow-off": "Google answers at once again.",
    "revoked": "Access revoked: every token of this account is dead.",
    "expired": "Sync tokens expired: the next list call answers 410.",
    "account": "Account created.",
}


@dataclass(frozen=True)
class Line:
    """One event of the list, ready to be shown."""

    event: Event
    when: str
    day: str
    is_today: bool
    kind: str


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    accounts = list(Account.objects.order_by("pk"))
    account = next(
        (a for a in accounts if a.email == request.GET.get("account")), accounts[0] if accounts else None
    )
    entries = list(account.entries.filter(is_deleted=False).select_related("calendar")) if account else []
    entry = next((e for e in entries if e.calendar.google_id == request.GET.get("calendar")), None)
    entry = entry or (entries[0] if entries else None)
    context: dict[str, Any] = {
        "accounts": accounts,
        "offered": [(e, n) for e, n in seed.DEFAULT_ACCOUNTS.items() if e not in {a.email for a in accounts}],
        "account": account,
        "entries": entries,
        "entry": entry,
        "lines": _lines(entry) if entry else [],
        "note": NOTES.get(request.GET.get("done", ""), ""),
        "is_offline": Fault.objects.filter(label="offline").exists(),
        "is_slow": Fault.objects.filter(label="slow").exists(),
        "other_faults": Fault.objects.exclude(label__in=SWITCHES).count(),
        "calls": LogEntry.objects.order_by("-pk")[:CALLS_SHOWN],
    }
    return render(request, "google_sandbox/home.html", context)


@require_POST
def create_account(request: HttpRequest) -> HttpResponse:
    email = request.POST.get("email", "").strip().lower()
    if "@" not in email:
        raise Http404
    seed.seed_account(email, seed.DEFAULT_ACCOUNTS.get(email, ""))
    return redirect(_home(email, done="account"))


@require_http_methods(["GET", "POST"])
def new_event(request: HttpRequest) -> HttpResponse:
    entry = _entry(request)
    form = EventForm(request.POST or None, initial=initial_for_new(entry, clock.now()))
    if request.method == "POST" and form.is_valid():
        try:
            store.insert(entry, {k: v for k, v in form.to_google().items() if v is not None})
            return redirect(_home(entry.account.email, entry, done="created"))
        except GoogleError as error:
            form.add_error(None, str(error))
    return _form_page(request, entry, form)


@require_http_methods(["GET", "POST"])
def edit_event(request: HttpRequest) -> HttpResponse:
    entry, event = _event(request)
    if event.is_cancelled or event.raw is not None:
        raise Http404
    form = EventForm(request.POST or None, initial=initial_of(event))
    if request.method == "POST" and form.is_valid():
        try:
            _change(entry, event, form, request.POST.get("scope", "this"))
            return redirect(_home(entry.account.email, entry, done="changed"))
        except GoogleError as error:
            form.add_error(None, str(error))
    return _form_page(request, entry, form, event)


@require_http_methods(["GET", "POST"])
def delete_event(request: HttpRequest) -> HttpResponse:
    entry, event = _event(request)
    context: dict[str, Any] = {"entry": entry, "event": event, "scopes": SCOPES if event.is_exception else ()}
    if request.method == "GET":
        return render(request, "google_sandbox/delete.html", context)
    scope = request.POST.get("scope", "this")
    try:
        if event.is_exception and scope == "all":
            store.delete(entry, event.recurring_event_id)
        elif event.is_exception and scope == "following":
            _end_before(entry, event)
        else:
            store.delete(entry, event.event_id)
    except GoogleError as error:
        return render(request, "google_sandbox/delete.html", context | {"error": str(error)}, status=422)
    return redirect(_home(entry.account.email, entry, done="deleted"))


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """The common faults: `offline` and `slow` go on and off; `revoke` and `expire` happen once."""
    account = get_object_or_404(Account, email=request.POST.get("account", ""))
    what = request.POST.get("what", "")
    if what in SWITCHES:
        removed, _ = Fault.objects.filter(label=what).delete()
        if not removed:
            Fault.objects.create(label=what, action=SWITCHES[what])
        return redirect(_home(account.email, done=f"{what}-{'off' if removed else 'on'}"))
    if what == "revoke":
        oauth.revoke_account(account)
        return redirect(_home(account.email, done="revoked"))
    if what == "expire":
        directory.expire_sync_tokens(
            [e.calendar for e in account.entries.select_related("calendar")], [account]
        )
        return redirect(_home(account.email, done="expired"))
    raise Http404


@require_GET
def event_link(request: HttpRequest) -> HttpResponse:
    """Where an event's `htmlLink` leads: to the event on this page, seen by an account that may edit it."""
    try:
        event_id, calendar_id = wire.read_event_link(request.GET.get("eid", ""))
    except ValueError as error:
        raise Http404 from error
    entries = ListEntry.objects.select_related("account", "calendar").filter(calendar__google_id=calendar_id)
    entry = max(entries, key=lambda candidate: candidate.can_write, default=None)
    if entry is None:
        raise Http404
    if not entry.can_write:
        return redirect(_home(entry.account.email, entry))
    return redirect(_address("google_sandbox:edit_event", entry, event=event_id))


def _guard(view: Any) -> Any:
    return only_in_trials(csrf_protect(view))


home, create_account, new_event = _guard(home), _guard(create_account), _guard(new_event)
edit_event, delete_event, switch, event_link = (
    _guard(v) for v in (edit_event, delete_event, switch, event_link)
)


def _change(entry: ListEntry, event: Event, form: EventForm, scope: str) -> None:
    if not event.is_exception:
        store.update(entry, event.event_id, form.to_google(), replace=False)
        return
    body = form.to_google(is_instance=True)
    if scope == "this":
        store.update(entry, event.event_id, body, replace=False)
        return
    if scope == "following":
        store.split_series(entry, event.recurring_event_id, event.original_start, body)
        return
    # Of the whole series only what was changed here travels, and a move in time is applied to its start.
    master = store.find(entry, event.recurring_event_id)
    changed = set(form.changed_data)
    changes: wire.Json = {
        name: body[name] for name in ("summary", "location", "description") if name in changed
    }
    if changed & {"is_all_day", "start_date", "start_time", "end_date", "end_time", "zone"}:
        changes |= _moved(master, event, body)
    store.update(entry, master.event_id, changes, replace=False)


def _moved(master: Event, instance: Event, body: wire.Json) -> wire.Json:
    """start and end of the master, moved as far as the instance was."""
    if ("date" in instance.body["start"]) != bool(body["start"]["date"]):
        raise GoogleError(400, "invalid", "Change between timed and all-day on a single event.")
    moved = {}
    for name in ("start", "end"):
        if body[name]["date"]:
            shift = datetime.fromisoformat(body[name]["date"]) - datetime.fromisoformat(
                instance.body[name]["date"]
            )
            day = datetime.fromisoformat(master.body[name]["date"]) + shift
            moved[name] = {"date": day.date().isoformat()}
            continue
        zone = ZoneInfo(instance.body[name]["timeZone"])
        old = datetime.fromisoformat(instance.body[name]["dateTime"]).astimezone(zone).replace(tzinfo=None)
        shift = datetime.fromisoformat(body[name]["dateTime"]) - old
        first = datetime.fromisoformat(master.body[name]["dateTime"]).astimezone(zone).replace(tzinfo=None)
        moved[name] = {"dateTime": (first + shift).isoformat(), "timeZone": body[name]["timeZone"]}
    return moved


def _end_before(entry: ListEntry, event: Event) -> None:
    master = store.find(entry, event.recurring_event_id)
    start, slot = master.body["start"], recurrence.parse_stamp(event.original_start)
    if slot == recurrence.slot_of(start):
        store.delete(entry, master.event_id)
        return
    lines = recurrence.trimmed(start, master.body["recurrence"], slot)
    store.update(entry, master.event_id, {"recurrence": lines}, replace=False)


def _entry(request: HttpRequest) -> ListEntry:
    account = get_object_or_404(Account, email=request.GET.get("account", ""))
    try:
        return directory.entry_for(account, request.GET.get("calendar", ""))
    except GoogleError as error:
        raise Http404 from error


def _event(request: HttpRequest) -> tuple[ListEntry, Event]:
    entry = _entry(request)
    try:
        return entry, store.find(entry, request.GET.get("event", ""))
    except GoogleError as error:
        raise Http404 from error


def _form_page(
    request: HttpRequest, entry: ListEntry, form: EventForm, event: Event | None = None
) -> HttpResponse:
    context = {
        "entry": entry,
        "form": form,
        "event": event,
        "scopes": SCOPES if event and event.is_exception else (),
        "scope": request.POST.get("scope", "this"),
    }
    if event and event.is_exception:
        form.fields.pop("recurrence", None)
    return render(request, "google_sandbox/event_form.html", context, status=422 if form.errors else 200)


def _home(email: str, entry: ListEntry | None = None, **parameters: str) -> str:
    query = {"account": email, **({"calendar": entry.calendar.google_id} if entry else {}), **parameters}
    return f"{reverse('google_sandbox:home')}?{urlencode(query)}"


def _address(name: str, entry: ListEntry, **parameters: str) -> str:
    query = {"account": entry.account.email, "calendar": entry.calendar.google_id, **parameters}
    return f"{reverse(name)}?{urlencode(query)}"


def _lines(entry: ListEntry) -> list[Line]:
    zone = ZoneInfo(entry.calendar.time_zone)
    midnight = clock.now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    found = store.agenda(entry, midnight, midnight + timedelta(days=DAYS_SHOWN))
    return [_line(event, zone, midnight) for event in found]


def _line(event: Event, zone: ZoneInfo, midnight: datetime) -> Line:
    start, end = event.body["start"], event.body["end"]
    if "date" in start:
        first = datetime.fromisoformat(start["date"])
        last = datetime.fromisoformat(end["date"]) - timedelta(days=1)
        when = "all day" if first == last else f"all day, until {last:%a %-d %b}"
    else:
        first = datetime.fromisoformat(start["dateTime"]).astimezone(zone)
        last = datetime.fromisoformat(end["dateTime"]).astimezone(zone)
        when = f"{first:%H:%M} to " + (f"{last:%H:%M}" if first.date() == last.date() else f"{last:%a %H:%M}")
        if start["timeZone"] != zone.key:
            when += f" ({start['timeZone']})"
    is_today = first.date() <= midnight.date()
    kinds = {(True, True): "changed instance", (True, False): "series", (False, False): "", (False, True): ""}
    kind = kinds[event.is_exception, event.pk is not None]
    return Line(event, when, "Today" if is_today else f"{first:%A %-d %B}", is_today, kind)
