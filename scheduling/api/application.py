"""The API as one object: its parts, its parser, its answers to what does not exist, its documentation."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.openapi.views import openapi_json
from ninja.parser import Parser

from scheduling.api import availability, docs, events, imports, people, public
from scheduling.api.access import BearerToken, SessionCookie, guarded
from scheduling.api.errors import ApiError, answer, install, not_found
from scheduling.api.examples import add_examples


class StrictParser(Parser):
    """JSON as RFC 8259 has it, without NaN. Whatever it raises becomes a 400."""

    def parse_body(self, request: HttpRequest) -> Any:
        return json.loads(request.body.decode(), parse_constant=_refuse)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


class Api(NinjaAPI):
    def get_openapi_schema(self, **options: Any) -> Any:
        document = super().get_openapi_schema(**options)
        add_examples(document)
        return document

    def _get_urls(self) -> list[Any]:
        operations = [
            pattern
            for router in self._get_bound_routers()
            for pattern in router.urls_paths(router.prefix)  # type: ignore[arg-type]
        ]
        return [
            path("openapi.json", lambda request: openapi_json(request, api=self), name="openapi-json"),
            path("docs", lambda request: docs.reference(request, self.get_openapi_schema()), name="docs"),
            path("", docs.home, name="api-root"),
            *map(_with_plain_refusal, operations),
            re_path("", csrf_exempt(_nothing_here), name="nothing-here"),
        ]


def _with_plain_refusal(pattern: URLPattern) -> URLPattern:
    """The same route, answering a wrong method in the form of every other failure."""
    view: Callable[..., HttpResponse] = pattern.callback

    @wraps(view)
    def answered(request: HttpRequest, **parameters: Any) -> HttpResponse:
        response = view(request, **parameters)
        if isinstance(response, HttpResponseNotAllowed):
            methods = ", ".join(sorted(response["Allow"].split(", ")))
            return answer(
                ApiError(
                    405, "method_not_allowed", f"Only {methods} can be used here.", headers={"Allow": methods}
                )
            )
        return response

    pattern.callback = answered
    return pattern


def _nothing_here(request: HttpRequest) -> HttpResponse:
    return answer(not_found())


api = Api(
    title="Appointment",
    version=settings.VERSION,
    description="Calendars and events. Times are ISO 8601 with an offset; all-day events have dates and an "
    "exclusive end. Every change takes the next revision of its owner's calendars: it is the ETag of an "
    "event and what `since` counts from.",
    urls_namespace="api",
    auth=[BearerToken(), SessionCookie()],
    parser=StrictParser(),
)
api.add_decorator(guarded, mode="view")
api.add_router("events/", events.router)
api.add_router("import/", imports.router)
api.add_router("", people.router)
api.add_router("", availability.router)
api.add_router("public/", public.router)
install(api)
