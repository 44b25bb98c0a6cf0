"""The audit log: added to by what it speaks of, in the same transaction, and never changed."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from scheduling.models import AuditEntry
from scheduling.services.changes import Actor

KEPT_FOR = timedelta(days=400)


def record(
    *, user: User | None, action: str, about: str = "", actor: Actor = None, address: str | None = None
) -> AuditEntry:
    """Note a deed on the account of `user`, done by `actor` (by default themselves).

    `about` names no other person and no content: names of fields, tokens and kinds.
    """
    by = actor if isinstance(actor, User) else user
    return AuditEntry.objects.create(user=user, actor=by, action=action, about=about[:200], address=address)


def forget_old_audit_entries() -> int:
    return AuditEntry.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()[0]


def anonymise(user: User) -> None:
    """What a person who leaves did stays as a number: without them, their address, and the names they gave."""
    AuditEntry.objects.filter(user=user).update(user=None, actor=None, about="", address=None)
    AuditEntry.objects.filter(actor=user).update(actor=None)
