"""From Google to here: page by page, in short transactions, the cursor with the last one.

Invariants:
- the sync token is saved in the same transaction as the last page's changes, never before
- later pages repeat the same parameters and the same sync token
- a full listing wipes nothing: what it does not name is asked for singly, and many absences stop the run
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from scheduling import services
from sync.apply import apply_item, apply_items
from sync.google import (
    LIST_PARAMETERS_VERSION,
    AlreadyDeleted,
    FullSyncRequired,
    GoogleCalendar,
    NotFound,
    RetryLater,
)
from sync.lease import Lease
from sync.models import CalendarLink, EventLink, JournalEntry

STEP = 100  # items in one transaction: people's writes wait no longer than that takes
DELETIONS_ALLOWED = 20  # or a tenth of the calendar, whichever is more


@dataclass
class PullResult:
    changed: int = 0
    complete: bool = False


def pull(google: GoogleCalendar, link: CalendarLink, lease: Lease) -> PullResult:
    """Bring every change of the remote calendar here. Raises what `GoogleCalendar` raises and `LeaseLost`."""
    result = PullResult()
    if link.params_version != LIST_PARAMETERS_VERSION:
        link.sync_token = ""
    try:
        _pull_pages(google, link, lease, result)
    except FullSyncRequired:
        if not link.sync_token:
            raise RetryLater("Google refused a full listing.") from None
        link.sync_token = ""
        try:
            _pull_pages(google, link, lease, result)
        except FullSyncRequired as error:  # once per run, never a loop
            raise RetryLater("Google asked for a full listing twice in one run.") from error
    return result


def _pull_pages(google: GoogleCalendar, link: CalendarLink, lease: Lease, result: PullResult) -> None:
    full = not link.sync_token
    if full:
        with lease.hold():
            link.full_generation += 1
            link.save(update_fields=["full_generation"])
    notified = link.notify_sequence
    page_token = ""
    while True:
        page = google.event_page(link.google_id, link.sync_token, page_token)
        page_token = page.get("nextPageToken") or ""
        items = [item for item in page.get("items") or [] if isinstance(item, dict)]
        *steps, last = [items[start : start + STEP] for start in range(0, len(items), STEP)] or [[]]
        for step in steps:
            with lease.hold():
                result.changed += apply_items(link, step)
        absent: list[EventLink] = []
        with lease.hold():
            result.changed += apply_items(link, last)
            if not page_token:
                if full:
                    absent = _absent(link)
                _save_cursor(link, page, notified)
        if not page_token:
            break
    if absent:
        _settle_absent(google, link, lease, absent, result)
    result.complete = True


def _save_cursor(link: CalendarLink, page: dict[str, object], notified: int) -> None:
    link.sync_token = str(page.get("nextSyncToken") or "")
    link.params_version = LIST_PARAMETERS_VERSION
    link.pulled_sequence = notified
    link.last_ok_at, link.last_error, link.is_unreachable = timezone.now(), "", False
    if role := page.get("accessRole"):
        link.access_role = str(role)
    if zone := page.get("timeZone"):
        link.time_zone = str(zone)
    link.save()
    if link.calendar is not None and link.calendar.is_read_only == link.can_write:
        services.update_calendar(calendar=link.calendar, is_read_only=not link.can_write)


def _absent(link: CalendarLink) -> list[EventLink]:
    """Links that the full listing did not name. A full listing has no tombstones, so these may be deleted."""
    unseen = EventLink.objects.filter(link=link, is_deleted_remotely=False, base__isnull=False).exclude(
        seen_generation=link.full_generation
    )
    return list(unseen.select_related("event__calendar", "event__series"))


def _settle_absent(
    google: GoogleCalendar, link: CalendarLink, lease: Lease, absent: list[EventLink], result: PullResult
) -> None:
    total = EventLink.objects.filter(link=link, is_deleted_remotely=False).count()
    living = [known for known in absent if known.event is not None and not known.event.is_deleted]
    if len(living) > max(DELETIONS_ALLOWED, total // 10):
        with lease.hold():
            link.deletions_held = len(living)
            link.save(update_fields=["deletions_held"])
            JournalEntry.objects.create(
                account_id=link.account_id,
                direction=JournalEntry.Direction.NOTE,
                action="held",
                text=f"Google reports {len(living)} of {total} events gone. We stopped and deleted nothing.",
            )
        return
    for known in absent:
        try:
            item = google.get(link.google_id, known.google_id)
        except (NotFound, AlreadyDeleted):
            item = {"id": known.google_id, "status": "cancelled", "etag": ""}
            if known.google_series_id and known.event is not None:
                item |= {"recurringEventId": known.google_series_id}
        with lease.hold():
            known.seen_generation = link.full_generation
            known.etag = ""
            result.changed += apply_item(link, item, known)
