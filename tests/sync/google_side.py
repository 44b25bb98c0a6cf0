"""Google's side of a sync test: one sandbox account, as its owner changes and sees it."""

from __future__ import annotations

from typing import Any

from tests.sandbox.client import SandboxControl


class GoogleSide:
    """The account `email`; making a second one for the same e-mail is a fresh consent of the same person."""

    def __init__(self, control: SandboxControl, email: str = "alice@gmail.example") -> None:
        self.control = control
        self.email = email
        self.tokens = control.account(email, name="Alice")
        self.log, self.clear_log = control.log, control.clear_log
        self.clear_faults = control.clear_faults

    def add(self, *events: dict[str, Any], **of_one: Any) -> list[dict[str, Any]]:
        """Insert events as a person in Google does; keywords make one lunch with those fields."""
        return self.control.add_events(self.email, list(events) or [lunch(**of_one)])

    def change(self, event_id: str, **changes: Any) -> dict[str, Any]:
        return self.control.change_event(self.email, event_id, changes)

    def delete(self, event_id: str) -> None:
        self.control.delete_event(self.email, event_id)

    def events(self) -> list[dict[str, Any]]:
        """Every living event of the primary calendar, masters and exceptions as stored."""
        return [item for item in self.control.events(self.email) if item["status"] != "cancelled"]

    def titles(self) -> list[str]:
        return sorted(event["summary"] for event in self.events())

    def fault(self, match: dict[str, Any], action: dict[str, Any], times: int | None = 1) -> None:
        self.control.fault(action, times=times, **match)

    def expire_sync_tokens(self) -> None:
        self.control.expire_sync_tokens(self.email)

    def expire_access_tokens(self) -> None:
        self.control.expire_access_tokens(self.email)

    def revoke(self) -> None:
        self.control.revoke(self.email)

    def set_role(self, role: str) -> None:
        self.control.change_calendar(self.email, role=role)


def lunch(**over: Any) -> dict[str, Any]:
    return {
        "summary": "Lunch",
        "start": {"dateTime": "2026-11-24T12:00:00+01:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-24T13:00:00+01:00", "timeZone": "Europe/Berlin"},
        **over,
    }
