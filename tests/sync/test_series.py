"""Series between here and Google: what is done to one occurrence, the following or all shows the same on both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from scheduling import queries, services
from scheduling.models import CalendarEvent
from scheduling.series import find_occurrence
from sync.engine import run_account
from sync.models import EventLink, GoogleAccount
from tests.make import make_event
from tests.sync.google_side import GoogleSide
from tests.sync.runs import run

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def key(day: str) -> str:
    return f"2026-{day}T09:00:00Z"


def there(google: GoogleSide) -> list[tuple[str, str]]:
    """Every occurrence as Google shows it."""
    answer = httpx.get(
        f"{google.control.addresses['GOOGLE_CALENDAR_ENDPOINT']}calendars/primary/events",
        params={"singleEvents": "true", "timeMax": "2027-02-01T00:00:00Z"},
        headers={"Authorization": f"Bearer {google.tokens['access_token']}"},
    )
    found = [(item["start"]["dateTime"], item["summary"]) for item in answer.json()["items"]]
    return sorted(
        (f"{datetime.fromisoformat(start).astimezone(UTC):%m-%d %H:%M}", title) for start, title in found
    )


def here(user: Any) -> list[tuple[str, str]]:
    ids = queries.calendars_of(user).values_list("pk", flat=True)
    found = queries.occurrences_between(ids, NINE - 30 * DAY, datetime(2027, 2, 1, tzinfo=UTC))
    return sorted((f"{o.start.astimezone(UTC):%m-%d %H:%M}", o.event.title) for o in found)


def change(
    series: CalendarEvent, write: Callable[..., CalendarEvent], occurrence: str, **changes: Any
) -> CalendarEvent:
    series.refresh_from_db()
    found = find_occurrence(series, occurrence)
    assert found is not None
    lines = () if write is services.update_occurrence else tuple(series.recurrence)
    values = replace(found.values, **{"recurrence": lines, **changes})
    return write(series=series, occurrence=occurrence, values=values, origin="web")


def at(day: int, hours: int = 0) -> dict[str, Any]:
    start = datetime(2026, 11, 24, 9, tzinfo=UTC) + day * DAY + hours * HOUR
    return {"start": start, "end": start + HOUR}


@pytest.fixture
def daily(alice: Any, google: GoogleSide, account: GoogleAccount) -> CalendarEvent:
    """Eight days, with three days that differ and one that is cancelled; both sides agree."""
    run(account)
    series = make_event(alice, title="Daily", recurrence=("RRULE:FREQ=DAILY;COUNT=8",))
    change(series, services.update_occurrence, key("11-25"), title="Named")
    change(series, services.update_occurrence, key("11-26"), **at(2, 3))
    services.delete_occurrence(series=series, occurrence=key("11-27"), origin="web")
    change(series, services.update_occurrence, key("11-29"), title="Late")
    run(account)
    assert there(google) == here(alice) and len(here(alice)) == 7
    return series


CHANGES: dict[str, Callable[[CalendarEvent], CalendarEvent]] = {
    "one": lambda s: change(s, services.update_occurrence, key("11-28"), title="New", **at(4, 1)),
    "one again": lambda s: change(s, services.update_occurrence, key("11-25"), **at(1, 5)),
    "one deleted": lambda s: services.delete_occurrence(series=s, occurrence=key("11-25"), origin="web"),
    "one restored": lambda s: services.restore_occurrence(series=s, occurrence=key("11-27"), origin="web"),
    "following": lambda s: change(s, services.update_following, key("11-26"), title="New"),
    "following moved": lambda s: change(s, services.update_following, key("11-28"), **at(4, 2)),
    "following by a day": lambda s: change(s, services.update_following, key("11-25"), **at(2)),
    "following deleted": lambda s: services.delete_following(series=s, occurrence=key("11-26"), origin="web"),
    "all renamed": lambda s: change(s, services.update_series, key("11-28"), title="New"),
    "all moved": lambda s: change(s, services.update_series, key("11-28"), **at(4, -2)),
    "all by a day": lambda s: change(s, services.update_series, key("11-28"), **at(5)),
    "all a day back": lambda s: change(s, services.update_series, key("11-28"), **at(3)),
    "another rule": lambda s: change(
        s, services.update_series, key("11-28"), recurrence=("RRULE:FREQ=DAILY;COUNT=3",)
    ),
    "a single event": lambda s: change(s, services.update_series, key("11-28"), recurrence=()),
    "deleted": lambda s: services.delete_event(event=s, origin="web"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_and_its_undo_arrive_and_stay_quiet(
    alice: Any, google: GoogleSide, account: GoogleAccount, daily: CalendarEvent, name: str
) -> None:
    before = here(alice)
    changed = CHANGES[name](daily)
    run(account)
    assert there(google) == here(alice) != before
    google.clear_log()
    run(account)
    assert [call for call in google.log() if call["method"] != "GET"] == []
    changed.refresh_from_db()
    services.undo_change(event=changed, revision=changed.revision, origin="web")
    assert here(alice) == before
    run(account)
    assert there(google) == before == here(alice)
    google.expire_sync_tokens()
    run(account)  # a full listing finds nothing else
    assert there(google) == before == here(alice)


def test_a_series_that_is_divided_is_doubled_rather_than_cut_when_the_new_one_is_refused(
    alice: Any, google: GoogleSide, account: GoogleAccount, daily: CalendarEvent
) -> None:
    before = there(google)
    google.fault({"method": "POST", "path": "/events"}, {"status": 400}, times=1)
    new = change(daily, services.update_following, key("11-26"), title="New")
    assert run_account(account.pk, in_foreground=True).failed == 1
    assert there(google) == before  # nothing is missing there
    change(new, services.update_series, key("11-26"), location="Roma")
    EventLink.objects.filter(event=new).update(state=EventLink.State.CLEAN)
    run(account)
    assert there(google) == here(alice)


def test_the_new_series_reaches_google_before_the_old_one_ends(
    google: GoogleSide, account: GoogleAccount, daily: CalendarEvent
) -> None:
    google.clear_log()
    change(daily, services.update_following, key("11-28"), title="New")
    run(account)
    writes = [call["method"] for call in google.log() if call["method"] != "GET"]
    assert writes[:2] == ["POST", "PATCH"]


def test_a_division_made_in_google_arrives_without_a_double(
    alice: Any, google: GoogleSide, account: GoogleAccount, daily: CalendarEvent
) -> None:
    (master,) = [item for item in google.events() if item.get("recurrence")]
    google.change(master["id"], recurrence=["RRULE:FREQ=DAILY;UNTIL=20261126T085959Z"])
    google.add(
        summary="Other",
        start={"dateTime": "2026-11-26T10:00:00+01:00", "timeZone": "Europe/Berlin"},
        end={"dateTime": "2026-11-26T11:00:00+01:00", "timeZone": "Europe/Berlin"},
        recurrence=["RRULE:FREQ=DAILY;COUNT=3"],
    )
    run(account)
    assert here(alice) == there(google)


def test_both_sides_changing_the_same_occurrence_meet_in_one_row(
    alice: Any, google: GoogleSide, account: GoogleAccount, daily: CalendarEvent
) -> None:
    (master,) = [item for item in google.events() if item.get("recurrence")]
    google.change(f"{master['id']}_20261128T090000Z", summary="Theirs")
    change(daily, services.update_occurrence, key("11-28"), title="Ours")
    run(account)
    assert daily.overrides.filter(original_start=key("11-28")).count() == 1
    assert here(alice) == there(google)
