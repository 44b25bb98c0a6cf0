"""The one place that talks to Google Calendar (v3, through google-api-python-client) and its token endpoints.

Every failure becomes one of the errors of `sync.provider` (`sync.google_errors`). Nothing is retried here by sleeping:
`num_retries=0`, the engine backs off.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httplib2
from django.conf import settings
from django.utils.translation import gettext as _
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp, Request
from googleapiclient.discovery import build

from scheduling.core.event import EventValues
from sync.core.remote import (
    CalendarList,
    CalendarRef,
    EventPage,
    RemoteCalendar,
    RemoteEvent,
    RemoteItem,
    Tokens,
    Watch,
)
from sync.core.wire import NotUnderstood, carried, from_google, instance_id, read_item, to_google
from sync.google_errors import json_object, translated
from sync.provider import (
    AlreadyDeleted,
    FullSyncRequired,
    RetryLater,
)
from sync.transport import transport

logger = logging.getLogger(__name__)

PAGE_SIZE = 2500  # the most Google allows
# The parameters of every list are part of a sync token's identity: raise the version when they change.
LISTING_VERSION = 1
BASE32HEX = "0123456789abcdefghijklmnopqrstuv"


@dataclass(frozen=True)
class _Api:
    """What makes the requests. It sends none and holds nobody's credentials, so all threads share it."""

    events: Any
    calendar_list: Any
    channels: Any


@lru_cache(maxsize=2)
def _api(endpoint: str) -> _Api:
    """Making it out of Google's description takes longer than asking a calendar whether it changed."""
    service = build(
        "calendar",
        "v3",
        http=httplib2.Http(),  # never used: each request is executed through its account's own
        static_discovery=True,
        cache_discovery=False,
        client_options={"api_endpoint": endpoint},
    )
    return _Api(service.events(), service.calendarList(), service.channels())


class GoogleCalendarService:
    """Google Calendar as a `CalendarProvider`. Not thread-safe (httplib2): one per run."""

    listing_version = LISTING_VERSION

    def __init__(self, tokens: Tokens) -> None:
        self.credentials = credentials_of(tokens)
        self._http = AuthorizedHttp(self.credentials, transport())
        self._api = _api(settings.GOOGLE_CALENDAR_ENDPOINT)
        self.calls = 0

    @property
    def tokens(self) -> Tokens:
        """google-auth renews them by itself on 401; what it got lives only in its object until stored."""
        held = self.credentials
        return Tokens(
            held.token or "",
            held.refresh_token or "",
            held.expiry.replace(tzinfo=UTC) if held.expiry else None,
        )

    def refresh(self) -> None:
        with translated():
            self.credentials.refresh(Request(transport()))

    def list_calendars(self, sync_token: str = "") -> CalendarList:
        items: list[dict[str, Any]] = []
        page_token = None
        while True:
            request = self._api.calendar_list.list(
                maxResults=250, syncToken=sync_token or None, pageToken=page_token
            )
            try:
                page = self._execute(request)
            except AlreadyDeleted as error:
                raise FullSyncRequired(str(error)) from error
            items += page.get("items", [])
            page_token = page.get("nextPageToken")
            if not page_token:
                found = tuple(_calendar(item) for item in items if item.get("id"))
                return CalendarList(found, str(page.get("nextSyncToken") or ""))

    def get_calendar(self, calendar_id: str) -> RemoteCalendar:
        return _calendar(self._execute(self._api.calendar_list.get(calendarId=calendar_id)))

    def list_events(self, calendar: CalendarRef, sync_token: str = "", page_token: str = "") -> EventPage:
        request = self._api.events.list(
            calendarId=calendar.id,
            maxResults=PAGE_SIZE,
            singleEvents=False,
            syncToken=sync_token or None,
            pageToken=page_token or None,
        )
        try:
            page = self._execute(request)
        except AlreadyDeleted as error:
            raise FullSyncRequired(str(error)) from error
        zone = str(page.get("timeZone") or calendar.time_zone)
        return EventPage(
            items=tuple(read_item(item, zone) for item in page.get("items") or [] if isinstance(item, dict)),
            next_page_token=page.get("nextPageToken") or "",
            sync_token=page.get("nextSyncToken") or "",
            access_role=str(page.get("accessRole") or ""),
            time_zone=str(page.get("timeZone") or ""),
        )

    def get_event(self, calendar: CalendarRef, event_id: str) -> RemoteItem:
        request = self._api.events.get(calendarId=calendar.id, eventId=event_id)
        return read_item(self._execute(request), calendar.time_zone)

    def read_event(self, calendar: CalendarRef, raw: Mapping[str, Any]) -> RemoteItem:
        return read_item(raw, calendar.time_zone)

    def new_event_id(self, local_id: UUID, generation: int = 0) -> str:
        """The UUID in hex (Google's ids take a-v and 0-9), then `g1`, `g2` … when that one is burned."""
        if not generation:
            return local_id.hex
        digits = ""
        while generation:
            generation, rest = divmod(generation, 32)
            digits = BASE32HEX[rest] + digits
        return f"{local_id.hex}g{digits}"

    def instance_id(self, series_id: str, original_start: str) -> str:
        return instance_id(series_id, original_start)

    def insert_event(
        self,
        calendar: CalendarRef,
        event_id: str,
        values: EventValues,
        local_id: UUID,
        like: Mapping[str, Any] | None = None,
    ) -> RemoteEvent:
        body = to_google(values) | carried(like or {}) | {"id": event_id}
        properties = body.get("extendedProperties", {})
        own = {"private": {**properties.get("private", {}), "appt_id": str(local_id)}}
        request = self._api.events.insert(
            calendarId=calendar.id,
            body=body | {"extendedProperties": {**properties, **own}},
            sendUpdates="none",
            conferenceDataVersion=1,
            supportsAttachments=True,
        )
        return self._written(request, calendar)

    def patch_event(
        self,
        calendar: CalendarRef,
        event_id: str,
        values: EventValues,
        groups: Iterable[str] | None = None,
        *,
        rule_changed: bool = False,
        etag: str = "",
    ) -> RemoteEvent:
        body = to_google(values, groups, patch=True, rule_changed=rule_changed)
        request = self._api.events.patch(
            calendarId=calendar.id, eventId=event_id, body=body, sendUpdates="none"
        )
        return self._written(request, calendar, etag)

    def delete_event(self, calendar: CalendarRef, event_id: str, etag: str = "") -> None:
        request = self._api.events.delete(calendarId=calendar.id, eventId=event_id, sendUpdates="none")
        self._execute(request, etag, answers=False)

    def move_event(self, calendar: CalendarRef, event_id: str, destination: CalendarRef) -> RemoteEvent:
        request = self._api.events.move(
            calendarId=calendar.id, eventId=event_id, destination=destination.id, sendUpdates="none"
        )
        return self._written(request, destination)

    def watch_calendar(self, calendar_id: str, channel_id: str, secret: str, address: str) -> Watch:
        body = {"id": channel_id, "type": "web_hook", "address": address, "token": secret}
        answer = self._execute(self._api.events.watch(calendarId=calendar_id, body=body))
        try:
            ends = datetime.fromtimestamp(int(answer["expiration"]) / 1000, UTC)
            return Watch(str(answer["resourceId"])[:255], ends)
        except (KeyError, ValueError, OverflowError, OSError) as error:
            raise RetryLater(f"Google's answer about a push channel was not understood: {error}") from error

    def stop_watching(self, channel_id: str, resource_id: str) -> None:
        body = {"id": channel_id, "resourceId": resource_id}
        self._execute(self._api.channels.stop(body=body), answers=False)

    def _written(self, request: Any, calendar: CalendarRef, etag: str = "") -> RemoteEvent:
        try:
            return from_google(self._execute(request, etag), calendar.time_zone)
        except NotUnderstood as error:
            raise RetryLater(f"Google's answer to a write was not understood: {error}") from error

    def _execute(self, request: Any, etag: str = "", *, answers: bool = True) -> Any:
        if etag:
            request.headers["If-Match"] = etag
        self.calls += 1
        with translated():
            answer = request.execute(http=self._http, num_retries=0)
        # JSON that was cut off comes back as the text itself, without an error.
        if answers and not isinstance(answer, dict):
            raise RetryLater(_("Google's answer was cut off."))
        return answer


