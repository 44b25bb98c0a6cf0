"""A calendar system in memory: the second `CalendarProvider`, which shows that the first is not special.

It keeps events as values, counts changes in one sequence and uses the number as etag and as sync token. There are no
series in it: an occurrence is an event like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from scheduling.core.changes import GROUPS
from scheduling.core.event import EventValues, canonical, from_json, to_json
from sync.core.remote import (
    CalendarList,
    CalendarRef,
    EventPage,
    RemoteCalendar,
    RemoteEvent,
    RemoteItem,
    Tokens,
    UnreadableEvent,
    Watch,
)
from sync.provider import (
    AlreadyDeleted,
    AlreadyExists,
    FullSyncRequired,
    NeedsReauth,
    NotFound,
    Outdated,
    Refused,
)

PAGE_SIZE = 3


@dataclass
class MemoryCalendar:
    """What is stored of one calendar; tests change it as a person on the other side would."""

    events: dict[str, RemoteEvent] = field(default_factory=dict)
    change: int = 0
    oldest_token: int = 0

    def put(self, event_id: str, values: EventValues | None, local_id: str = "") -> RemoteEvent:
        self.change += 1
        raw = {"id": event_id, "etag": str(self.change), "values": values and to_json(values)}
        self.events[event_id] = RemoteEvent(
            id=event_id,
            etag=str(self.change),
            values=values and canonical(values),
            local_id=local_id,
            details={"google_event_id": event_id},
            raw=raw,
        )
        return self.events[event_id]

    def delete(self, event_id: str) -> None:
        self.put(event_id, None, self.events[event_id].local_id)

    def expire_sync_tokens(self) -> None:
        self.oldest_token = self.change + 1
        self.change += 1


class MemoryProvider:
    """`accounts` is shared by all objects, as a server is; its keys are access tokens."""

    accounts: dict[str, dict[str, MemoryCalendar]] = {}
    listing_version = 1

    def __init__(self, tokens: Tokens) -> None:
        self._tokens, self.calls = tokens, 0

    @property
    def tokens(self) -> Tokens:
        return self._tokens

    def refresh(self) -> None:
        self._calendars()

    def list_calendars(self, sync_token: str = "") -> CalendarList:
        return CalendarList(tuple(self.get_calendar(name) for name in self._calendars()), sync_token)

    def get_calendar(self, calendar_id: str) -> RemoteCalendar:
        self._calendar(calendar_id)
        return RemoteCalendar(calendar_id, calendar_id, "Europe/Berlin", "owner", calendar_id == "primary")

    def list_events(self, calendar: CalendarRef, sync_token: str = "", page_token: str = "") -> EventPage:
        stored = self._calendar(calendar.id)
        since = int(sync_token or 0)
        if sync_token and since < stored.oldest_token:
            raise FullSyncRequired("The token is too old.")
        position, until = (int(part) for part in (page_token or f"{since} {stored.change}").split())
        found = sorted(
            (e for e in stored.events.values() if position < int(e.etag) and (sync_token or e.values)),
            key=lambda event: int(event.etag),
        )
        page, more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
        return EventPage(
            items=tuple(page),
            next_page_token=f"{page[-1].etag} {until}" if more else "",
            sync_token="" if more else str(until),
            access_role="owner",
            time_zone="Europe/Berlin",
        )

    def get_event(self, calendar: CalendarRef, event_id: str) -> RemoteItem:
        return self._event(calendar, event_id)

    def read_event(self, calendar: CalendarRef, raw: Mapping[str, Any]) -> RemoteItem:
        try:
            values = from_json(raw["values"]) if raw["values"] else None
        except (KeyError, TypeError, ValueError) as error:
            return UnreadableEvent(str(raw.get("id", "")), str(raw.get("etag", "")), str(error), dict(raw))
        return RemoteEvent(raw["id"], raw["etag"], values, raw=dict(raw))

    def new_event_id(self, local_id: UUID, generation: int = 0) -> str:
        return f"{local_id}/{generation}" if generation else str(local_id)

    def instance_id(self, series_id: str, original_start: str) -> str:
        return f"{series_id}@{original_start}"

    def insert_event(
        self,
        calendar: CalendarRef,
        event_id: str,
        values: EventValues,
        local_id: UUID,
        like: Mapping[str, Any] | None = None,
    ) -> RemoteEvent:
        stored = self._calendar(calendar.id)
        if event_id in stored.events:
            raise AlreadyExists("The id is taken.")
        return stored.put(event_id, values, str(local_id))

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
        before = self._event(calendar, event_id)
        self._check(before, etag)
        if groups is None:
            return self._calendar(calendar.id).put(event_id, values, before.local_id)
        if before.values is None:
            raise AlreadyDeleted("The event was deleted.")
        fields = {name: getattr(values, name) for group in groups for name in GROUPS[group]}
        return self._calendar(calendar.id).put(event_id, replace(before.values, **fields), before.local_id)

    def delete_event(self, calendar: CalendarRef, event_id: str, etag: str = "") -> None:
        before = self._event(calendar, event_id)
        if before.values is None:
            raise AlreadyDeleted("The event was deleted.")
        self._check(before, etag)
        self._calendar(calendar.id).delete(event_id)

    def move_event(self, calendar: CalendarRef, event_id: str, destination: CalendarRef) -> RemoteEvent:
        before = self._event(calendar, event_id)
        target = self._calendar(destination.id)
        if before.values is None:
            raise AlreadyDeleted("The event was deleted.")
        moved = target.put(event_id, before.values, before.local_id)
        self._calendar(calendar.id).delete(event_id)
        return moved

    def watch_calendar(self, calendar_id: str, channel_id: str, secret: str, address: str) -> Watch:
        raise Refused("This calendar system tells nobody of changes.")

    def stop_watching(self, channel_id: str, resource_id: str) -> None:
        raise NotFound("There is no such channel.")

    def _calendars(self) -> dict[str, MemoryCalendar]:
        self.calls += 1
        try:
            return self.accounts[self._tokens.access_token]
        except KeyError:
            raise NeedsReauth("The connection has ended.") from None

    def _calendar(self, calendar_id: str) -> MemoryCalendar:
        try:
            return self._calendars()[calendar_id]
        except KeyError:
            raise NotFound("There is no such calendar.") from None

    def _event(self, calendar: CalendarRef, event_id: str) -> RemoteEvent:
        try:
            return self._calendar(calendar.id).events[event_id]
        except KeyError:
            raise NotFound("There is no such event.") from None

    def _check(self, event: RemoteEvent, etag: str) -> None:
        if etag and etag != event.etag:
            raise Outdated("The event has changed.")
