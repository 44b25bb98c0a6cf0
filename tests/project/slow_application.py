"""An ASGI application that answers at once, but `/slow/` only when the file that RELEASE names is there."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["path"] == "/slow/":
        print("under way", flush=True)
        while not Path(os.environ["RELEASE"]).exists():
            await asyncio.sleep(0.01)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"finished"})
