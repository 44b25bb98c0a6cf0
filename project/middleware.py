"""Sign-in is required everywhere unless a view says `login_not_required`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url


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
