"""What a remote calendar system says, in our own terms: the values that cross the provider seam.

Invariants:
- ids and etags are the provider's, opaque to us
- `raw` is the provider's full resource, kept verbatim; only the provider reads it again
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from scheduling.core.event import EventValues
from scheduling.core.language import gettext as _

# Roles, in Google's words (the field has no better ones). Who may write what the sync sends:
WRITING_ROLES = frozenset({"owner", "writer", "writerWithoutPrivateAccess"})
BUSY_ONLY = "freeBusyReader"
# Who sees of a private event only that its time is taken; `BUSY_ONLY` sees of no event more.
VEILED_ROLES = frozenset({BUSY_ONLY, "reader", "writerWithoutPrivateAccess"})


@dataclass(frozen=True)
class CalendarRef:
    """Which remote calendar, and the zone that its events are in when they name none."""

    id: str
    time_zone: str = ""


@dataclass(frozen=True)
class RemoteCalendar:
    """One calendar of an account's list."""

    id: str
    name: str
    time_zone: str
    access_role: str
    is_primary: bool = False
    is_deleted: bool = False
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CalendarList:
    """The account's list of calendars, or what changed in it since a sync token."""

    calendars: tuple[RemoteCalendar, ...]
    sync_token: str = ""


@dataclass(frozen=True)
class RemoteEvent:
    """One event as it stands there. `values` is None when it is cancelled: a tombstone needs no more than an id.

    `series_id` and `original_start` name the occurrence that an exception replaces. `local_id` is our own id when
    we made it, `details` are the fields of the event's row that people here only read.
    """

    id: str
    etag: str
    values: EventValues | None
    series_id: str = ""
    original_start: str = ""
    local_id: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def is_cancelled(self) -> bool:
        return self.values is None


@dataclass(frozen=True)
class UnreadableEvent:
    """An event that cannot be read as one: it is kept aside, the others go on. `fault` is for people."""

    id: str
    etag: str
    fault: str
    raw: dict[str, Any] = field(default_factory=dict)


RemoteItem = RemoteEvent | UnreadableEvent


def as_shown_to(role: str, item: RemoteItem) -> RemoteItem:
    """An event whose content this role may not see is a busy time that nobody here can change."""
    if (
        role not in VEILED_ROLES
        or not isinstance(item, RemoteEvent)
        or item.values is None
        or item.values.title
    ):
        return item
    if role != BUSY_ONLY and item.values.visibility != "private":
        return item
    reason = _("Google shows you only that this time is taken.")
    return replace(
        item,
        values=replace(item.values, title=_("Busy")),
        details={**item.details, "is_read_only": True, "read_only_reason": reason},
    )


@dataclass(frozen=True)
class EventPage:
    """One page of a listing. Only the last one has a `sync_token`; only the others a `next_page_token`."""

    items: tuple[RemoteItem, ...]
    next_page_token: str = ""
    sync_token: str = ""
    access_role: str = ""
    time_zone: str = ""


@dataclass(frozen=True)
class Watch:
    """An open push channel: the resource it watches, in the provider's words, and when it ends."""

    resource_id: str
    expires_at: datetime


@dataclass(frozen=True)
class Tokens:
    """What an account's calls are authorised with. `expires_at` None: unknown."""

    access_token: str
    refresh_token: str
    expires_at: datetime | None
