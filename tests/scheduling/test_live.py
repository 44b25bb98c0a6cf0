from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from channels.layers import InMemoryChannelLayer
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client
from django.utils import timezone

from project.models import ChannelMessage
from scheduling.live import MOST_EVENTS, announce
from scheduling.signals import events_changed
from tests.make import make_event

pytestmark = pytest.mark.django_db(transaction=True)

CALENDAR, OTHER = uuid4(), uuid4()


class BrokenLayer(InMemoryChannelLayer):
    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        raise ConnectionRefusedError


class LoopBoundLayer(InMemoryChannelLayer):
    """Like that of Redis: outside an event loop it cannot even be asked what it has."""

    sent: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        asyncio.get_running_loop()
        raise AttributeError(name)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.sent.append(message)


@pytest.fixture(autouse=True)
def outbox(settings: Any) -> None:
    """Also where the suite runs with Redis, which does not keep what it passed on."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "project.channel_layer.OutboxChannelLayer"}}


def sent() -> list[dict[str, Any]]:
    """The messages that left for the other processes."""
    return list(ChannelMessage.objects.order_by("id").values_list("payload", flat=True))


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    """What a listener to `events_changed` was told."""
    calls: list[dict[str, Any]] = []

    def listen(signal: Any, sender: Any, **kwargs: Any) -> None:
        calls.append(kwargs)

    events_changed.connect(listen)
    yield calls
    events_changed.disconnect(listen)


def test_announce_sends_one_message_per_transaction_with_one_notice_per_calendar(heard: list[Any]) -> None:
    first, second = uuid4(), uuid4()
    with transaction.atomic():
        for revision, event in ((4, first), (5, second), (6, first)):
            with transaction.atomic():
                announce(
                    user_id=1, calendar_id=CALENDAR, revision=revision, event_ids=[event], origin="google"
                )
        announce(user_id=1, calendar_id=OTHER, revision=7, event_ids=[], origin="google")
        assert sent() == [] == heard
    assert sent() == [
        {
            "type": "live.message",
            "notices": [
                {
                    "user": 1,
                    "calendar": str(CALENDAR),
                    "revision": 6,
                    "events": [str(first), str(second)],
                },
                {"user": 1, "calendar": str(OTHER), "revision": 7, "events": []},
            ],
        }
    ]
    assert heard == [
        {
            "user_id": 1,
            "calendar_id": CALENDAR,
            "revision": 6,
            "event_ids": [first, second],
            "origin": "google",
        },
        {"user_id": 1, "calendar_id": OTHER, "revision": 7, "event_ids": [], "origin": "google"},
    ]


def test_announce_sends_nothing_for_a_transaction_that_was_rolled_back(heard: list[Any]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        announce(user_id=1, calendar_id=CALENDAR, revision=1)
        raise ZeroDivisionError
    announce(user_id=1, calendar_id=OTHER, revision=2)
    assert [call["calendar_id"] for call in heard] == [OTHER]
    assert len(sent()) == 1


def test_announce_is_heard_although_an_earlier_savepoint_was_rolled_back(heard: list[Any]) -> None:
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            announce(user_id=1, calendar_id=CALENDAR, revision=1)
            raise ZeroDivisionError
        announce(user_id=1, calendar_id=CALENDAR, revision=1)
    assert [call["revision"] for call in heard] == [1]


def test_notice_of_very_many_events_names_none() -> None:
    announce(user_id=1, calendar_id=CALENDAR, revision=1, event_ids=[uuid4() for _ in range(MOST_EVENTS + 1)])
    assert sent()[0]["notices"][0]["events"] == []


def test_write_succeeds_although_the_layer_does_not_answer(
    alice: Any, settings: Any, heard: list[Any]
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.BrokenLayer"}}
    event = make_event(alice)
    assert heard[-1]["event_ids"] == [event.pk]


def test_announce_reaches_a_layer_that_lives_in_event_loops_only(settings: Any) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.LoopBoundLayer"}}
    announce(user_id=1, calendar_id=CALENDAR, revision=3)
    assert [notice["revision"] for message in LoopBoundLayer.sent for notice in message["notices"]] == [3]


def test_every_end_of_a_session_has_the_users_sockets_checked(alice: Any, client: Client) -> None:
    client.force_login(alice)
    recheck = {"type": "live.message", "recheck": alice.pk}
    before = len(sent())
    client.logout()
    alice.set_password("another horse")
    alice.save()
    alice.is_active = False
    alice.save(update_fields=["is_active"])
    assert sent()[before:] == [recheck] * 3


def test_sign_in_and_the_purge_of_expired_sessions_check_no_socket(alice: Any, client: Client) -> None:
    before = len(sent())
    client.force_login(alice)
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    Session.objects.all().delete()
    assert sent()[before:] == []
