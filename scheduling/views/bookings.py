"""A guest's own booking, for whoever holds one of its links. Looking changes nothing; only the buttons do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from scheduling import availability, services
from scheduling.invitations import CANCEL, REQUEST, add_to_calendar_links, invitation
from scheduling.models import Booking, BookingLink
from scheduling.presentation import booking as shown
from scheduling.presentation_names import display_name
from scheduling.services import BookingOver, InvalidBooking, SlotTaken
from scheduling.views.booking import PROOF_SALT, confirmation_address
from scheduling.views.guests import (
    for_guests,
    framed,
    is_embedded,
    picker_of,
    read_start,
    reader_of,
    zone_choices,
)

Action = BookingLink.Action
PROOF_LASTS = timedelta(hours=1)
BookingView = Callable[[HttpRequest, Booking], HttpResponse]


def with_link(action: str, *methods: str) -> Callable[[BookingView], Callable[..., HttpResponse]]:
    """The view gets the booking that the token in the address opens; 404 without, 410 when its time is over."""

    def decorate(view: BookingView) -> Callable[..., HttpResponse]:
        @wraps(view)
        def answer(request: HttpRequest, token: str) -> HttpResponse:
            try:
                booking = services.open_link(token, action)
                if booking is None:
                    raise Http404
                response = view(request, booking)
            except BookingOver as error:
                response = render(request, "booking/over.html", {"words": str(error)}, status=410)
            response["X-Robots-Tag"] = "noindex"
            return response

        return for_guests(*methods)(answer)

    return decorate


@with_link(Action.VIEW)
def show(request: HttpRequest, booking: Booking) -> HttpResponse:
    is_new = _is_proof(request.GET.get("done", ""), booking)
    context = _about(request, booking) | {
        "is_new": is_new,
        "calendars": add_to_calendar_links(booking) if booking.is_active else {},
    }
    if is_new and booking.is_active and booking.start > context["reader"].now:
        context |= {
            "cancel": services.link_path(booking, Action.CANCEL),
            "reschedule": services.link_path(booking, Action.RESCHEDULE),
        }
    context["embedded"] = is_embedded(request.GET)
    owner = booking.type.user.profile
    return framed(render(request, "booking/show.html", context), request.GET, owner)


@with_link(Action.VIEW)
def file(request: HttpRequest, booking: Booking) -> HttpResponse:
    """The booking as a calendar file."""
    method = REQUEST if booking.is_active else CANCEL
    now = reader_of({}, booking.host.profile).now
    response = HttpResponse(invitation(booking, method, now), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response


@with_link(Action.CANCEL, "POST")
def cancel(request: HttpRequest, booking: Booking) -> HttpResponse:
    if request.method == "POST":
        services.cancel_booking(
            booking=booking, by=Booking.By.GUEST, reason=request.POST.get("reason", "").strip()[:500]
        )
        return HttpResponseRedirect(request.path, status=303)
    return render(request, "booking/cancel.html", _about(request, booking))


@with_link(Action.RESCHEDULE, "POST")
def reschedule(request: HttpRequest, booking: Booking) -> HttpResponse:
    """The times of the same hosts; with `start` the question; POST moves it."""
    if not booking.is_active:
        return render(request, "booking/cancel.html", _about(request, booking))
    asked = request.POST if request.method == "POST" else request.GET
    start = read_start(asked.get("start", ""))
    taken: SlotTaken | None = None
    if request.method == "POST" and start is not None:
        try:
            moved = services.reschedule_booking(booking=booking, start=start, by=Booking.By.GUEST)
            return HttpResponseRedirect(confirmation_address(moved), status=303)
        except SlotTaken as error:
            taken = error
        except InvalidBooking:
            taken = SlotTaken()
    context = _about(request, booking)
    reader: shown.Reader = context["reader"]
    if start is not None and taken is None and request.method != "POST":
        new = reader.words(start, start + (booking.end - booking.start))
        context |= {"start": shown.start_value(start), "new": new}
        return render(request, "booking/move_confirm.html", context)
    hosts = [p.user for p in booking.participations.select_related("user__profile")]
    picker = picker_of(booking.type, asked, reader, duration=booking.minutes, hosts=hosts, moving=booking)
    context |= {
        "picker": picker,
        "zones": zone_choices(reader),
        "is_unknown": picker.is_empty and availability.is_unknown_for(booking.type),
        "is_taken": taken is not None,
        "taken": reader.short(start) if taken is not None and start is not None else "",
        "asked": asked,
    }
    return render(request, "booking/move.html", context, status=409 if taken is not None else 200)


@with_link(Action.ANSWER, "POST")
def answer(request: HttpRequest, booking: Booking) -> HttpResponse:
    """The host moved it: accept, decline, or pick another time."""
    status, problem = 200, ""
    if request.method == "POST" and request.POST.get("answer") in ("accept", "decline"):
        try:
            services.answer_move(booking=booking, accepts=request.POST["answer"] == "accept")
            return HttpResponseRedirect(request.path, status=303)
        except SlotTaken:
            status, problem = (
                409,
                _("The new time has just gone to somebody else. Your old time is still yours."),
            )
    context = _about(request, booking) | {
        "problem": problem,
        "reschedule": services.link_path(booking, Action.RESCHEDULE),
    }
    if booking.proposed_start is not None and booking.proposed_end is not None:
        context["proposed"] = context["reader"].words(booking.proposed_start, booking.proposed_end)
    return render(request, "booking/answer.html", context, status=status)


def _is_proof(text: str, booking: Booking) -> bool:
    try:
        signed = signing.TimestampSigner(salt=PROOF_SALT).unsign(text, max_age=PROOF_LASTS)
    except signing.BadSignature:
        return False
    return signed == str(booking.pk)


def _about(request: HttpRequest, booking: Booking) -> dict[str, Any]:
    asked = request.POST if request.method == "POST" else request.GET
    reader = reader_of(asked, booking.host.profile, booking.guest_zone)
    questions = {question["key"]: question["label"] for question in booking.type.questions}
    return {
        "booking": booking,
        "type": booking.type,
        "host_name": display_name(booking.host),
        "reader": reader,
        "words": reader.words(booking.start, booking.end),
        "short": reader.short(booking.start),
        "minutes": booking.minutes,
        "state": shown.status_words(booking, reader.now),
        "answers": [(questions.get(key, key), said) for key, said in booking.answers.items()],
    }