def _calendar(item: Mapping[str, Any]) -> RemoteCalendar:
    calendar_id = str(item["id"])
    return RemoteCalendar(
        id=calendar_id,
        name=str(item.get("summaryOverride") or item.get("summary") or calendar_id),
        time_zone=str(item.get("timeZone") or ""),
        access_role=str(item.get("accessRole") or "reader"),
        is_primary=bool(item.get("primary")),
        is_deleted=bool(item.get("deleted")),
        raw=dict(item),
    )


class _Credentials(Credentials):  # type: ignore[misc]
    """Asks for a token once: a token endpoint that stumbles is asked thrice by google-auth, which sleeps in between."""

    def refresh(self, request: Any) -> None:
        def ask_once(*args: Any, **options: Any) -> Any:
            answer = request(*args, **options)
            content = json_object(answer.data)
            if answer.status != 200 or "access_token" not in content:
                raise RefreshError(_("Google gave no token."), content)
            return answer

        super().refresh(ask_once)


def credentials_of(tokens: Tokens) -> Credentials:
    expires_at = tokens.expires_at
    return _Credentials(
        tokens.access_token or None,
        refresh_token=tokens.refresh_token or None,
        token_uri=settings.GOOGLE_TOKEN_URL,
        client_id=settings.GOOGLE_CLIENT_ID,
        client_secret=settings.GOOGLE_CLIENT_SECRET,
        # google-auth compares with naive UTC.
        expiry=expires_at.astimezone(UTC).replace(tzinfo=None) if expires_at else None,
    )


def revoke_token(token: str) -> bool:
    """Tell Google to forget the grant; True when it did or never knew it."""
    try:
        response, _content = httplib2.Http(timeout=10).request(
            settings.GOOGLE_REVOKE_URL,
            "POST",
            body=urlencode({"token": token}),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
    except (OSError, httplib2.HttpLib2Error):
        return False
    return response.status in (200, 400)
