"""Tells open pages and listeners in this process that something changed: which calendar, never what.

Services call `announce` inside their write transaction. On commit all of a transaction's announcements leave
as one channel-layer message (group `GROUP`) with one notice per calendar, and as one `events_changed` signal
per calendar. Every web process hands the message to its own sockets (`scheduling.consumers`).

A message is `{"type": "live.message", "notices": [{"user", "calendar", "revision", "events"}, ...]}`,
`{"type": "live.message", "hosts": [user id, ...]}` (what can be booked of them may have changed) or
`{"type": "live.message", "recheck": user id}`.

Invariants:
- one message per transaction, one notice per calendar
- nothing is sent for a transaction that was rolled back
- a layer that does not answer never breaks the write
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone

from scheduling.signals import events_changed

logger = logging.getLogger(__name__)

GROUP = "live"
MOST_EVENTS = 100  # a notice that names none speaks of the whole calendar


@dataclass
class Notice:
    """What became of one calendar in one transaction."""

    user_id: Any
    calendar_id: UUID
    revision: int = 0
    event_ids: dict[UUID, None] = field(default_factory=dict)
    origin: str = ""

    def as_message(self) -> dict[str, Any]:
        events = [str(event) for event in self.event_ids]
        return {
            "user": self.user_id,
            "calendar": str(self.calendar_id),
            "revision": self.revision,
            "events": events if len(events) <= MOST_EVENTS else [],
        }


# Announced in the transaction that the connection has open.
_waiting: WeakKeyDictionary[BaseDatabaseWrapper, dict[UUID, Notice]] = WeakKeyDictionary()


def announce(
    *, user_id: Any, calendar_id: UUID, revision: int, event_ids: Iterable[UUID] = (), origin: str = ""
) -> None:
    """Have the owner's pages told, on commit, that this calendar is now at `revision`."""
    connection = transaction.get_connection()
    if not connection.in_atomic_block or not connection.run_on_commit:
        _waiting.pop(connection, None)  # left by a transaction that was rolled back
    notices = _waiting.setdefault(connection, {})
    notice = notices.setdefault(calendar_id, Notice(user_id, calendar_id))
    notice.revision = max(notice.revision, revision)
    notice.event_ids.update(dict.fromkeys(event_ids))
    notice.origin = origin
    # One hook per call: a rolled back savepoint drops its own, and the first one left sends all.
    transaction.on_commit(lambda: _flush(connection))


def announce_free_time(user_ids: Iterable[Any]) -> None:
    """On commit, have the booking pages of these people look again; writes of their calendars do that by themselves."""
    hosts = list(user_ids)
    transaction.on_commit(lambda: publish({"hosts": hosts}))


def _flush(connection: BaseDatabaseWrapper) -> None:
    notices = list(_waiting.pop(connection, {}).values())
    if not notices:
        return
    publish({"notices": [notice.as_message() for notice in notices]})
    for notice in notices:
        events_changed.send_robust(
            sender=None,
            user_id=notice.user_id,
            calendar_id=notice.calendar_id,
            revision=notice.revision,
            event_ids=list(notice.event_ids),
            origin=notice.origin,
        )


def publish(content: dict[str, Any]) -> None:
    """Send `content` to every web process, from synchronous code. A failure is logged: pages poll as well."""
    layer = get_channel_layer()
    if layer is None:
        return
    message = {"type": "live.message", **content}
    try:
        if hasattr(type(layer), "publish"):  # that of Redis cannot be asked itself outside an event loop
            layer.publish(GROUP, message)
        else:
            async_to_sync(layer.group_send)(GROUP, message)
    except Exception as error:
        logger.error("open pages could not be told of a change: %s: %s", type(error).__name__, error)


def close_sessions(user_id: Any) -> None:
    """On commit, have every socket of this user check its session anew and close if it is gone."""
    transaction.on_commit(lambda: publish({"recheck": user_id}))


@receiver(post_delete, sender=Session)
def close_after_session(instance: Session, **kwargs: Any) -> None:
    """Sign-out, and whatever else ends a session early; sockets find an expired one themselves."""
    if instance.expire_date <= timezone.now():
        return
    # Not `get_decoded`, which knows only Django's own way to write a session down.
    store = import_module(settings.SESSION_ENGINE).SessionStore
    user_id = store().decode(instance.session_data).get("_auth_user_id")
    if user_id is not None:
        close_sessions(get_user_model()._meta.pk.to_python(user_id))


@receiver(post_save, sender=get_user_model())
def close_after_account_change(
    instance: Any, created: bool, update_fields: Iterable[str] | None, **kwargs: Any
) -> None:
    """A changed password or a deactivated account; not the date that every sign-in writes."""
    if not created and (update_fields is None or {"password", "is_active"} & set(update_fields)):
        close_sessions(instance.pk)
