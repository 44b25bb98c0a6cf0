"""`SandboxControl`: a test's hand on the sandbox Google, over HTTP."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, Request, build_opener

Json = dict[str, Any]
_opener = build_opener(ProxyHandler({}))


class SandboxControl:
    """`base_url` ends in `/sandbox/google/`. Every method is one call of a control address; an answer that is
    an error raises `AssertionError` with its body."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/") + "/"

    # Addresses for settings (GOOGLE_AUTHORIZE_URL and so on).
    @property
    def addresses(self) -> dict[str, str]:
        return {
            "GOOGLE_AUTHORIZE_URL": f"{self.base_url}o/oauth2/v2/auth",
            "GOOGLE_TOKEN_URL": f"{self.base_url}token",
            "GOOGLE_REVOKE_URL": f"{self.base_url}revoke",
            "GOOGLE_USERINFO_URL": f"{self.base_url}oauth2/v2/userinfo",
            "GOOGLE_CERTS_URL": f"{self.base_url}oauth2/v1/certs",
            "GOOGLE_CALENDAR_ENDPOINT": f"{self.base_url}calendar/v3/",
        }

    def reset(self) -> None:
        """Forget everything: accounts, events, faults, log."""
        self._call("POST", "reset")

    # --- Accounts and calendars
    def account(self, email: str = "nora.feldt@gmail.com", **options: Any) -> Json:
        """An account with its primary calendar and tokens; options: `name`, `time_zone`, `seed`, `scopes` (full
        scope names), `client_id`. Answers `access_token`, `refresh_token`, `sub`, `calendars`."""
        return self._call("POST", "accounts", {"email": email, **options})

    def calendar(self, account: str, summary: str = "Second", **options: Any) -> Json:
        """Another calendar in the account's list; options: `role`, `id` (of another account's calendar, to share
        it), `time_zone`, `color_id`. Answers the calendarList resource."""
        return self._call("POST", "calendars", {"account": account, "summary": summary, **options})

    def change_calendar(self, account: str, calendar: str = "primary", **changes: Any) -> Json:
        """`role`, `deleted`, `hidden`, `expire_sync_tokens`."""
        return self._call("PATCH", "calendars", {"account": account, "calendar": calendar, **changes})

    # --- Events, as a person on Google's side
    def events(self, account: str, calendar: str = "primary") -> list[Json]:
        """Every stored event, deleted ones too, in the order of their last changes."""
        return self._call("GET", "events", {"account": account, "calendar": calendar})["items"]

    def event(self, account: str, event_id: str, calendar: str = "primary") -> Json:
        return self._call("GET", f"events/{quote(event_id)}", {"account": account, "calendar": calendar})

    def add_event(self, account: str, event: Json, calendar: str = "primary") -> Json:
        return self.add_events(account, [event], calendar)[0]

    def add_events(self, account: str, events: list[Json], calendar: str = "primary") -> list[Json]:
        """Any id, any `organizer`; thousands at once are fine."""
        return self._call("POST", "events", {"account": account, "calendar": calendar, "events": events})[
            "items"
        ]

    def add_raw(self, account: str, resources: list[Json], calendar: str = "primary") -> list[Json]:
        """Resources that are answered as they are, however odd; each with an `id`."""
        return self._call("POST", "events", {"account": account, "calendar": calendar, "raw": resources})[
            "items"
        ]

    def change_event(self, account: str, event_id: str, changes: Json, calendar: str = "primary") -> Json:
        """Like a PATCH; instances by their ids."""
        data = {"account": account, "calendar": calendar, "changes": changes}
        return self._call("PATCH", f"events/{quote(event_id)}", data)

    def delete_event(self, account: str, event_id: str, calendar: str = "primary") -> Json:
        return self._call("DELETE", f"events/{quote(event_id)}", {"account": account, "calendar": calendar})

    def split_series(
        self,
        account: str,
        event_id: str,
        original_start: str,
        changes: Json | None = None,
        calendar: str = "primary",
    ) -> Json:
        """ "This and following" with Google's `_R` id; `original_start` is the stamp of an instance's id."""
        data = {
            "account": account,
            "calendar": calendar,
            "original_start": original_start,
            "changes": changes or {},
        }
        return self._call("POST", f"events/{quote(event_id)}/split", data)

    # --- Trouble
    def fault(self, action: Json, *, times: int | None = 1, label: str = "", **match: Any) -> int:
        """Make calls fail; see `sync.sandbox.faults`. `match`: `method`, `path`, `query` (regular expressions),
        `account`, `nth`."""
        data = {"action": action, "times": times, "label": label, "match": match}
        return self._call("POST", "faults", data)["id"]

    def faults(self) -> list[Json]:
        return self._call("GET", "faults")["items"]

    def clear_faults(self, **which: Any) -> None:
        """All, or those with `label` or `id`."""
        self._call("DELETE", "faults", which)

    def expire_sync_tokens(self, account: str = "", calendar: str = "") -> None:
        named = {"account": account, "calendar": calendar}
        self._call("POST", "expire_sync_tokens", {k: v for k, v in named.items() if v})

    def expire_access_tokens(self, account: str) -> None:
        self._call("POST", "expire_access_tokens", {"account": account})

    def revoke(self, account: str) -> None:
        """The person takes every client's access back: refreshing answers `invalid_grant`."""
        self._call("POST", "revoke", {"account": account})

    # --- Push channels
    def channels(self) -> list[Json]:
        return self._call("GET", "channels")["items"]

    def notice(self, channel: str, **options: Any) -> None:
        """Send notices now; options: `count`, `state`, `headers` (to forge). Returns when they are delivered."""
        self._call("POST", "notices", {"channel": channel, **options})

    # --- The log
    def log(self, method: str = "", path: str = "") -> list[Json]:
        """Calls in order; `path` (a part of it) and `method` narrow. Notices have the method NOTICE."""
        items = self._call("GET", "log")["items"]
        return [item for item in items if (not method or item["method"] == method) and path in item["path"]]

    def clear_log(self) -> None:
        self._call("DELETE", "log")

    def _call(self, method: str, path: str, data: Json | None = None) -> Json:
        address = f"{self.base_url}_control/{path}"
        body = None
        if method == "GET":
            address += f"?{urlencode(data or {})}"
        else:
            body = json.dumps(data or {}).encode()
        request = Request(address, data=body, method=method, headers={"Content-Type": "application/json"})
        try:
            with _opener.open(request, timeout=60) as response:
                return json.load(response)
        except HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()[:2000]}") from error
