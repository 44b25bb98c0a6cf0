"""Who calls, how often, and whether the request can be read at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from scheduling.api.errors import ApiError, answer, unauthorized
from scheduling.core.ical import LARGEST_FILE
from scheduling.models import ApiToken, AuditEntry
from scheduling.rates import count, seconds_to_wait
from scheduling.services import record, touch_api_token

READING = ("GET", "HEAD", "OPTIONS")
LARGEST_BODY = 1024 * 1024
JSON, CALENDAR_FILES = ("application/json",), ("text/calendar",)


class ApiRequest(HttpRequest):
    """What an operation gets: `auth` is the person who calls."""

    auth: Any
    rate_headers: Mapping[str, str]


class BearerToken(HttpBearer):
    """`Authorization: Bearer apt_…`. Whoever sends the header is judged by it alone, never by a cookie."""

    def __call__(self, request: HttpRequest) -> Any:
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise unauthorized()
        return self.authenticate(request, token.strip())

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        # The lookup is by SHA-256, so its timing tells nothing about the token.
        found = (
            ApiToken.objects.select_related("user__profile").filter(digest=ApiToken.digest_of(token)).first()
            if token.startswith("apt_")
            else None
        )
        if found is None or not found.user.is_active:
            raise unauthorized("This token is not known here.")
        if found.expires_at is not None and found.expires_at <= timezone.now():
            if not seconds_to_wait(f"expired-{found.pk}", 1):  # one line a minute says enough
                record(user=found.user, action=AuditEntry.Action.TOKEN_REFUSED, about=found.name)
            raise unauthorized("This token has expired.")
        _count(request, f"token-{found.pk}")
        if found.scope == ApiToken.Scope.READ and request.method not in READING:
            raise ApiError(403, "insufficient_scope", "This token may read only.")
        touch_api_token(found)
        return found.user


class SessionCookie(APIKeyCookie):
    """The cookie of a signed-in browser; writing also needs the CSRF token (`X-CSRFToken`)."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Any:
        return self.authenticate(request, None)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        if not request.user.is_authenticated:
            return None
        if check_csrf(request) is not None:
            raise ApiError(
                403, "csrf", "A request with a session cookie needs its CSRF token in X-CSRFToken."
            )
        _count(request, f"user-{request.user.pk}")
        return request.user


def guarded(run: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Around every operation: refuse what cannot be read before anything reads it, and mark the answer."""

    @wraps(run)
    def guarded_run(request: HttpRequest, **parameters: Any) -> HttpResponse:
        try:
            _require_readable(request)
            response = run(request, **parameters)
        except ApiError as error:
            response = answer(error)
        for name, value in getattr(request, "rate_headers", {}).items():
            response[name] = value
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Authorization", "Cookie"])
        return response

    return guarded_run


def _require_readable(request: HttpRequest) -> None:
    if request.method not in ("POST", "PUT", "PATCH"):
        return
    match = request.resolver_match
    if match and match.url_name == "import":
        kinds, largest = CALENDAR_FILES, LARGEST_FILE
    else:
        kinds, largest = JSON, LARGEST_BODY
    kind = (request.content_type or kinds[0]).lower()
    # Before the CSRF check: that reads a form's body, after which nobody else can.
    if kind not in kinds and not (kinds is JSON and kind.endswith("+json")):
        what = "JSON" if kinds is JSON else "an iCalendar file"
        raise ApiError(415, "unsupported_media_type", f"Send {what} with “Content-Type: {kinds[0]}”.")
    try:
        size = len(request.body)
    except RequestDataTooBig:
        size = largest + 1
    if size > largest:
        raise ApiError(413, "too_large", f"The body is larger than {largest // 1024} kB.")


def _count(request: HttpRequest, caller: str) -> None:
    """Count the request against the caller's minute; raises 429 when it is one too many."""
    limit: int = settings.API_RATE_PER_MINUTE
    used, wait = count(f"api-{caller}")
    request.rate_headers = {  # type: ignore[attr-defined]
        "RateLimit-Limit": str(limit),
        "RateLimit-Remaining": str(max(0, limit - used)),
        "RateLimit-Reset": str(wait),
    }
    if used > limit:
        raise ApiError(
            429,
            "too_many_requests",
            f"More than {limit} requests in a minute. Try again in {wait} seconds.",
            headers={"Retry-After": str(wait)},
        )
