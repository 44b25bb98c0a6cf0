"""What every page for guests shares: open to anybody, without cookies, and how the guest reads time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from scheduling import availability
from scheduling.core.event import is_zone
from scheduling.core.zones import window, zone, zone_names
from scheduling.models import AppointmentType, Booking, UserProfile
from scheduling.presentation import booking as shown

View = Callable[..., HttpResponse]


def for_guests(*methods: str) -> Callable[[View], View]:
    """No sign-in and no cookie: nothing here acts by the visitor's session, so there is nothing to forge.

    What a POST needs instead is a signed stamp of ours, or the secret in the address, which is never passed on.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response = view(request, *args, **kwargs)
            response["Referrer-Policy"] = "no-referrer"
            return response

        return csrf_exempt(
            login_not_required(never_cache(require_http_methods(["GET", "HEAD", *methods])(answer)))
        )

    return decorate


def is_embedded(asked: Mapping[str, str]) -> bool:
    return asked.get("embed") == "1"


def framed(response: HttpResponse, asked: Mapping[str, str], host: UserProfile) -> HttpResponse:
    """Of an embedded page: the sites that the host named, and nobody else, may show it in a frame."""
    if is_embedded(asked) and host.embed_origins:
        response._csp_replace = {"frame-ancestors": host.embed_origins}  # type: ignore[attr-defined]
        response.xframe_options_exempt = True  # type: ignore[attr-defined]
    return response


def reader_of(asked: Mapping[str, str], host: UserProfile, zone_name: str = "") -> shown.Reader:
    """From the address; what it does not say, or says wrongly, is as the host has it (or in `zone_name`)."""
    wanted = asked.get("tz", "")
    name = wanted if is_zone(wanted) else zone_name or host.timezone
    clock = asked.get("clock", "")
    twelve = (clock or host.clock) == UserProfile.Clock.HOURS_12
    kept = [("tz", name)] if is_zone(wanted) else []
    kept += [("clock", clock)] if clock in ("12", "24") else []
    kept += [("minutes", asked["minutes"])] if asked.get("minutes", "").isdecimal() else []
    kept += [("embed", "1")] if is_embedded(asked) else []
    return shown.Reader(zone(name), twelve, timezone.now(), tuple(kept))


def zone_choices(reader: shown.Reader) -> Sequence[str]:
    names = zone_names()
    return names if reader.place.key in names else (reader.place.key, *names)


def picker_of(
    appointment_type: AppointmentType,
    asked: Mapping[str, str],
    reader: shown.Reader,
    *,
    duration: int | None = None,
    hosts: Sequence[User] | None = None,
    moving: Booking | None = None,
) -> shown.Picker:
    """Five weeks of free time; a week and a day that the address names wrongly are those of the first free time."""
    profile = appointment_type.user.profile
    day = read_day(asked.get("day", ""))
    first = shown.first_shown(reader, read_day(asked.get("from", "")) or day, profile.first_day_of_week)
    span = window(first, first + timedelta(days=shown.DAYS_SHOWN), reader.place)
    slots = availability.slots_of(
        appointment_type,
        start=max(span.start, reader.now),
        end=span.end,
        now=reader.now,
        duration=duration,
        hosts=hosts,
        moving=moving,
    )
    return shown.picker(
        slots,
        reader,
        first=first,
        chosen=day,
        last_day=shown.last_bookable_day(appointment_type, reader),
        is_group=appointment_type.seats > 1,
    )


def read_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year <= 2199 else None


def read_start(text: str) -> datetime | None:
    """An instant as our links and forms write it."""
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment if 1970 <= moment.year <= 2199 else None


def duration_of(appointment_type: AppointmentType, asked: Mapping[str, str]) -> int:
    text = asked.get("minutes", "")
    wanted = int(text) if text.isdecimal() and len(text) < 5 else None
    return wanted if wanted in appointment_type.durations else appointment_type.duration
