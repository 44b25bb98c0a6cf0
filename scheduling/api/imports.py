"""Importing an iCalendar file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.http import Http404, HttpResponse
from django.urls import reverse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from scheduling import queries, services
from scheduling.api.access import ApiRequest
from scheduling.api.errors import ApiError, invalid
from scheduling.api.problems import problems
from scheduling.core.ical import UnreadableCalendar
from scheduling.models import Calendar, CalendarImport
from scheduling.services import ReadOnly
from scheduling.tasks import enqueue_import_reading, enqueue_import_writing

router = Router(tags=["Import"])
State = CalendarImport.State


class ImportQuery(Schema):
    calendar: UUID | None = Field(
        None, description="Where the events go; the primary calendar when left out."
    )


class ImportProblem(Schema):
    title: str = Field(description="Of the event; empty when it is about the whole file.")
    words: str
    is_lost: bool = Field(description="Whether something was left out; false: it was kept, changed as said.")
    is_event: bool


class ImportResult(Schema):
    """How many events of the file were new, changed, the same as here, or left out, and why."""

    id: UUID | None = Field(None, description="Of an import that goes on in the background.")
    state: str = Field("done", description="`writing`, `done` or `failed`.")
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    done: int | None = Field(None, description="Events worked on so far.")
    total: int | None = None
    problems: list[ImportProblem] = []
    message: str = ""


@router.post(
    "",
    response={200: ImportResult, 202: ImportResult, **problems(403, 413, 415, 422)},
    operation_id="importCalendar",
    summary="Import an iCalendar file",
    url_name="import",
    openapi_extra={
        "requestBody": {"required": True, "content": {"text/calendar": {"schema": {"type": "string"}}}}
    },
)
def create(request: ApiRequest, response: HttpResponse, query: Query[ImportQuery]) -> Any:
    """The body is the file, as `text/calendar`, at most 10 MB and 5,000 events. Events that are here already, by
    their UID, are updated. A small file is answered with 200 when all is done; a large one goes on in the
    background, answered with 202 and a `Location` to ask.
    """
    calendar = _calendar(request.auth, query.calendar)
    try:
        job = services.start_import(calendar=calendar, file_name="API", data=request.body)
        if not services.confirm_import(job=job):  # the caller has said yes by sending it
            go_on = enqueue_import_reading if job.state == State.READING else enqueue_import_writing
            go_on(str(job.pk))
    except UnreadableCalendar as error:
        raise invalid({"body": str(error)}) from error
    except ReadOnly as error:
        raise ApiError(403, "read_only", str(error)) from error
    job.refresh_from_db()
    if job.state == State.DONE:
        return _result(job)
    response["Location"] = reverse("api:import-state", args=[job.pk])
    return Status(202, _result(job))


@router.get(
    "{uuid:import_id}/",
    response={200: ImportResult, **problems(404)},
    operation_id="getImport",
    summary="Ask how far an import is",
    url_name="import-state",
)
def read(request: ApiRequest, import_id: UUID) -> Any:
    """Kept for a day."""
    job = queries.imports_of(request.auth).filter(pk=import_id).first()
    if job is None:
        raise Http404
    return _result(job)


def _calendar(user: User, calendar_id: UUID | None) -> Calendar:
    if calendar_id is None:
        return queries.primary_calendar_of(user)
    calendar = queries.calendars_of(user).filter(pk=calendar_id).first()
    if calendar is None:
        raise invalid({"calendar": "Choose one of your own calendars."})
    return calendar


def _result(job: CalendarImport) -> dict[str, Any]:
    state = job.state if job.state in (State.DONE, State.FAILED) else State.WRITING
    return {
        "id": job.pk,
        "state": state,
        **{kind: job.counts.get(kind, 0) for kind in ("created", "updated", "unchanged", "skipped")},
        "done": job.done,
        "total": job.total,
        "problems": job.problems,
        "message": job.error,
    }
