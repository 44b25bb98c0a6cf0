"""What pages say about sync: how long ago, and where an event stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from scheduling.core import wording
from scheduling.models import CalendarEvent
from scheduling.presentation import Viewer
from sync.models import EventLink
from sync.statistics import Lag, lag_of

register = template.Library()


@register.inclusion_tag("sync/_event_state.html", takes_context=True)
def sync_state(context: template.Context, event: CalendarEvent) -> dict[str, Any]:
    """Where one event stands between here and Google, in words, with what can be done about it."""
    known = EventLink.objects.filter(event=event).select_related("link__account").first()
    conflict = known.conflicts.filter(resolved_at=None).first() if known else None
    shared = {name: context.get(name) for name in ("profile", "csrf_token")}
    return {**shared, "event": event, "known": known, "conflict": conflict}


@register.simple_tag(takes_context=True)
def sync_lag(context: template.Context, viewer: Viewer) -> Lag | None:
    """How long changes of the signed-in person took to Google; None without a connection."""
    return lag_of(context["user"], viewer)


@register.filter
def ago(moment: datetime | None, zone: str = "UTC") -> str:
    """`12 s ago`, `4 min ago`, `at 09:12`, `on 3 Nov at 09:12`; in the reader's zone."""
    if moment is None:
        return _("not yet")
    now = timezone.now()
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < 2:
        return _("just now")
    if seconds < 60:
        return _("%(count)d s ago") % {"count": seconds}
    if seconds < 3600:
        return _("%(count)d min ago") % {"count": seconds // 60}
    local = moment.astimezone(ZoneInfo(zone or "UTC"))
    if local.date() == now.astimezone(ZoneInfo(zone or "UTC")).date():
        return _("at %(time)s") % {"time": f"{local:%H:%M}"}
    return _("on %(day)s at %(time)s") % {
        "day": wording.short_date(local.date()),
        "time": f"{local:%H:%M}",
    }


@register.filter
def until(moment: datetime | None) -> str:
    """`in 48 s`, `in 4 min`, `now`."""
    if moment is None:
        return _("never")
    seconds = int((moment - timezone.now()).total_seconds())
    if seconds <= 0:
        return pgettext("next run", "now")
    if seconds < 60:
        return _("in %(count)d s") % {"count": seconds}
    return _("in %(count)d min") % {"count": seconds // 60}
