"""HTTP/1.1 and WebSockets by hand: a thousand sockets must not cost the machine what is to be measured on it."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import Callable


async def open_connection(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port, limit=2**20)


class Connection:
    """One kept connection; a request at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(
        self, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """(status, headers by lower-case name, body as transferred)."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body or method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        content = "\r\n".join([*lines, "", ""]).encode() + body
        if self._streams is None:
            self._streams = await open_connection(self._port)
        reader, writer = self._streams
        writer.write(content)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1").split("\r\n")
        status = int(head[0].split()[1])
        said = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        answer = await self._body(reader, status, said)
        if said.get("connection", "").lower() == "close":
            self.close()
        return status, said, answer

    async def _body(self, reader: asyncio.StreamReader, status: int, said: dict[str, str]) -> bytes:
        if status in (204, 304):
            return b""
        if said.get("transfer-encoding", "").lower() != "chunked":
            return await reader.readexactly(int(said.get("content-length", "0")))
        parts = []
        while size := int(await reader.readline(), 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readexactly(2)
        return b"".join(parts)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Watcher(asyncio.Protocol):
    """A WebSocket that only listens: `heard` is called with the moment of each message; pings are answered."""

    def __init__(self, request: bytes, heard: Callable[[float], None]) -> None:
        self._request, self._heard = request, heard
        self._buffer = b""
        self._is_open = False
        self.is_lost = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.opened.set_exception(ConnectionError(head[:200].decode("latin1")))
                return
            self._is_open, self._buffer = True, rest
            self.opened.set_result(None)
        while self._take_frame():
            pass

    def _take_frame(self) -> bool:
        """From a server frames come unmasked and, of what is sent here, whole."""
        if len(self._buffer) < 2:
            return False
        length, start = self._buffer[1] & 127, 2
        if length == 126:
            length, start = int.from_bytes(self._buffer[2:4]), 4
        if len(self._buffer) < start + length:
            return False
        kind, content = self._buffer[0] & 15, self._buffer[start : start + length]
        self._buffer = self._buffer[start + length :]
        if kind == 1:
            self._heard(time.perf_counter())
        elif kind == 9:
            self.transport.write(bytes([0x8A, 0x80 | len(content)]) + bytes(4) + content)
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self.is_lost = True
        if not self.opened.done():
            self.opened.set_exception(error or ConnectionError("closed in the handshake"))


async def watch(port: int, path: str, heard: Callable[[float], None], **headers: str) -> Watcher:
    """An open socket."""
    lines = [f"GET {path} HTTP/1.1", f"Host: localhost:{port}", f"Origin: http://localhost:{port}"]
    lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    lines.append(f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    request = "\r\n".join([*lines, "", ""]).encode()
    loop = asyncio.get_running_loop()
    _, watcher = await loop.create_connection(lambda: Watcher(request, heard), "127.0.0.1", port)
    await asyncio.wait_for(watcher.opened, 60)
    return watcher
