"""What the client libraries raise, as the errors of `sync.provider`: decided by status *and* reason (google-sync.md 1.6)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from socket import gaierror
from typing import Any

import httplib2
from django.utils.translation import gettext as _
from google.auth.exceptions import RefreshError, TransportError
from googleapiclient.errors import HttpError

from sync.provider import (
    AlreadyDeleted,
    AlreadyExists,
    InsufficientScope,
    NeedsReauth,
    NotFound,
    NotTheOrganizer,
    NoWriteAccess,
    Outdated,
    ProviderError,
    RateLimited,
    Refused,
    RetryLater,
    SetupError,
    Unreachable,
)

RATE_REASONS = {"rateLimitExceeded", "userRateLimitExceeded"}
EVENT_REASONS: dict[str, type[ProviderError]] = {
    "forbiddenForNonOrganizer": NotTheOrganizer,
    "requiredAccessLevel": NoWriteAccess,
}
NO_CONNECTION = (ConnectionRefusedError, gaierror, httplib2.ServerNotFoundError)


class translated:
    """Turns what the client libraries raise into our errors."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, HttpError):
            raise _from_http(error) from error
        if isinstance(error, RefreshError):
            raise _from_refresh(error) from error
        if isinstance(error, (OSError, HTTPException, httplib2.HttpLib2Error, TransportError)):
            kind = Unreachable if isinstance(error, NO_CONNECTION) else RetryLater
            raise kind(
                _("Google could not be reached (%(reason)s).") % {"reason": type(error).__name__}
            ) from error
        if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)):
            raise RetryLater(_("Google's answer was cut off.")) from error


def _from_http(error: HttpError) -> ProviderError:
    status = int(error.resp.status)
    reason, message, detail = _reason(error)
    said = f"Google says {status}{f' {reason}' if reason else ''}: {message.rstrip('.')}."[:300]
    if status == 429 or (status == 403 and reason in RATE_REASONS):
        return RateLimited(_("Google asked us to slow down."), _pause(error.resp.get("retry-after", "")))
    if status == 403 and reason == "quotaExceeded":
        return RateLimited(_("Google's calendar usage limit is reached; the next try is in an hour."), 3600.0)
    if status >= 500 or status == 408:
        return RetryLater(said)
    if reason.startswith("push."):  # the webhook's address, not the account
        return Refused(said)
    if reason == "channelIdNotUnique":
        return AlreadyExists(said)
    if status == 401:
        return NeedsReauth(said)
    if status == 403 and (reason == "insufficientPermissions" or detail == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"):
        return InsufficientScope(said)
    if status == 403 and (not reason or reason == "accessNotConfigured" or detail == "SERVICE_DISABLED"):
        return SetupError(said)
    if status == 403 and reason in EVENT_REASONS:
        return EVENT_REASONS[reason](said)
    kinds: dict[int, type[ProviderError]] = {
        404: NotFound,
        409: AlreadyExists,
        410: AlreadyDeleted,
        412: Outdated,
    }
    return kinds.get(status, Refused)(said)


def json_object(text: bytes) -> dict[str, Any]:
    """What the JSON says; nothing when it is none."""
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


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


def _from_refresh(error: RefreshError) -> ProviderError:
    content = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], dict) else {}
    code = content.get("error", "")
    if code == "invalid_grant":
        return NeedsReauth(_("Google has ended this connection."))
    if code in ("invalid_client", "unauthorized_client"):
        return SetupError(_("Google does not accept this site's client id and secret."))
    if not content and "refresh_token" in str(error):
        return NeedsReauth(_("There is no refresh token for this connection."))
    return RetryLater(_("Google's sign-in service did not answer properly."))
