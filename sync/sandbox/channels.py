"""Push channels: after a change, a bodyless POST to every channel that watches the place of the change.

Notices leave from a background thread and may be lost, as Google says of its own. They go to loopback
addresses only: the sandbox never talks to another machine.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from django.db import connection, transaction
from django.db.models import F

from sync.sandbox import clock, faults
from sync.sandbox.models import Account, Calendar, Channel
from sync.sandbox.wire import GoogleError, invalid, not_found

Json = dict[str, Any]
LONGEST_LIFE = timedelta(seconds=604_800)
TIMEOUT_SECONDS = 5
# One thread, so that a channel's `sync` is its first message.
_sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="google-sandbox-notices")


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = build_opener(ProxyHandler({}), _NoRedirects)


def is_reachable(address: str) -> bool:
    """Loopback only."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@transaction.atomic
def watch(account: Account, calendar: Calendar | None, body: Json, resource_uri: str) -> Json:
    """Open a channel and send its `sync` message, which may arrive before this answer does."""
    channel_id, address, token = body.get("id"), body.get("address") or "", body.get("token") or ""
    if not isinstance(channel_id, str) or not re.fullmatch(r"[A-Za-z0-9\-_+/=]{1,64}", channel_id):
        raise invalid("Channel id is missing or malformed.", "channelIdInvalid", "id")
    if body.get("type") not in ("web_hook", "webhook"):
        raise invalid("Unknown channel type.", "channelUnknown", "type")
    if len(token) > 256:
        raise invalid("Channel token is too long.", "invalid", "token")
    if not is_reachable(address) and urlsplit(address).scheme != "https":
        raise invalid(f"WebHook callback must be HTTPS: {address}", "push.webhookUrlNotHttps")
    if calendar and calendar.google_id.endswith("group.v.calendar.google.com"):
        raise invalid(
            "Push notifications are not supported by this resource.", "pushNotSupportedForRequestedResource"
        )
    if Channel.objects.filter(channel_id=channel_id).exists():
        raise invalid(f"Channel id {channel_id} not unique", "channelIdNotUnique")
    channel = Channel.objects.create(
        channel_id=channel_id,
        account=account,
        calendar=calendar,
        resource_id=_resource_id(account, calendar),
        resource_uri=resource_uri,
        address=address,
        token=token,
        expires_at=_expiry(body),
    )
    transaction.on_commit(lambda: _send(channel, "sync"))
    result = {
        "kind": "api#channel",
        "id": channel.channel_id,
        "resourceId": channel.resource_id,
        "resourceUri": channel.resource_uri,
        "expiration": str(int(channel.expires_at.timestamp() * 1000)),
    }
    return result | ({"token": token} if token else {})


def stop(account: Account, body: Json) -> None:
    closed, _ = Channel.objects.filter(
        account=account, channel_id=body.get("id") or "", resource_id=body.get("resourceId") or ""
    ).delete()
    if not closed:
        raise not_found()


def notify_events(calendar_id: int) -> None:
    for channel in Channel.objects.filter(calendar_id=calendar_id, expires_at__gt=clock.now()):
        _send(channel, "exists")


def notify_list(account_id: int) -> None:
    for channel in Channel.objects.filter(account_id=account_id, calendar=None, expires_at__gt=clock.now()):
        _send(channel, "exists")


def send_again(channel: Channel, *, state: str = "exists", headers: Json | None = None) -> None:
    """A notice at will, with headers of the caller's choosing (a replay or a forgery)."""
    _send(channel, state, headers or {})


def wait_until_sent() -> None:
    """Return when every notice queued so far has been delivered or has failed."""
    _sender.submit(lambda: None).result()


def _resource_id(account: Account, calendar: Calendar | None) -> str:
    # One resource has one id, whoever watches it.
    return f"resource-{calendar.pk}-events" if calendar else f"resource-{account.pk}-list"


def _expiry(body: Json) -> datetime:
    now = clock.now()
    try:
        if body.get("expiration"):
            wanted = datetime.fromtimestamp(int(body["expiration"]) / 1000, tz=now.tzinfo)
        else:
            ttl = (body.get("params") or {}).get("ttl") or LONGEST_LIFE.total_seconds()
            wanted = now + timedelta(seconds=int(ttl))
    except (ValueError, OverflowError, TypeError) as error:
        raise invalid("Invalid expiration.", "invalid", "expiration") from error
    if wanted <= now:
        raise GoogleError(400, "channelExpired", "The channel would be expired already.")
    return min(wanted, now + LONGEST_LIFE)


def _send(channel: Channel, state: str, overrides: Json | None = None) -> None:
    if not is_reachable(channel.address):
        return
    # The number grows from message to message, but not by one.
    step = 1 if state == "sync" else 1 + secrets.randbelow(5)
    Channel.objects.filter(pk=channel.pk).update(message_number=F("message_number") + step)
    channel.refresh_from_db(fields=["message_number"])
    headers = {
        "X-Goog-Channel-ID": channel.channel_id,
        "X-Goog-Channel-Expiration": format_datetime(channel.expires_at, usegmt=True),
        "X-Goog-Resource-ID": channel.resource_id,
        "X-Goog-Resource-URI": channel.resource_uri,
        "X-Goog-Resource-State": state,
        "X-Goog-Message-Number": str(channel.message_number),
        **({"X-Goog-Channel-Token": channel.token} if channel.token else {}),
        **(overrides or {}),
    }
    action = faults.for_notice(channel.address, channel.account.email)
    if action == "drop":
        faults.record(
            method="NOTICE", path=channel.address, account=channel.account.email, status=0, fault="drop"
        )
        return
    for _ in range(2 if action == "duplicate" else 1):
        _sender.submit(_deliver, channel.address, headers, channel.account.email)


def _deliver(address: str, headers: Json, email: str) -> None:
    """Runs in a background thread, which must give its database connection back."""
    try:
        request = Request(address, data=b"", headers={k: v for k, v in headers.items() if v}, method="POST")
        try:
            with _opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                status = response.status
        except HTTPError as error:
            status = error.code
        except OSError:
            status = 0
        keys = [f"{name}: {value}" for name, value in headers.items() if "token" not in name.lower()]
        faults.record(method="NOTICE", path=address, account=email, status=status, body_keys=keys)
    finally:
        connection.close()
