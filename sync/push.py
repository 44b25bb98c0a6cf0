"""From here to Google: what differs from `base` is sent, one event at a time.

Invariants:
- an event that Google refuses or chokes on does not hold up the others
- a pause that Google asks for stops the whole account
- no call runs inside a transaction
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from scheduling.grace import send_grace
from scheduling.models import CalendarEvent
from sync.access import take_access
from sync.lease import Lease
from sync.models import CalendarLink, EventLink
from sync.outbox import count_attempt, link_of, park, waiting
from sync.provider import (
    CalendarProvider,
    NotTheOrganizer,
    NoWriteAccess,
    RateLimited,
    Refused,
    RetryLater,
    Unreachable,
)
from sync.relocate import NotYet, retract_departed
from sync.send import send

FAILURES_IN_A_ROW = 3  # then it is not the events: the account pauses


@dataclass
class PushResult:
    """`failed` counts events that were set aside or wait for another try; `next_due`: the earliest of these."""

    sent: int = 0
    failed: int = 0
    next_due: datetime | None = None

    def wait_until(self, due: datetime) -> None:
        self.next_due = min(filter(None, (self.next_due, due)))


def push(
    provider: CalendarProvider, link: CalendarLink, lease: Lease, *, at_once: bool, until: float
) -> PushResult:
    """Send what is due, one event at least, and no more after `until` (of the monotonic clock); with `at_once` no grace
    period for undo and no event's back-off is waited for.

    Raises what concerns the whole account.
    """
    result = PushResult()
    if link.calendar is None:
        return result
    result.sent += retract_departed(provider, link, lease)
    in_a_row = 0
    for identifier in _in_turn(link):
        # Read again: an earlier push of this run, or a person, may have changed it.
        event = waiting(link).filter(pk=identifier).first()
        if event is None:
            continue
        ready_at = _ready_at(event)
        if ready_at > timezone.now() and not at_once:
            result.wait_until(ready_at)
            continue
        if result.sent + result.failed and time.monotonic() >= until:
            result.wait_until(timezone.now())
            break
        try:
            result.sent += send(provider, link, event, lease)
        except NotYet:
            continue
        except NoWriteAccess as error:
            result.failed += 1
            if not _may_write(provider, link, lease):
                break
            _park(link, event, lease, str(error), is_read_only=True)
        except NotTheOrganizer as error:
            _park(link, event, lease, str(error), is_read_only=True)
            result.failed += 1
        except Refused as error:
            _park(link, event, lease, str(error))
            result.failed += 1
        except (RateLimited, Unreachable):
            raise
        except RetryLater as error:
            _try_again(link, event, lease, str(error), result)
            in_a_row += 1
            if in_a_row == FAILURES_IN_A_ROW:
                raise
            continue
        in_a_row = 0
    return result


def _in_turn(link: CalendarLink) -> Iterator[UUID]:
    """What waits, each once; also what begins to wait because another was sent."""
    seen: set[UUID] = set()
    while new := [pk for pk in waiting(link).values_list("pk", flat=True) if pk not in seen]:
        seen.update(new)
        yield from new


def _ready_at(event: CalendarEvent) -> datetime:
    ready_at = event.updated_at + send_grace(is_deleted=event.is_deleted)
    known: EventLink | None = getattr(event, "google_link", None)
    if known is None or known.next_attempt_at is None:
        return ready_at
    return max(ready_at, known.next_attempt_at)


def _may_write(provider: CalendarProvider, link: CalendarLink, lease: Lease) -> bool:
    """A write was refused for want of access: to the calendar, or to this event only?"""
    calendar = provider.get_calendar(link.google_id)
    with lease.hold():
        take_access(link=link, role=calendar.access_role)
    return link.can_write


def _try_again(
    link: CalendarLink,
    event: CalendarEvent,
    lease: Lease,
    error: str,
    result: PushResult,
) -> None:
    result.failed += 1
    with lease.hold():
        known = link_of(link=link, event=event)
        due = count_attempt(known=known, error=error)
        if due is None:
            park(
                link=link,
                known=known,
                error=_("%(fault)s It was tried %(count)d times.")
                % {"fault": error, "count": known.attempts},
            )
        else:
            result.wait_until(due)


def _park(
    link: CalendarLink,
    event: CalendarEvent,
    lease: Lease,
    error: str,
    is_read_only: bool = False,
) -> None:
    with lease.hold():
        park(link=link, known=link_of(link=link, event=event), error=error, is_read_only=is_read_only)
