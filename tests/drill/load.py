"""People who save without a pause."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

import httpx

from tests.servers import wait_for


class Load:
    """Use as a context manager; `acknowledged` are the titles of the saves that were answered with 201."""

    def __init__(self, url: str, token: str, savers: int) -> None:
        self.acknowledged: list[str] = []
        self.ends: dict[str, str] = {}  # of the last save of each: what became of it
        self._url, self._token = url, token
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._save, args=(number,), daemon=True) for number in range(savers)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)

    def wait_for(self, count: int) -> None:
        wait_for(lambda: len(self.acknowledged) >= count, f"{count} saves", 120)

    def _save(self, number: int) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        with httpx.Client(base_url=self._url, headers=headers, timeout=60) as client:
            turn = 0
            while not self._stopping.is_set():
                turn += 1
                title = f"Load {number}-{turn}"
                try:
                    answer = client.post("/appointment/api/events/", json=event_titled(title))
                except httpx.TransportError as error:
                    self.ends[title] = repr(error)
                    return  # not taken any more
                self.ends[title] = str(answer.status_code)
                if answer.status_code == 201:
                    self.acknowledged.append(title)


def event_titled(title: str) -> dict[str, Any]:
    return {
        "title": title,
        "start_time": "2026-11-24T10:00:00Z",
        "end_time": "2026-11-24T11:00:00Z",
    }
