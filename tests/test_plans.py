"""What runs at every tick, every poll and every save is found by an index, whatever else the tables hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils.module_loading import import_string

from scheduling import services
from scheduling.models import CalendarEvent
from sync.models import CalendarLink
from sync.outbox import waiting
from sync.receivers import nudge
from tests.make import make_values
from tests.plans import plan_of, plans

WHOLE = ("SCAN", "Seq Scan")  # a table that is read whole, in SQLite's words and PostgreSQL's


@pytest.fixture
def link(db: None) -> CalendarLink:
    user = get_user_model().objects.create(username="ada", email="ada@example.com")
    calendar = user.calendars.get()
    account = user.google_accounts.create(google_sub="1", email="ada@gmail.example", lease_owner="other:1:a")
    return CalendarLink.objects.create(
        account=account, google_id="ada", calendar=calendar, is_enabled=True, access_role="owner"
    )


def ticks(link: CalendarLink) -> None:
    link.account.__class__.objects.update(next_run_at=None)  # nothing is due: only the looking is of interest
    for path in settings.WORKER_TICKS:
        import_string(path)()


def idle_poll(link: CalendarLink) -> None:
    list(waiting(link))


def save_in_connected_calendar(link: CalendarLink) -> None:
    nudge(calendar_id=link.calendar_id)


@pytest.mark.parametrize("work", [ticks, idle_poll, save_in_connected_calendar])
def test_what_is_asked_all_the_time_is_found_by_an_index(
    link: CalendarLink, work: Callable[[CalendarLink], Any]
) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # so small a table is read whole otherwise
    with plans() as found:
        work(link)
    assert found and not [plan for plan in found if any(word in plan for word in WHOLE)]


@pytest.mark.parametrize("work", [idle_poll, save_in_connected_calendar])
def test_what_google_has_already_is_not_read_to_find_what_it_has_not(
    link: CalendarLink, work: Callable[[CalendarLink], Any]
) -> None:
    with plans() as found:
        work(link)
    if connection.vendor == "sqlite":  # PostgreSQL chooses by what the tables hold
        assert any("event_not_sent" in plan for plan in found)


@pytest.mark.parametrize("field", ["series", "former_series"])
def test_the_overrides_of_a_series_are_found_by_an_index_also_when_the_tables_are_analysed(
    link: CalendarLink, field: str
) -> None:
    """Hardly any event is one: SQLite then takes an index of all of them for of no use."""
    items = [(make_values(title=f"Event {n}"), {}) for n in range(50)]
    services.create_remote_events(calendar=link.calendar, items=items, origin="import")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scheduling_calendarevent")
    plan = plan_of(CalendarEvent.objects.filter(**{field: uuid4()}).order_by())
    assert not any(word in plan for word in WHOLE)
