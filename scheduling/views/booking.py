"""Public booking pages, of people who switched theirs on: what can be booked, when, and booking it.

Looking changes nothing. A guest needs neither an account nor a cookie nor JavaScript.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scheduling import availability, booking_queries, services
from scheduling.booking_forms import GuestForm
from scheduling.core.slots import Slot
from scheduling.core.zones import window
from scheduling.languages import language_of_request
from scheduling.models import AppointmentType, Booking, BookingLink, Hold
from scheduling.presentation import booking as shown
from scheduling.presentation_names import display_name
from scheduling.services import InvalidBooking, KeyReused, SlotTaken, TooMany
from scheduling.services.limits import HONEYPOT
from scheduling.views.guests import (
    duration_of,
    for_guests,
    framed,
    is_embedded,
    picker_of,
    read_start,
    reader_of,
    zone_choices,
)

PROOF_SALT = "scheduling.booking.proof"
STALE = gettext_lazy(
    "This form was open for long, or was filled in too quickly to tell you from a robot. Send it again."
)
MINUTE = timedelta(minutes=1)


@for_guests()
def profile(request: HttpRequest, handle: str) -> HttpResponse:
    """What a person offers, each with its next free time."""
    page = booking_queries.public_page(handle)
    if page is None:
        raise Http404
    reader = reader_of(request.GET, page)
    span = window(reader.today, reader.today + timedelta(days=shown.DAYS_SHOWN), reader.place)
    offered = []
    for found in booking_queries.public_types(page):
        free = availability.slots_of(found, start=reader.now, end=span.end, now=reader.now)
        offered.append((found, reader.short(free[0].start) if free else ""))
    context = {
        "host_name": display_name(page.user),
        "handle": handle,
        "offered": offered,
        "reader": reader,
        "embedded": is_embedded(request.GET),
    }
    return framed(render(request, "booking/profile.html", context), request.GET, page)


@for_guests("POST")
def appointment(request: HttpRequest, handle: str, name: str) -> HttpResponse:
    """The free times; with `start` the form for one of them; POST books it."""
    found = type_or_404(handle, name)
    if request.method == "POST":
        return framed(_book(request, found, handle), request.POST, found.user.profile)
    return framed(_look(request, found, handle), request.GET, found.user.profile)


def _look(request: HttpRequest, found: AppointmentType, handle: str) -> HttpResponse:
    start = read_start(request.GET.get("start", ""))
    if start is None:
        return _times(request, found, handle)
    reader, minutes = reader_of(request.GET, found.user.profile), duration_of(found, request.GET)
    free = availability.slots_of(found, start=start, end=start + MINUTE, now=reader.now, duration=minutes)
    return _form(request, found, handle, start, GuestForm(appointment_type=found), is_taken=not free)


@for_guests("POST")
def hold(request: HttpRequest, handle: str, name: str) -> HttpResponse:
    """Keep a time while its form is open; `extend` keeps it longer, `release` gives it back. Only scripts ask."""
    found = type_or_404(handle, name)
    if request.method != "POST":
        raise Http404
    if token := request.POST.get("release"):
        services.release_hold(token=token)
        return HttpResponse(status=204)
    if token := request.POST.get("extend"):
        longer = services.extend_hold(token=token)
        return _held(longer, token) if longer is not None else HttpResponse(status=204)
    start = read_start(request.POST.get("start", ""))
    if start is None or not _is_from_a_person(request.POST, found):
        return HttpResponse(status=204)
    try:
        address = services.client_address(request)
        services.count_hold(address=address)
        kept, token = services.hold_time(
            appointment_type=found, start=start, duration=duration_of(found, request.POST), holder=address
        )
    except (SlotTaken, InvalidBooking, TooMany):
        return HttpResponse(status=204)  # the form works without; sending it says what is wrong
    return _held(kept, token)


def _held(kept: Hold, token: str) -> JsonResponse:
    return JsonResponse({"token": token, "seconds": int((kept.expires_at - timezone.now()).total_seconds())})


def type_or_404(handle: str, name: str) -> AppointmentType:
    found = booking_queries.public_type(handle, name)
    if found is None:
        raise Http404
    return found


def confirmation_address(booking: Booking, *, embedded: bool = False) -> str:
    """Where a guest sees what they have just done; for an hour it also leads on to moving and cancelling."""
    proof = signing.TimestampSigner(salt=PROOF_SALT).sign(str(booking.pk))
    query = {"done": proof} | ({"embed": "1"} if embedded else {})
    return f"{services.link_path(booking, BookingLink.Action.VIEW)}?{urlencode(query)}"


def _times(request: HttpRequest, found: AppointmentType, handle: str) -> HttpResponse:
    reader, minutes = reader_of(request.GET, found.user.profile), duration_of(found, request.GET)
    picker = picker_of(found, request.GET, reader, duration=minutes)
    context = _about(found, handle, reader, minutes) | {
        "picker": picker,
        "zones": zone_choices(reader),
        "is_unknown": picker.is_empty and availability.is_unknown_for(found),
        "lengths": [(each, reader.link(minutes=str(each))) for each in found.durations],
        "asked": request.GET,
    }
    return render(request, "booking/times.html", context)


def _book(request: HttpRequest, found: AppointmentType, handle: str) -> HttpResponse:
    data, form = request.POST, GuestForm(request.POST, appointment_type=found)
    start = read_start(data.get("start", ""))
    if start is None:
        return HttpResponseRedirect(request.path)
    if not _is_from_a_person(data, found):
        return _form(request, found, handle, start, form, problem=str(STALE), status=422)
    try:
        services.count_booking_attempt(
            address=services.client_address(request), email=data.get("email", ""), page=found.pk
        )
        booking, _is_new = services.book(
            appointment_type=found,
            start=start,
            duration=duration_of(found, data),
            guest=services.Guest(
                data.get("name", ""),
                data.get("email", ""),
                reader_of(data, found.user.profile).place.key,
                data.get("notes", ""),
                form.answers(found),
                language=language_of_request(request),
            ),
            hold_token=data.get("hold", ""),
            request_key=data.get("key", "")[:64] or None,
        )
    except TooMany as error:
        response = _form(request, found, handle, start, form, problem=str(error), status=429)
        response["Retry-After"] = str(error.seconds)
        return response
    except KeyReused:
        words = _(
            "This form has been sent already; the confirmation is in your mail. Send it again to book once more."
        )
        return _form(request, found, handle, start, form, problem=words, status=409, is_new=True)
    except SlotTaken as error:
        return _form(request, found, handle, start, form, is_taken=True, others=error.alternatives)
    except InvalidBooking as error:
        if "start" in error.fields:
            return _form(request, found, handle, start, form, is_taken=True)
        form.refuse(error.fields)
        return _form(request, found, handle, start, form, status=422)
    address = confirmation_address(booking, embedded=is_embedded(data))
    return HttpResponseRedirect(address, status=303)


def _is_from_a_person(data: Mapping[str, str], found: AppointmentType) -> bool:
    return services.is_from_a_person(
        stamp=data.get("stamp", ""), page=found.pk, honeypot=data.get(HONEYPOT, "")
    )


def _form(
    request: HttpRequest,
    found: AppointmentType,
    handle: str,
    start: datetime,
    form: GuestForm,
    *,
    is_taken: bool = False,
    others: Sequence[Slot] = (),
    problem: str = "",
    status: int = 200,
    is_new: bool = False,
) -> HttpResponse:
    """The form for that time, with what was typed; when it is taken, with the nearest other times instead."""
    asked = request.POST if request.method == "POST" else request.GET
    reader, minutes = reader_of(asked, found.user.profile), duration_of(found, asked)
    end = start + timedelta(minutes=minutes)
    day, times = reader.words(start, end)
    if is_taken and not others:
        others = services.alternatives(found, start, minutes)
    # A stamp that was good stays good: whoever corrects a field need not wait again.
    stamp = asked["stamp"] if form.is_bound and problem != STALE else services.form_stamp(found.pk)
    context = _about(found, handle, reader, minutes) | {
        "form": form,
        "start": shown.start_value(start),
        "day": day,
        "times": times,
        "short": reader.short(start),
        "stamp": stamp,
        "key": (asked.get("key", "")[:64] if not is_new else "") or str(uuid4()),
        "hold": asked.get("hold", ""),
        "honeypot": HONEYPOT,
        "problem": problem,
        "is_taken": is_taken,
        "alternatives": shown.times(others, reader),
        "back": reader.link(day=reader.day_of(start).isoformat()),
    }
    return render(request, "booking/form.html", context, status=409 if is_taken else status)


def _about(found: AppointmentType, handle: str, reader: shown.Reader, minutes: int) -> dict[str, Any]:
    """What every page of a type shows of it; nothing of what its host does."""
    return {
        "type": found,
        "host_name": display_name(found.user),
        "handle": handle,
        "minutes": minutes,
        "reader": reader,
        "embedded": ("embed", "1") in reader.kept,
    }
