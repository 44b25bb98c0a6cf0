"""What an account may do in a calendar, as Google says it now: the calendar here follows."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from scheduling import services
from sync.models import CalendarLink
from sync.outbox import link_of, park, unpark, waiting

LOST = "You may no longer change this calendar in Google. What you changed here is kept."


@transaction.atomic
def take_access(*, link: CalendarLink, role: str) -> None:
    """Note the role. When writing ends, what waits to be sent is set aside and shown; when it returns, it goes."""
    if role and role != link.access_role:
        link.access_role = role[:32]
        link.save(update_fields=["access_role"])
    calendar = link.calendar
    if calendar is None or calendar.is_read_only != link.can_write:
        return
    if link.can_write:
        services.update_calendar(calendar=calendar, is_read_only=False)
        unpark(Q(link=link, error=LOST))
        return
    for event in waiting(link):
        park(link=link, known=link_of(link=link, event=event), error=LOST)
    services.update_calendar(calendar=calendar, is_read_only=True)
