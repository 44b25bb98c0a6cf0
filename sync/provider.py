"""The seam to calendar systems: what the engine asks of one, and the ways in which it may fail.

`CalendarProvider` is all that engine, pull, push and apply know. `sync.google.GoogleCalendarService` is the one in
production; `connect` picks it by `settings.CALENDAR_PROVIDER`. Another one passes
`tests/sync/test_provider_contract.py` and is named there; nothing in the engine changes.

What the engine relies on:
- a listing's sync token covers everything up to the moment the listing began; what changes while pages are read
  comes with the next listing. An incremental listing names deleted events, a full one need not
- every change of an event gives it another etag; a write with an outdated etag is refused with `Outdated`
- the same id is never inserted twice (`AlreadyExists`), also not after a deletion
- a write answers the event as it then stands
- nothing is retried inside, nothing sleeps, nobody is mailed
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

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


class ProviderError(Exception):
    """A call failed. The text is for people; it never holds a token or an address with one."""


class RetryLater(ProviderError):
    """The outcome is unknown (a server's fault, a dropped connection, an answer cut off): try again later."""


class Unreachable(RetryLater):
    """No connection came about: the network or the whole service, never one event's fault."""


class RateLimited(RetryLater):
    """The whole account must pause: `retry_after` seconds when the provider named them."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NeedsReauth(ProviderError):
    """The refresh token is dead (revoked, expired): only the owner can mend this."""


class InsufficientScope(ProviderError):
    """The person did not grant what this call needs."""


class SetupError(ProviderError):
    """The site's own project at the provider is at fault, not the person's connection."""


class Refused(ProviderError):
    """This body will never be accepted for this event."""


class NotTheOrganizer(Refused):
    """Only the event's organiser may change it."""


class NoWriteAccess(Refused):
    """The account's role in the calendar does not allow this write."""


class NotFound(ProviderError):
    """The calendar or event does not exist or is out of reach."""


class AlreadyDeleted(ProviderError):
    """The event was deleted before."""


class FullSyncRequired(ProviderError):
    """The sync token is dead."""


class AlreadyExists(ProviderError):
    """The id is taken, perhaps by our own earlier try or by an event that was deleted."""


class Outdated(ProviderError):
    """The event has another etag by now, perhaps from our own request that was sent twice."""


class CalendarProvider(Protocol):
    """Calls on behalf of one account; one object per run, not thread-safe.

    Every call may raise `RetryLater`, `Unreachable`, `RateLimited`, `NeedsReauth`, `InsufficientScope` or `SetupError`; the calls
    on a calendar also `NotFound`. What else they raise stands with them.
    """

    calls: int
    """How many requests were made so far."""

    listing_version: int
    """Names the parameters of listings: a sync token of another version is not used."""

    @property
    def tokens(self) -> Tokens:
        """As they are now: any call may have renewed them, and only the caller stores them."""

    def refresh(self) -> None:
        """Fetch a new access token now."""

    def list_calendars(self, sync_token: str = "") -> CalendarList:
        """Every calendar of the account's list, or what changed since `sync_token`, removed ones too.

        Raises `FullSyncRequired`.
        """

    def get_calendar(self, calendar_id: str) -> RemoteCalendar:
        """One calendar as the account sees it now."""

    def list_events(self, calendar: CalendarRef, sync_token: str = "", page_token: str = "") -> EventPage:
        """One page of the full listing, or of the changes since `sync_token`; raises `FullSyncRequired`."""

    def get_event(self, calendar: CalendarRef, event_id: str) -> RemoteItem:
        """The event, also a deleted one; raises `AlreadyDeleted` where its tombstone is gone."""

    def read_event(self, calendar: CalendarRef, raw: Mapping[str, Any]) -> RemoteItem:
        """A resource that was kept (`raw`), read again. No request."""

    def new_event_id(self, local_id: UUID, generation: int = 0) -> str:
        """The id our event gets there, fixed before it is first sent; `generation` counts ids that were burned."""

    def instance_id(self, series_id: str, original_start: str) -> str:
        """The id of one occurrence of a series."""

    def insert_event(
        self,
        calendar: CalendarRef,
        event_id: str,
        values: EventValues,
        local_id: UUID,
        like: Mapping[str, Any] | None = None,
    ) -> RemoteEvent:
        """`like`: a resource that was kept (`raw`), of which this event takes what we do not know of (guests, a
        meeting, attachments). Raises `AlreadyExists`, `Refused`.
        """

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
        """Give the event these values, of the named field groups only (`scheduling.core.changes.GROUPS`; None: all of
        them, which brings a deleted event back). What we do not know of survives; the recurrence lines are sent only
        when `rule_changed`, or with all groups.

        Raises `Outdated`, `AlreadyDeleted`, `Refused`.
        """

    def delete_event(self, calendar: CalendarRef, event_id: str, etag: str = "") -> None:
        """Raises `Outdated`, `AlreadyDeleted`, `Refused`. Of an occurrence: its series goes on without it."""

    def move_event(self, calendar: CalendarRef, event_id: str, destination: CalendarRef) -> RemoteEvent:
        """Take an event, or a series with its exceptions, to another calendar of the account; its id stays.

        Raises `AlreadyDeleted` (as `NotFound` also what moved before), `Refused`.
        """

    def watch_calendar(self, calendar_id: str, channel_id: str, secret: str, address: str) -> Watch:
        """Have every change of the calendar told to `address`, with the channel's id and secret.

        Raises `Refused` when the calendar or the address cannot have that, `AlreadyExists` when the channel is open.
        """

    def stop_watching(self, channel_id: str, resource_id: str) -> None:
        """Raises `NotFound` when the channel has ended."""


def connect(tokens: Tokens) -> CalendarProvider:
    """The one factory: the provider of this installation, on behalf of the account that holds `tokens`."""
    provider: CalendarProvider = import_string(settings.CALENDAR_PROVIDER)(tokens)
    return provider
