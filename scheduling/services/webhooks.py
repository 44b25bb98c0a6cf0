"""Telling a person's own programs of changes: queued in or after the change, sent by the worker, signed.

`Appointment-Signature: t=<unix seconds>,v1=<hex>` is HMAC-SHA256 over `<t>.<body>` with the webhook's secret. A telling
is repeated until an answer of 2xx comes, ever more seldom; the same one keeps its id, so that repeats are known.

Invariants:
- no request runs inside a transaction, and none goes where a subscription may not (S-16)
- a redirect is not followed: it is an answer like any other that is not 2xx
- one telling takes the worker `settings.WEBHOOK_SECONDS` at most, a round `ROUND_SECONDS`
"""

from __future__ import annotations

import hmac
import json
import random
from datetime import datetime, timedelta
from hashlib import sha256
from time import monotonic
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from scheduling.fetching import FetchError, parse_address, post
from scheduling.languages import language_of
from scheduling.models import AuditEntry, Booking, Webhook, WebhookDelivery
from scheduling.services.audit import record
from scheduling.services.errors import InvalidEvent

MOST_PER_PERSON = 10
MOST_IDS = 100  # in one body; more are told as none, which means "ask"
RETRY_AFTER = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440)]
FAILURES_UNTIL_OFF = 10
BATCH = 20
ROUND_SECONDS = 15
QUEUED_FOR = timedelta(seconds=30)  # a queue entry that vanished with its worker is missed no longer
LEASE = timedelta(minutes=1)
KEPT_FOR = timedelta(days=30)
State = WebhookDelivery.State


@transaction.atomic
def create_webhook(*, user: User, url: str, kinds: list[str]) -> Webhook:
    """Raises `InvalidEvent` for an address that is never asked."""
    if Webhook.objects.filter(user=user).count() >= MOST_PER_PERSON:
        raise InvalidEvent(
            {"url": _("%(count)d webhooks are the most that are kept.") % {"count": MOST_PER_PERSON}}
        )
    made = Webhook.objects.create(user=user, url=_checked(url), kinds=kinds)
    record(user=user, action=AuditEntry.Action.WEBHOOK, about=f"made one to {parse_address(url).host}")
    return made


@transaction.atomic
def change_webhook(*, webhook: Webhook, url: str, kinds: list[str], is_active: bool) -> Webhook:
    """Raises `InvalidEvent`. Switching it on forgets how often it failed."""
    webhook.url, webhook.kinds, webhook.is_active = _checked(url), kinds, is_active
    webhook.failures = 0 if is_active else webhook.failures
    webhook.save(update_fields=["url", "kinds", "is_active", "failures"])
    record(
        user=webhook.user, action=AuditEntry.Action.WEBHOOK, about=f"changed one to {parse_address(url).host}"
    )
    return webhook


@transaction.atomic
def delete_webhook(*, webhook: Webhook) -> None:
    record(
        user=webhook.user,
        action=AuditEntry.Action.WEBHOOK,
        about=f"deleted one to {parse_address(webhook.url).host}",
    )
    webhook.delete()


def ping_webhook(*, webhook: Webhook) -> WebhookDelivery:
    """A telling of nothing, to try the address."""
    return _queue(webhook, WebhookDelivery.PING, {})


def replay_delivery(*, delivery: WebhookDelivery) -> None:
    """Have it sent once more, now, with the same id and body."""
    now = timezone.now()
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        state=State.WAITING, due_at=now, queued_until=now, attempts=0, done_at=None, error=""
    )


def tell_of_events(*, user_id: Any, calendar_id: Any, revision: int, event_ids: list[Any]) -> None:
    """Events of a calendar have changed; called after the commit. What is missed, `?since=` of the API tells."""
    ids = [str(pk) for pk in event_ids] if len(event_ids) <= MOST_IDS else []
    _tell(
        user_id,
        Webhook.Kind.EVENTS_CHANGED,
        {"calendar": str(calendar_id), "revision": revision, "events": ids},
    )


def tell_of_booking(*, booking: Booking, kind: str) -> None:
    """To the programs of each host, in the transaction of the change."""
    data = {
        "booking": str(booking.pk),
        "type": booking.type.slug,
        "status": booking.status,
        "start": booking.start.isoformat(),
        "end": booking.end.isoformat(),
    }
    for user_id in booking.participations.values_list("user_id", flat=True):
        _tell(user_id, kind, data)


