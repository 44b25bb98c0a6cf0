"""What an administrator sees of booking: states and counts, never a token or what is a person's own."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from scheduling import services
from scheduling.models import AppointmentType, Assignment, DateOverride, Hold
from tests.booking.moments import berlin
from tests.make import make_guest, make_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    root = get_user_model().objects.create_superuser("root", "root@example.com", "correct horse")
    client = Client()
    client.force_login(root)
    return client


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_of_booking_cost_the_same_however_long_they_are(
    admin: Client, alice: Any, clock: Any, django_assert_max_num_queries: Any, rows: int
) -> None:
    kind = services.choose_assignment(appointment_type=make_type(alice), assignment="round_robin")
    for n in range(rows):
        services.book(appointment_type=kind, start=berlin(24, 10 + n), guest=make_guest())
        services.hold_time(appointment_type=kind, start=berlin(25, 10 + n), holder="192.0.2.1")
        services.add_override(user=alice, date=date(2026, 12, 1 + n), note="Dentist")
        make_type(alice, slug=f"more{n}")
    for model in ("appointmenttype", "booking", "assignment", "hold", "dateoverride", "outgoingmail"):
        with django_assert_max_num_queries(10):
            answer = admin.get(reverse(f"admin:scheduling_{model}_changelist"))
        assert len(answer.context["cl"].result_list) >= rows


def test_no_token_and_no_private_note_is_shown(admin: Client, alice: Any, intro: AppointmentType) -> None:
    services.choose_assignment(appointment_type=intro, assignment="round_robin")
    services.hold_time(appointment_type=intro, start=berlin(25, 10), holder="192.0.2.1")
    services.book(appointment_type=intro, start=berlin(24, 10), guest=make_guest())
    services.add_override(user=alice, date=date(2026, 12, 1), note="Dentist")
    hold = Hold.objects.get()
    for row in (intro, hold, DateOverride.objects.get(), Assignment.objects.get()):
        page = admin.get(reverse(f"admin:scheduling_{row._meta.model_name}_change", args=[row.pk]))
        html = page.content.decode()
        assert page.status_code == 200
        for secret in (hold.digest, hold.holder, intro.secret, "Dentist"):
            assert secret not in html
