"""Google's notices: a bodyless POST says that a calendar changed, never what.

Invariants:
- only who knows the channel and its secret is believed; anyone else gets 404 and nothing is written
- an unknown channel and a wrong secret cost the same time
- the answer waits for no call to Google: it counts the notice and has a run queued unless one is
- a notice that is replayed changes nothing; many at once cause few pulls (`sync.pull.rest_after`)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.db.models import Case, F, Value, When
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from sync.engine import request_run
from sync.models import CalendarLink, GoogleAccount, WatchChannel
from sync.tasks import enqueue_account

NOBODY = UUID(int=0)
NO_DIGEST = "0" * 64
LARGEST_NUMBER = 2**62


@dataclass(frozen=True)
class Message:
    """The headers of one notice. `number` grows from message to message of a channel; 0: none was sent."""

    channel_id: UUID
    secret: str
    resource_id: str
    state: str
    number: int
    expires_at: datetime | None

    @classmethod
    def of(cls, request: HttpRequest) -> Message:
        def header(name: str) -> str:
            return request.headers.get(f"X-Goog-{name}", "")

        return cls(
            channel_id=_uuid(header("Channel-ID")),
            secret=header("Channel-Token"),
            resource_id=header("Resource-ID")[:255],
            state=header("Resource-State"),
            number=_number(header("Message-Number")),
            expires_at=_moment(header("Channel-Expiration")),
        )


@csrf_exempt
@login_not_required
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """204 to Google, 404 to everybody else; the body is not read."""
    message = Message.of(request)
    channel = _believed(message)
    if channel is None:
        return HttpResponse(status=404)
    if _count(channel, message):
        _wake(channel.link)
    return HttpResponse(status=204)


def _believed(message: Message) -> WatchChannel | None:
    channels = WatchChannel.objects.select_related("link__account")
    channel = channels.filter(pk=message.channel_id).first()
    # Digest and comparison are made for an unknown channel too.
    expected = channel.secret_digest if channel else NO_DIGEST
    is_right = constant_time_compare(WatchChannel.digest_of(message.secret), expected)
    if channel is None or not is_right or not message.resource_id:
        return None
    if channel.expires_at is not None and channel.expires_at <= timezone.now():
        return None
    if channel.resource_id and not constant_time_compare(channel.resource_id, message.resource_id):
        return None
    return channel


def _count(channel: WatchChannel, message: Message) -> bool:
    """Note the message on its channel; True when it is new and speaks of a change."""
    if 0 < message.number <= channel.message_number:
        return False
    state = WatchChannel.State
    with transaction.atomic():
        rows = WatchChannel.objects.filter(pk=channel.pk)
        if message.number:
            rows = rows.filter(message_number__lt=message.number)
        noted = rows.update(
            message_number=message.number or F("message_number"),
            state=Case(When(state=state.PENDING, then=Value(state.ACTIVE)), default=F("state")),
            resource_id=channel.resource_id or message.resource_id,
            expires_at=channel.expires_at or message.expires_at,
        )
        if not noted or message.state == "sync":
            return False
        return bool(
            CalendarLink.objects.filter(pk=channel.link_id, is_enabled=True).update(
                notify_sequence=F("notify_sequence") + 1
            )
        )


def _wake(link: CalendarLink) -> None:
    if link.account.status != GoogleAccount.Status.ACTIVE:
        return
    rest = link.quiet_until - timezone.now()
    if rest.total_seconds() > 0:
        request_run([link.account_id], delay=rest)
    else:
        request_run([link.account_id])
        enqueue_account(link.account_id)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return NOBODY


def _number(text: str) -> int:
    return min(int(text), LARGEST_NUMBER) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _moment(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