def claim_due_deliveries() -> bool:
    """Whether a round must be queued: something is due, and none was queued for it in the last half minute."""
    now = timezone.now()
    due = WebhookDelivery.objects.filter(state=State.WAITING, due_at__lte=now, queued_until__lte=now)
    # Looking first: twice a second an UPDATE would ask for the write lock.
    return due.exists() and bool(due.update(queued_until=now + QUEUED_FOR))


def send_due_deliveries() -> int:
    """Send what is due for at most `ROUND_SECONDS`; returns how many arrived. Safe to run twice at once."""
    begun, arrived = monotonic(), 0
    waiting = WebhookDelivery.objects.filter(
        state=State.WAITING, due_at__lte=timezone.now(), webhook__is_active=True
    )
    slow: set[Any] = set()  # an address that keeps us waiting lets the others go first
    for delivery in waiting.select_related("webhook__user__profile").order_by("due_at")[:BATCH]:
        if monotonic() - begun > ROUND_SECONDS:
            break
        if delivery.webhook_id in slow or not _claim(delivery):
            continue
        with override(language_of(delivery.webhook.user)):
            has_arrived = _send(delivery)
        if has_arrived:
            arrived += 1
        else:
            slow.add(delivery.webhook_id)
    return arrived


def forget_old_deliveries() -> int:
    old = WebhookDelivery.objects.exclude(state=State.WAITING)
    return old.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()[0]


def signature(secret: str, body: bytes, moment: datetime) -> str:
    """What the header says; whoever receives it compares in constant time and refuses an old `t`."""
    stamp = int(moment.timestamp())
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def _tell(user_id: Any, kind: str, data: dict[str, Any]) -> None:
    for webhook in Webhook.objects.filter(user=user_id, is_active=True):
        if kind in webhook.kinds:
            _queue(webhook, kind, data)


def _queue(webhook: Webhook, kind: str, data: dict[str, Any]) -> WebhookDelivery:
    pk, now = uuid4(), timezone.now()
    body = {"id": str(pk), "type": kind, "created_at": now.isoformat(), "data": data}
    return WebhookDelivery.objects.create(pk=pk, webhook=webhook, kind=kind, body=body)


def _claim(delivery: WebhookDelivery) -> bool:
    """Take it by UPDATE and row count."""
    mine = WebhookDelivery.objects.filter(pk=delivery.pk, state=State.WAITING, due_at=delivery.due_at)
    delivery.attempts += 1
    return bool(mine.update(due_at=timezone.now() + LEASE, attempts=F("attempts") + 1))


def _send(delivery: WebhookDelivery) -> bool:
    body = json.dumps(delivery.body, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "Appointment-Event": delivery.kind,
        "Appointment-Delivery": str(delivery.pk),
        "Appointment-Signature": signature(delivery.webhook.secret, body, timezone.now()),
    }
    begun = monotonic()
    status, error = None, ""
    try:
        status = post(delivery.webhook.url, body=body, headers=headers)
        if not 200 <= status < 300:
            error = _("The server answered %(status)d.") % {"status": status}
    except FetchError as failure:
        error = str(failure)
    changes: dict[str, Any] = {"status": status, "error": error[:200]}
    changes["milliseconds"] = round(1000 * (monotonic() - begun))
    if not error:
        changes |= {"state": State.DELIVERED, "done_at": timezone.now()}
        Webhook.objects.filter(pk=delivery.webhook_id).update(failures=0)
    elif delivery.attempts > len(RETRY_AFTER):
        changes |= {"state": State.FAILED, "done_at": timezone.now()}
        _note_failure(delivery.webhook)
    else:
        pause = RETRY_AFTER[delivery.attempts - 1] * random.uniform(0.9, 1.1)
        changes |= {"due_at": timezone.now() + pause, "queued_until": timezone.now()}
    WebhookDelivery.objects.filter(pk=delivery.pk).update(**changes)
    return not error


def _note_failure(webhook: Webhook) -> None:
    """One more given up; an address that takes nothing for days is not told any more until its owner says so."""
    Webhook.objects.filter(pk=webhook.pk).update(failures=F("failures") + 1)
    Webhook.objects.filter(pk=webhook.pk, failures__gte=FAILURES_UNTIL_OFF).update(is_active=False)


def _checked(url: str) -> str:
    try:
        return parse_address(url).url
    except FetchError as error:
        raise InvalidEvent({"url": str(error)}) from None
