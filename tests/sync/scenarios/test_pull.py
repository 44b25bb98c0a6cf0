"""Scenarios of listings and their tokens. Numbers are those of google-sync.md, section 3."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from scheduling.models import CalendarEvent
from sync.models import CalendarLink, EventLink, GoogleAccount
from tests.make import make_event
from tests.sync.google_side import GoogleSide, lunch
from tests.sync.runs import primary, run, run_badly, titles

pytestmark = pytest.mark.django_db


def test_scenario_01_first_sync_brings_every_event_with_one_list_call(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(*[lunch(summary=f"Event {number}") for number in range(7)])
    result = run(account)
    assert titles(alice) == [f"Event {number}" for number in range(7)]
    assert result.pulled == 7
    assert len(google.log("GET", "/events")) == 1
    link = CalendarLink.objects.get(account=account, is_primary=True)
    assert link.sync_token and link.calendar == primary(alice)


def test_scenario_04_a_failing_page_keeps_the_cursor_and_the_next_run_completes(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    token = CalendarLink.objects.get(is_primary=True).sync_token
    google.add(*[lunch(summary=f"Event {number}") for number in range(5)])
    google.fault({"path": "/events"}, {"page_size": 2}, times=None)
    google.fault({"path": "/events", "query": "pageToken"}, {"status": 500})
    CalendarLink.objects.update(next_poll_at=timezone.now())
    run_badly(account)
    assert CalendarLink.objects.get(is_primary=True).sync_token == token
    run(account)
    assert titles(alice) == [f"Event {number}" for number in range(5)]


def test_scenario_10_a_dead_sync_token_leads_to_a_full_listing_that_wipes_nothing(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    kept, gone = google.add(lunch(summary="Kept"), lunch(summary="Gone"))
    run(account)
    local = make_event(alice, title="Not sent yet")
    google.expire_sync_tokens()
    google.delete(gone["id"])
    google.add(summary="New")
    before = CalendarEvent.objects.get(title="Kept").pk
    run(account)
    assert titles(alice) == ["Kept", "New", "Not sent yet"]
    assert CalendarEvent.objects.get(title="Kept").pk == before
    assert google.titles() == ["Kept", "New", "Not sent yet"]  # scenario 14
    assert EventLink.objects.filter(event=local).count() == 1
    assert kept["id"]


def test_scenario_13_a_listing_without_most_events_deletes_nothing_and_says_so(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    made = google.add(*[lunch(summary=f"Event {number}") for number in range(60)])
    run(account)
    google.expire_sync_tokens()
    for item in made[:50]:
        google.delete(item["id"])
    run(account)
    assert len(titles(alice)) == 60
    assert CalendarLink.objects.get(is_primary=True).deletions_held == 50


def test_scenario_17_a_tombstone_with_only_an_id_deletes_the_event(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    (item,) = google.add()
    run(account)
    google.delete(item["id"])
    run(account)
    assert titles(alice) == []


def test_scenario_19_an_event_named_twice_in_one_listing_has_its_last_state(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    """Scenario 19."""
    (item,) = google.add(summary="First")
    google.fault(
        {"path": "/events"}, {"append_items": [item | {"summary": "Last", "etag": '"later"'}]}, times=1
    )
    run(account)
    assert titles(alice) == ["Last"]
    assert EventLink.objects.count() == 1
