"""A calendar that cannot be read is neither free nor busy: nothing that checks it can be booked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from scheduling import availability, services
from scheduling.core.slots import Reason
from scheduling.models import AppointmentType, OutgoingMail
from sync.models import CalendarLink, GoogleAccount
from sync.trouble import tell_of_trouble
from tests.booking.moments import berlin
from tests.make import make_guest, make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(alice: Any, clock: Any) -> CalendarLink:
    """Alice's primary calendar, in step with Google a minute ago."""
    account = GoogleAccount.objects.create(
        user=alice,
        google_sub="1",
        email="alice@gmail.example",
        connected_at=timezone.now() - timedelta(days=9),
    )
    return CalendarLink.objects.create(
        account=account,
        google_id="primary",
        calendar=alice.calendars.get(is_primary=True),
        is_enabled=True,
        last_ok_at=timezone.now() - timedelta(minutes=1),
    )


def slots(kind: AppointmentType) -> int:
    return len(availability.slots_of(kind, start=berlin(24, 0), end=berlin(25, 0), now=berlin(23, 7)))


BREAKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "needs its owner": ({"status": "needs_reauth"}, {}),
    "calendar access was not granted": ({"status": "insufficient_scope"}, {}),
    "calendar is not given out": ({}, {"is_unreachable": True}),
    "never read": ({}, {"last_ok_at": None}),
    "only errors for hours": ({}, {"last_error": "Google is out of order.", "last_ok_at": berlin(23, 4)}),
    "out of reach for hours": ({"backoff_until": berlin(23, 9)}, {"last_ok_at": berlin(23, 4)}),
}


@pytest.mark.parametrize("fault", BREAKS)
def test_a_broken_connection_is_not_free_time(
    alice: Any, link: CalendarLink, intro: AppointmentType, fault: str
) -> None:
    assert slots(intro) == 16
    of_account, of_link = BREAKS[fault]
    GoogleAccount.objects.update(**of_account)
    CalendarLink.objects.update(**of_link)
    assert slots(intro) == 0
    reasons = availability.reasons_for_starts(intro, alice, [berlin(24, 10)], now=berlin(23, 7))
    assert reasons == {berlin(24, 10): (Reason.UNKNOWN,)}
    assert availability.unknown_calendars(alice) == [link.calendar]
    with pytest.raises(services.SlotTaken):
        services.book(appointment_type=intro, start=berlin(24, 10), guest=make_guest())


def test_types_that_check_other_calendars_go_on(alice: Any, link: CalendarLink, clock: Any) -> None:
    own = services.create_calendar(user=alice, name="Own")
    kind = make_type(alice, slug="own", calendars_to_check=[own])
    GoogleAccount.objects.update(status="needs_reauth")
    assert slots(kind) == 16


@pytest.mark.parametrize("status", ["paused", "disconnected"])
def test_what_its_owner_switched_off_is_no_fault(
    link: CalendarLink, intro: AppointmentType, status: str
) -> None:
    GoogleAccount.objects.update(status=status)
    assert slots(intro) == 16


def test_a_short_outage_is_bridged(link: CalendarLink, intro: AppointmentType) -> None:
    GoogleAccount.objects.update(backoff_until=berlin(23, 9))
    CalendarLink.objects.update(last_ok_at=timezone.now() - timedelta(minutes=20))
    assert slots(intro) == 16


def test_the_guest_is_told_softly(alice: Any, link: CalendarLink, intro: AppointmentType) -> None:
    services.update_profile(profile=alice.profile, handle="alice", public_page=True)
    GoogleAccount.objects.update(status="needs_reauth")
    answer = Client().get("/appointment/api/public/alice/intro/slots/", {"start": "2026-11-24"})
    assert answer.json()["slots"] == []
    assert answer.json()["notice"] == "Times cannot be shown at the moment. Try again later."
    assert b"oogle" not in answer.content


@pytest.mark.parametrize("fault", BREAKS)
def test_the_host_is_mailed_once_that_guests_cannot_book(
    alice: Any, bob: Any, link: CalendarLink, intro: AppointmentType, fault: str
) -> None:
    make_type(bob, slug="bobs", name="Bob's own")
    of_account, of_link = BREAKS[fault]
    tell_of_trouble(link.account)
    assert not OutgoingMail.objects.exists()
    GoogleAccount.objects.update(**of_account)
    CalendarLink.objects.update(**of_link)
    for _ in range(2):
        tell_of_trouble(GoogleAccount.objects.get())
    mail = OutgoingMail.objects.get()
    assert (mail.template, mail.to) == ("connection_ended", "alice@example.com")
    assert "Guests cannot book Intro meanwhile" in mail.text and "Bob" not in mail.text
