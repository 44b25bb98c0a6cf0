"""Scenarios of series, both ways. Numbers are those of google-sync.md, section 3."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduling import services
from scheduling.core.event import format_moment
from scheduling.models import CalendarEvent, Occurrence
from scheduling.series import find_occurrence
from sync.engine import run_account
from sync.models import CalendarLink, Conflict, EventLink, GoogleAccount
from tests.make import make_event
from tests.sync.google_side import GoogleSide, lunch
from tests.sync.runs import all_day, edit, primary, run, run_badly, titles

pytestmark = pytest.mark.django_db
WEEKLY = ["RRULE:FREQ=WEEKLY;COUNT=4"]


def starts(user: Any) -> list[str]:
    """What is shown, in order."""
    rows = Occurrence.objects.filter(calendar__user=user).order_by("start").select_related("event")
    return [f"{row.start:%m-%d %H:%M} {row.event.title}" for row in rows]


def weekly_here(user: Any, **over: Any) -> CalendarEvent:
    return make_event(user, title="Weekly", recurrence=tuple(WEEKLY), **over)


def occurrence(series: CalendarEvent, number: int) -> dict[str, Any]:
    series.refresh_from_db()
    key = format_moment(series.start + timedelta(weeks=number))
    found = find_occurrence(series, key)
    assert found is not None
    return {"series": series, "occurrence": key, "origin": "web", "values": found.values}


def named(series: CalendarEvent, number: int) -> dict[str, Any]:
    return {key: value for key, value in occurrence(series, number).items() if key != "values"}


def instance(series: CalendarEvent, number: int) -> str:
    start = series.start + timedelta(weeks=number)
    assert isinstance(start, datetime)
    return f"{series.pk.hex}_{start:%Y%m%dT%H%M%SZ}"


def writes(google: GoogleSide) -> list[tuple[str, str]]:
    return [(c["method"], c["path"].split("/")[-1]) for c in google.log() if c["method"] != "GET"]


def test_scenario_49_a_series_keeps_its_wall_time_over_a_clock_change_that_its_viewer_does_not_share(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    zone = "America/New_York"
    google.add(
        summary="Call",
        start={"dateTime": "2027-03-07T09:00:00-05:00", "timeZone": zone},
        end={"dateTime": "2027-03-07T10:00:00-05:00", "timeZone": zone},
        recurrence=["RRULE:FREQ=WEEKLY;COUNT=5"],
    )
    run(account)
    rows = Occurrence.objects.order_by("start")
    assert [row.start.astimezone(ZoneInfo(zone)).hour for row in rows] == [9] * 5
    in_paris = [row.start.astimezone(ZoneInfo("Europe/Paris")).hour for row in rows]
    assert in_paris == [15, 14, 14, 15, 15]


def test_scenario_50_an_exception_that_comes_pages_before_its_master_is_linked(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    made = [google.add(summary=f"Weekly {n}", recurrence=WEEKLY)[0] for n in range(6)]
    for item in made:
        google.change(f"{item['id']}_20261201T110000Z", location="Roma")
    google.fault({"path": "/events"}, {"page_size": 1}, times=None)
    run(account)
    overrides = CalendarEvent.objects.filter(location="Roma")
    assert overrides.count() == 6 and not overrides.filter(series=None).exists()
    assert Occurrence.objects.count() == 24


def test_scenario_50_a_master_that_no_listing_brings_is_asked_for_at_the_end_of_the_run(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    (master,) = google.add(summary="Weekly", recurrence=WEEKLY)
    google.change(f"{master['id']}_20261201T110000Z", location="Roma")
    exception = next(i for i in google.events() if i.get("recurringEventId"))
    google.fault({"path": "/events$"}, {"replace": {"items": [exception]}})
    run(account)
    assert CalendarEvent.objects.get(location="Roma").series is not None
    assert [row[:5] for row in starts(alice)] == ["11-24", "12-01", "12-08", "12-15"]


def test_an_exception_whose_series_is_out_of_reach_is_an_event_of_its_own(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    """An invitation to one meeting of somebody's series."""
    invitation = lunch(id="far0_20261124T110000Z", summary="Once", recurringEventId="far0", etag='"1"')
    invitation |= {"originalStartTime": invitation["start"], "status": "confirmed"}
    google.control.add_raw(google.email, [invitation])
    run(account)
    assert starts(alice) == ["11-24 11:00 Once"]
    google.clear_log()
    run(account)
    assert [call for call in google.log("GET") if "far0" in call["path"]] == []
    edit(CalendarEvent.objects.get(title="Once"), location="Roma")
    assert EventLink.objects.get().is_standalone


