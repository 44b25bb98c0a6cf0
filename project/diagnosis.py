"""What can be wrong with an installation, each with the exact thing that mends it.

A check yields `Fault`s (must be mended) and `Note`s (good to know). A check that itself fails is a fault.
"""

from __future__ import annotations

import os
import shutil
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httplib2
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.urls import reverse
from django.utils import timezone

from project import assets, first_run
from project.health import LEAST_FREE_BYTES, pending_migrations
from project.models import WorkerHeartbeat
from project.reach import first_line
from sync.encryption import Unreadable
from sync.models import GoogleAccount, WatchChannel

BUILT = datetime(2026, 11, 1, tzinfo=UTC)  # a clock before this is wrong


@dataclass(frozen=True)
class Note:
    text: str


@dataclass(frozen=True)
class Fault:
    problem: str
    fix: str


Finding = Note | Fault


def diagnose() -> Iterator[tuple[str, list[Finding]]]:
    """(name of the check, what it found), in the order in which faults should be mended."""
    for name, check in CHECKS.items():
        try:
            findings = list(check())
        except Exception as error:
            findings = [
                Fault(f"this check failed: {type(error).__name__}: {error}", "Mend the faults above first.")
            ]
        yield name, findings
        if name == "database" and any(isinstance(finding, Fault) for finding in findings):
            return


def settings_() -> Iterator[Finding]:
    for message in run_checks():
        if message.level >= ERROR:
            yield Fault(f"{message.id}: {message.msg}", message.hint or "See the message.")
    host = urlsplit(settings.SITE_URL).hostname or ""
    if host not in settings.ALLOWED_HOSTS and "*" not in settings.ALLOWED_HOSTS:
        yield Fault(f"SITE_URL's host {host} is not in ALLOWED_HOSTS.", f"ALLOWED_HOSTS={host},…")
    if settings.DEBUG:
        yield Note("DEBUG is on: for a trial on this machine only.")
    elif not settings.SITE_URL.startswith("https://") and host not in ("localhost", "127.0.0.1"):
        yield Fault("SITE_URL is not https: sign-ins would travel in the clear.", "SITE_URL=https://…")


def data_folder() -> Iterator[Finding]:
    folder = Path(settings.VAR_DIR)
    if not os.access(folder, os.W_OK):
        yield Fault(f"{folder} cannot be written.", f"chown -R {os.getuid()} {folder}")
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        yield Fault(f"only {free / 1e6:.0f} MB are free where {folder} lies.", "Free some disk space.")


