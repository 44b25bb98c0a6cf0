from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils import timezone

from scheduling import services
from scheduling.models import ApiToken, AvailableTimeSlot, Calendar, UserProfile

pytestmark = pytest.mark.django_db


def test_every_person_has_a_profile_and_one_primary_calendar() -> None:
    user = get_user_model().objects.create_user(username="dora", email="dora@example.com")
    assert user.profile.timezone == "UTC"
    calendar = Calendar.objects.get(user=user)
    assert (calendar.is_primary, calendar.name) == (True, "Personal")
    services.ensure_profile(user=user, timezone_name="Europe/Berlin")
    assert Calendar.objects.filter(user=user).count() == 1
    assert UserProfile.objects.get(user=user).timezone == "UTC"


@pytest.mark.parametrize(("name", "zone"), [("Europe/Berlin", "Europe/Berlin"), ("Mars", "UTC"), ("", "UTC")])
def test_a_missing_profile_is_made_in_the_zone_that_is_known(name: str, zone: str) -> None:
    user = get_user_model().objects.create_user(username="dora")
    UserProfile.objects.all().delete()
    user = get_user_model().objects.get()
    assert services.ensure_profile(user=user, timezone_name=name).timezone == zone


@pytest.mark.parametrize(
    "changes",
    [
        {"working_hours_start": time(18)},
        {"first_day_of_week": 3},
        {"default_event_duration": 0},
        {"reminder_minutes": 50000},
        {"theme": "neon"},
        {"handle": "a b"},
        {"handle": "bob"},
    ],
)
def test_a_profile_that_breaks_a_rule_is_not_saved(alice: Any, bob: Any, changes: dict[str, Any]) -> None:
    services.update_profile(profile=bob.profile, handle="bob")
    before = UserProfile.objects.filter(user=alice).values().get()
    with pytest.raises(ValidationError):
        services.update_profile(profile=alice.profile, **changes)
    assert UserProfile.objects.filter(user=alice).values().get() == before


def test_updating_a_profile_leaves_other_fields_alone(alice: Any) -> None:
    stale = UserProfile.objects.get(user=alice)
    services.update_profile(profile=alice.profile, theme="dark")
    services.update_profile(profile=stale, density="roomy")
    profile = UserProfile.objects.get(user=alice)
    assert (profile.theme, profile.density) == ("dark", "roomy")


def test_changing_a_calendar_takes_a_revision_only_when_something_changes(alice: Any) -> None:
    calendar = services.create_calendar(user=alice, name="Family", color=6)
    first = Calendar.objects.get(pk=calendar.pk).revision
    services.update_calendar(calendar=calendar, color=6)
    assert Calendar.objects.get(pk=calendar.pk).revision == first
    services.set_calendar_visibility(calendar=calendar, is_visible=False)
    after = Calendar.objects.get(pk=calendar.pk)
    assert (after.is_visible, after.revision) == (False, first + 1)


@pytest.mark.parametrize("fields", [{"name": ""}, {"name": "x" * 201}, {"color": 12}, {"color": 0}])
def test_a_calendar_that_breaks_a_rule_is_not_saved(alice: Any, fields: dict[str, Any]) -> None:
    calendar = services.create_calendar(user=alice, name="Family")
    with pytest.raises(ValidationError):
        services.update_calendar(calendar=calendar, **fields)
    with pytest.raises(ValidationError):
        services.create_calendar(**({"user": alice, "name": "Other"} | fields))
    assert Calendar.objects.get(pk=calendar.pk).name == "Family"
    assert Calendar.objects.filter(user=alice).count() == 2


def test_the_weekly_hours_are_replaced_as_a_whole(alice: Any, bob: Any) -> None:
    AvailableTimeSlot.objects.create(user=bob, day_of_week=0, start_time="08:00", end_time="09:00")
    services.replace_available_slots(user=alice, slots=[(1, time(9), time(12), True)])
    slots = services.replace_available_slots(
        user=alice, slots=[(4, time(9), time(12), True), (0, time(13), time(17), False)]
    )
    assert [(s.day_of_week, s.is_available) for s in slots] == [(0, False), (4, True)]
    assert AvailableTimeSlot.objects.filter(user=bob).count() == 1


def test_only_the_digest_of_a_token_is_stored(alice: Any) -> None:
    token = services.create_api_token(user=alice, name="phone")
    stored = ApiToken.objects.values().get()
    assert token.startswith("apt_")
    assert token not in str(stored)
    assert stored["digest"] == ApiToken.digest_of(token)
    assert services.create_api_token(user=alice, name="phone") != token


def test_the_use_of_a_token_is_noted_once_a_minute(alice: Any, django_assert_num_queries: Any) -> None:
    services.create_api_token(user=alice, name="phone")
    services.touch_api_token(ApiToken.objects.get())
    token = ApiToken.objects.get()
    with django_assert_num_queries(0):
        services.touch_api_token(token)
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    services.touch_api_token(ApiToken.objects.get())
    assert ApiToken.objects.get().last_used_at > token.last_used_at
