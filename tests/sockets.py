"""A WebSocket of a test, which waits as long as a busy machine needs."""

from __future__ import annotations

from typing import Any

from channels.testing import WebsocketCommunicator

LONGEST = 20.0  # seconds; Channels' own gives up after one


class Socket(WebsocketCommunicator):
    async def receive_output(self, timeout: float = LONGEST) -> Any:
        return await super().receive_output(max(timeout, LONGEST))

    async def wait(self, timeout: float = LONGEST) -> None:
        await super().wait(max(timeout, LONGEST))
