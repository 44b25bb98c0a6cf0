"""Where an account stands, in one word: what the administration filters by and counts."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sync.models import GoogleAccount

STATE_NAMES = {
    "ok": _("In sync"),
    "backing_off": _("Backing off"),
    "reconnect": _("Needs its owner to reconnect"),
    "no_access": _("Calendar access was not granted"),
    "paused": pgettext_lazy("account", "Paused"),
    "disconnected": pgettext_lazy("account", "Disconnected"),
}
_STATUS = GoogleAccount.Status
_BY_STATUS = {
    _STATUS.NEEDS_REAUTH: "reconnect",
    _STATUS.INSUFFICIENT_SCOPE: "no_access",
    _STATUS.PAUSED: "paused",
    _STATUS.DISCONNECTED: "disconnected",
}


def state_of(account: GoogleAccount) -> str:
    """A key of `STATE_NAMES`. Reads the owner's profile."""
    if account.status != _STATUS.ACTIVE:
        return _BY_STATUS[_STATUS(account.status)]
    if not account.user.profile.google_calendar_sync_enabled:
        return "paused"
    return "backing_off" if account.backoff_until and account.backoff_until > timezone.now() else "ok"


def in_state(name: str) -> Q:
    """The accounts of which `state_of` says `name`."""
    active = Q(status=_STATUS.ACTIVE)
    on = Q(user__profile__google_calendar_sync_enabled=True)
    waits = Q(backoff_until__gt=timezone.now())
    match name:
        case "ok":
            return active & on & (Q(backoff_until=None) | Q(backoff_until__lte=timezone.now()))
        case "backing_off":
            return active & on & waits
        case "paused":
            return Q(status=_STATUS.PAUSED) | active & ~on
    return Q(status=next(status for status, key in _BY_STATUS.items() if key == name))
