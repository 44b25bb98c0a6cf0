"""What waits to be sent, and what is set aside because Google does not take it.

Nothing is queued anywhere: an event waits when its revision is later than the one Google is known to have.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext as translated

from scheduling import services
from scheduling.models import CalendarEvent
from sync.connection import waiting_from_before
from sync.journal import OUT, tell
from sync.models import CalendarLink, EventLink, GoogleAccount

MOST_ATTEMPTS = 10  # then the event is set aside until its owner edits it or asks for another try
LONGEST_PAUSE = 15 * 60  # seconds


def waiting(link: CalendarLink) -> QuerySet[CalendarEvent]:
    """Events whose present revision Google is not known to have.

    New ones go first, so that what replaces another is there before that ends; then masters, then their overrides,
    then what was deleted. What failed before goes last, so that a few events that Google chokes on do not stand in the others' way.
    """
    account = link.account
    events = CalendarEvent.objects.filter(
        calendar=link.calendar, is_read_only=False, is_local_only=False, revision__gt=F("synced_revision")
    ).exclude(Q(google_link__state=EventLink.State.PARKED) | Q(series__is_local_only=True))
    if not account.is_rehearsed:
        events = events.exclude(pk__in=waiting_from_before(account).values("pk"))
    turn = Case(
        When(series=None, status=CalendarEvent.Status.CANCELLED, then=3),
        When(series__isnull=False, then=2),
        When(google_link__base__isnull=True, then=0),
        default=1,
    )
    return events.select_related("calendar", "series", "google_link__link").order_by(
        Coalesce("google_link__attempts", 0),
        turn,
        "revision",
    )


def waiting_anywhere() -> QuerySet[CalendarEvent]:
    """What waits on all connected calendars together, counted generously: of everybody, in one query."""
    return CalendarEvent.objects.filter(
        revision__gt=F("synced_revision"),
        is_read_only=False,
        is_local_only=False,
        calendar__google_link__is_enabled=True,
        calendar__google_link__account__status=GoogleAccount.Status.ACTIVE,
    )


def link_of(*, link: CalendarLink, event: CalendarEvent) -> EventLink:
    """The event's link; one that was never sent gets a stand-in for its id until the first send fixes it."""
    known, _ = EventLink.objects.select_related("event__calendar").get_or_create(
        event=event, defaults={"link": link, "google_id": str(event.pk)}
    )
    return known


def count_attempt(*, known: EventLink, error: str) -> datetime | None:
    """Note a try that failed; returns when the next one is due, None when there have been enough."""
    known.attempts, known.error = known.attempts + 1, error[:500]
    pause = min(2**known.attempts, LONGEST_PAUSE) * random.random()
    known.next_attempt_at = timezone.now() + timedelta(seconds=pause)
    known.save(update_fields=["attempts", "error", "next_attempt_at"])
    return known.next_attempt_at if known.attempts < MOST_ATTEMPTS else None


def park(*, link: CalendarLink, known: EventLink, error: str, is_read_only: bool = False) -> None:
    """Google will not take it: shown on the event, tried again only after the next edit or on request.

    `is_read_only`: it may not be changed at all; a deletion is taken back.
    """
    event = known.event
    assert event is not None and link.calendar is not None
    known.state, known.error = EventLink.State.PARKED, error[:500]
    known.save(update_fields=["state", "error"])
    if is_read_only:
        services.apply_remote(
            calendar=link.calendar,
            event=event,
            values=event.values,
            details={"is_read_only": True, "read_only_reason": error[:200]},
            in_step=event.is_deleted,
        )
        event.refresh_from_db()
    services.set_sync_state(event=event, sync_state=CalendarEvent.SyncState.REFUSED)
    text = _("“%(title)s” could not be sent: %(reason)s") % {
        "title": event.title,
        "reason": translated(error),
    }
    tell(link.account_id, OUT, "refused", text, event=event)


def unpark(event_filter: Q) -> int:
    """Let parked events be tried again."""
    parked = EventLink.objects.filter(event_filter, state=EventLink.State.PARKED)
    found = list(parked.select_related("event__calendar"))
    if not found:  # each save asks: an UPDATE, even of nothing, would wait for the write lock
        return 0
    for known in found:
        if known.event is not None:
            services.set_sync_state(event=known.event, sync_state="")
    return parked.update(state=EventLink.State.CLEAN, error="", attempts=0, next_attempt_at=None)
