"""The host's appointment types and the bookings of them."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from scheduling import booking_queries, queries, services
from scheduling.hours_forms import PageForm
from scheduling.htmx import SignedInRequest
from scheduling.models import AppointmentType, Booking
from scheduling.presentation.booking import Reader, status_words
from scheduling.presentation_names import display_name
from scheduling.services import BookingOver
from scheduling.type_form import TypeForm

MOST_SHOWN = 200


@require_http_methods(["GET", "POST"])
def index(request: SignedInRequest) -> HttpResponse:
    """The list; POST switches the public page on or off and gives it its address."""
    profile = queries.profile_of(request.user)
    form = PageForm(request.POST if request.method == "POST" else None, profile=profile)
    if form.is_valid():
        services.update_profile(profile=profile, **form.values())
        messages.success(
            request, _("Your page is on.") if form.values()["public_page"] else _("Your page is off.")
        )
        return redirect("types")
    context = {
        "types": [(found, _address(found)) for found in booking_queries.types_of(request.user)],
        "memberships": [
            (member, display_name(member.type.user))
            for member in booking_queries.memberships_of(request.user)
        ],
        "page_form": form,
        "site": settings.SITE_URL,
    }
    return render(request, "scheduling/types.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    return _edit(request, AppointmentType(user=request.user))  # type: ignore[misc]


@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, type_id: UUID) -> HttpResponse:
    return _edit(request, _type_or_404(request, type_id))


@require_POST
def delete(request: SignedInRequest, type_id: UUID) -> HttpResponse:
    found = _type_or_404(request, type_id)
    services.delete_type(appointment_type=found)
    messages.success(request, _("“%(type)s” is deleted. Its bookings stay.") % {"type": found.name})
    return redirect("types")


@require_POST
def renew(request: SignedInRequest, type_id: UUID) -> HttpResponse:
    services.renew_secret(appointment_type=_type_or_404(request, type_id))
    messages.success(request, _("The secret link is new; the old one leads nowhere now."))
    return redirect("type", type_id=type_id)


@require_GET
def bookings(request: SignedInRequest) -> HttpResponse:
    """Those to come, or with `past` those before, the latest first."""
    profile, now = queries.profile_of(request.user), timezone.now()
    reader = _reader(request)
    is_past = "past" in request.GET
    found = (
        booking_queries.bookings_of(request.user).filter(end__lte=now).order_by("-start")
        if is_past
        else booking_queries.bookings_of(request.user, now)
    )
    rows = [
        {
            "booking": booking,
            "words": reader.words(booking.start, booking.end),
            "state": status_words(booking, now),
            "is_pending": booking.status == Booking.Status.PENDING,
            "event": booking.event,
        }
        for booking in found[:MOST_SHOWN]
    ]
    context = {"rows": rows, "is_past": is_past, "zone": profile.timezone}
    return render(request, "scheduling/bookings.html", context)


@require_http_methods(["GET", "POST"])
def booking(request: SignedInRequest, booking_id: UUID) -> HttpResponse:
    """One booking; POST with `do` approves, declines, cancels it, or notes that the guest did not come."""
    found = get_object_or_404(booking_queries.bookings_of(request.user), pk=booking_id)
    if request.method == "POST":
        return _act(request, found)
    reader, now = _reader(request), timezone.now()
    questions = {question["key"]: question["label"] for question in found.type.questions}
    context = {
        "booking": found,
        "words": reader.words(found.start, found.end),
        "proposed": reader.words(found.proposed_start, found.proposed_end)
        if found.proposed_start and found.proposed_end
        else None,
        "state": status_words(found, now),
        "answers": [(questions.get(key, key), said) for key, said in found.answers.items()],
        "has_begun": found.start <= now,
        "zone": reader.place.key,
    }
    return render(request, "scheduling/booking.html", context)


def _act(request: SignedInRequest, found: Booking) -> HttpResponse:
    reason = request.POST.get("reason", "").strip()[:500]
    try:
        match request.POST.get("do"):
            case "approve":
                services.approve_booking(booking=found)
                words = _("Confirmed; the guest gets a mail.")
            case "decline":
                services.decline_booking(booking=found, reason=reason)
                words = _("Declined; the guest gets a mail.")
            case "cancel":
                services.cancel_booking(booking=found, by=Booking.By.HOST, reason=reason)
                words = _("Cancelled; the guest gets a mail.")
            case "no-show":
                services.mark_no_show(booking=found, is_no_show=not found.is_no_show)
                words = _("Noted.")
            case _:
                return redirect("booking", booking_id=found.pk)
        messages.success(request, words)
    except BookingOver as error:
        messages.error(request, str(error))
    return redirect("booking", booking_id=found.pk)


def _edit(request: SignedInRequest, found: AppointmentType) -> HttpResponse:
    is_new = found._state.adding
    form = TypeForm(request.POST or None, instance=found, calendars=queries.calendars_of(request.user))
    if request.method == "POST" and form.is_valid():
        try:
            if is_new:
                services.create_type(user=request.user, **form.values())
            else:
                services.update_type(appointment_type=found, **form.values())
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("types")
    address = "" if is_new else _address(found)
    context = {
        "form": form,
        "type": found,
        "is_new": is_new,
        "address": address,
        "snippet": _snippet(found, address) if queries.profile_of(request.user).embed_origins else "",
    }
    return render(request, "scheduling/type_form.html", context, status=422 if form.errors else 200)


def _type_or_404(request: SignedInRequest, type_id: UUID) -> AppointmentType:
    return get_object_or_404(booking_queries.types_of(request.user), pk=type_id)


def _address(found: AppointmentType) -> str:
    """Where guests book it; empty while its owner's page has no address."""
    handle = found.user.profile.handle
    return settings.SITE_URL + reverse("book", args=[handle, found.public_name]) if handle else ""


def _snippet(found: AppointmentType, address: str) -> str:
    """What a host pastes into a page of theirs: a frame, no script."""
    title = f"{found.name}, {display_name(found.user)}"
    return f'<iframe src="{address}?embed=1" title="{escape(title)}" width="100%" height="760" loading="lazy"></iframe>'


def _reader(request: SignedInRequest) -> Reader:
    return Reader.of(queries.profile_of(request.user), timezone.now())
