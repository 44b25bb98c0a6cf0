"""What becomes of a booking, whoever changes it and by whatever path, and what the guest is told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from scheduling import availability, services
from scheduling.invitations import add_to_calendar_links
from scheduling.models import (
    AppointmentType,
    Booking,
    CalendarEvent,
    OutgoingMail,
    Reservation,
    WebhookDelivery,
)
from scheduling.services import BookingOver, SlotTaken
from scheduling.services.booking.rotation import preview_turns
from tests.booking.moments import berlin
from tests.make import make_event, make_guest, make_type

pytestmark = pytest.mark.django_db
TEN = berlin(24, 10)
HALF = timedelta(minutes=30)


def book(appointment_type: AppointmentType, start: datetime = TEN, **over: Any) -> Booking:
    return services.book(appointment_type=appointment_type, start=start, guest=make_guest(**over))[0]


def is_offered(appointment_type: AppointmentType, start: datetime) -> bool:
    end = start + timedelta(minutes=1)
    return bool(availability.slots_of(appointment_type, start=start, end=end, now=berlin(23, 7)))


def mails(to: str = "greta@example.com") -> list[str]:
    """The first words of the subjects that were queued for somebody, in order."""
    found = OutgoingMail.objects.filter(to=to).order_by("created_at", "due_at")
    return [mail.subject.split(":")[0] for mail in found]


def event_of(booking: Booking) -> CalendarEvent:
    event = Booking.objects.get(pk=booking.pk).event
    assert event is not None
    return event


def move(booking: Booking, start: datetime) -> None:
    services.move_event(event=event_of(booking), start=start, origin="web")


# --- the guest -----------------------------------------------------------------------------------
def test_a_guest_cancels_once_and_the_time_is_free(alice: Any, intro: AppointmentType) -> None:
    booking = book(intro)
    for _ in range(2):
        booking = services.cancel_booking(booking=booking, by="guest", reason="Ill")
    assert (booking.status, booking.ended_by, booking.sequence) == ("cancelled", "guest", 1)
    assert CalendarEvent.objects.get().is_deleted and not Reservation.objects.exists()
    assert is_offered(intro, TEN)
    assert mails() == ["Booked", "Cancelled"] and mails(alice.email) == ["New booking", "Cancelled"]


def test_what_has_begun_is_not_cancelled_by_its_guest(intro: AppointmentType, clock: Any) -> None:
    booking = book(intro)
    clock.move_to(TEN + timedelta(minutes=1))
    for change in (
        lambda: services.cancel_booking(booking=booking, by="guest"),
        lambda: services.reschedule_booking(booking=booking, start=berlin(25, 10), by="guest"),
    ):
        with pytest.raises(BookingOver):
            change()


def test_a_guest_moves_a_booking_and_it_stays_the_same_one(alice: Any, intro: AppointmentType) -> None:
    booking = book(intro)
    event = event_of(booking)
    moved = services.reschedule_booking(booking=booking, start=berlin(24, 10, 30), by="guest")
    assert (moved.pk, moved.uid, moved.sequence) == (booking.pk, booking.uid, 1)
    event.refresh_from_db()
    assert (event.start_time, event.end_time) == (berlin(24, 10, 30), berlin(24, 11))
    assert is_offered(intro, TEN) and not is_offered(intro, berlin(24, 10, 30))
    assert mails() == ["Booked", "New time"] and mails(alice.email) == ["New booking", "New time"]


def test_a_booking_moves_by_less_than_its_own_length(alice: Any, clock: Any) -> None:
    """The place that is being moved stands in nobody's way, its buffers neither."""
    kind = make_type(alice, duration=60, increment=15, buffer_before=15, buffer_after=15)
    booking = book(kind)
    assert services.reschedule_booking(booking=booking, start=berlin(24, 10, 15), by="guest").sequence == 1


def test_a_move_to_a_taken_time_leaves_everything_as_it_was(intro: AppointmentType) -> None:
    booking = book(intro)
    book(intro, berlin(24, 11), email="other@example.com")
    with pytest.raises(SlotTaken) as refused:
        services.reschedule_booking(booking=booking, start=berlin(24, 11), by="guest")
    assert refused.value.alternatives
    booking.refresh_from_db()
    assert (booking.start, booking.sequence) == (TEN, 0)
    assert Reservation.objects.filter(booking=booking, start=TEN).count() == 2