def test_scenario_52_one_occurrence_moved_here_is_one_patch_on_its_instance(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    series = weekly_here(alice)
    run(account)
    google.clear_log()
    one = occurrence(series, 1)
    hour = timedelta(hours=2)
    values = replace(one["values"], start=one["values"].start + hour, end=one["values"].end + hour)
    services.update_occurrence(**{**one, "values": values})
    run(account)
    assert writes(google) == [("PATCH", instance(series, 1))]
    assert google.control.event(google.email, series.pk.hex)["recurrence"] == WEEKLY
    moved = google.control.event(google.email, instance(series, 1))
    assert moved["start"]["dateTime"] == "2026-12-01T12:00:00+01:00"
    run(account)
    assert starts(alice)[1] == "12-01 11:00 Weekly"


def test_scenario_53_one_occurrence_deleted_here_is_one_call_and_its_series_stays(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    series = weekly_here(alice)
    run(account)
    google.clear_log()
    services.delete_occurrence(**named(series, 2))
    run(account)
    assert writes(google) == [("DELETE", instance(series, 2))]
    assert google.control.event(google.email, instance(series, 2))["status"] == "cancelled"
    run(account)
    assert len(starts(alice)) == 3


def test_an_occurrence_that_was_deleted_here_comes_back_in_google_when_it_does_here(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    series = weekly_here(alice)
    services.delete_occurrence(**named(series, 1))
    run(account)
    services.restore_occurrence(**named(series, 1))
    run(account)
    assert google.control.event(google.email, instance(series, 1))["status"] == "confirmed"
    assert len(starts(alice)) == 4


def test_scenario_55_a_series_divided_in_google_shows_nothing_twice(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    (master,) = google.add(summary="Weekly", recurrence=WEEKLY)
    run(account)
    google.control.split_series(google.email, master["id"], "20261208T110000Z", {"summary": "Later"})
    run(account)
    assert starts(alice) == [
        "11-24 11:00 Weekly",
        "12-01 11:00 Weekly",
        "12-08 11:00 Later",
        "12-15 11:00 Later",
    ]
    assert any("_R" in item["id"] for item in google.events())


def test_a_series_divided_here_is_inserted_before_the_old_one_ends(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    series = weekly_here(alice)
    run(account)
    google.clear_log()
    one = occurrence(series, 2)
    new = services.update_following(
        **{**one, "values": replace(one["values"], title="Later", recurrence=tuple(series.recurrence))}
    )
    run(account)
    assert [method for method, _ in writes(google)] == ["POST", "PATCH"]
    assert google.titles() == ["Later", "Weekly"] and new.pk.hex in {i["id"] for i in google.events()}
    assert [row[12:] for row in starts(alice)] == ["Weekly", "Weekly", "Later", "Later"]


def test_a_division_that_is_cut_short_leaves_a_double_in_google_never_a_hole(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    series = weekly_here(alice)
    run(account)
    one = occurrence(series, 2)
    services.update_following(
        **{**one, "values": replace(one["values"], title="Later", recurrence=tuple(series.recurrence))}
    )
    google.fault({"method": "POST", "path": "/events"}, {"status": 500})
    google.clear_log()
    run_badly(account)
    assert [method for method, _ in writes(google)] == ["POST"]
    run(account)
    assert google.titles() == ["Later", "Weekly"]


def test_scenario_56_a_series_deleted_in_google_takes_its_exceptions_along(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    (master,) = google.add(summary="Weekly", recurrence=WEEKLY)
    google.change(f"{master['id']}_20261201T110000Z", location="Roma")
    run(account)
    google.delete(master["id"])
    run(account)
    assert starts(alice) == []


def test_a_rule_changed_in_google_drops_the_exceptions_it_leaves_no_place_for(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    (master,) = google.add(summary="Weekly", recurrence=WEEKLY)
    google.change(f"{master['id']}_20261215T110000Z", location="Roma")
    run(account)
    google.change(master["id"], recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])
    run(account)
    assert starts(alice) == ["11-24 11:00 Weekly", "12-01 11:00 Weekly"]
    run(account)
    assert len(google.events()) == 1


def test_a_rule_changed_here_drops_the_exceptions_it_leaves_no_place_for(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    series = weekly_here(alice)
    one = occurrence(series, 3)
    services.update_occurrence(**{**one, "values": replace(one["values"], location="Roma")})
    run(account)
    series.refresh_from_db()
    edit(series, recurrence=("RRULE:FREQ=WEEKLY;COUNT=2",))
    run(account)
    run(account)
    assert len(starts(alice)) == 2 and len(google.events()) == 1


@pytest.mark.parametrize(
    "lines",
    [
        ["RRULE:FREQ=WEEKLY;COUNT=2", "RDATE;TZID=Europe/Berlin:20261203T150000"],
        ["RRULE:FREQ=WEEKLY;COUNT=2;X-VENDOR=1"],
        ["RRULE:FREQ=WEEKLY;COUNT=2", "XRULE:FREQ=DAILY"],
        ["RRULE:FREQ=EVERYOTHERDAY"],
    ],
)
def test_scenario_58_odd_rules_are_kept_as_they_are_shown_and_hold_up_nothing(
    alice: Any, google: GoogleSide, account: GoogleAccount, lines: list[str]
) -> None:
    odd = lunch(id="odd00", etag='"1"', status="confirmed", summary="Odd", recurrence=lines)
    google.control.add_raw(google.email, [odd])
    google.add(summary="Plain")
    run(account)
    assert titles(alice) == ["Odd", "Plain"]
    event = CalendarEvent.objects.get(title="Odd")
    assert event.recurrence == lines and "11-24 11:00 Odd" in starts(alice)
    google.clear_log()
    edit(event, title="Still odd")
    run_account(account.pk)
    (patch,) = google.log("PATCH")
    assert patch["body_keys"] == ["summary"]


def test_scenario_59_a_timed_event_that_became_all_day_in_google_takes_our_title(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    (item,) = google.add(summary="Fair")
    run(account)
    google.change(item["id"], start=all_day("2026-12-01"), end=all_day("2026-12-03"))
    run(account)
    edit(CalendarEvent.objects.get(title="Fair"), title="Book fair")
    run(account)
    (remote,) = google.events()
    assert (remote["summary"], remote["start"], remote["end"]["date"]) == (
        "Book fair",
        {"date": "2026-12-01"},
        "2026-12-03",
    )


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
)
def test_a_series_over_its_zones_clock_changes_does_not_drift_in_ten_round_trips(
    alice: Any, google: GoogleSide, account: GoogleAccount, zone: str
) -> None:
    run(account)
    start = datetime(2026, 10, 1, 9, 30, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    series = make_event(
        alice,
        title="0",
        start=start,
        end=start + timedelta(hours=1),
        time_zone=zone,
        recurrence=("RRULE:FREQ=MONTHLY;COUNT=8",),
    )
    shown = [row[:11] for row in starts(alice)]
    for number in range(1, 11):
        if number % 2:
            edit(series, title=str(number))
        else:
            google.change(series.pk.hex, summary=str(number))
        run(account)
    assert [row[:11] for row in starts(alice)] == shown
    local = {row.start.astimezone(ZoneInfo(zone)).strftime("%H:%M") for row in Occurrence.objects.all()}
    assert local == {"09:30"}
    (remote,) = google.events()
    assert (remote["summary"], remote["start"]["timeZone"]) == ("10", zone)
    assert not Conflict.objects.exists() and primary(alice) and CalendarLink.objects.exists()


def test_an_occurrence_changed_in_google_while_its_series_moves_here_shows_nowhere_twice_and_is_kept(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    series = weekly_here(alice)
    run(account)
    google.change(instance(series, 1), location="Roma")
    series.refresh_from_db()
    hours = timedelta(hours=26)
    edit(series, start=series.start + hours, end=series.end + hours)
    run(account)
    run(account)
    assert len(starts(alice)) == 4 and len(google.events()) == 1
    (dropped,) = CalendarEvent.objects.filter(former_series=series)
    assert dropped.location == "Roma"


def test_an_occurrence_changed_in_google_is_not_left_here_when_google_ended_its_series_and_the_answer_was_lost(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    series = weekly_here(alice)
    run(account)
    google.change(instance(series, 3), location="Roma")
    edit(series, recurrence=("RRULE:FREQ=WEEKLY;COUNT=2",))
    google.fault({"method": "PATCH"}, {"process_then_drop": True})
    run(account)
    assert len(starts(alice)) == 2 and len(google.events()) == 1
    (dropped,) = CalendarEvent.objects.filter(former_series=series)
    assert dropped.location == "Roma"


def test_exceptions_stay_when_google_ends_their_series_while_it_moves_here(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    (master,) = google.add(summary="Weekly", recurrence=WEEKLY)
    google.change(f"{master['id']}_20261124T110000Z", location="Roma")
    google.delete(f"{master['id']}_20261201T110000Z")
    run(account)
    series, hours = CalendarEvent.objects.get(series=None), timedelta(hours=2)
    edit(series, start=series.start - hours, end=series.end - hours)
    google.change(master["id"], recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
    google.change(f"{master['id']}_20261124T110000Z", summary="Changed again")
    run(account)
    run(account)
    assert starts(alice) == ["11-24 11:00 Changed again", "12-08 11:00 Weekly"]
    assert CalendarEvent.objects.get(series=series, location="Roma").original_start == "2026-11-24T11:00:00Z"


def test_an_exception_that_both_sides_have_dropped_is_nothing_to_a_full_listing(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    (master,) = google.add(summary="Weekly", recurrence=WEEKLY)
    google.change(f"{master['id']}_20261215T110000Z", location="Roma")
    run(account)
    lines = ["RRULE:FREQ=WEEKLY;COUNT=2"]
    edit(CalendarEvent.objects.get(series=None), recurrence=tuple(lines))
    google.change(master["id"], recurrence=lines)
    google.expire_sync_tokens()
    run(account)
    assert len(starts(alice)) == 2
    assert not EventLink.objects.exclude(state=EventLink.State.CLEAN).exists()


def test_an_occurrence_changed_on_both_sides_for_the_first_time_is_merged(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    series = weekly_here(alice)
    run(account)
    google.change(instance(series, 1), location="Roma")
    one = occurrence(series, 1)
    services.update_occurrence(**{**one, "values": replace(one["values"], title="Ours")})
    run(account)
    run(account)
    event = CalendarEvent.objects.get(series=series)
    assert (event.title, event.location) == ("Ours", "Roma")
    remote = google.control.event(google.email, instance(series, 1))
    assert (remote["summary"], remote["location"]) == ("Ours", "Roma")
    assert not Conflict.objects.exists()


def test_an_occurrence_that_lost_its_place_and_got_one_again_is_cancelled_when_google_says_so(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    series = weekly_here(alice)
    run(account)
    google.change(instance(series, 3), location="Roma")
    run(account)
    edit(series, recurrence=("RRULE:FREQ=WEEKLY;COUNT=2",))
    run(account)
    edit(series, recurrence=tuple(WEEKLY))
    run(account)
    assert len(starts(alice)) == 4
    google.delete(instance(series, 3))
    run(account)
    assert len(starts(alice)) == 3


def test_an_occurrence_that_was_dropped_and_brought_back_is_an_event_of_its_own_in_google_too(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    series = weekly_here(alice)
    run(account)
    google.change(instance(series, 3), location="Roma")
    run(account)
    edit(series, recurrence=("RRULE:FREQ=WEEKLY;COUNT=2",))
    run(account)
    services.restore_event(event=CalendarEvent.objects.get(location="Roma"), origin="web")
    run(account)
    run(account)
    assert len(starts(alice)) == 3 and len(google.events()) == 2
    assert not any("_" in item["id"] for item in google.events())
