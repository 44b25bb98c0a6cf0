"""What may be written to a calendar, by Google's word and its owner's: the calendar here follows."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from scheduling import services
from sync.core.remote import VEILED_ROLES, WRITING_ROLES
from sync.models import CalendarLink, EventLink
from sync.outbox import link_of, park, unpark, waiting

LOST = gettext_noop("You may no longer change this calendar in Google. What you changed here is kept.")
CHOSEN = gettext_noop("You set this calendar to read only. What you changed here is kept.")


@transaction.atomic
def take_access(*, link: CalendarLink, role: str) -> None:
    """Note the role. When writing ends, what waits to be sent is set aside and shown; when it returns, it goes."""
    if role and role != link.access_role:
        if {role, link.access_role} & VEILED_ROLES and link.access_role:
            _read_anew(link)
        link.access_role = role[:32]
        link.save(update_fields=["access_role", "sync_token"])
    _follow(link)


@transaction.atomic
def set_direction(*, link: CalendarLink, direction: str) -> None:
    """The owner has changes go both ways, or only from Google to here."""
    link.direction = direction
    link.save(update_fields=["direction"])
    _follow(link)


def _follow(link: CalendarLink) -> None:
    calendar = link.calendar
    if calendar is None or not link.is_enabled or calendar.is_read_only != link.can_write:
        return
    if link.can_write:
        services.update_calendar(calendar=calendar, is_read_only=False)
        unpark(Q(link=link, error__in=(LOST, CHOSEN)))
        return
    reason = CHOSEN if link.access_role in WRITING_ROLES else LOST
    for event in waiting(link):
        park(link=link, known=link_of(link=link, event=event), error=reason)
    services.update_calendar(calendar=calendar, is_read_only=True)


def _read_anew(link: CalendarLink) -> None:
    """Another role sees more or less of the same events, whose etags stay."""
    EventLink.objects.filter(link=link).update(etag="")
    link.sync_token = ""
