"""Many events gone at once: a full listing of Google lacked them, nothing was deleted, their owner decides."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from scheduling import services
from scheduling.models import CalendarEvent
from sync.journal import NOTE, tell
from sync.models import CalendarLink, EventLink, GoogleAccount


def gone_events(link: CalendarLink) -> list[CalendarEvent]:
    """What the latest full listing did not name and is still here, the latest first."""
    unseen = EventLink.objects.filter(link=link, is_deleted_remotely=False, base__isnull=False).exclude(
        seen_generation=link.full_generation
    )
    events = CalendarEvent.objects.filter(google_link__in=unseen).live()
    return list(events.select_related("calendar", "series").order_by("-start_time", "-start_date"))


@transaction.atomic
def delete_gone(*, link: CalendarLink) -> None:
    """Agree: the next run asks Google singly and deletes here what is gone there."""
    link = _locked(link)
    link.are_deletions_agreed = link.has_absent = True
    link.save(update_fields=["are_deletions_agreed", "has_absent"])
    count = link.deletions_held
    tell(
        link.account_id,
        NOTE,
        "agreed",
        _("You agreed that %(count)d events of %(calendar)s are deleted here too.")
        % {"count": count, "calendar": link},
    )


@transaction.atomic
def keep_gone(*, link: CalendarLink) -> int:
    """Keep them here and send them back; returns how many."""
    link = _locked(link)
    events = gone_events(link)
    unseen = EventLink.objects.filter(link=link, is_deleted_remotely=False, base__isnull=False)
    unseen.exclude(seen_generation=link.full_generation).update(
        is_deleted_remotely=True, etag="", seen_generation=link.full_generation
    )
    services.mark_unsent(events=events)
    link.deletions_held = 0
    link.save(update_fields=["deletions_held"])
    tell(
        link.account_id,
        NOTE,
        "kept",
        _("You kept %(count)d events of %(calendar)s: they go back to Google.")
        % {"count": len(events), "calendar": link},
    )
    return len(events)


def _locked(link: CalendarLink) -> CalendarLink:
    """As it is now; the account first, as a run does."""
    GoogleAccount.objects.select_for_update().get(pk=link.account_id)
    return CalendarLink.objects.get(pk=link.pk)
