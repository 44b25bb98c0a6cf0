from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import CommandError, call_command
from django.test import Client

from scheduling import availability, booking_queries, queries, services
from scheduling.models import ApiToken, CalendarEvent, Occurrence

pytestmark = pytest.mark.django_db
User = get_user_model()


@pytest.fixture(autouse=True)
def in_debug(settings: Any) -> None:
    settings.DEBUG = True


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_the_demo_people_can_sign_in_with_the_printed_password() -> None:
    password = run("demo").split()[-1]
    for email in ("ana@example.com", "bo@example.com"):
        user = User.objects.get(email=email)
        assert authenticate(None, username=email, password=password) == user
        assert user.emailaddress_set.get().verified
    ana = User.objects.get(email="ana@example.com")
    assert (ana.get_full_name(), ana.profile.handle, ana.profile.public_page) == ("Ana Example", "ana", True)
    assert ana.profile.timezone == "Europe/Berlin"


def test_the_week_around_today_has_events_of_every_kind() -> None:
    run("demo")
    ana = User.objects.get(email="ana@example.com")
    events = queries.events_of(ana)
    now = datetime.now(UTC)
    week = queries.occurrences_between(
        queries.calendars_of(ana).values_list("pk", flat=True),
        now - timedelta(days=7),
        now + timedelta(days=7),
    )
    assert len(week) > 20
    assert {calendar.name for calendar in queries.calendars_of(ana)} == {"Personal", "Work", "Family"}
    assert len({calendar.color for calendar in queries.calendars_of(ana)}) == 3
    assert events.filter(is_all_day=True).exists()
    assert events.filter(status="tentative").exists()
    assert events.filter(availability="free").exists()
    assert events.exclude(recurrence=[]).exists()
    timed = [o for o in week if not o.is_all_day]
    assert any(a.end > b.start and a.start < b.end for a in timed for b in timed if a is not b)


def test_anas_page_can_be_booked() -> None:
    run("demo")
    ana = User.objects.get(email="ana@example.com")
    assert list(booking_queries.types_of(ana).values_list("slug", "duration")) == [
        ("intro", 30),
        ("consult", 60),
    ]
    now = datetime.now(UTC)
    for name in ("intro", "consult"):
        kind = booking_queries.public_type("ana", name)
        assert kind is not None
        slots = availability.slots_of(kind, start=now, end=now + timedelta(days=14), now=now)
        assert len(slots) > 10
        assert {slot.start.astimezone(ZoneInfo("Europe/Berlin")).weekday() for slot in slots} <= set(range(5))


def test_running_again_adds_nothing_and_undoes_nothing() -> None:
    run("demo")
    count = CalendarEvent.objects.count()
    lunch = CalendarEvent.objects.get(title="Lunch with Priya")
    services.delete_event(event=lunch, origin="web")
    ana = User.objects.get(email="ana@example.com")
    ana.set_password("my own")
    ana.save()
    services.update_profile(profile=ana.profile, handle="anna")
    assert "already" in run("demo")
    assert CalendarEvent.objects.count() == count
    lunch.refresh_from_db()
    assert lunch.is_deleted
    ana = User.objects.get(email="ana@example.com")
    assert ana.check_password("my own")
    assert ana.profile.handle == "anna"


def test_a_deleted_demo_person_is_made_anew() -> None:
    run("demo")
    User.objects.get(email="bo@example.com").delete()
    run("demo")
    assert queries.events_of(User.objects.get(email="bo@example.com")).count() == 3


@pytest.mark.parametrize("day", ["2026-03-25", "2026-10-21", "2026-12-31", "2028-02-29"])
def test_the_demo_fits_any_week(time_machine: Any, day: str) -> None:
    time_machine.move_to(f"{day}T12:00:00Z")
    run("demo")
    assert Occurrence.objects.filter(event__title="Planning").exists()


def test_the_demo_is_refused_without_debug(settings: Any) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG=1"):
        run("demo")
    assert not User.objects.exists()


# --- Tokens ------------------------------------------------------------------------------------
def test_api_token_prints_a_working_token_as_its_last_word(alice: Any) -> None:
    token = run("api_token", "Alice@Example.com", "--name", "phone").split()[-1]
    answer = Client().get("/appointment/api/profile/", headers={"authorization": f"Bearer {token}"})
    assert answer.json()["email"] == "alice@example.com"
    stored = ApiToken.objects.get()
    assert (stored.name, stored.scope, stored.user) == ("phone", "write", alice)
    assert token not in str(ApiToken.objects.values().get())


def test_api_token_makes_a_token_for_reading(alice: Any) -> None:
    run("api_token", "alice@example.com", "--scope", "read")
    assert ApiToken.objects.get().scope == "read"


@pytest.mark.parametrize("arguments", [["nobody@example.com"], ["alice@example.com", "--name", "x" * 101]])
def test_api_token_says_in_one_line_what_is_wrong(alice: Any, arguments: list[str]) -> None:
    with pytest.raises(CommandError) as raised:
        run("api_token", *arguments)
    assert "\n" not in str(raised.value)
    assert not ApiToken.objects.exists()
