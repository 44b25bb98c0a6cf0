"""All that views know about the browser and HTMX: one URL, one view, one context; a fragment is only less of the page."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django_htmx.http import trigger_client_event
from django_htmx.middleware import HtmxDetails


class HtmxHttpRequest(HttpRequest):
    """A request that went through HtmxMiddleware, for annotations."""

    htmx: HtmxDetails


class SignedInRequest(HtmxHttpRequest):
    """One of somebody who is signed in: every view's that `LoginRequiredMiddleware` stands before."""

    user: User


def wants_fragment(request: HttpRequest) -> bool:
    """Whether HTMX asks for a part; when it restores history it needs the whole page."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request


def is_phone(request: HttpRequest) -> bool:
    """What the browser says about itself: a client hint, else the old word in its name."""
    hint = request.headers.get("Sec-CH-UA-Mobile")
    return hint == "?1" if hint else "Mobi" in request.headers.get("User-Agent", "")


def page_or_fragment(
    request: HttpRequest, page: str, fragment: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """`fragment` alone for HTMX, else `page`, which includes it."""
    template = fragment if wants_fragment(request) else page
    return vary(render(request, template, context, status=status))


def vary(response: HttpResponse) -> HttpResponse:
    """Say that the answer depends on who asks and how."""
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    if not response.has_header("Cache-Control"):
        patch_cache_control(response, private=True, no_cache=True)  # nobody else's, nor shown after sign-out
    return response


def done(events: dict[str, Any], status: int = 204) -> HttpResponse:
    """No content, but these DOM events on the page: `{"events-changed": {}, "toast": {…}}`."""
    response = HttpResponse(status=status)
    for name, detail in events.items():
        trigger_client_event(response, name, detail)
    return vary(response)
