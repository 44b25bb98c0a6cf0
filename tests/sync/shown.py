"""What a calendar shows, here and in Google, in one form that can be compared."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import httpx
from django.db.models import QuerySet

from scheduling.core.event import EventValues
from scheduling.models import Occurrence
from tests.sync.google_side import GoogleSide

Window = tuple[datetime, datetime]
Shown = Counter[tuple[Any, ...]]


def shown_here(occurrences: QuerySet[Occurrence], window: Window) -> Shown:
    rows = occurrences.filter(start__lt=window[1], end__gt=window[0]).select_related("event")
    return Counter(_shown(row.event.values, row.start, row.end, row.is_all_day) for row in rows)


def shown_there(google: GoogleSide, window: Window) -> Shown:
    shown: Shown = Counter()
    for item in instances(google, window):
        is_all_day = "date" in item["start"]
        start, end = (_instant(item[key]) for key in ("start", "end"))
        text = [item.get(name, "") for name in ("summary", "location", "description")]
        shown[(*text, start, end, is_all_day)] += 1
    return shown


def instances(google: GoogleSide, window: Window) -> list[dict[str, Any]]:
    """Every occurrence in Google's primary calendar, as a client of Google reads it."""
    fresh = google.control.account(google.email)["access_token"]
    items: list[dict[str, Any]] = []
    page: dict[str, str] = {}
    while True:
        answer = httpx.get(
            f"{google.control.addresses['GOOGLE_CALENDAR_ENDPOINT']}calendars/primary/events",
            params={
                "singleEvents": "true",
                "maxResults": "2500",
                "timeMin": window[0].isoformat(),
                "timeMax": window[1].isoformat(),
                **page,
            },
            headers={"Authorization": f"Bearer {fresh}"},
        )
        said = answer.raise_for_status().json()
        items += said["items"]
        if "nextPageToken" not in said:
            return items
        page = {"pageToken": said["nextPageToken"]}


def _shown(values: EventValues, start: datetime, end: datetime, is_all_day: bool) -> tuple[Any, ...]:
    return values.title, values.location, values.description, start, end, is_all_day


def _instant(said: dict[str, str]) -> datetime:
    if "date" in said:
        return datetime.combine(date.fromisoformat(said["date"]), datetime.min.time(), UTC)
    return datetime.fromisoformat(said["dateTime"]).astimezone(UTC)
