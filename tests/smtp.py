"""A small mail server on this machine: keeps what it is given, and can be told to refuse or to hang up."""

from __future__ import annotations

import asyncio
import email
import threading
from contextlib import suppress
from email.message import EmailMessage
from email.policy import default
from types import TracebackType


class MailSink:
    """Use as a context manager; `messages` are what was accepted, in order."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refusals: list[str] = []  # answers to the next MAIL commands, such as "451 later"
        self.hang_ups = 0  # so many messages are accepted without the answer that says so
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> MailSink:
        self._thread.start()
        starting = asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**20)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):  # whoever sends may be killed meanwhile
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        say("220 sink")
        while line := await reader.readline():
            command = line.decode().strip().upper()
            if command.startswith("MAIL") and self.refusals:
                say(self.refusals.pop(0))
            elif command == "DATA":
                say("354 go on")
                content = await reader.readuntil(b"\r\n.\r\n")
                lines = content.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
                self.messages.append(email.message_from_bytes(lines, policy=default))
                if self.hang_ups:
                    self.hang_ups -= 1
                    break
                say("250 kept")
            elif command == "QUIT":
                say("221 bye")
                break
            else:
                say("250 ok")
