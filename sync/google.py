"""The one place that talks to Google Calendar (v3, through google-api-python-client) and its token endpoints.

Every failure becomes one of the errors below, decided by status *and* reason (google-sync.md 1.6). Nothing is
retried here by sleeping: `num_retries=0`, the engine backs off.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

import httplib2
from django.conf import settings
from google.auth.exceptions import RefreshError, TransportError
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp, Request
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 20
PAGE_SIZE = 2500  # the most Google allows
# The parameters of every list are part of a sync token's identity: raise the version when they change.
LIST_PARAMETERS_VERSION = 1
RATE_REASONS = {"rateLimitExceeded", "userRateLimitExceeded"}


class GoogleError(Exception):
    """A call failed. The text is for people; it never holds a token or an address with one."""


@dataclass
class RetryLater(GoogleError):
    """Outcome unknown or rate limited: try again after a pause. `retry_after` in seconds when Google named one."""

    message: str
    retry_after: float | None = None

    def __str__(self) -> str:
        return self.message


class NeedsReauth(GoogleError):
    """The refresh token is dead (revoked, expired): only the owner can mend this."""


class InsufficientScope(GoogleError):
    """The person did not grant what this call needs."""


class SetupError(GoogleError):
    """The site's own Google project is at fault, not the person's connection."""


class Refused(GoogleError):
    """Google will never accept this body for this event."""


class NotFound(GoogleError):
    """The calendar or event does not exist or is out of reach."""


class AlreadyDeleted(GoogleError):
    """410 on an event: deleted before."""


class FullSyncRequired(GoogleError):
    """410 on a list: the sync token is dead."""


class AlreadyExists(GoogleError):
    """409 on insert: the id is taken, perhaps by our own earlier try."""


class Outdated(GoogleError):
    """412: the event has another etag by now, perhaps from our own resent request."""


class GoogleCalendar:
    """Calls on behalf of one account. Not thread-safe (httplib2): one per run."""

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self._http = httplib2.Http(timeout=TIMEOUT_SECONDS)
        self._http.follow_redirects = False
        self.calls = 0
        self._service = build(
            "calendar",
            "v3",
            http=AuthorizedHttp(credentials, self._http),
            static_discovery=True,
            cache_discovery=False,
            client_options={"api_endpoint": settings.GOOGLE_CALENDAR_ENDPOINT},
        )

    def refresh(self) -> None:
        """Fetch a new access token now; raises `NeedsReauth`, `RetryLater` or `SetupError`."""
        with _translated():
            self.credentials.refresh(Request(self._http))

    def calendar_list(self) -> list[dict[str, Any]]:
        """Every calendar of the account's list."""
        items: list[dict[str, Any]] = []
        page_token = None
        while True:
            page = self._execute(self._service.calendarList().list(maxResults=250, pageToken=page_token))
            items += page.get("items", [])
            page_token = page.get("nextPageToken")
            if not page_token:
                return items

    def event_page(self, calendar_id: str, sync_token: str, page_token: str) -> dict[str, Any]:
        """One page of the full or incremental listing; raises `FullSyncRequired` when the token is dead."""
        request = self._service.events().list(
            calendarId=calendar_id,
            maxResults=PAGE_SIZE,
            singleEvents=False,
            syncToken=sync_token or None,
            pageToken=page_token or None,
        )
        try:
            return self._execute(request)
        except AlreadyDeleted as error:
            raise FullSyncRequired(str(error)) from error

    def check_calendar(self, calendar_id: str) -> None:
        """Raise `NotFound` when the calendar itself is out of reach."""
        self._execute(self._service.calendarList().get(calendarId=calendar_id))

    def get(self, calendar_id: str, event_id: str) -> dict[str, Any]:
        return self._execute(self._service.events().get(calendarId=calendar_id, eventId=event_id))

    def insert(self, calendar_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._execute(
            self._service.events().insert(calendarId=calendar_id, body=dict(body), sendUpdates="none")
        )

    def patch(
        self, calendar_id: str, event_id: str, body: Mapping[str, Any], etag: str = ""
    ) -> dict[str, Any]:
        request = self._service.events().patch(
            calendarId=calendar_id, eventId=event_id, body=dict(body), sendUpdates="none"
        )
        return self._execute(request, etag)

    def delete(self, calendar_id: str, event_id: str, etag: str = "") -> None:
        request = self._service.events().delete(calendarId=calendar_id, eventId=event_id, sendUpdates="none")
        self._execute(request, etag)

    def _execute(self, request: Any, etag: str = "") -> Any:
        if etag:
            request.headers["If-Match"] = etag
        self.calls += 1
        with _translated():
            answer = request.execute(num_retries=0)
        # JSON that was cut off comes back as the text itself, without an error; only DELETE answers nothing.
        if not isinstance(answer, dict) and request.method != "DELETE":
            raise RetryLater("Google's answer was cut off.")
        return answer


def credentials_of(access_token: str, refresh_token: str, expires_at: datetime | None) -> Credentials:
    return Credentials(
        access_token or None,
        refresh_token=refresh_token or None,
        token_uri=settings.GOOGLE_TOKEN_URL,
        client_id=settings.GOOGLE_CLIENT_ID,
        client_secret=settings.GOOGLE_CLIENT_SECRET,
        # google-auth compares with naive UTC.
        expiry=expires_at.astimezone(UTC).replace(tzinfo=None) if expires_at else None,
    )


def revoke_token(token: str) -> bool:
    """Tell Google to forget the grant; True when it did or never knew it."""
    try:
        response, _ = httplib2.Http(timeout=10).request(
            settings.GOOGLE_REVOKE_URL,
            "POST",
            body=urlencode({"token": token}),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
    except (OSError, httplib2.HttpLib2Error):
        return False
    return response.status in (200, 400)


class _translated:
    """Turns what the client libraries raise into our errors."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, HttpError):
            raise _from_http(error) from error
        if isinstance(error, RefreshError):
            raise _from_refresh(error) from error
        if isinstance(error, (OSError, HTTPException, httplib2.HttpLib2Error, TransportError)):
            raise RetryLater(f"Google could not be reached ({type(error).__name__}).") from error
        if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)):
            raise RetryLater("Google's answer was cut off.") from error


def _from_http(error: HttpError) -> GoogleError:
    status = int(error.resp.status)
    reason, message, detail = _reason(error)
    said = f"Google says {status}{f' {reason}' if reason else ''}: {message}"[:300]
    if status == 429 or (status == 403 and reason in RATE_REASONS):
        return RetryLater("Google asked us to slow down.", _pause(error.resp.get("retry-after", "")))
    if status == 403 and reason == "quotaExceeded":
        return RetryLater("Google's calendar usage limit is reached; the next try is in an hour.", 3600.0)
    if status >= 500 or status == 408:
        return RetryLater(said)
    if status == 401:
        return NeedsReauth(said)
    if status == 403 and (reason == "insufficientPermissions" or detail == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"):
        return InsufficientScope(said)
    if status == 403 and (not reason or reason == "accessNotConfigured" or detail == "SERVICE_DISABLED"):
        return SetupError(said)
    kinds: dict[int, type[GoogleError]] = {
        404: NotFound,
        409: AlreadyExists,
        410: AlreadyDeleted,
        412: Outdated,
    }
    return kinds.get(status, Refused)(said)


def _pause(retry_after: str) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date (RFC 9110 10.2.3)."""
    if retry_after.isdigit():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _reason(error: HttpError) -> tuple[str, str, str]:
    """(errors[0].reason, message, details[].reason) of Google's error body, each empty when missing."""
    try:
        body = json.loads(error.content.decode())["error"]
        reasons = [entry.get("reason", "") for entry in body.get("errors") or []]
        details = [entry.get("reason", "") for entry in body.get("details") or []]
        return (reasons or [""])[0], str(body.get("message", "")), (details or [""])[0]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", "no explanation", ""


def _from_refresh(error: RefreshError) -> GoogleError:
    content = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], dict) else {}
    code = content.get("error", "")
    if code == "invalid_grant":
        return NeedsReauth("Google has ended this connection.")
    if code in ("invalid_client", "unauthorized_client"):
        return SetupError("Google does not accept this site's client id and secret.")
    if not content and "refresh_token" in str(error):
        return NeedsReauth("There is no refresh token for this connection.")
    return RetryLater("Google's sign-in service did not answer properly.")
