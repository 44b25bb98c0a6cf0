"""Google's side of a sync test: one sandbox account, changed and watched through the sandbox's control addresses."""

from __future__ import annotations

from typing import Any

import httpx


class GoogleSide:
    """What the person (or Google) does over there. `base` ends in `/sandbox/google/`."""

    def __init__(self, base: str, email: str = "alice@gmail.example") -> None:
        self.http = httpx.Client(base_url=f"{base}_control/", timeout=20)
        self.email = email
        self.tokens: dict[str, Any] = self._call("POST", "accounts", {"email": email, "name": "Alice"})

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self.http.request(method, path, json={"account": self.email, **(body or {})})
        answer.raise_for_status()
        content: dict[str, Any] = answer.json()
        return content

    def add(self, *events: dict[str, Any], **of_one: Any) -> list[dict[str, Any]]:
        """Insert events as a person in Google does; keywords make one lunch with those fields."""
        made = list(events) or [lunch(**of_one)]
        items: list[dict[str, Any]] = self._call("POST", "events", {"events": made})["items"]
        return items

    def change(self, event_id: str, **changes: Any) -> dict[str, Any]:
        return self._call("PATCH", f"events/{event_id}", {"changes": changes})

    def delete(self, event_id: str) -> None:
        self._call("DELETE", f"events/{event_id}")

    def events(self) -> list[dict[str, Any]]:
        """Every living event of the primary calendar, masters and exceptions as stored."""
        answer = self.http.get("events", params={"account": self.email})
        return [item for item in answer.json()["items"] if item["status"] != "cancelled"]

    def titles(self) -> list[str]:
        return sorted(event["summary"] for event in self.events())

    def fault(self, match: dict[str, Any], action: dict[str, Any], times: int | None = 1) -> None:
        self._call("POST", "faults", {"match": match, "action": action, "times": times})

    def clear_faults(self) -> None:
        self._call("DELETE", "faults")

    def log(self, method: str = "", path: str = "") -> list[dict[str, Any]]:
        """Calls of the Calendar API so far, oldest first."""
        items = self.http.get("log").json()["items"]
        return [call for call in items if method in call["method"] and path in call["path"]]

    def clear_log(self) -> None:
        self._call("DELETE", "log")

    def expire_sync_tokens(self) -> None:
        self._call("POST", "expire_sync_tokens")

    def expire_access_tokens(self) -> None:
        self._call("POST", "expire_access_tokens")

    def revoke(self) -> None:
        self._call("POST", "revoke")

    def set_role(self, role: str) -> None:
        self._call("PATCH", "calendars", {"calendar": "primary", "role": role})


def lunch(**over: Any) -> dict[str, Any]:
    return {
        "summary": "Lunch",
        "start": {"dateTime": "2026-11-24T12:00:00+01:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-24T13:00:00+01:00", "timeZone": "Europe/Berlin"},
        **over,
    }