def test_one_of_a_group_moves_alone(alice: Any, clock: Any) -> None:
    course = make_type(alice, slug="course", name="Course", seats=3)
    first, second, third = (book(course, email=f"g{n}@example.com", name=f"G{n}") for n in range(3))
    services.reschedule_booking(booking=first, start=berlin(24, 11), by="guest")
    assert event_of(first).title == "Course: G0" and event_of(first).start_time == berlin(24, 11)
    assert event_of(second).title == "Course: 2 guests" and event_of(second).start_time == TEN
    services.reschedule_booking(booking=second, start=berlin(24, 11), by="guest")
    assert event_of(second) == event_of(first) and event_of(second).title == "Course: 2 guests"
    services.reschedule_booking(booking=third, start=berlin(24, 11), by="guest")
    assert [event.title for event in CalendarEvent.objects.live()] == ["Course: 3 guests"]


# --- approval ------------------------------------------------------------------------------------
def test_a_request_is_approved_once(alice: Any, clock: Any) -> None:
    kind = make_type(alice, requires_approval=True)
    booking = book(kind)
    assert event_of(booking).status == "tentative"
    for _ in range(2):
        booking = services.approve_booking(booking=booking)
    assert (booking.status, event_of(booking).status) == ("confirmed", "confirmed")
    assert mails() == ["Request received", "Confirmed"]
    with pytest.raises(BookingOver):
        services.decline_booking(booking=booking)


def test_a_declined_request_gives_the_time_back(alice: Any, clock: Any) -> None:
    kind = make_type(alice, requires_approval=True)
    booking = services.decline_booking(booking=book(kind), reason="On leave")
    assert booking.status == "declined" and is_offered(kind, TEN)
    assert mails() == ["Request received", "Declined"]
    assert "On leave" in OutgoingMail.objects.get(subject__startswith="Declined").text
    with pytest.raises(BookingOver):
        services.approve_booking(booking=booking)


def test_a_request_that_nobody_answers_lapses_at_its_start(alice: Any, clock: Any) -> None:
    booking = book(make_type(alice, requires_approval=True))
    assert services.settle_bookings() == 0
    clock.move_to(TEN)
    assert services.settle_bookings() == 1 and services.settle_bookings() == 0
    booking.refresh_from_db()
    assert (booking.status, mails()) == ("declined", ["Request received", "Declined"])


def test_a_guests_move_asks_for_approval_again(alice: Any, clock: Any) -> None:
    booking = services.approve_booking(booking=book(make_type(alice, requires_approval=True)))
    moved = services.reschedule_booking(booking=booking, start=berlin(24, 14), by="guest")
    assert (moved.status, event_of(moved).status) == ("pending", "tentative")


# --- the host's calendar ---------------------------------------------------------------------------
def by_web(event: CalendarEvent, start: datetime | None) -> None:
    if start is None:
        services.delete_event(event=event, origin="web")
    else:
        services.move_event(event=event, start=start, origin="web")


def by_google(event: CalendarEvent, start: datetime | None) -> None:
    values = None if start is None else replace(event.values, start=start, end=start + HALF)
    services.apply_remote(calendar=event.calendar, event=event, values=values, details={})


@pytest.mark.parametrize("write", [by_web, by_google])
def test_deleting_the_event_cancels_and_tells_the_guest(intro: AppointmentType, write: Any) -> None:
    booking = book(intro)
    write(event_of(booking), None)
    booking.refresh_from_db()
    assert (booking.status, booking.ended_by) == ("cancelled", "host")
    assert is_offered(intro, TEN) and mails() == ["Booked", "Cancelled"]
    assert OutgoingMail.objects.get(subject__startswith="Cancelled").attachments[0][0] == "cancel.ics"


