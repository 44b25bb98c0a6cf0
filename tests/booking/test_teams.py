"""Teams of hosts on their pages: who is asked, who agrees, who is next and who got what."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from scheduling import availability, services
from scheduling.models import AppointmentType, AppointmentTypeHost, OutgoingMail
from tests.booking.moments import berlin
from tests.make import make_guest, make_user

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def page(intro: AppointmentType) -> str:
    return f"/calendar/types/{intro.pk}/team/"


def test_a_team_is_made_asked_and_joined_by_agreement_alone(
    alice: Any, bob: Any, intro: AppointmentType, page: str
) -> None:
    owner, other = signed_in(alice), signed_in(bob)
    owner.post(page, {"assignment": "round_robin"})
    owner.post(page, {"email": "BOB@example.com"})
    intro.refresh_from_db()
    assert availability.hosts_of(intro) == [alice]
    assert (OutgoingMail.objects.get().to, OutgoingMail.objects.get().template) == (
        "bob@example.com",
        "team_invitation",
    )
    assert "asks you to join" in other.get("/calendar/types/").content.decode()
    member = AppointmentTypeHost.objects.get(user=bob)
    assert owner.post(f"/calendar/teams/{member.pk}/", {"do": "accept"}).status_code == 404
    other.post(f"/calendar/teams/{member.pk}/", {"do": "accept"})
    assert availability.hosts_of(intro) == [alice, bob]
    other.post(f"/calendar/teams/{member.pk}/", {"do": "leave"})
    assert availability.hosts_of(intro) == [alice]


def test_whoever_declines_never_takes_an_appointment(alice: Any, bob: Any, intro: AppointmentType) -> None:
    services.choose_assignment(appointment_type=intro, assignment="collective")
    member = services.invite_by_mail(appointment_type=intro, email=bob.email)
    signed_in(bob).post(f"/calendar/teams/{member.pk}/", {"do": "leave"})
    booking, _ = services.book(appointment_type=intro, start=berlin(24, 10), guest=make_guest())
    assert [p.user for p in booking.participations.all()] == [alice]


def test_asking_does_not_tell_who_has_an_account(
    alice: Any, bob: Any, intro: AppointmentType, page: str
) -> None:
    services.choose_assignment(appointment_type=intro, assignment="round_robin")
    owner = signed_in(alice)
    seen = []
    for email in ("bob@example.com", "nobody@example.com", "bob@example.com"):
        answer = owner.post(page, {"email": email}, follow=True)
        text = re.sub(r"\b\w{64}\b", "a CSRF token", answer.content.decode())
        seen.append((answer.status_code, answer.redirect_chain, text.replace(email, "…")))
    assert seen[0] == seen[1] == seen[2] and "bob" not in seen[0][2]
    asked = AppointmentTypeHost.objects.get(user=bob)
    assert owner.post(f"{page}{asked.pk}/", {"do": "remove"}).status_code == 404
    assert OutgoingMail.objects.count() == 1


@pytest.mark.parametrize("email", ["alice@example.com", "x"])
def test_who_cannot_be_asked_is_explained(alice: Any, intro: AppointmentType, page: str, email: str) -> None:
    services.choose_assignment(appointment_type=intro, assignment="round_robin")
    answer = signed_in(alice).post(page, {"email": email})
    assert answer.status_code == 422 and email in answer.content.decode()
    with pytest.raises(ValidationError):
        services.invite_by_mail(appointment_type=intro, email=email)


def test_a_person_may_not_ask_everybody_at_once(alice: Any, intro: AppointmentType, page: str) -> None:
    services.choose_assignment(appointment_type=intro, assignment="round_robin")
    client = signed_in(alice)
    answers = [client.post(page, {"email": f"guess{n}@example.com"}) for n in range(12)]
    assert "That was often" in answers[-1].content.decode()


def test_the_page_tells_who_is_next_and_who_got_what_and_why(
    alice: Any, bob: Any, intro: AppointmentType, page: str
) -> None:
    services.choose_assignment(appointment_type=intro, assignment="round_robin")
    services.accept_invitation(member=services.invite_by_mail(appointment_type=intro, email=bob.email))
    for hour in (10, 11, 12):
        guest = make_guest(email=f"guest{hour}@example.com")
        booking, _ = services.book(appointment_type=intro, start=berlin(24, hour), guest=guest)
    services.cancel_booking(booking=booking, by="guest")
    shown = signed_in(alice).get(page)
    assert [name for name, _ in shown.context["next"]] == [alice.email, bob.email] * 5
    assert [(row[2], row[3]) for row in shown.context["ledger"]] == [
        (alice.email, True),
        (bob.email, False),
        (alice.email, False),
    ]
    html = shown.content.decode()
    assert "fewest so far" in html and "does not count" in html and "guest10@example.com" not in html
    counts = []
    for number in range(2):
        with CaptureQueriesContext(connection) as queries:
            signed_in(alice).get(page)
        counts.append(len(queries))
        for extra in range(3):
            more = make_user(f"more{number}{extra}@example.com")
            services.accept_invitation(member=services.invite_host(appointment_type=intro, user=more))
    assert counts[0] == counts[1]


def test_the_owner_orders_the_team_and_takes_somebody_out(
    alice: Any, bob: Any, intro: AppointmentType, page: str
) -> None:
    services.choose_assignment(appointment_type=intro, assignment="round_robin")
    member = services.accept_invitation(
        member=services.invite_by_mail(appointment_type=intro, email=bob.email)
    )
    assert signed_in(bob).post(f"{page}{member.pk}/", {"do": "up"}).status_code == 404
    owner = signed_in(alice)
    owner.post(f"{page}{member.pk}/", {"do": "up"})
    intro.refresh_from_db()
    assert availability.hosts_of(intro) == [bob, alice]
    owner.post(f"{page}{member.pk}/", {"do": "remove"})
    assert availability.hosts_of(intro) == [alice]
