"""Links by which a person switches a kind of mail off without signing in (RFC 8058).

Whoever holds the mail holds the link; it can switch that kind of mail off and nothing else, and it shows nothing.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext_lazy

SALT = "scheduling.unsubscribe"
NOTIFICATIONS, AGENDA = "notifications", "agenda"
KINDS = {
    NOTIFICATIONS: gettext_lazy("reminders and notices about your calendar"),
    AGENDA: gettext_lazy("the agenda of your day"),
}


def unsubscribe_url(user: User, kind: str) -> str:
    """A link without end of life: a mail is read whenever it is read."""
    token = signing.dumps({"user": user.pk, "kind": kind}, salt=SALT)
    return f"{settings.SITE_URL}{reverse('unsubscribe', args=[token])}"


def read_token(token: str) -> tuple[int, str] | None:
    """(user id, kind) of a link that this installation made; None for anything else."""
    try:
        content = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return (content["user"], content["kind"]) if content["kind"] in KINDS else None
