"""A large installation to measure on, made once and kept: people with sessions, events, connected accounts.

`python -m tests.load.data FOLDER PEOPLE EVENTS ACCOUNTS` within the product's environment: so many people with so many
events each, the first ones connected. Writes FOLDER/people.json: for each person the session, the id of the primary
calendar and the ids of some events.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model  # noqa: E402
from django.contrib.auth.hashers import make_password  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from scheduling import services  # noqa: E402
from scheduling.core.event import EventValues  # noqa: E402
from scheduling.models import Calendar  # noqa: E402
from sync.connection import WANTED_SCOPES, confirm_rehearsal, store_connection  # noqa: E402
from sync.engine import run_account  # noqa: E402
from sync.models import GoogleAccount  # noqa: E402
from tests.sandbox.client import SandboxControl  # noqa: E402

NOBODYS = make_password(None)


def main(folder: Path, count: int, events: int, accounts: int) -> None:
    call_command("migrate", verbosity=0)
    control = SandboxControl(settings.GOOGLE_CALENDAR_ENDPOINT.removesuffix("calendar/v3/"))
    chance = random.Random(1)
    people = []
    for number in range(count):
        with transaction.atomic():
            user = make_person(number)
            people.append(describe(user, make_events(user, events, chance)))
            if number < accounts:
                connect(user, control)
    for account in GoogleAccount.objects.all():
        confirm_rehearsal(account=account)
        result = run_account(account.pk)
        assert result.is_ok, result
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    (folder / "people.json").write_text(json.dumps(people))


def make_person(number: int) -> Any:
    email = f"person{number}@example.com"
    user = get_user_model().objects.create(username=email, email=email, password=NOBODYS, first_name="Pat")
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    services.update_profile(profile=user.profile, timezone="Europe/Berlin")
    return user


def make_events(user: Any, count: int, chance: random.Random) -> list[str]:
    """Most within two months of today, a tenth of them series."""
    calendar = Calendar.objects.get(user=user, is_primary=True)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    items: list[tuple[EventValues, dict[str, Any]]] = []
    for number in range(count):
        start = today + timedelta(days=chance.randint(-60, 60), minutes=15 * chance.randint(28, 76))
        rule = ("RRULE:FREQ=WEEKLY;COUNT=20",) if number % 10 == 0 else ()
        values = EventValues(
            title=f"Event {number}",
            location="Room Havel" if number % 3 else "",
            start=start,
            end=start + timedelta(minutes=30),
            time_zone="Europe/Berlin",
            recurrence=rule,
        )
        # Google has them too: what a connected account sends is what its owner changes.
        items.append((values, {}))
    return [
        str(pk) for pk in services.create_remote_events(calendar=calendar, items=items, origin="import")[1:9]
    ]


def describe(user: Any, events: list[str]) -> dict[str, Any]:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    calendar = Calendar.objects.get(user=user, is_primary=True)
    return {
        "user": user.pk,
        "session": session.session_key,
        "calendar": str(calendar.pk),
        "events": events,
    }


def connect(user: Any, control: SandboxControl) -> None:
    tokens = control.account(user.email.replace("@example.com", "@gmail.example"))
    store_connection(
        user=user,
        google_sub=tokens["sub"],
        email=user.email.replace("@example.com", "@gmail.example"),
        scopes=WANTED_SCOPES,
        access_token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        expires_at=None,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