def database() -> Iterator[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            if connection.vendor == "sqlite":
                yield from _sqlite(cursor)
    except DatabaseError as error:
        yield Fault(f"the database does not answer: {first_line(error)}", "Start it or correct DATABASE_URL.")
        return
    if pending := pending_migrations():
        yield Fault(f"{pending} migrations are not applied.", "python manage.py migrate")


def _sqlite(cursor: object) -> Iterator[Finding]:
    def pragma(name: str) -> str:
        cursor.execute(f"PRAGMA {name}")  # type: ignore[attr-defined]
        return str(cursor.fetchone()[0])  # type: ignore[attr-defined]

    if pragma("journal_mode") not in ("wal", "memory"):
        yield Fault("SQLite is not in WAL mode.", "Put the database on a local disk: WAL needs one.")
    if connection.settings_dict["OPTIONS"].get("transaction_mode") != "IMMEDIATE":
        yield Fault("transactions are not IMMEDIATE.", "Do not override DATABASES in the settings.")
    if (result := pragma("quick_check")) != "ok":
        yield Fault(
            f"the database file is damaged: {result}", "python manage.py restore PATH (of your last backup)"
        )


def keys() -> Iterator[Finding]:
    if settings.DEBUG and not os.environ.get("TOKEN_KEYS") and not os.environ.get("TOKEN_KEYS_FILE"):
        yield Note(f"trial keys from {Path(settings.VAR_DIR) / 'development_keys.json'} are in use.")
    if settings.SECRET_KEY in settings.TOKEN_KEYS:
        yield Fault("SECRET_KEY and TOKEN_KEYS are the same.", "Give TOKEN_KEYS a key of its own.")
    lost = sum(isinstance(account.refresh_token, Unreadable) for account in GoogleAccount.objects.all())
    if lost:
        yield Fault(
            f"the Google tokens of {lost} accounts cannot be opened with TOKEN_KEYS.",
            "Put the key they were written with back into TOKEN_KEYS, after the new one.",
        )


def clock() -> Iterator[Finding]:
    now = datetime.now(UTC)
    if now < BUILT:
        yield Fault(f"the clock says {now:%Y-%m-%d %H:%M} UTC.", "timedatectl set-ntp true")
    last = WorkerHeartbeat.objects.values_list("seen_at", flat=True).first()
    if last is not None and last > now + timedelta(minutes=1):
        yield Fault("the clock is behind the last heartbeat in the database.", "timedatectl set-ntp true")
    try:
        ZoneInfo("Europe/Berlin")
    except ZoneInfoNotFoundError:
        yield Fault("there is no time zone data.", "pip install tzdata")


def channel_layer() -> Iterator[Finding]:
    layer = get_channel_layer()

    async def round_trip() -> None:
        channel = await layer.new_channel()
        await layer.send(channel, {"type": "probe"})
        await layer.group_send("doctor", {"type": "probe"})

    try:
        async_to_sync(round_trip)()
    except Exception as error:
        fix = "Start Redis or correct REDIS_URL." if settings.REDIS_URL else "Mend the database."
        yield Fault(f"live notices cannot be sent: {first_line(error)}", fix)


def assets_() -> Iterator[Finding]:
    if not assets.is_current():
        yield Fault(
            "the static files are not collected, or older than their sources.",
            "python manage.py build_assets && python manage.py collectstatic --no-input (serve does it too)",
        )


def administrator() -> Iterator[Finding]:
    if setup := first_run.address():
        yield Note(f"there is no administrator yet; make one at {setup}")


def worker() -> Iterator[Finding]:
    age = WorkerHeartbeat.age()
    if age is None or age > WorkerHeartbeat.STALE_AFTER:
        yield Note("no worker is running now; `python manage.py serve` starts one.")


def mail() -> Iterator[Finding]:
    backend = settings.EMAIL_BACKEND.rsplit(".", 2)[-2]
    if backend != "smtp":
        if not settings.DEBUG:
            yield Fault(
                f"mail goes to the {backend} backend: nobody can confirm an address or reset a password.",
                "EMAIL_URL=smtp://user:password@host:587",
            )
        return
    started = time.monotonic()
    try:
        server = get_connection()
        server.open()
        server.close()
    except Exception as error:
        waited = time.monotonic() - started
        yield Fault(
            f"the mail server {settings.EMAIL_HOST}:{settings.EMAIL_PORT} refused after {waited:.0f} s: {error}",
            "Correct EMAIL_URL=smtp://user:password@host:587",
        )


def google() -> Iterator[Finding]:
    if settings.GOOGLE_SANDBOX:
        yield Note(f"the sandbox stands in for Google: {settings.SITE_URL}/sandbox/google/")
        return
    redirect = settings.SITE_URL + reverse("google_callback")
    if not settings.GOOGLE_CLIENT_ID:
        yield Note(
            "no Google client: sync is off. Make one of type Web in Google's console with the redirect URI "
            f"{redirect} and set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET."
        )
        return
    if not settings.GOOGLE_CLIENT_SECRET:
        yield Fault(
            "GOOGLE_CLIENT_SECRET is not set.", "GOOGLE_CLIENT_SECRET=… (from the same page as the id)"
        )
    yield Note(f"Google must know this redirect URI: {redirect}")
    yield from _webhook()


def _webhook() -> Iterator[Finding]:
    address = settings.GOOGLE_WEBHOOK_URL
    if not address:
        yield Note(
            f"no GOOGLE_WEBHOOK_URL: changes are fetched every {settings.SYNC_POLL_SECONDS} s. "
            f"To hear of them at once: GOOGLE_WEBHOOK_URL={settings.SITE_URL}{reverse('sync-webhook')}"
        )
        return
    parts = urlsplit(address)
    if parts.path != reverse("sync-webhook"):
        yield Note(
            f"GOOGLE_WEBHOOK_URL ends in {parts.path}; the proxy must pass it to {reverse('sync-webhook')}"
        )
    if parts.hostname not in settings.ALLOWED_HOSTS and "*" not in settings.ALLOWED_HOSTS:
        yield Fault(
            f"GOOGLE_WEBHOOK_URL's host {parts.hostname} is not in ALLOWED_HOSTS: every notice is refused.",
            f"ALLOWED_HOSTS={','.join([*settings.ALLOWED_HOSTS, str(parts.hostname)])}",
        )
    try:
        answer, _ = httplib2.Http(timeout=10).request(address)
    except ssl.SSLError as error:
        yield Fault(
            f"the certificate of {address} is not valid, so Google sends nothing: {error}",
            "Install a certificate that browsers accept.",
        )
    except (OSError, httplib2.HttpLib2Error) as error:
        yield Note(f"{address} cannot be reached from here ({error}); it must be from the internet.")
    else:
        if answer.status != 405:  # that is what it answers to a GET
            yield Fault(
                f"{address} answers {answer.status} instead of this server's own 405.",
                f"Have the proxy pass {parts.path} to this server, and start it.",
            )
    silent = WatchChannel.objects.filter(
        state=WatchChannel.State.PENDING, created_at__lt=timezone.now() - timedelta(minutes=10)
    )
    if silent.exists():
        yield Fault(
            "Google opened push channels, but its first message has not arrived.",
            f"See that {address} can be reached from the internet, then press Sync now.",
        )


CHECKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "settings": settings_,
    "data folder": data_folder,
    "database": database,
    "keys": keys,
    "clock": clock,
    "live notices": channel_layer,
    "static files": assets_,
    "mail": mail,
    "Google": google,
    "worker": worker,
    "administrator": administrator,
}
