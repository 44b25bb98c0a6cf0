"""The pages that guests book on, and the host's pages about them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from scheduling import services
from scheduling.models import (
    AppointmentType,
    Booking,
    BookingLink,
    CalendarEvent,
    DateOverride,
    Hold,
    UserProfile,
)
from tests.booking.moments import berlin
from tests.make import make_event, make_guest, make_type, make_user

pytestmark = pytest.mark.django_db
GUEST = {"name": "Greta Guest", "email": "greta@example.com", "notes": "See you", "tz": "Europe/Berlin"}


@pytest.fixture
def page(intro: AppointmentType) -> str:
    services.update_profile(profile=intro.user.profile, handle="alice", public_page=True)
    return "/book/alice/intro/"


@pytest.fixture
def guest() -> Client:
    return Client(enforce_csrf_checks=True)


def hidden(html: str) -> dict[str, str]:
    """The hidden fields of a form as drawn."""
    return dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', html))


def fill(guest: Client, clock: Any, page: str, start: str, **over: str) -> dict[str, str]:
    form = hidden(guest.get(page, {"start": start, "tz": "Europe/Berlin"}).content.decode())
    clock.shift(5)
    return {**form, **GUEST, **over}


def test_a_guest_books_from_the_profile_to_the_confirmation(guest: Client, clock: Any, page: str) -> None:
    assert page in guest.get("/book/alice/").content.decode()
    times = guest.get(page, {"tz": "Europe/Berlin"})
    assert "start=2026-11-23T08%3A00Z" in times.content.decode()
    answer = guest.post(page, fill(guest, clock, page, "2026-11-24T08:00Z"))
    assert answer.status_code == 303
    shown = guest.get(answer["Location"])
    assert "You are booked" in shown.content.decode()
    booking = Booking.objects.get()
    assert (booking.start, booking.guest_name, booking.notes) == (berlin(24, 9), "Greta Guest", "See you")
    assert not guest.cookies


def test_looking_changes_nothing(guest: Client, page: str, intro: AppointmentType) -> None:
    booking, _ = services.book(appointment_type=intro, start=berlin(24, 9), guest=make_guest())
    before = list(Booking.objects.values())
    for action in BookingLink.Action:
        for look in (guest.get, guest.head):
            assert look(services.link_path(booking, action)).status_code in (200, 404)
    guest.get(page, {"start": "2026-11-24T10:00Z"})
    assert list(Booking.objects.values()) == before
    assert not Hold.objects.exists()


@pytest.mark.parametrize("change", [{"public_page": False}, {"handle": "other"}])
def test_pages_that_are_not_public_are_not_found(
    guest: Client, page: str, intro: AppointmentType, change: dict[str, Any]
) -> None:
    services.update_profile(profile=intro.user.profile, **change)
    for address in ("/book/alice/", page, f"{page}hold/"):
        assert guest.get(address).status_code == 404
    assert guest.post(page, GUEST).status_code == 404


def test_a_secret_type_is_reached_by_its_secret_link_alone(
    guest: Client, page: str, intro: AppointmentType
) -> None:
    services.update_type(appointment_type=intro, is_secret=True)
    assert guest.get(page).status_code == 404
    assert intro.secret not in guest.get("/book/alice/").content.decode()
    assert guest.get(f"/book/alice/{intro.secret}/").status_code == 200


def test_a_taken_time_is_told_with_the_answers_kept_and_times_near_it(
    guest: Client, clock: Any, page: str, intro: AppointmentType
) -> None:
    sent = fill(guest, clock, page, "2026-11-24T08:00Z", notes="Bring the plan")
    services.book(appointment_type=intro, start=berlin(24, 9), guest=make_guest(email="rival@example.com"))
    answer = guest.post(page, sent)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Greta Guest" in html and "greta@example.com" in html and "Bring the plan" in html
    assert 'name="start" value="2026-11-24T08:30Z"' in html
    assert guest.post(page, {**sent, **hidden(html), "start": "2026-11-24T08:30Z"}).status_code == 303


def test_the_same_form_books_once(guest: Client, clock: Any, page: str) -> None:
    sent = fill(guest, clock, page, "2026-11-24T08:00Z")
    first, second = guest.post(page, sent), guest.post(page, sent)
    assert (first.status_code, second.status_code) == (303, 303)
    assert Booking.objects.count() == 1


@pytest.mark.parametrize("fault", [{"website": "x"}, {"stamp": "forged"}])
def test_robots_book_nothing(guest: Client, clock: Any, page: str, fault: dict[str, str]) -> None:
    answer = guest.post(page, fill(guest, clock, page, "2026-11-24T08:00Z", **fault))
    assert answer.status_code == 422
    assert not Booking.objects.exists()


def test_too_many_attempts_are_told_when_to_come_back(
    guest: Client, clock: Any, page: str, settings: Any
) -> None:
    cache.clear()
    settings.BOOKING_LIMITS = {**settings.BOOKING_LIMITS, "email": (1, 600), "hold": (1, 600)}
    sent = fill(guest, clock, page, "2026-11-24T08:00Z")
    assert guest.post(page, {**sent, "name": ""}).status_code == 422
    refused = guest.post(page, sent)
    assert refused.status_code == 429 and 0 < int(refused["Retry-After"]) <= 600
    assert "Try again in" in refused.content.decode() and "Greta Guest" in refused.content.decode()
    kept = [guest.post(f"{page}hold/", {**sent, "start": f"2026-11-24T{h:02}:00Z"}) for h in (9, 10)]
    assert [answer.status_code for answer in kept] == [200, 204]


def test_a_faulty_field_is_explained_and_what_was_typed_stays(guest: Client, clock: Any, page: str) -> None:
    answer = guest.post(page, fill(guest, clock, page, "2026-11-24T08:00Z", email="nope", name="Zoë"))
    assert answer.status_code == 422
    assert "name@example.com" in answer.content.decode() and "Zoë" in answer.content.decode()


def test_questions_are_asked_and_answered(guest: Client, clock: Any, page: str, intro: Any) -> None:
    question = {"key": "topic", "label": "Which topic?", "kind": "choice", "choices": ["A", "B"]}
    services.update_type(appointment_type=intro, questions=[{**question, "is_required": True}])
    sent = fill(guest, clock, page, "2026-11-24T08:00Z")
    assert "needs an answer" in guest.post(page, sent).content.decode()
    guest.post(page, {**sent, "answer-0": "B"})
    assert Booking.objects.get().answers == {"topic": "B"}


def test_nothing_of_the_calendar_shows_to_guests(guest: Client, page: str, intro: AppointmentType) -> None:
    make_event(intro.user, title="Secret surgery", location="Clinic")
    for address in ("/book/alice/", page, f"{page}?start=2026-11-24T09:00Z"):
        html = guest.get(address).content.decode()
        assert "surgery" not in html and "Clinic" not in html and "busy" not in html.lower()


def test_times_are_shown_in_the_zone_that_is_asked_for(guest: Client, page: str) -> None:
    html = guest.get(page, {"tz": "America/New_York", "clock": "12", "day": "2026-11-24"}).content.decode()
    assert ">3:00 am<" in html
    assert guest.get(page, {"tz": "../etc/passwd", "day": "x", "from": "9999-99-99"}).status_code == 200


def test_a_hold_keeps_the_time_for_its_form(guest: Client, clock: Any, page: str) -> None:
    sent = fill(guest, clock, page, "2026-11-24T08:00Z")
    token = guest.post(f"{page}hold/", sent).json()["token"]
    other = guest.get(page, {"start": "2026-11-24T08:00Z"})
    assert other.status_code == 409
    assert guest.post(page, {**sent, "hold": token}).status_code == 303


def test_a_hold_is_extended_and_given_back_by_its_token(guest: Client, clock: Any, page: str) -> None:
    sent = fill(guest, clock, page, "2026-11-24T08:00Z")
    token = guest.post(f"{page}hold/", sent).json()["token"]
    clock.shift(300)
    assert guest.post(f"{page}hold/", {"extend": token}).json() == {"token": token, "seconds": 600}
    assert guest.post(f"{page}hold/", {"extend": "x"}).status_code == 204
    guest.post(f"{page}hold/", {"release": token})
    assert not Hold.objects.exists()


def test_only_sites_that_the_host_named_may_frame_the_page(guest: Client, clock: Any, page: str) -> None:
    def framing(answer: Any) -> tuple[str, str]:
        policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
        return policy["frame-ancestors"], answer.get("X-Frame-Options", "")

    refused = ("'none'", "DENY")
    assert framing(guest.get(page, {"embed": "1"})) == refused
    host = UserProfile.objects.get(handle="alice")
    services.update_profile(profile=host, embed_origins=["https://a.example", "http://localhost:8000"])
    allowed = ("https://a.example http://localhost:8000", "")
    assert framing(guest.get(page)) == refused
    assert framing(guest.get("/book/alice/", {"embed": "1"})) == allowed
    assert framing(guest.get(page, {"embed": "1"})) == allowed
    sent = fill(guest, clock, page, "2026-11-24T08:00Z", embed="1")
    assert framing(guest.post(page, {**sent, "name": ""})) == allowed
    booked = guest.post(page, sent)
    confirmation = guest.get(booked["Location"])
    assert framing(confirmation) == allowed
    cancel = services.link_path(Booking.objects.get(), BookingLink.Action.CANCEL)
    assert framing(guest.get(cancel, {"embed": "1"})) == refused


def test_a_guest_cancels_by_the_button_only(guest: Client, intro: AppointmentType) -> None:
    booking, _ = services.book(appointment_type=intro, start=berlin(24, 9), guest=make_guest())
    address = services.link_path(booking, BookingLink.Action.CANCEL)
    answer = guest.get(address)
    assert answer["Referrer-Policy"] == "no-referrer" and "no-store" in answer["Cache-Control"]
    assert guest.post(address, {"reason": "Ill"}).status_code == 303
    booking.refresh_from_db()
    assert (booking.status, booking.ended_by, booking.reason) == ("cancelled", "guest", "Ill")


def test_a_link_gives_only_its_own_right(guest: Client, intro: AppointmentType) -> None:
    booking, _ = services.book(appointment_type=intro, start=berlin(24, 9), guest=make_guest())
    view = services.link_path(booking, BookingLink.Action.VIEW)
    assert guest.get(f"{view}cancel/").status_code == 404
    html = guest.get(view).content.decode()
    assert services.link_path(booking, BookingLink.Action.CANCEL) not in html
    assert guest.get("/bookings/unknown/").status_code == 404
    assert b"UID:" in guest.get(f"{view}appointment.ics").content


def test_a_guest_moves_the_booking(guest: Client, intro: AppointmentType) -> None:
    booking, _ = services.book(appointment_type=intro, start=berlin(24, 9), guest=make_guest())
    address = services.link_path(booking, BookingLink.Action.RESCHEDULE)
    assert guest.get(address).status_code == 200
    assert guest.get(address, {"start": "2026-11-24T10:00Z"}).status_code == 200
    assert guest.post(address, {"start": "2026-11-24T10:00Z"}).status_code == 303
    services.book(appointment_type=intro, start=berlin(24, 14), guest=make_guest(email="b@example.com"))
    assert guest.post(address, {"start": "2026-11-24T13:00Z"}).status_code == 409
    booking.refresh_from_db()
    assert booking.start == berlin(24, 11)


def test_a_guest_answers_the_move_of_the_host(guest: Client, intro: AppointmentType) -> None:
    booking, _ = services.book(appointment_type=intro, start=berlin(24, 9), guest=make_guest())
    booking.proposed_start, booking.proposed_end = berlin(25, 9), berlin(25, 9, 30)
    booking.save()
    services.link_address(booking, BookingLink.Action.ANSWER)
    address = services.link_path(booking, BookingLink.Action.ANSWER)
    assert "would like another time" in guest.get(address).content.decode()
    assert guest.post(address, {"answer": "accept"}).status_code == 303
    booking.refresh_from_db()
    assert booking.start == berlin(25, 9)


def test_a_link_whose_time_is_over_says_so(guest: Client, clock: Any, intro: AppointmentType) -> None:
    booking, _ = services.book(appointment_type=intro, start=berlin(24, 9), guest=make_guest())
    clock.move_to(berlin(24, 12))
    assert guest.get(services.link_path(booking, BookingLink.Action.CANCEL)).status_code == 410


# --- the host's side ---------------------------------------------------------------------------
@pytest.fixture
def host(intro: AppointmentType) -> Client:
    client = Client()
    client.force_login(intro.user)
    return client


def test_weekly_hours_are_saved_with_several_ranges_overnight_and_midnight(host: Client, alice: Any) -> None:
    week = {"start-0": ["09:00", "13:00", ""], "end-0": ["12:00", "24:00", ""]}
    answer = host.post("/calendar/availability/", {**week, "start-4": ["22:00"], "end-4": ["02:00"]})
    assert answer.status_code == 302
    kept = [
        (s.day_of_week, f"{s.start_time:%H:%M}", f"{s.end_time:%H:%M}") for s in alice.available_slots.all()
    ]
    assert kept == [(0, "09:00", "12:00"), (0, "13:00", "00:00"), (4, "22:00", "02:00")]
    html = host.get("/calendar/availability/").content.decode()
    assert 'value="24:00"' in html and "next day" in html


def test_faulty_hours_are_explained_and_kept_as_typed(host: Client, alice: Any) -> None:
    answer = host.post("/calendar/availability/", {"start-1": ["9 o’cl"], "end-1": ["17:00"]})
    assert answer.status_code == 422 and "Tuesday" in answer.content.decode()
    assert not alice.available_slots.exists()


def test_a_day_is_copied_to_all_days(host: Client, alice: Any) -> None:
    host.post("/calendar/availability/", {"start-0": ["10:00"], "end-0": ["11:00"], "copy": "0"})
    assert alice.available_slots.count() == 7


def test_breaks_are_added_copied_and_taken_out(host: Client, alice: Any) -> None:
    def kept() -> list[tuple[int, str, str, bool]]:
        return [
            (s.day_of_week, f"{s.start_time:%H:%M}", f"{s.end_time:%H:%M}", s.is_available)
            for s in alice.available_slots.all()
        ]

    monday = {"start-0": ["09:00"], "end-0": ["17:00"], "break-start-0": ["12:00"], "break-end-0": ["13:00"]}
    host.post("/calendar/availability/", {**monday, "copy-workdays": "0"})
    hours = [(day, *one) for day in range(5) for one in (("09:00", "17:00", True), ("12:00", "13:00", False))]
    assert kept() == hours
    html = host.get("/calendar/availability/").content.decode()
    assert "35 h a week" in html and html.count('name="break-start-0" value="12:00"') == 1
    bad = {**monday, "break-start-0": ["09:00"]}
    assert host.post("/calendar/availability/", bad).status_code == 422
    host.post("/calendar/availability/", {"start-0": ["09:00"], "end-0": ["17:00"]})
    assert kept() == [(0, "09:00", "17:00", True)]


def test_a_day_is_switched_off_and_on(host: Client, alice: Any) -> None:
    week = {"start-0": "09:00", "end-0": "12:00", "start-1": "09:00", "end-1": "12:00", "was": ["0", "1"]}
    host.post("/calendar/availability/", {**week, "on": ["1", "5"]})
    kept = [(s.day_of_week, s.start_time.hour, s.end_time.hour) for s in alice.available_slots.all()]
    assert kept == [(1, 9, 12), (5, 9, 17)]  # the working hours of the profile, to begin with


def test_dates_that_differ_are_added_and_removed(host: Client, alice: Any) -> None:
    host.post(
        "/calendar/availability/dates/", {"date": "2026-12-24", "last_date": "2026-12-31", "kind": "closed"}
    )
    override = DateOverride.objects.get(user=alice)
    assert (
        host.post("/calendar/availability/dates/", {"date": "2026-12-24", "kind": "open"}).status_code == 422
    )
    stranger = Client()
    stranger.force_login(make_user("eve@example.com"))
    assert stranger.post(f"/calendar/availability/dates/{override.pk}/delete/").status_code == 404
    host.post(f"/calendar/availability/dates/{override.pk}/delete/")
    assert not DateOverride.objects.exists()


def test_the_page_says_why_a_time_is_not_free(host: Client, alice: Any) -> None:
    make_event(alice)  # 24 November, 10:00 to 11:00
    asked = {"date": "2026-11-24", "time": "10:00"}
    assert (
        "An event in your calendars is in the way"
        in host.get("/calendar/availability/", asked).content.decode()
    )
    asked["time"] = "11:00"
    assert "is offered" in host.get("/calendar/availability/", asked).content.decode()


def test_a_type_is_made_changed_and_deleted(host: Client, alice: Any) -> None:
    form = host.get("/calendar/types/new/").context["form"]
    values = {
        name: field.value() for name, field in ((f.name, f) for f in form) if field.value() not in (None, "")
    }
    values |= {"name": "Review", "slug": "review", "other_durations": "15, 60", "is_active": "on"}
    values |= {"question-0": "Topic?", "choices-0": "A\nB", "required-0": "on"}
    for name in ("is_secret", "requires_approval"):
        values.pop(name, None)
    answer = host.post("/calendar/types/new/", values)
    assert answer.status_code == 302, answer.context["form"].errors
    made = AppointmentType.objects.get(slug="review")
    assert (made.other_durations, made.questions[0]["choices"]) == ([15, 60], ["A", "B"])
    assert host.post("/calendar/types/new/", values).status_code == 422  # the address is taken
    assert host.post(f"/calendar/types/{made.pk}/", {**values, "name": "Review 2"}).status_code == 302
    made.refresh_from_db()
    assert made.name == "Review 2"
    host.post(f"/calendar/types/{made.pk}/delete/")
    made.refresh_from_db()
    assert made.deleted_at is not None


def test_the_public_page_is_switched_on_with_an_address_of_its_own(host: Client, alice: Any) -> None:
    services.update_profile(profile=make_user("eve@example.com").profile, handle="eve")
    assert host.post("/calendar/types/", {"public_page": "on", "handle": "eve"}).status_code == 422
    assert host.post("/calendar/types/", {"public_page": "on", "handle": ""}).status_code == 422
    assert host.post("/calendar/types/", {"public_page": "on", "handle": "Alice"}).status_code == 302
    assert Client().get("/book/alice/").status_code == 200


def test_sites_are_named_by_their_origin_and_get_a_frame_to_paste(host: Client, alice: Any) -> None:
    made = AppointmentType.objects.get(user=alice)
    page = {"public_page": "on", "handle": "alice"}
    for bad in ("http://a.example", "https://*.example", "https://a.example/x", "a.example; script-src *"):
        assert host.post("/calendar/types/", {**page, "embed_origins": bad}).status_code == 422
    host.post(
        "/calendar/types/", {**page, "embed_origins": "HTTPS://WWW.Example.org/ https://bücher.example:8443"}
    )
    alice.profile.refresh_from_db()
    assert alice.profile.embed_origins == ["https://www.example.org", "https://xn--bcher-kva.example:8443"]
    shown = host.get(f"/calendar/types/{made.pk}/").content.decode()
    assert "&lt;iframe src=&quot;" in shown and "/book/alice/intro/?embed=1" in shown


def test_a_host_answers_requests(host: Client, alice: Any) -> None:
    asking = make_type(alice, slug="ask", requires_approval=True)
    first, _ = services.book(appointment_type=asking, start=berlin(24, 9), guest=make_guest())
    second, _ = services.book(appointment_type=asking, start=berlin(24, 10), guest=make_guest())
    assert "Greta Guest" in host.get("/calendar/bookings/").content.decode()
    host.post(f"/calendar/bookings/{first.pk}/", {"do": "approve"})
    host.post(f"/calendar/bookings/{second.pk}/", {"do": "decline", "reason": "Away"})
    states = dict(Booking.objects.values_list("pk", "status"))
    assert states == {first.pk: "confirmed", second.pk: "declined"}
    host.post(f"/calendar/bookings/{first.pk}/", {"do": "cancel"})
    first.refresh_from_db()
    assert first.status == "cancelled"
    assert not CalendarEvent.objects.filter(deleted_at=None).exists()


def test_another_persons_types_and_bookings_are_not_found(intro: AppointmentType) -> None:
    booking, _ = services.book(appointment_type=intro, start=berlin(24, 9), guest=make_guest())
    stranger = Client()
    stranger.force_login(make_user("eve@example.com"))
    for address in (f"/calendar/types/{intro.pk}/", f"/calendar/bookings/{booking.pk}/"):
        assert stranger.get(address).status_code == 404
        assert stranger.post(address, {"do": "cancel"}).status_code == 404
    for address in ("delete", "secret"):
        assert stranger.post(f"/calendar/types/{intro.pk}/{address}/").status_code == 404
