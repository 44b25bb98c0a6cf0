"""From Google to here: page by page, in short transactions, the cursor with the last one.

Invariants:
- the sync token is saved in the same transaction as the last page's changes, never before
- later pages repeat the same parameters and the same sync token
- a full listing wipes nothing: what it does not name is asked for singly, and many absences stop the run
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from sync.access import take_access
from sync.apply import apply_item, tombstone
from sync.core.remote import EventPage, RemoteEvent, RemoteItem
from sync.journal import NOTE, tell
from sync.lease import Lease
from sync.listing import Applied, apply_items
from sync.models import CalendarLink, EventLink
from sync.provider import AlreadyDeleted, CalendarProvider, FullSyncRequired, NotFound, RetryLater

STEP = 250  # items in one transaction: people's writes wait no longer than that takes
DELETIONS_ALLOWED = 20  # or a tenth of the calendar, whichever is more


# Not `notify_sequence`: a notice may have come meanwhile.
CURSOR_FIELDS = [
    "sync_token",
    "params_version",
    "pulled_sequence",
    "quiet_until",
    "last_ok_at",
    "last_error",
    "is_unreachable",
    "time_zone",
]
FREE_NOTICES = 3  # a person's own pace
REST_UNIT, LONGEST_REST = timedelta(seconds=0.05), timedelta(seconds=30)


@dataclass
class PullResult:
    changed: int = 0
    new: int = 0
    complete: bool = False

    def add(self, applied: Applied) -> None:
        self.changed += applied.changed
        self.new += applied.new


def pull(provider: CalendarProvider, link: CalendarLink, lease: Lease) -> PullResult:
    """Bring every change of the remote calendar here. Raises what `CalendarProvider` raises and `LeaseLost`."""
    result = PullResult()
    if link.params_version != provider.listing_version:
        link.sync_token = ""
    try:
        _pull_pages(provider, link, lease, result)
    except FullSyncRequired:
        if not link.sync_token:
            raise RetryLater(_("Google refused a full listing.")) from None
        link.sync_token = ""
        try:
            _pull_pages(provider, link, lease, result)
        except FullSyncRequired as error:  # once per run, never a loop
            raise RetryLater(_("Google asked for a full listing twice in one run.")) from error
    return result


def _pull_pages(provider: CalendarProvider, link: CalendarLink, lease: Lease, result: PullResult) -> None:
    full = not link.sync_token
    if full:
        with lease.hold():
            link.full_generation += 1
            link.sync_token, link.has_absent = "", False
            link.save(update_fields=["full_generation", "sync_token", "has_absent"])
    notified = link.notify_sequence
    page_token = ""
    while True:
        page = provider.list_events(link.ref, link.sync_token, page_token)
        page_token, items = page.next_page_token, page.items
        *steps, last = [items[start : start + STEP] for start in range(0, len(items), STEP)] or [()]
        for step in steps:
            with lease.hold():
                result.add(apply_items(link, step))
        with lease.hold():
            result.add(apply_items(link, last))
            if not page_token:
                if full:
                    link.has_absent, link.deletions_held = _absent(link).exists(), 0
                    link.save(update_fields=["has_absent", "deletions_held"])
                _save_cursor(link, page, provider.listing_version, notified)
        if not page_token:
            break
    if link.has_absent:
        _settle_absent(provider, link, lease, result)
    _link_exceptions(provider, link, lease, result)
    result.complete = True


def _save_cursor(link: CalendarLink, page: EventPage, listing_version: int, notified: int) -> None:
    link.sync_token = page.sync_token
    link.params_version = listing_version
    now = timezone.now()
    link.quiet_until = now + rest_after(notified - link.pulled_sequence)
    link.pulled_sequence = notified
    link.last_ok_at, link.last_error, link.is_unreachable = now, "", False
    link.time_zone = page.time_zone[:64] or link.time_zone
    link.save(update_fields=CURSOR_FIELDS)
    take_access(link=link, role=page.access_role)


def rest_after(notices: int) -> timedelta:
    """How long notices cause no other pull after one that answered so many: nothing after three, 2.5 s after ten.
    A flood costs two pulls, not a thousand, and its last change is still seen."""
    return min(REST_UNIT * max(notices - FREE_NOTICES, 0) ** 2, LONGEST_REST)


def _absent(link: CalendarLink) -> QuerySet[EventLink]:
    """Links that the full listing did not name. A full listing has no tombstones, so these may be deleted."""
    unseen = EventLink.objects.filter(link=link, is_deleted_remotely=False, base__isnull=False).exclude(
        seen_generation=link.full_generation
    )
    return unseen.select_related("event__calendar", "event__series")


def _settle_absent(provider: CalendarProvider, link: CalendarLink, lease: Lease, result: PullResult) -> None:
    """Ask singly for what a full listing lacked. A run that dies here goes on in the next one."""
    absent = list(_absent(link))
    total = EventLink.objects.filter(link=link, is_deleted_remotely=False).count()
    living = [known for known in absent if known.event is not None and not known.event.is_deleted]
    if len(living) > max(DELETIONS_ALLOWED, total // 10) and not link.are_deletions_agreed:
        with lease.hold():
            _end_settling(link, held=len(living))
            text = _(
                "Google reports %(gone)d of %(total)d events of %(calendar)s gone. We stopped and deleted nothing."
            ) % {"gone": len(living), "total": total, "calendar": link.calendar}
            tell(link.account_id, NOTE, "held", text)
        return
    for known in absent:
        item: RemoteItem
        try:
            item = provider.get_event(link.ref, known.google_id)
        except (NotFound, AlreadyDeleted):
            item = tombstone(known)
        with lease.hold():
            known.seen_generation = link.full_generation
            known.etag = ""
            result.changed += apply_item(link, item, known)
    with lease.hold():
        _end_settling(link)


def _end_settling(link: CalendarLink, held: int = 0) -> None:
    link.deletions_held, link.are_deletions_agreed, link.has_absent = held, False, False
    link.save(update_fields=["deletions_held", "are_deletions_agreed", "has_absent"])


def _link_exceptions(
    provider: CalendarProvider, link: CalendarLink, lease: Lease, result: PullResult
) -> None:
    """Exceptions that came before their master, in an earlier page or run: a listing promises no order.

    A master that no listing brought is asked for. Where it is out of reach (an invitation to one occurrence of
    somebody's series) its exception is an event of its own.
    """
    waiting = EventLink.objects.filter(link=link, event=None, is_standalone=False).exclude(
        google_series_id=""
    )
    by_series: dict[str, list[EventLink]] = {}
    waiting = waiting.exclude(raw={}).exclude(state=EventLink.State.QUARANTINED)
    for known in waiting.exclude(is_deleted_remotely=True):  # those were taken back from Google by us
        by_series.setdefault(known.google_series_id, []).append(known)
    for series_id, exceptions in by_series.items():
        master = EventLink.objects.filter(link=link, google_id=series_id).first()
        if master is None:
            try:
                item = provider.get_event(link.ref, series_id)
            except (NotFound, AlreadyDeleted):
                item = None
            if isinstance(item, RemoteEvent) and item.is_cancelled:
                item = None
            with lease.hold():
                if item is not None:
                    result.changed += apply_item(link, item, None)
                for known in exceptions if item is None else ():
                    known.is_standalone = True
        elif master.event is None:
            continue  # kept aside until it can be read
        items = [provider.read_event(link.ref, known.raw) for known in exceptions]
        with lease.hold():
            for known, item in zip(exceptions, items, strict=True):
                known.etag = ""  # so that it is read although it has not changed since
                result.changed += apply_item(link, item, known)
