"""What leaves as iCalendar: secret feeds for programs, files for people."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from scheduling import queries, services
from scheduling.core.ical import FORMAT
from scheduling.exporting import calendar_text, event_text, file_name
from scheduling.htmx import SignedInRequest
from scheduling.models import CalendarFeed
from scheduling.rates import seconds_to_wait

CALENDAR = "text/calendar; charset=utf-8"
READINGS_PER_MINUTE = 60
# A calendar program asks every few minutes, and behind one address may sit a whole office.
GUESSES_PER_MINUTE = 120


@login_not_required
@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The calendar behind a secret address; one query when nothing has changed since."""
    found = queries.feed_of(secret)
    caller = f"feed-{found.pk}" if found else f"feed-from-{services.client_address(request)}"
    limit = READINGS_PER_MINUTE if found else GUESSES_PER_MINUTE
    if wait := seconds_to_wait(caller, limit):
        return _private(HttpResponse("Too many requests.\n", status=429, headers={"Retry-After": str(wait)}))
    if found is None:
        raise Http404
    calendar = found.calendar
    tag = f'"{FORMAT}-{"b" if found.is_busy_only else "f"}-{calendar.revision}"'
    if unchanged := get_conditional_response(request, etag=tag):
        unchanged["ETag"] = tag
        return _private(unchanged)
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(content_type=CALENDAR)
    else:
        services.note_reading(found)
        text = calendar_text(calendar, busy_only=found.is_busy_only)
        response = StreamingHttpResponse(_stream(request, text), content_type=CALENDAR)
    response["ETag"] = tag
    response["Content-Disposition"] = (
        f'inline; filename="{file_name("busy" if found.is_busy_only else calendar.name)}"'
    )
    return _private(response)


@require_safe
def export_calendar(request: SignedInRequest, calendar_id: UUID) -> HttpResponseBase:
    calendar = get_object_or_404(queries.calendars_of(request.user), pk=calendar_id)
    response = StreamingHttpResponse(_stream(request, calendar_text(calendar)), content_type=CALENDAR)
    return _as_file(response, calendar.name)


@require_safe
def export_event(request: SignedInRequest, event_id: UUID) -> HttpResponseBase:
    event = get_object_or_404(queries.events_of(request.user).live(), pk=event_id, series=None)
    return _as_file(HttpResponse(event_text(event), content_type=CALENDAR), event.title or "event")


@require_POST
def open_feed(request: SignedInRequest, calendar_id: UUID) -> HttpResponse:
    calendar = get_object_or_404(queries.calendars_of(request.user), pk=calendar_id)
    services.open_feed(calendar=calendar, is_busy_only=request.POST.get("kind") == "busy")
    return redirect("calendar-sharing", calendar_id=calendar.pk)


@require_POST
def renew_feed(request: SignedInRequest, feed_id: UUID) -> HttpResponse:
    found = _feed_or_404(request, feed_id)
    services.renew_feed(feed=found)
    messages.success(request, _("The address is a new one. Whoever has the old one reads nothing any more."))
    return redirect("calendar-sharing", calendar_id=found.calendar_id)


@require_POST
def close_feed(request: SignedInRequest, feed_id: UUID) -> HttpResponse:
    found = _feed_or_404(request, feed_id)
    services.close_feed(feed=found)
    messages.success(request, _("The address is gone. Nobody reads this calendar by it any more."))
    return redirect("calendar-sharing", calendar_id=found.calendar_id)


def feed_address(found: CalendarFeed) -> str:
    """The whole address, or nothing when it cannot be shown any more."""
    return f"{settings.SITE_URL}/feeds/{found.secret}.ics" if found.secret else ""


def _feed_or_404(request: SignedInRequest, feed_id: UUID) -> CalendarFeed:
    return get_object_or_404(queries.feeds_of(request.user), pk=feed_id)


def _as_file(response: HttpResponseBase, name: str) -> HttpResponseBase:
    response["Content-Disposition"] = f'attachment; filename="{file_name(name)}"'
    return _private(response)


def _private(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = "private, no-cache"
    response["Referrer-Policy"] = "no-referrer"  # the address may be a key
    return response


def _stream(request: HttpRequest, pieces: Iterator[str]) -> Iterable[str] | AsyncIterator[str]:
    """The pieces as the server takes them: under ASGI a plain iterator would be read to its end first."""
    return _asynchronous(pieces) if isinstance(request, ASGIRequest) else pieces


async def _asynchronous(pieces: Iterator[str]) -> AsyncIterator[str]:
    step = sync_to_async(lambda: next(pieces, None))
    while (piece := await step()) is not None:
        yield piece
