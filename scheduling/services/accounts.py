"""The first person of an installation, and leaving for good."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from scheduling.models import AuditEntry, Booking, UserProfile
from scheduling.services.audit import anonymise, record
from scheduling.services.booking import cancel_booking
from scheduling.signals import account_leaving

CLOSED = gettext_noop("The account of your host was closed.")


@transaction.atomic
def create_administrator(*, email: str, password: str) -> Any:
    """A person who may do everything, with an address that counts as confirmed: whoever runs the server vouches."""
    user = get_user_model().objects.create_superuser(username=email, email=email, password=password)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def delete_account(*, user: User) -> None:
    """Everything of this person goes, here; what is in Google stays there.

    First their page is closed and the guests of what is to come are told; then whoever mirrors the calendars lets go
    of its credentials (`account_leaving`, which may ask outside servers); last every row goes, in one transaction.
    Interrupted, it can be asked for again. What it did stays in the audit log without a name.
    """
    UserProfile.objects.filter(user=user).update(public_page=False)
    coming = Booking.objects.filter(host=user, status__in=Booking.ACTIVE, end__gt=timezone.now())
    for booking in coming.order_by("start"):
        cancel_booking(booking=booking, by=Booking.By.HOST, reason=CLOSED)
    account_leaving.send(sender=type(user), user=user)
    with transaction.atomic():
        record(user=user, action=AuditEntry.Action.DELETED)
        anonymise(user)
        user.delete()