@pytest.mark.parametrize("write", [by_web, by_google])
def test_moving_the_event_asks_the_guest_and_keeps_the_old_time(intro: AppointmentType, write: Any) -> None:
    booking = book(intro)
    write(event_of(booking), berlin(24, 15))
    booking.refresh_from_db()
    assert (booking.start, booking.proposed_start, booking.awaits_guest) == (TEN, berlin(24, 15), True)
    assert not is_offered(intro, TEN) and not is_offered(intro, berlin(24, 15))
    assert mails() == ["Booked", "Another time?"]
    text = OutgoingMail.objects.get(subject__startswith="Another").text
    assert "15:00–15:30" in text and "Before: Tuesday 24 November, 10:00–10:30" in text and "/answer/" in text


def test_the_guest_accepts_the_move(alice: Any, intro: AppointmentType) -> None:
    booking = book(intro)
    move(booking, berlin(24, 15))
    booking.refresh_from_db()
    accepted = services.answer_move(booking=booking, accepts=True)
    assert (accepted.start, accepted.awaits_guest, accepted.sequence) == (berlin(24, 15), False, 1)
    assert is_offered(intro, TEN) and not is_offered(intro, berlin(24, 15))
    assert mails(alice.email) == ["New booking", "Accepted"]
    with pytest.raises(BookingOver):
        services.answer_move(booking=accepted, accepts=True)


def test_the_guest_picks_another_time_or_declines(intro: AppointmentType) -> None:
    booking = book(intro)
    move(booking, berlin(24, 15))
    booking.refresh_from_db()
    other = services.reschedule_booking(booking=booking, start=berlin(24, 12), by="guest")
    assert (other.start, other.awaits_guest, event_of(other).start_time) == (
        berlin(24, 12),
        False,
        berlin(24, 12),
    )
    move(other, berlin(24, 16))
    declined = services.answer_move(booking=other, accepts=False)
    assert declined.status == "cancelled" and event_of(declined).is_deleted


def test_the_guest_keeps_the_old_time_by_choosing_it(intro: AppointmentType) -> None:
    booking = book(intro)
    move(booking, berlin(24, 15))
    booking.refresh_from_db()
    kept = services.reschedule_booking(booking=booking, start=TEN, by="guest")
    assert not kept.awaits_guest and event_of(kept).start_time == TEN


def test_a_move_into_anothers_appointment_cannot_be_accepted(intro: AppointmentType) -> None:
    booking, other = book(intro), book(intro, berlin(24, 15), email="other@example.com")
    move(booking, other.start)
    booking.refresh_from_db()
    with pytest.raises(SlotTaken):
        services.answer_move(booking=booking, accepts=True)
    booking.refresh_from_db()
    assert booking.awaits_guest and booking.start == TEN


def test_dragging_to_and_fro_tells_nobody(intro: AppointmentType, clock: Any) -> None:
    booking = book(intro)
    for hour in (12, 15, 10):
        clock.shift(2)
        move(booking, berlin(24, hour))
    booking.refresh_from_db()
    assert not booking.awaits_guest and mails() == ["Booked"]


def test_a_move_back_after_the_mail_is_told_too(intro: AppointmentType, clock: Any) -> None:
    booking = book(intro)
    move(booking, berlin(24, 15))
    clock.shift(13)
    services.send_due_mails()
    move(booking, TEN)
    assert OutgoingMail.objects.filter(state="waiting").get().subject.startswith("As it was")


def test_an_undone_deletion_tells_nobody_and_keeps_the_booking(intro: AppointmentType, clock: Any) -> None:
    booking = book(intro)
    event = services.delete_event(event=event_of(booking), origin="web")
    clock.shift(11)  # the offer stood for ten seconds, and the click took its way
    services.undo_change(event=event, revision=event.revision, origin="web")
    booking.refresh_from_db()
    assert (booking.status, booking.ended_by, mails()) == ("confirmed", "", ["Booked"])
    assert Reservation.objects.filter(booking=booking).count() == 2 and not is_offered(intro, TEN)


def test_an_event_restored_after_the_guest_was_told_is_only_an_event(
    intro: AppointmentType, clock: Any
) -> None:
    booking = book(intro)
    event = services.delete_event(event=event_of(booking), origin="web")
    clock.shift(60)
    services.send_due_mails()
    services.restore_event(event=event, origin="web")
    booking.refresh_from_db()
    assert booking.status == "cancelled"


