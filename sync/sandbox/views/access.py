"""What stands around every view: the guard, the faults, the log, the caller and Google's error answers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from sync.sandbox import clock, faults, oauth
from sync.sandbox.models import OWNER, Account, ListEntry
from sync.sandbox.oauth import API, OAuthError
from sync.sandbox.wire import (
    NAMED_ERRORS,
    GoogleError,
    insufficient_scope,
    invalid,
    invalid_credentials,
    login_required,
)

Json = dict[str, Any]
View = Callable[..., HttpResponse]
_SECRET_PARAMETERS = {
    "access_token",
    "oauth_token",
    "token",
    "code",
    "state",
    "key",
    "code_challenge",
    "nonce",
}


def only_in_trials(view: View) -> View:
    """404 unless the site is a local trial (DEBUG) that asked for the sandbox."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEBUG or getattr(settings, "GOOGLE_SANDBOX", False) is not True:
            raise Http404
        return view(request, *args, **kwargs)

    return login_not_required(guarded)


def google_endpoint(view: View) -> View:
    """An endpoint of Google's: faults act on it, the log keeps it, errors have Google's shape."""

    @wraps(view)
    def endpoint(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        call = faults.Call(request.method or "", _path(request), _query(request.GET), _account_email(request))
        effects = faults.take(call)
        actions = effects.actions
        time.sleep(min(float(actions.get("delay", 0)), 120))
        with ExitStack() as stack:
            if "clock_offset" in actions:
                stack.enter_context(clock.shifted(float(actions["clock_offset"])))
            response = _refusal(call, actions) or _answer(view, request, actions, args, kwargs)
        response = _altered(response, actions)
        is_dropped = any(name in actions for name in ("drop_before", "process_then_drop"))
        faults.record(
            method=call.method,
            path=call.path,
            query=call.query,
            account=call.account,
            status=0 if "drop_before" in actions else response.status_code,
            if_match=request.headers.get("If-Match", ""),
            body_keys=_body_keys(request),
            fault=effects.label,
        )
        if "process_then_timeout" in actions:
            time.sleep(min(float(actions["process_then_timeout"]), 120))
            is_dropped = True
        return drop_connection(request) if is_dropped else response

    return csrf_exempt(only_in_trials(endpoint))


def drop_connection(request: HttpRequest) -> HttpResponse:
    """Close the socket without an answer where the server can; elsewhere 502."""
    drop = request.META.get("google_sandbox.drop_connection")
    if drop:
        drop()
    return HttpResponse(status=502, headers={"Connection": "close"})


def api(*scopes: str) -> Callable[[View], View]:
    """A Calendar v3 method, `view(request, account, ...)`: the caller's token must hold one of `scopes`.

    A token that holds only `calendar.events.owned` reaches only calendars that the account owns; `check_owned`
    says so once the calendar is known.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def method(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            secret = bearer(request)
            if not secret:
                raise login_required()
            token = oauth.find_access_token(secret)
            if token is None:
                raise invalid_credentials()
            held = {scope.removeprefix(API) for scope in token.scopes} & set(scopes)
            if not held:
                name = ".".join(part.capitalize() for part in view.__name__.split("_"))
                raise insufficient_scope(f"calendar.v3.{name}")
            request.sandbox_scopes = held  # type: ignore[attr-defined]
            return view(request, token.grant.account, *args, **kwargs)

        return google_endpoint(method)

    return decorate


def check_owned(request: HttpRequest, entry: ListEntry) -> ListEntry:
    held: set[str] = getattr(request, "sandbox_scopes", set())
    if all(".owned" in scope for scope in held) and entry.access_role != OWNER:
        raise insufficient_scope()
    return entry


def bearer(request: HttpRequest) -> str:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret if kind.lower() == "bearer" else request.GET.get("access_token", "")


def read_json(request: HttpRequest) -> Json:
    """The body as an object; 400 `parseError` when it is none."""
    try:
        body = json.loads(request.body or b"{}")
    except ValueError as error:
        raise invalid("Parse Error", "parseError") from error
    if not isinstance(body, dict):
        raise invalid("Parse Error", "parseError")
    return body


def page_size(request: HttpRequest) -> int | None:
    """A fault's limit on the length of a page."""
    return getattr(request, "sandbox_page_size", None)


def root_path() -> str:
    return reverse("google_sandbox:home")


def account_of(request: HttpRequest) -> Account | None:
    return Account.objects.filter(email=_account_email(request)).first()


def _answer(view: View, request: HttpRequest, actions: Json, args: Any, kwargs: Any) -> HttpResponse:
    if "page_size" in actions:
        request.sandbox_page_size = int(actions["page_size"])  # type: ignore[attr-defined]
    try:
        return view(request, *args, **kwargs)
    except (GoogleError, OAuthError) as error:
        return JsonResponse(error.body, status=error.status, headers=getattr(error, "headers", {}))


def _refusal(call: faults.Call, actions: Json) -> HttpResponse | None:
    """The answer that a fault gives instead of the view."""
    headers = actions.get("headers", {})
    if "drop_before" in actions:
        return HttpResponse(status=502)
    if "error" in actions:
        error = NAMED_ERRORS[actions["error"]]()
        return JsonResponse(error.body, status=error.status, headers=error.headers | headers)
    if "status" in actions:
        body = actions.get("body", {"error": {"code": actions["status"], "message": "Sandbox fault"}})
        content = body if isinstance(body, str) else json.dumps(body)
        kind = "text/html" if isinstance(body, str) else "application/json"
        return HttpResponse(content, status=actions["status"], content_type=kind, headers=headers)
    if "quota" in actions and faults.over_quota(call.account, int(actions["quota"])):
        error = NAMED_ERRORS["userRateLimitExceeded"]()
        return JsonResponse(error.body, status=error.status, headers=headers)
    return None


def _altered(response: HttpResponse, actions: Json) -> HttpResponse:
    if {"replace", "append_items"} & actions.keys() and response.status_code == 200:
        body = json.loads(response.content) | actions.get("replace", {})
        body["items"] = body.get("items", []) + actions.get("append_items", [])
        response.content = json.dumps(body)
    if "truncated_json" in actions:
        response.content = response.content[: len(response.content) // 2]
    return response


def _path(request: HttpRequest) -> str:
    return request.path.removeprefix(root_path())


def _query(query: QueryDict) -> str:
    return urlencode([(k, v) for k, values in query.lists() for v in values if k not in _SECRET_PARAMETERS])


def _account_email(request: HttpRequest) -> str:
    """Whose call it is, as well as its secrets tell."""
    secret = bearer(request)
    if not secret and request.content_type == "application/x-www-form-urlencoded":
        secret = next((request.POST[n] for n in ("refresh_token", "code", "token") if n in request.POST), "")
    return oauth.account_of_secret(secret) if secret else ""


def _body_keys(request: HttpRequest) -> list[str]:
    if request.content_type == "application/x-www-form-urlencoded":
        return sorted(request.POST)
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        return []
    return sorted(body) if isinstance(body, dict) else []
