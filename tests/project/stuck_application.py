"""An ASGI application whose requests never end: their thread waits for an event loop that may be gone."""

from __future__ import annotations

import asyncio
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    async def never() -> None:
        print("stuck", flush=True)
        await asyncio.Event().wait()

    await sync_to_async(async_to_sync(never))()
