"""Every failure as `{"error", "message", "fields"}`, whoever raises it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from scheduling.services import (
    InvalidBooking,
    InvalidEvent,
    KeyReused,
    ReadOnly,
    SlotTaken,
    StaleEvent,
    TooMany,
    UnknownOccurrence,
)

logger = logging.getLogger(__name__)

# What the services call differently from the API.
FIELD_NAMES = {"start": "start_time", "end": "end_time"}
PLAIN_WORDS = {
    "missing": "This field is required.",
    "extra_forbidden": "There is no such field.",
    "model_type": "Send a JSON object.",
    "model_attributes_type": "Send a JSON object.",
    "list_type": "Send a JSON list.",
    "bool_type": "Write true or false.",
    "string_type": "Write text.",
    "string_unicode": "The text is not valid Unicode.",
    "uuid_parsing": "This is not an id (UUID).",
    "uuid_type": "This is not an id (UUID).",
}


class ApiError(Exception):
    """A failure that the API itself finds."""

    def __init__(
        self,
        status: int,
        error: str,
        message: str,
        *,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.more = dict(more or {})
        self.status, self.error, self.message = status, error, message
        self.fields, self.headers = dict(fields or {}), dict(headers or {})


def invalid(fields: Mapping[str, str]) -> ApiError:
    """422: the named fields (of the body or the query) cannot be used."""
    shown = list(fields.items())[:5]
    message = " ".join(f"{name}: {text}" for name, text in shown)
    return ApiError(422, "invalid", message, fields=fields)


def answer(error: ApiError) -> HttpResponse:
    content = {"error": error.error, "message": error.message, "fields": error.fields, **error.more}
    return JsonResponse(content, status=error.status, headers=error.headers)


def install(api: NinjaAPI) -> None:
    """Make `api` answer every exception in the one form."""

    def handle(kind: type[Exception], translate: Any) -> None:
        api.add_exception_handler(kind, lambda request, exception: answer(translate(request, exception)))

    handle(ApiError, lambda request, error: error)
    handle(ValidationError, _invalid_request)
    handle(
        InvalidEvent,
        lambda request, error: invalid({FIELD_NAMES.get(k, k): v for k, v in error.fields.items()}),
    )
    handle(ModelValidationError, _invalid_model)
    handle(ReadOnly, lambda request, error: ApiError(403, "read_only", str(error)))
    handle(StaleEvent, _stale)
    handle(UnknownOccurrence, lambda request, error: unknown_occurrence(error))
    handle(InvalidBooking, lambda request, error: invalid(error.fields))
    handle(SlotTaken, _taken)
    handle(KeyReused, lambda request, error: ApiError(422, "key_reused", str(error)))
    handle(
        TooMany,
        lambda request, error: ApiError(
            429, "too_many_requests", str(error), headers={"Retry-After": str(error.seconds)}
        ),
    )
    handle(Http404, lambda request, error: not_found())
    handle(AuthenticationError, lambda request, error: unauthorized())
    handle(
        HttpError,
        lambda request, error: ApiError(error.status_code, "malformed", "The request cannot be read."),
    )
    for kind in (OperationalError, InterfaceError, InternalError):
        handle(kind, _no_database)
    handle(Exception, _unexpected)


def not_found(
    message: str = "There is nothing here, or it is not yours. Addresses end with a slash.",
) -> ApiError:
    return ApiError(404, "not_found", message)


def unknown_occurrence(error: UnknownOccurrence) -> ApiError:
    return ApiError(404, "unknown_occurrence", str(error))


def unauthorized(message: str = "Sign in, or send “Authorization: Bearer <token>”.") -> ApiError:
    return ApiError(401, "unauthorized", message, headers={"WWW-Authenticate": "Bearer"})


def _invalid_request(request: HttpRequest, error: ValidationError) -> ApiError:
    fields: dict[str, str] = {}
    for fault in error.errors:
        source, *path = fault["loc"]
        if source == "body":
            path = path[1:]  # the handler's parameter, which no client knows
        name = ".".join(str(part) for part in path)[:100] or source
        fields.setdefault(
            name, PLAIN_WORDS.get(fault["type"]) or f"{fault['msg'].removeprefix('Value error, ')}."
        )
    return invalid(fields)


def _invalid_model(request: HttpRequest, error: ModelValidationError) -> ApiError:
    faults = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    return invalid({name.strip("_"): " ".join(messages) for name, messages in faults.items()})


def _stale(request: HttpRequest, error: StaleEvent) -> ApiError:
    return ApiError(412, "stale", str(error), headers={"ETag": f'"{error.event.revision}"'})


def _taken(request: HttpRequest, error: SlotTaken) -> ApiError:
    times = [{"start": slot.start.isoformat(), "end": slot.end.isoformat()} for slot in error.alternatives]
    return ApiError(409, "taken", str(error), more={"alternatives": times})


def _no_database(request: HttpRequest, error: Exception) -> ApiError:
    """It is restarted, or its disk is full: nothing was written, and soon it may be."""
    logger.error("the API could not reach the database: %s", error)
    return ApiError(
        503,
        "unavailable",
        "The database does not answer. Nothing was changed.",
        headers={"Retry-After": "5"},
    )


def _unexpected(request: HttpRequest, error: Exception) -> ApiError:
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return ApiError(500, "server_error", "Something went wrong here. It was noted; trying again may help.")
