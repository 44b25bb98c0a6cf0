"""What an open page says of events that are about to begin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from scheduling import services
from scheduling.models import UserProfile
from tests.make import make_event, make_user

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # 9:00 in Berlin


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def alice(db: None, clock: Any) -> Any:
    return make_user("alice@example.com")


@pytest.fixture
def ask(alice: Any, client: Client) -> Any:
    """(seconds until the page asks again, what it says or None)."""
    client.force_login(alice)

    def post() -> tuple[int, dict[str, Any] | None]:
        answer = client.post("/calendar/reminders/", headers={"HX-Request": "true"})
        wait = re.search(r"load delay:(\d+)s", answer.content.decode())
        assert wait
        said = json.loads(answer.headers.get("HX-Trigger", "{}")).get("reminder")
        return int(wait[1]), said

    return post


def test_a_page_says_once_what_is_about_to_begin_and_asks_when_the_next_is_due(
    ask: Any, alice: Any, clock: Any
) -> None:
    event = make_event(alice, title="Stand-up", start=NOW + timedelta(minutes=20))
    assert ask() == (301, None)
    clock.shift(300)
    wait, said = ask()
    assert said == {
        "message": "“Stand-up” starts at 09:20, in 15 min.",
        "icon": "bell",
        "link": {"url": f"/calendar/events/{event.pk}/", "label": "Open"},
    }
    assert ask() == (900, None)


def test_several_are_said_in_one_line(ask: Any, alice: Any, clock: Any) -> None:
    for minutes in (10, 12, 14):
        make_event(alice, title=f"In {minutes}", start=NOW + timedelta(minutes=minutes), reminders=(9,))
    clock.shift(300)
    assert ask()[1]["message"] == "“In 10” starts at 09:10, in 5 min, and 2 more."


def test_a_page_that_is_opened_later_still_says_it_until_the_start(ask: Any, alice: Any, clock: Any) -> None:
    make_event(alice, title="Dentist", start=NOW + timedelta(days=1), reminders=(1200,))
    make_event(alice, title="Missed", start=NOW + timedelta(hours=5))
    make_event(
        alice,
        title="Fair",
        is_all_day=True,
        start=date(2026, 11, 25),
        end=date(2026, 11, 26),
        reminders=(600,),
    )
    clock.shift(timedelta(hours=9))
    message = ask()[1]["message"]
    assert message == "“Fair” is on Wednesday 25 November, and 1 more."


def test_an_event_made_within_its_lead_is_not_announced_to_its_author(ask: Any, alice: Any) -> None:
    make_event(alice, title="At once", start=NOW + timedelta(minutes=5))
    assert ask()[1] is None


def test_who_switched_it_off_is_told_nothing_and_the_page_does_not_ask(
    ask: Any, alice: Any, clock: Any, client: Client
) -> None:
    make_event(alice, title="Stand-up", start=NOW + timedelta(minutes=20))
    assert 'id="upcoming"' in client.get("/calendar/").content.decode()
    services.update_profile(profile=UserProfile.objects.get(user=alice), page_notifications=False)
    clock.shift(300)
    assert ask() == (900, None)
    assert 'id="upcoming"' not in client.get("/calendar/").content.decode()


def test_mail_and_page_are_told_apart_and_nobody_hears_of_another_s_events(
    ask: Any, alice: Any, bob: Any, clock: Any
) -> None:
    make_event(alice, title="Stand-up", start=NOW + timedelta(minutes=20))
    make_event(bob, title="Bob's", start=NOW + timedelta(minutes=20))
    clock.shift(300)
    assert services.remind_due_people() == 2
    assert ask()[1]["message"] == "“Stand-up” starts at 09:20, in 15 min."


def test_looking_at_the_address_changes_nothing(alice: Any, client: Client) -> None:
    client.force_login(alice)
    assert client.get("/calendar/reminders/").status_code == 405
