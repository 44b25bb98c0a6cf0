"""Who is told what by mail, in which words. Queued in the transaction of the change; the worker sends."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy, override, pgettext, pgettext_lazy

from scheduling.core.wording import span_words
from scheduling.invitations import CANCEL, REQUEST, add_to_calendar_links, invitation, summary
from scheduling.languages import language_of
from scheduling.models import Booking, BookingLink, OutgoingMail, Webhook
from scheduling.presentation_names import display_name
from scheduling.services.booking.links import link_address
from scheduling.services.mail import compose_mail, queue_mail
from scheduling.services.webhooks import tell_of_booking
from scheduling.unsubscribe import NOTIFICATIONS

Action = BookingLink.Action
Times = tuple[datetime, datetime]


def booked(booking: Booking) -> None:
    tell_of_booking(booking=booking, kind=Webhook.Kind.BOOKING_CREATED)
    if booking.status == Booking.Status.PENDING:
        _tell_guest(
            booking,
            "requested",
            pgettext_lazy("booking mail", "Request received"),
            gettext_lazy("%(host)s has to say yes; you get another mail."),
            REQUEST,
        )
        _tell_hosts(
            booking,
            "requested",
            pgettext_lazy("booking mail", "Request"),
            gettext_lazy("%(guest)s asks for this time and waits for your answer."),
        )
    else:
        _tell_guest(
            booking,
            "booked",
            pgettext_lazy("booking mail", "Booked"),
            gettext_lazy("Your appointment is booked."),
            REQUEST,
        )
        _tell_hosts(
            booking,
            "booked",
            pgettext_lazy("booking mail", "New booking"),
            gettext_lazy("%(guest)s has booked this time."),
        )


def approved(booking: Booking) -> None:
    tell_of_booking(booking=booking, kind=Webhook.Kind.BOOKING_CHANGED)
    _tell_guest(
        booking,
        "approved",
        pgettext_lazy("booking mail", "Confirmed"),
        gettext_lazy("%(host)s has confirmed your appointment."),
        REQUEST,
    )


def declined(booking: Booking, due_at: datetime | None = None) -> None:
    tell_of_booking(booking=booking, kind=Webhook.Kind.BOOKING_CHANGED)
    words = (
        gettext_lazy("%(host)s cannot take this appointment.")
        if booking.ended_by
        else gettext_lazy("Nobody answered in time.")
    )
    _tell_guest(booking, "ended", pgettext_lazy("booking mail", "Declined"), words, CANCEL, due_at=due_at)


def cancelled(booking: Booking, due_at: datetime | None = None) -> None:
    tell_of_booking(booking=booking, kind=Webhook.Kind.BOOKING_CANCELLED)
    by_guest = booking.ended_by == Booking.By.GUEST
    words = (
        gettext_lazy("You cancelled this appointment.")
        if by_guest
        else gettext_lazy("%(host)s has to cancel this appointment.")
    )
    _tell_guest(booking, "ended", pgettext_lazy("booking mail", "Cancelled"), words, CANCEL, due_at=due_at)
    if by_guest:
        _tell_hosts(
            booking,
            "ended",
            pgettext_lazy("booking mail", "Cancelled"),
            gettext_lazy("%(guest)s has cancelled."),
        )


def restored(booking: Booking) -> None:
    """What ended it was undone before the guest was told; programs were told at once."""
    tell_of_booking(booking=booking, kind=Webhook.Kind.BOOKING_CHANGED)


def rescheduled(booking: Booking, by: str, before: Times) -> None:
    tell_of_booking(booking=booking, kind=Webhook.Kind.BOOKING_CHANGED)
    pending = booking.status == Booking.Status.PENDING
    words = (
        gettext_lazy("%(host)s has to say yes to the new time; you get another mail.")
        if pending
        else gettext_lazy("It has a new time.")
    )
    _tell_guest(booking, "moved", pgettext_lazy("booking mail", "New time"), words, REQUEST, before=before)
    if by == Booking.By.GUEST:
        ask = (
            gettext_lazy("%(guest)s asks for another time and waits for your answer.")
            if pending
            else gettext_lazy("%(guest)s has moved it.")
        )
        _tell_hosts(booking, "moved", pgettext_lazy("booking mail", "New time"), ask, before=before)


def accepted(booking: Booking, before: Times) -> None:
    tell_of_booking(booking=booking, kind=Webhook.Kind.BOOKING_CHANGED)
    _tell_guest(
        booking,
        "moved",
        pgettext_lazy("booking mail", "New time"),
        gettext_lazy("You accepted the new time."),
        REQUEST,
        before=before,
    )
    _tell_hosts(
        booking,
        "accepted",
        pgettext_lazy("booking mail", "Accepted"),
        gettext_lazy("%(guest)s accepts the new time."),
        before=before,
    )


def moved(booking: Booking, due_at: datetime) -> None:
    _tell_guest(
        booking,
        "proposed",
        pgettext_lazy("booking mail", "Another time?"),
        gettext_lazy(
            "%(host)s would like to move this appointment. Until you answer, the old time stays reserved for you."
        ),
        None,
        before=(booking.start, booking.end),
        due_at=due_at,
    )


def moved_back(booking: Booking, due_at: datetime) -> None:
    _tell_guest(
        booking,
        "back",
        pgettext_lazy("booking mail", "As it was"),
        gettext_lazy("It stays at its old time; you need not answer."),
        None,
        due_at=due_at,
    )


def withdraw(booking: Booking, now: datetime) -> int:
    """Drop the mails about this booking that are still waiting for their moment; returns how many."""
    waiting = OutgoingMail.objects.filter(
        key__startswith=f"booking {booking.pk} ", state=OutgoingMail.State.WAITING, due_at__gt=now, attempts=0
    )
    return waiting.delete()[0]


def _tell_guest(
    booking: Booking,
    kind: str,
    headline: Promise,
    sentence: Promise,
    method: str | None,
    *,
    before: Times | None = None,
    due_at: datetime | None = None,
) -> None:
    now = timezone.now()
    times = (booking.start, booking.end)
    if booking.proposed_start is not None and booking.proposed_end is not None and kind == "proposed":
        times = (booking.proposed_start, booking.proposed_end)
    with override(booking.guest_language):
        context = _words(booking, headline, sentence, times, before, booking.guest_zone) | {
            "title": summary(booking),
            "links": _guest_links(booking, kind),
        }
        calendar = invitation(booking, method, now) if method else ""
    file = "cancel.ics" if method == CANCEL else "invite.ics"
    queue_mail(
        compose_mail(
            template="booking_guest",
            language=booking.guest_language,
            to=booking.guest_email,
            context=context,
            key=_key(booking, kind, "guest", times),
            reply_to=booking.host.email,
            attachments=[(file, calendar, f"text/calendar; method={method}")] if method else [],
            due_at=due_at,
        )
    )


def _tell_hosts(
    booking: Booking, kind: str, headline: Promise, sentence: Promise, *, before: Times | None = None
) -> None:
    for participation in booking.participations.select_related("user__profile", "event"):
        host = participation.user
        if not host.profile.email_notifications or not host.email:
            continue
        times = (booking.start, booking.end)
        with override(language_of(host)):
            context = _words(booking, headline, sentence, times, before, host.profile.timezone)
        link = f"{settings.SITE_URL}/calendar/events/{participation.event_id}/" if participation.event else ""
        queue_mail(
            compose_mail(
                template="booking_host",
                to=host.email,
                context=context | {"title": f"{booking.type.name}: {booking.guest_name}", "link": link},
                user=host,
                key=_key(booking, kind, f"host {host.pk}", times),
                unsubscribe=NOTIFICATIONS,
                reply_to=booking.guest_email,
            )
        )


def _words(
    booking: Booking, headline: Promise, sentence: Promise, times: Times, before: Times | None, zone: str
) -> dict[str, Any]:
    place, today = ZoneInfo(zone), timezone.now().astimezone(ZoneInfo(zone)).date()
    days, hours = span_words(times[0], times[1], place, today)
    labels = {question["key"]: question["label"] for question in booking.type.questions}
    return {
        "headline": str(headline),
        "sentence": str(sentence) % {"host": display_name(booking.host), "guest": booking.guest_name},
        "days": days,
        "times": hours,
        "zone": zone,
        "before": ", ".join(filter(None, span_words(before[0], before[1], place, today))) if before else "",
        "place": booking.type.place,
        "place_kind": str(booking.type.get_place_kind_display()),
        "reason": translated(booking.reason) if booking.reason else "",
        "guest_name": booking.guest_name,
        "guest_email": booking.guest_email,
        "notes": booking.notes,
        "answers": [(labels.get(key, key), answer) for key, answer in booking.answers.items()],
    }


def _guest_links(booking: Booking, kind: str) -> list[tuple[str, str]]:
    if kind == "ended":
        return []
    if kind == "proposed":
        return [
            (_("Accept the new time, or decline"), link_address(booking, Action.ANSWER)),
            (_("Pick another time"), link_address(booking, Action.RESCHEDULE)),
        ]
    return [
        (_("See it"), link_address(booking, Action.VIEW)),
        (_("Change the time"), link_address(booking, Action.RESCHEDULE)),
        (pgettext("an appointment", "Cancel"), link_address(booking, Action.CANCEL)),
        *(
            (_("Add to %(calendar)s") % {"calendar": name}, address)
            for name, address in add_to_calendar_links(booking).items()
        ),
    ]


def _key(booking: Booking, kind: str, to: str, times: Any) -> str:
    """The same state of the same booking is told once to each."""
    return f"booking {booking.pk} {booking.sequence} {kind} {to} {times[0]:%Y%m%dT%H%M}-{times[1]:%d%H%M}"
