"""For machines that watch the machine: is the process up, can it work, and numbers about it.

`/healthz` answers while the process lives; `/readyz` checks what the work needs and names what is missing
(503); `/metrics` speaks Prometheus' text format to who sends METRICS_KEY. None tells anything personal.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_q.brokers import get_broker
from django_q.models import Failure, Success
from django_q.tasks import queue_size

from project.channel_layer import OutboxChannelLayer
from project.models import ChannelMessage, WorkerHeartbeat
from scheduling.consumers import socket_count
from scheduling.models import OutgoingMail, WebhookDelivery
from sync import metrics as sync_metrics

logger = logging.getLogger(__name__)

LEAST_FREE_BYTES = 100 * 1024 * 1024
LAYER_SECONDS = 5.0


class NotReady(Exception):
    """What is missing, in words that may be shown to anyone."""


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponseBase:
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponseBase:
    checks = results()
    ready = all(result == "ok" for result in checks.values())
    return JsonResponse(
        {"status": "ok" if ready else "not ready", "checks": checks}, status=200 if ready else 503
    )


def results() -> dict[str, str]:
    """`ok`, or what is missing, by the name of the check."""
    return {name: _result(name, check) for name, check in CHECKS.items()}


def _result(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except NotReady as problem:
        return str(problem)
    except (OperationalError, InterfaceError):
        return "the database does not answer"
    except Exception:
        logger.exception("the check of %s failed", name)
        return "failed"
    return "ok"


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@cache  # a raised problem is not remembered, success is: code and database only ever agree more
def check_migrations() -> None:
    if pending := pending_migrations():
        raise NotReady(f"{pending} migrations are not applied")


def pending_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def check_worker() -> None:
    age = WorkerHeartbeat.age()
    if age is None or age > WorkerHeartbeat.STALE_AFTER:
        raise NotReady("no worker is running")


def check_channel_layer() -> None:
    layer = get_channel_layer()
    if layer is None or (isinstance(layer, OutboxChannelLayer) and layer.is_stalled):
        raise NotReady("live notices do not arrive")

    async def round_trip() -> None:
        channel = await layer.new_channel()
        receiving = asyncio.ensure_future(layer.receive(channel))
        await asyncio.sleep(0)
        await layer.send(channel, {"type": "probe"})
        await asyncio.wait_for(receiving, LAYER_SECONDS)
        # On Redis a channel is let go of only when whoever waits for more is cancelled.
        waiting = asyncio.ensure_future(layer.receive(channel))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})

    try:
        async_to_sync(round_trip)()
    except Exception as error:
        if not settings.REDIS_URL:
            raise
        raise NotReady("Redis does not answer") from error


def check_disk() -> None:
    if shutil.disk_usage(settings.VAR_DIR).free < LEAST_FREE_BYTES:
        raise NotReady("the disk is almost full")


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "migrations": check_migrations,
    "worker": check_worker,
    "channel_layer": check_channel_layer,
    "disk": check_disk,
}


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponseBase:
    """Needs `Authorization: Bearer <METRICS_KEY>` or `X-Metrics-Key`; else 403, also when no key is set."""
    given = request.headers.get("X-Metrics-Key") or request.headers.get("Authorization", "").removeprefix(
        "Bearer "
    )
    if not settings.METRICS_KEY or not constant_time_compare(given, settings.METRICS_KEY):
        return HttpResponse(
            "The metrics need the key that METRICS_KEY sets.\n", status=403, content_type="text/plain"
        )
    lines = []
    for name, (kind, description, value) in (_measure() | sync_metrics.measure()).items():
        lines += [f"# HELP {name} {description}", f"# TYPE {name} {kind}"]
        if isinstance(value, dict):
            lines += [f'{name}{{state="{state}"}} {count:g}' for state, count in value.items()]
        else:
            lines.append(f"{name} {value:g}")
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; version=0.0.4; charset=utf-8")


def _measure() -> dict[str, tuple[str, str, float | dict[str, float]]]:
    """name → (kind, description, value); NaN where there is nothing to measure."""
    now, nothing = timezone.now(), float("nan")
    day_ago = now - timedelta(days=1)
    oldest = get_broker().waiting_since()
    heartbeat = WorkerHeartbeat.age()
    alive = WorkerHeartbeat.objects.filter(seen_at__gte=now - WorkerHeartbeat.STALE_AFTER)
    waited = max((now - oldest).total_seconds(), 0) if oldest else 0
    return {
        "appointment_up": ("gauge", "1 while the web process answers.", 1),
        "appointment_process_seconds_total": ("counter", "CPU time of this process.", time.process_time()),
        "appointment_sockets": ("gauge", "Open WebSockets of this process.", socket_count()),
        "appointment_workers": ("gauge", "Workers with a fresh heartbeat.", alive.count()),
        "appointment_worker_heartbeat_age_seconds": (
            "gauge",
            "Since any worker was last seen.",
            heartbeat.total_seconds() if heartbeat is not None else nothing,
        ),
        "appointment_queue_tasks": ("gauge", "Tasks that wait.", queue_size()),
        "appointment_queue_oldest_seconds": ("gauge", "How long the oldest of them has waited.", waited),
        "appointment_tasks_failed_day": (
            "gauge",
            "Tasks that failed in the last 24 hours.",
            Failure.objects.filter(stopped__gte=day_ago).count(),
        ),
        "appointment_tasks_done_day": (
            "gauge",
            "Tasks done in the last 24 hours, of those still kept.",
            Success.objects.filter(stopped__gte=day_ago).count(),
        ),
        "appointment_mails_waiting": (
            "gauge",
            "Mails that are to go out.",
            OutgoingMail.objects.filter(state=OutgoingMail.State.WAITING).count(),
        ),
        "appointment_deliveries_waiting": (
            "gauge",
            "Tellings of people's programs that are to go out.",
            WebhookDelivery.objects.filter(state=WebhookDelivery.State.WAITING).count(),
        ),
        "appointment_channel_messages": (
            "gauge",
            "Messages of the last minutes between the processes.",
            ChannelMessage.objects.count(),
        ),
        "appointment_disk_free_bytes": (
            "gauge",
            "Free space where the data lives.",
            shutil.disk_usage(settings.VAR_DIR).free,
        ),
    }
