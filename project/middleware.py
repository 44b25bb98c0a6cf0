"""What stands around every view: sign-in, the content policy, and the answers that need no host."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode, urlsplit

import brotli
from asgiref.sync import iscoroutinefunction, sync_to_async
from csp.middleware import CSPMiddleware as DjangoCSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequiredMiddleware
from django.core.exceptions import MiddlewareNotUsed
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import resolve_url
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware
from servestatic.middleware import ServeStaticMiddleware
from servestatic.responders import MissingFileError

from project.health import healthz, readyz
from project.logs import request_id
from scheduling.languages import language_of_request
from scheduling.models import UserProfile
from scheduling.services import note_language

BROTLI = re.compile(r"\bbr\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")
# Nothing here needs more of a device than a page that is read; passkeys are not among these.
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HEALTH_VIEWS = {"/healthz": healthz, "/readyz": readyz}


class LoginRequiredMiddleware(DjangoLoginRequiredMiddleware):
    """Django's rule with two additions: the API checks its own credentials and answers 401 as JSON,
    and an HTMX request is sent to the sign-in page as a whole page, never into a fragment."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: Any,
        view_kwargs: Any,
    ) -> HttpResponseBase | None:
        if request.resolver_match and "api" in request.resolver_match.namespaces:
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]) -> Any:
        if not request.headers.get("HX-Request"):
            return super().handle_no_permission(request, view_func)
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
        return_to = page.path + (f"?{page.query}" if page.query else "")
        target = f"{resolve_url(self.get_login_url(view_func))}?{urlencode({REDIRECT_FIELD_NAME: return_to or '/'})}"
        return HttpResponse(status=204, headers={"HX-Redirect": target})


class LanguageMiddleware(LocaleMiddleware):
    """Speaks the language that the signed-in person chose, or the one their browser asks for.

    What programs read stays English, whatever language they ask for: words of errors are part of the contract.
    """

    ENGLISH = ("/appointment/api/", "/sandbox/", "/metrics")

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith(self.ENGLISH):
            language = settings.LANGUAGE_CODE
        elif request.user.is_authenticated:
            language = self._of_person(request, request.user.profile)
        else:
            language = language_of_request(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language  # type: ignore[attr-defined]

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path_info.startswith(self.ENGLISH):
            return response
        return super().process_response(request, response)

    @staticmethod
    def _of_person(request: HttpRequest, profile: UserProfile) -> str:
        if profile.language:
            return profile.language
        language = language_of_request(request)
        if "Accept-Language" in request.headers and profile.browser_language != language:
            note_language(profile=profile, language=language)
        return language


class CompressionMiddleware(GZipMiddleware):
    """Brotli for pages where the browser takes it: a sixth smaller than gzip in the same time; gzip for all else."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        takes_brotli = BROTLI.search(request.headers.get("Accept-Encoding", ""))
        is_page = response.get("Content-Type", "").startswith("text/html")
        if not takes_brotli or not is_page or not isinstance(response, HttpResponse):
            return super().process_response(request, response)
        if response.has_header("Content-Encoding") or len(response.content) < 200:
            return response
        patch_vary_headers(response, ["Accept-Encoding"])
        response.content = brotli.compress(response.content, mode=brotli.MODE_TEXT, quality=6)
        response["Content-Encoding"], response["Content-Length"] = "br", str(len(response.content))
        # As Django pads gzip: the length must not tell whether what a stranger had reflected stands in the page (BREACH).
        response["X-Padding"] = "x" * secrets.randbelow(self.max_random_bytes)
        if response.get("ETag", "").startswith('"'):
            response["ETag"] = f"W/{response['ETag']}"
        return response


class CSPMiddleware(DjangoCSPMiddleware):
    """The content policy on every response; django-csp leaves it off Django's own error pages while DEBUG is on.

    It stands first, so that answers of every other middleware have it too. Only the technical page of a 500 stays
    without one: it is a tool for whoever develops this, with its own script.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if settings.DEBUG and response.status_code == 404:
            policy = self.get_policy_parts(request=request, response=response)
            response["Content-Security-Policy"] = build_policy(**asdict(policy))
            return response
        return super().process_response(request, response)


class StaticFilesMiddleware(ServeStaticMiddleware):
    """A static file that is not there is a 404; ServeStatic makes it a fault of the server while DEBUG is on.

    ServeStatic sends files from the event loop only: among threads it does not stand (see `project.asgi`).
    """

    sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        if not iscoroutinefunction(get_response):
            raise MiddlewareNotUsed("no file is sent from a thread")
        super().__init__(get_response)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return await super().__call__(request)
        except MissingFileError as error:
            raise Http404(request.path) from error


@sync_and_async_middleware
def health_middleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """`/healthz` and `/readyz` for whoever watches this machine from inside: by any host name, over plain HTTP."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponseBase:
            view = HEALTH_VIEWS.get(request.path)
            return await sync_to_async(view)(request) if view else await get_response(request)

        return answer_async

    def answer(request: HttpRequest) -> HttpResponseBase:
        view = HEALTH_VIEWS.get(request.path)
        return view(request) if view else get_response(request)

    return answer


@contextmanager
def named(request: HttpRequest) -> Iterator[str]:
    """Give the request a name; within, lines of the log carry it."""
    name = secrets.token_hex(6)
    request.id = name  # type: ignore[attr-defined]
    token = request_id.set(name)
    try:
        yield name
    finally:
        request_id.reset(token)


@sync_and_async_middleware
def request_id_middleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """A name for each request, in the log, in `X-Request-ID` of the answer and on the page of a failure.

    It is made here: what a client sends under that name would let it write into the log.
    """

    if iscoroutinefunction(get_response):

        async def name_async(request: HttpRequest) -> HttpResponseBase:
            with named(request) as name:
                response: HttpResponseBase = await get_response(request)
            response["X-Request-ID"] = name
            return response

        return name_async

    def name_it(request: HttpRequest) -> HttpResponseBase:
        with named(request) as name:
            response: HttpResponseBase = get_response(request)
        response["X-Request-ID"] = name
        return response

    return name_it
