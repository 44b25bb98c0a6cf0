"""Scenarios of time, all-day events and series. Numbers are those of google-sync.md, section 3."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sync.models import GoogleAccount
from tests.make import make_event
from tests.sync.google_side import GoogleSide
from tests.sync.runs import edit, run

pytestmark = pytest.mark.django_db


def test_scenario_47_an_all_day_event_keeps_its_days_over_ten_round_trips(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="0", is_all_day=True, start=date(2026, 5, 1), end=date(2026, 5, 4))
    for number in range(1, 11):
        if number % 2:
            edit(event, title=str(number))
        else:
            google.change(event.pk.hex, summary=str(number))
        run(account)
    event.refresh_from_db()
    assert (event.title, event.start, event.end) == ("10", date(2026, 5, 1), date(2026, 5, 4))
    (remote,) = google.events()
    assert (remote["start"]["date"], remote["end"]["date"]) == ("2026-05-01", "2026-05-04")