def test_restoring_it_then_says_that_the_booking_stays_cancelled(
    client: Client, alice: Any, intro: AppointmentType, clock: Any
) -> None:
    event = services.delete_event(event=event_of(book(intro)), origin="web")
    clock.shift(60)
    client.force_login(alice)
    response = client.post(reverse("event-restore", args=[event.pk]), headers={"HX-Request": "true"})
    assert "It stays cancelled for Greta" in json.loads(response.headers["HX-Trigger"])["toast"]["message"]


def test_programs_hear_of_a_cancellation_and_that_it_was_undone(alice: Any, intro: AppointmentType) -> None:
    kinds = ["booking.cancelled", "booking.changed"]
    services.create_webhook(user=alice, url="https://example.com/hook", kinds=kinds)
    event = services.delete_event(event=event_of(book(intro)), origin="web")
    services.undo_change(event=event, revision=event.revision, origin="web")
    told = [(delivery.kind, delivery.body["data"]["status"]) for delivery in WebhookDelivery.objects.all()]
    assert sorted(told) == [("booking.cancelled", "cancelled"), ("booking.changed", "confirmed")]


def test_a_restored_event_does_not_take_a_time_that_was_sold_meanwhile(
    intro: AppointmentType, clock: Any
) -> None:
    booking = book(intro)
    event = services.delete_event(event=event_of(booking), origin="web")
    book(intro, email="faster@example.com")
    services.restore_event(event=event, origin="web")
    booking.refresh_from_db()
    assert booking.status == "cancelled" and mails() == ["Booked", "Cancelled"]


def test_the_hosts_words_on_the_event_are_no_business_of_the_guest(intro: AppointmentType) -> None:
    booking = book(intro)
    event = event_of(booking)
    services.update_event(
        event=event, values=replace(event.values, title="Important", location="Room 2"), origin="web"
    )
    assert mails() == ["Booked"]


# --- calendar files --------------------------------------------------------------------------------
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
def test_the_invitation_opens_at_the_right_time_in_every_zone(alice: Any, clock: Any, zone: str) -> None:
    services.update_profile(profile=alice.profile, timezone=zone)
    services.replace_available_slots(
        user=alice, slots=[(day, datetime.min.time(), datetime.min.time(), True) for day in range(7)]
    )
    booking = book(
        make_type(alice, place="Room 3; first, door"),
        TEN if zone != "Asia/Kathmandu" else TEN - timedelta(minutes=15),
    )
    file = icalendar.Calendar.from_ical(OutgoingMail.objects.get(to="greta@example.com").attachments[0][1])
    assert file["METHOD"] == "REQUEST"
    [event] = file.walk("VEVENT")
    assert event.start.astimezone(UTC) == booking.start and event.end.astimezone(UTC) == booking.end
    assert event.start.tzinfo.utcoffset(event.start) == booking.start.astimezone(ZoneInfo(zone)).utcoffset()
    assert [str(part["TZID"]) for part in file.walk("VTIMEZONE")] == [zone]
    assert str(event["LOCATION"]) == "Room 3; first, door"
    assert str(event["ATTENDEE"]) == "mailto:greta@example.com"


def test_each_file_is_about_the_same_event_with_a_higher_sequence(intro: AppointmentType) -> None:
    booking = book(intro)
    services.reschedule_booking(booking=booking, start=berlin(24, 14), by="guest")
    services.cancel_booking(booking=booking, by="host")
    files = [
        icalendar.Calendar.from_ical(mail.attachments[0][1])
        for mail in OutgoingMail.objects.filter(to="greta@example.com").order_by("created_at")
    ]
    events = [file.walk("VEVENT")[0] for file in files]
    assert [str(file["METHOD"]) for file in files] == ["REQUEST", "REQUEST", "CANCEL"]
    assert {str(event["UID"]) for event in events} == {booking.uid}
    assert sorted(int(event["SEQUENCE"]) for event in events) == [0, 1, 2]


def test_notes_cannot_add_lines_to_the_file(intro: AppointmentType) -> None:
    book(intro, notes="Hello\nEND:VEVENT\r\nBEGIN:VEVENT\nSUMMARY:Evil", name='Ann "X" : ; O\'Hara, Jr.')
    file = icalendar.Calendar.from_ical(OutgoingMail.objects.get(to="greta@example.com").attachments[0][1])
    [event] = file.walk("VEVENT")
    assert "END:VEVENT" in str(event["DESCRIPTION"]) and "Evil" not in str(event["SUMMARY"])


