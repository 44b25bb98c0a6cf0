"""`ETag`, `If-Match` and `If-None-Match` over revisions."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse

from scheduling.models import CalendarEvent
from scheduling.services import StaleEvent

# Compression turns our strong tag into a weak one on its way out, so the weak form comes back too.
_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def tag_of(revision: int) -> str:
    return f'"{revision}"'


def expected_revision(request: HttpRequest, event: CalendarEvent) -> int | None:
    """The revision that `If-Match` demands, None when it demands none.

    Raises StaleEvent when the event has none of those named. The caller hands the number to the service,
    which compares again under its lock.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    if str(event.revision) not in _TAG.findall(header):
        raise StaleEvent(event)
    return event.revision


def not_modified(request: HttpRequest, tag: str) -> HttpResponse | None:
    """The empty 304 answer when the caller already holds `tag`."""
    header = request.headers.get("If-None-Match", "")
    if header.strip() != "*" and tag.strip('"') not in _TAG.findall(header):
        return None
    return HttpResponse(status=304, headers={"ETag": tag})
