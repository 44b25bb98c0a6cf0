"""Notes in the audit log what Django, allauth and the administration tell of: signing in and out, and what guards it."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import (
    email_added,
    email_changed,
    email_removed,
    password_changed,
    password_reset,
    password_set,
)
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from scheduling.models import AuditEntry
from scheduling.services import client_address, record

Action = AuditEntry.Action
FLAGS = {1: "added", 2: "changed", 3: "deleted"}


@receiver(user_logged_in)
def note_sign_in(request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    record(user=user, action=Action.SIGNED_IN, address=_address(request))


@receiver(user_logged_out)
def note_sign_out(request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    if user is not None and user.pk:
        record(user=user, action=Action.SIGNED_OUT, address=_address(request))


@receiver(user_login_failed)
def note_failure(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Only of people who are here: whoever guesses addresses fills no table."""
    name = str(credentials.get("email") or credentials.get("username") or "")
    user = get_user_model().objects.filter(email__iexact=name).first() if name else None
    if user is not None:
        record(user=user, action=Action.SIGN_IN_FAILED, address=_address(request))


@receiver([password_changed, password_set, password_reset])
def note_password(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    record(user=user, action=Action.PASSWORD, address=_address(request))


@receiver([email_added, email_changed, email_removed])
def note_email(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    record(user=user, action=Action.EMAIL, address=_address(request))


@receiver(authenticator_added)
def note_factor_added(request: HttpRequest, user: Any, authenticator: Any, **kwargs: Any) -> None:
    record(user=user, action=Action.FACTOR_ADDED, about=authenticator.get_type_display())


@receiver(authenticator_removed)
def note_factor_removed(request: HttpRequest, user: Any, authenticator: Any, **kwargs: Any) -> None:
    record(user=user, action=Action.FACTOR_REMOVED, about=authenticator.get_type_display())


@receiver(post_save, sender=LogEntry)
def note_administration(instance: LogEntry, created: bool, **kwargs: Any) -> None:
    """What the administration's own log says, without the titles that it keeps."""
    if created:
        kind = instance.content_type.model if instance.content_type else "something"
        about = f"{FLAGS.get(instance.action_flag, 'changed')} {kind} {instance.object_id}"
        record(user=None, actor=instance.user, action=Action.ADMIN, about=about)


def _address(request: HttpRequest | None) -> str | None:
    return client_address(request) if request is not None and request.META.get("REMOTE_ADDR") else None
