"""A guest books: what is written, who is told, what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from scheduling import availability, services
from scheduling.models import (
    AppointmentType,
    Booking,
    BookingLink,
    CalendarEvent,
    OutgoingMail,
    Reservation,
)
from scheduling.services import InvalidBooking, KeyReused, SlotTaken
from tests.booking.moments import berlin
from tests.make import make_event, make_guest, make_type

pytestmark = pytest.mark.django_db
TUESDAY_TEN = berlin(24, 10)
AUCKLAND = ZoneInfo("Pacific/Auckland")


def book(appointment_type: AppointmentType, start: Any = TUESDAY_TEN, **over: Any) -> Booking:
    given = {name: over.pop(name) for name in ("request_key", "hold_token", "duration") if name in over}
    return services.book(appointment_type=appointment_type, start=start, guest=make_guest(**over), **given)[0]


def is_offered(appointment_type: AppointmentType, start: Any, **over: Any) -> bool:
    slots = availability.slots_of(
        appointment_type, start=start, end=start + timedelta(minutes=1), now=berlin(23, 7), **over
    )
    return bool(slots)


def test_a_booking_is_an_event_in_the_hosts_calendar(alice: Any, intro: AppointmentType) -> None:
    booking = book(intro, notes="About the roof")
    assert booking.status == "confirmed"
    event = booking.event
    assert event is not None
    assert (event.title, event.status, event.calendar.is_primary) == ("Intro: Greta Guest", "confirmed", True)
    assert (event.start_time, event.end_time) == (TUESDAY_TEN, TUESDAY_TEN + timedelta(minutes=30))
    assert "greta@example.com" in event.description and "About the roof" in event.description
    assert not is_offered(intro, TUESDAY_TEN)
    assert is_offered(intro, TUESDAY_TEN + timedelta(minutes=30))


def test_working_hours_of_the_profile_count_until_hours_are_set(alice: Any, intro: AppointmentType) -> None:
    slots = availability.slots_of(intro, start=berlin(23, 0), end=berlin(30, 0), now=berlin(22, 0))
    assert len(slots) == 5 * 16
    assert (slots[0].start, slots[-1].end) == (berlin(23, 9), berlin(27, 17))
    services.replace_available_slots(user=alice, slots=[])
    assert availability.slots_of(intro, start=berlin(23, 0), end=berlin(30, 0), now=berlin(22, 0)) == []


def test_a_taken_time_is_refused_with_the_nearest_others(intro: AppointmentType) -> None:
    book(intro)
    with pytest.raises(SlotTaken) as refused:
        book(intro, email="other@example.com")
    assert [slot.start for slot in refused.value.alternatives[:2]] == [berlin(24, 9, 30), berlin(24, 10, 30)]
    assert Booking.objects.count() == 1 and CalendarEvent.objects.count() == 1


def test_alternatives_have_the_length_that_was_asked_for(alice: Any, clock: Any) -> None:
    both = make_type(alice, other_durations=[90])
    services.book(appointment_type=both, start=berlin(24, 10), guest=make_guest())
    with pytest.raises(services.SlotTaken) as refused:
        services.book(appointment_type=both, start=berlin(24, 9), duration=90, guest=make_guest())
    assert {slot.end - slot.start for slot in refused.value.alternatives} == {timedelta(minutes=90)}


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (berlin(24, 8), "begins"),
        (berlin(24, 10, 10), "begins"),
        (berlin(23, 6), "passed"),
        (berlin(31, 10, month=12) + timedelta(days=200), "day"),
    ],
)
def test_a_time_that_was_never_offered_is_invalid(intro: AppointmentType, start: Any, said: str) -> None:
    with pytest.raises(InvalidBooking) as refused:
        book(intro, start)
    assert said in refused.value.fields["start"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "Greta\r\nBcc: everyone@example.com"),
        ("name", "x" * 101),
        ("name", "Greta\u202egnp.exe"),
        ("email", "not an address"),
        ("email", "a@example.com\nBcc: b@example.com"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("notes", "x" * 2001),
    ],
)
def test_what_cannot_be_a_guest_is_invalid(intro: AppointmentType, field: str, value: str) -> None:
    with pytest.raises(InvalidBooking) as refused:
        book(intro, **{field: value})
    assert list(refused.value.fields) == [field]
    assert not Booking.objects.exists()


def test_questions_are_answered_as_the_host_wants(alice: Any, clock: Any) -> None:
    asked = make_type(
        alice,
        questions=[
            {"key": "topic", "label": "Topic", "kind": "text", "is_required": True},
            {"key": "size", "label": "Size", "kind": "choice", "choices": ["S", "L"]},
        ],
    )
    for answers, field in (
        ({}, "answers.topic"),
        ({"topic": "Roof", "size": "M"}, "answers.size"),
        ({"topic": "Roof", "else": "x"}, "answers.else"),
        ({"topic": ["Roof"]}, "answers.topic"),
    ):
        with pytest.raises(InvalidBooking) as refused:
            book(asked, answers=answers)
        assert list(refused.value.fields) == [field]
    booking = book(asked, answers={"topic": "Roof", "size": "L"})
    assert booking.event is not None and "Topic: Roof" in booking.event.description


def test_the_same_key_books_once(intro: AppointmentType) -> None:
    first = book(intro, request_key="form-1")
    again, is_new = services.book(
        appointment_type=intro, start=TUESDAY_TEN, guest=make_guest(), request_key="form-1"
    )
    assert (again.pk, is_new) == (first.pk, False)
    assert OutgoingMail.objects.filter(to="greta@example.com").count() == 1
    with pytest.raises(KeyReused):
        book(intro, berlin(24, 11), request_key="form-1")


def test_guest_and_host_are_told_once(alice: Any, intro: AppointmentType) -> None:
    book(intro, time_zone="America/New_York")
    to_guest, to_host = (OutgoingMail.objects.get(to=who) for who in ("greta@example.com", alice.email))
    assert to_guest.subject == "Booked: Intro with alice@example.com, Tuesday 24 November, 04:00–04:30"
    assert to_host.subject == "New booking: Intro: Greta Guest, Tuesday 24 November, 10:00–10:30"
    assert to_guest.reply_to == alice.email and to_host.reply_to == "greta@example.com"
    assert to_guest.attachments[0][2] == "text/calendar; method=REQUEST"


def test_no_token_of_a_link_is_stored(intro: AppointmentType) -> None:
    booking = book(intro)
    address = services.link_address(booking, BookingLink.Action.CANCEL)
    token = address.rstrip("/").split("/")[-2]
    assert services.open_link(token, "cancel") == booking
    assert services.open_link(token, "reschedule") is None
    assert services.open_link(token[:-1] + "x", "cancel") is None
    kept = [str(row) for row in BookingLink.objects.values_list("digest", "action")]
    assert token not in " ".join(kept)


def test_an_expired_link_says_so(intro: AppointmentType, clock: Any) -> None:
    booking = book(intro)
    token = services.link_address(booking, BookingLink.Action.CANCEL).rstrip("/").split("/")[-2]
    clock.move_to(TUESDAY_TEN + timedelta(minutes=5))
    with pytest.raises(services.BookingOver, match="expired"):
        services.open_link(token, "cancel")


def test_a_hold_keeps_the_time_for_its_holder_alone(intro: AppointmentType, clock: Any) -> None:
    hold, token = services.hold_time(appointment_type=intro, start=TUESDAY_TEN, holder="10.0.0.1")
    assert not is_offered(intro, TUESDAY_TEN)
    with pytest.raises(SlotTaken):
        book(intro, email="other@example.com")
    booking = book(intro, hold_token=token)
    assert booking.start == TUESDAY_TEN
    assert set(Reservation.objects.values_list("booking", "hold")) == {(booking.pk, None)}


def test_a_hold_runs_out_by_itself_and_can_be_given_back(intro: AppointmentType, clock: Any) -> None:
    services.hold_time(appointment_type=intro, start=TUESDAY_TEN, holder="10.0.0.1")
    clock.shift(601)
    assert book(intro).start == TUESDAY_TEN
    _, token = services.hold_time(appointment_type=intro, start=berlin(24, 11), holder="10.0.0.1")
    services.release_hold(token=token)
    assert book(intro, berlin(24, 11), email="b@example.com").start == berlin(24, 11)


def test_a_hold_is_kept_longer_on_demand_but_not_for_ever(intro: AppointmentType, clock: Any) -> None:
    _, token = services.hold_time(appointment_type=intro, start=TUESDAY_TEN, holder="192.0.2.1")
    for _ in range(6):
        clock.shift(timedelta(minutes=9))
        assert services.extend_hold(token=token) is not None
        assert not is_offered(intro, TUESDAY_TEN)
    clock.shift(timedelta(minutes=6))
    assert services.extend_hold(token=token) is None
    book(intro)
    assert services.extend_hold(token="unknown") is None


def test_one_address_holds_few_times(intro: AppointmentType) -> None:
    for hour in (10, 11, 12):
        services.hold_time(appointment_type=intro, start=berlin(24, hour), holder="10.0.0.1")
    with pytest.raises(services.TooMany):
        services.hold_time(appointment_type=intro, start=berlin(24, 13), holder="10.0.0.1")
    services.hold_time(appointment_type=intro, start=berlin(24, 13), holder="10.0.0.2")


def test_a_group_has_as_many_guests_as_seats_and_one_event(alice: Any, clock: Any) -> None:
    course = make_type(alice, slug="course", name="Course", seats=3)
    made = [book(course, email=f"guest{n}@example.com", name=f"Guest {n}") for n in range(3)]
    assert len({booking.session for booking in made}) == 1
    assert CalendarEvent.objects.live().count() == 1
    event = CalendarEvent.objects.get()
    assert event.title == "Course: 3 guests" and "guest2@example.com" in event.description
    with pytest.raises(SlotTaken):
        book(course, email="late@example.com")
    services.cancel_booking(booking=made[0], by="guest")
    event.refresh_from_db()
    assert (event.title, event.is_deleted) == ("Course: 2 guests", False)
    [slot] = availability.slots_of(
        course, start=TUESDAY_TEN, end=TUESDAY_TEN + timedelta(minutes=1), now=berlin(23, 7)
    )
    assert slot.seats_left == 1
    for booking in made[1:]:
        services.cancel_booking(booking=booking, by="guest")
    event.refresh_from_db()
    assert event.is_deleted


def test_the_database_itself_refuses_an_overlap(intro: AppointmentType, alice: Any) -> None:
    """Also past every check of ours; a later migration of the table must keep this guard."""
    booking = book(intro)
    mine = Reservation.objects.filter(booking=booking)
    core = mine.get(kind=Reservation.Kind.CORE)
    other = make_type(alice, slug="other", buffer_before=15)
    hold = services.hold_time(appointment_type=intro, start=berlin(24, 12), holder="x")[0]
    with pytest.raises(IntegrityError, match="reservation_no_overlap"), transaction.atomic():
        Reservation.objects.create(
            host=alice,
            type=other,
            hold=hold,
            kind=Reservation.Kind.BUFFERED,
            session=hold.pk,
            start=core.end - timedelta(minutes=1),
            end=core.end + timedelta(minutes=30),
        )
    with pytest.raises(IntegrityError, match="reservation_no_overlap"), transaction.atomic():
        hold.reservations.filter(kind=Reservation.Kind.BUFFERED).update(
            start=core.start - timedelta(minutes=5), end=core.start + timedelta(minutes=1)
        )


def test_between_two_appointments_the_larger_of_own_and_neighbours_buffer_applies(
    alice: Any, clock: Any
) -> None:
    wide = make_type(alice, slug="wide", name="Wide", buffer_before=30, buffer_after=30, increment=15)
    narrow = make_type(alice, slug="narrow", name="Narrow", buffer_before=15, buffer_after=15, increment=15)
    book(wide, berlin(24, 12))
    assert not is_offered(narrow, berlin(24, 12, 45))  # its own 15 minutes would do, the neighbour's do not
    assert is_offered(narrow, berlin(24, 13))  # 30 and not 45: buffers are not added
    book(narrow, berlin(24, 13))
    assert not is_offered(wide, berlin(24, 13, 45))
    assert is_offered(wide, berlin(24, 14))
    assert book(wide, berlin(24, 14)).start == berlin(24, 14)


def test_free_and_declined_events_do_not_block_and_tentative_ones_do(
    alice: Any, intro: AppointmentType
) -> None:
    make_event(alice, start=berlin(24, 9), availability="free")
    make_event(alice, start=berlin(24, 11), status="tentative")
    declined = make_event(alice, start=berlin(24, 13))
    CalendarEvent.objects.filter(pk=declined.pk).update(
        attendees=[{"email": alice.email, "self": True, "responseStatus": "declined"}]
    )
    assert is_offered(intro, berlin(24, 9))
    assert not is_offered(intro, berlin(24, 11))
    assert is_offered(intro, berlin(24, 13))


def test_a_series_begun_five_years_ago_blocks_today(alice: Any, intro: AppointmentType) -> None:
    make_event(
        alice,
        start=berlin(24, 10).replace(year=2021, month=11, day=23),
        recurrence=("RRULE:FREQ=WEEKLY;BYDAY=TU",),
    )
    assert not is_offered(intro, TUESDAY_TEN)
    assert is_offered(intro, berlin(25, 10))


def test_an_all_day_event_blocks_the_day_of_the_hosts_zone(alice: Any, intro: AppointmentType) -> None:
    services.update_profile(profile=alice.profile, timezone="Pacific/Auckland")
    alice.refresh_from_db()
    make_event(alice, is_all_day=True, start=date(2026, 11, 25), end=date(2026, 11, 26))
    slots = availability.slots_of(intro, start=berlin(23, 12), end=berlin(26, 12), now=berlin(23, 7))
    days = {slot.start.astimezone(AUCKLAND).day for slot in slots}
    assert days == {24, 26}


def test_only_the_chosen_calendars_are_checked(alice: Any, clock: Any) -> None:
    private = services.create_calendar(user=alice, name="Private")
    make_event(alice, calendar=private, start=berlin(24, 10))
    every = make_type(alice, slug="every")
    main = make_type(alice, slug="main", calendars_to_check=[alice.calendars.get(is_primary=True)])
    assert not is_offered(every, TUESDAY_TEN) and is_offered(main, TUESDAY_TEN)


def test_caps_count_by_the_hosts_own_days(alice: Any, clock: Any) -> None:
    services.update_profile(profile=alice.profile, timezone="Pacific/Auckland")
    once = make_type(alice, daily_cap=1)
    [first, *_] = availability.slots_of(once, start=berlin(23, 12), end=berlin(30, 12), now=berlin(23, 7))
    book(once, first.start)
    left = availability.slots_of(once, start=berlin(23, 12), end=berlin(30, 12), now=berlin(23, 7))
    assert first.start.astimezone(AUCKLAND).date() not in {s.start.astimezone(AUCKLAND).date() for s in left}


def test_a_sixty_minute_slot_on_a_thirty_minute_grid_does_not_overlap_an_event(
    alice: Any, clock: Any
) -> None:
    long = make_type(alice, duration=60, increment=30)
    make_event(alice, start=berlin(24, 12))
    assert is_offered(long, berlin(24, 11)) and is_offered(long, berlin(24, 13))
    assert not any(is_offered(long, berlin(24, *at)) for at in ((11, 30), (12, 0), (12, 30)))


def test_what_is_offered_can_be_booked_and_nothing_else(alice: Any, clock: Any) -> None:
    """Every cell of a day by the same engine: offered if and only if no reason, and the submit agrees."""
    kind = make_type(alice, duration=45, increment=15, buffer_after=15, minimum_notice=26 * 60)
    make_event(alice, start=berlin(24, 12))
    cells = [berlin(24, 0) + timedelta(minutes=15 * n) for n in range(96)]
    reasons = availability.reasons_for_starts(kind, alice, cells, now=berlin(23, 7))
    offered = {cell for cell in cells if is_offered(kind, cell)}
    assert offered == {cell for cell, against in reasons.items() if not against}
    for cell in cells:
        point = transaction.savepoint()
        try:
            book(kind, cell)
            booked = True
        except (SlotTaken, InvalidBooking):
            booked = False
        transaction.savepoint_rollback(point)
        assert booked == (cell in offered), cell


@pytest.mark.parametrize("events", [1, 40])
def test_slots_cost_five_queries_however_much_there_is(
    alice: Any, intro: AppointmentType, events: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(events):
        make_event(alice, start=berlin(24, 9) + timedelta(hours=number))
        services.add_override(user=alice, date=berlin(1, 9, month=12).date() + timedelta(days=number))
    with django_assert_max_num_queries(5):
        availability.slots_of(intro, start=berlin(24, 0), end=berlin(28, 0), now=berlin(23, 7))
