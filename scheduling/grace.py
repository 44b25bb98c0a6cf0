"""How long a change waits before others hear of it, so that Undo costs nobody anything.

What is undone later is one more change: Google gets it, and guests who were told are told again.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

# Undo is offered for ten seconds (TOAST_TIME in static/events.js); a click in the last of them has a way to go.
MAIL_GRACE = timedelta(seconds=12)


def send_grace(*, is_deleted: bool) -> timedelta:
    """Before a change goes to Google; twice as long for a deletion, so as not to delete there what comes back at once:
    with SYNC_SEND_DELAY_SECONDS as it comes, for as long as Undo is offered.
    """
    return timedelta(seconds=settings.SYNC_SEND_DELAY_SECONDS) * (2 if is_deleted else 1)