def test_links_put_the_booking_into_other_calendars(intro: AppointmentType) -> None:
    links = add_to_calendar_links(book(intro))
    assert "dates=20261124T090000Z%2F20261124T093000Z" in links["Google Calendar"]
    assert "startdt=2026-11-24T09%3A00%3A00Z" in links["Outlook"]


# --- teams ---------------------------------------------------------------------------------------
@pytest.fixture
def team(alice: Any, bob: Any, clock: Any) -> Any:
    """A type of Alice's with Alice and Bob as hosts; call with the kind of assignment."""

    def make(assignment: str, **over: Any) -> AppointmentType:
        kind = make_type(alice, slug="team", name="Team", assignment=assignment, **over)
        for user in (alice, bob):
            member = services.invite_host(appointment_type=kind, user=user)
            services.accept_invitation(member=member)
        return kind

    return make


def test_who_was_asked_shows_nothing_before_they_accept(alice: Any, bob: Any, clock: Any) -> None:
    kind = make_type(alice, assignment="round_robin")
    services.invite_host(appointment_type=kind, user=alice)
    member = services.invite_host(appointment_type=kind, user=bob)
    assert availability.hosts_of(kind) == [alice]
    services.accept_invitation(member=member)
    assert availability.hosts_of(kind) == [alice, bob]


def test_a_round_robin_goes_round_and_tells_why(team: Any, alice: Any, bob: Any) -> None:
    kind = team("round_robin")
    hosts = [book(kind, berlin(24, 10 + n), email=f"g{n}@example.com").host for n in range(4)]
    assert hosts == [alice, bob, alice, bob]
    reasons = list(kind.assignments.order_by("pk").values_list("reason", flat=True))
    assert reasons[0] == "as few as others (0), first in the team's order"
    assert reasons[1] == "fewest so far (0)"
    turns = preview_turns(kind, [alice, bob], berlin(24, 20))
    assert [host for host, _ in turns] == [alice, bob] * 5


def test_a_time_of_a_round_robin_is_gone_when_nobody_is_free(team: Any, alice: Any, bob: Any) -> None:
    kind = team("round_robin")
    make_event(bob, start=TEN)
    assert book(kind).host == alice
    with pytest.raises(SlotTaken):
        book(kind, email="late@example.com")


def test_a_collective_needs_everybody_and_stands_in_every_calendar(team: Any, alice: Any, bob: Any) -> None:
    kind = team("collective")
    make_event(bob, start=berlin(24, 12))
    assert not is_offered(kind, berlin(24, 12)) and is_offered(kind, TEN)
    booking = book(kind)
    assert {p.user for p in booking.participations.all()} == {alice, bob}
    assert {event.user for event in CalendarEvent.objects.filter(title__startswith="Team")} == {alice, bob}
    bobs = CalendarEvent.objects.get(user=bob, title__startswith="Team")
    services.move_event(event=bobs, start=berlin(24, 15), origin="web")
    booking.refresh_from_db()
    services.answer_move(booking=booking, accepts=True)
    starts = CalendarEvent.objects.filter(title__startswith="Team").values_list("start_time", flat=True)
    assert set(starts) == {berlin(24, 15)}
    services.cancel_booking(booking=booking, by="guest")
    assert not CalendarEvent.objects.live().filter(title__startswith="Team").exists()


def test_a_newcomer_does_not_get_everything_at_first(team: Any, alice: Any, bob: Any) -> None:
    kind = team("round_robin")
    for n in range(4):
        book(kind, berlin(24, 9 + n), email=f"g{n}@example.com")
    carol = get_user_model().objects.create_user("carol", "carol@example.com", "x")
    services.update_profile(profile=carol.profile, timezone="Europe/Berlin")
    services.accept_invitation(member=services.invite_host(appointment_type=kind, user=carol))
    hosts = [book(kind, berlin(25, 9 + n), email=f"h{n}@example.com").host for n in range(3)]
    assert sorted(host.email for host in hosts) == [alice.email, bob.email, carol.email]
