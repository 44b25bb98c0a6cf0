from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.utils import timezone

from project.channel_layer import KEEP, OutboxChannelLayer, _Poller
from project.models import ChannelMessage

pytestmark = pytest.mark.django_db(transaction=True)


async def drain(layer: OutboxChannelLayer, channel: str) -> list[dict[str, Any]]:
    """What has been put on the channel by now."""
    await asyncio.sleep(0)
    received = []
    while channel in layer.channels and not layer.channels[channel].empty():
        received.append(await layer.receive(channel))
    return received


def test_message_reaches_this_process_at_once_and_is_not_read_back() -> None:
    async def story() -> None:
        layer = OutboxChannelLayer()
        await layer.group_add("live", "a!1")
        poller = _Poller(layer, asyncio.get_running_loop(), last=0)
        await sync_to_async(layer.publish)("live", {"n": 1})
        await layer.group_send("live", {"n": 2})
        await sync_to_async(poller._look)()
        assert await drain(layer, "a!1") == [{"n": 1}, {"n": 2}]
        await layer.close()

    async_to_sync(story)()


def test_messages_of_another_process_arrive_once_and_in_order() -> None:
    async def story() -> None:
        here, there = OutboxChannelLayer(), OutboxChannelLayer()
        await sync_to_async(there.publish)("live", {"n": "before joining"})
        await here.group_add("live", "a!1")
        last = await sync_to_async(lambda: ChannelMessage.objects.latest("id").pk)()
        poller = _Poller(here, asyncio.get_running_loop(), last)
        for number in range(3):
            await sync_to_async(there.publish)("live", {"n": number})
        await sync_to_async(there.publish)("other", {"n": "for a group not joined"})
        await sync_to_async(poller._look)()
        await sync_to_async(poller._look)()
        assert await drain(here, "a!1") == [{"n": 0}, {"n": 1}, {"n": 2}]
        await here.close()

    async_to_sync(story)()


def test_message_committed_late_under_a_lower_number_is_not_lost() -> None:
    async def story() -> None:
        layer = OutboxChannelLayer()
        await layer.group_add("live", "a!1")
        poller = _Poller(layer, asyncio.get_running_loop(), last=0)

        async def row(number: int) -> None:
            await ChannelMessage.objects.acreate(
                id=number, group="live", origin="other", payload={"n": number}
            )
            await sync_to_async(poller._look)()

        for number in (3, 1, 4, 2):
            await row(number)
        assert await drain(layer, "a!1") == [{"n": 3}, {"n": 1}, {"n": 4}, {"n": 2}]
        await layer.close()

    async_to_sync(story)()


def test_old_messages_are_removed() -> None:
    old = timezone.now() - KEEP - timedelta(seconds=1)
    ChannelMessage.objects.create(group="live", origin="a", payload={}, created_at=old)
    OutboxChannelLayer().publish("live", {"n": 1})
    assert [row.payload for row in ChannelMessage.objects.all()] == [{"n": 1}]


def test_membership_outlives_a_message_that_waited_long() -> None:
    async def story() -> None:
        layer = OutboxChannelLayer(expiry=-1)
        await layer.group_add("live", "a!1")
        for number in range(2):
            await layer.group_send("live", {"n": number})
        assert await drain(layer, "a!1") == [{"n": 0}, {"n": 1}]
        assert "a!1" in layer.groups["live"]
        await layer.close()

    async_to_sync(story)()
