"""Runs of the engine against the sandbox Google over HTTP: what both sides show afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scheduling import services
from scheduling.models import CalendarEvent, EventRevision
from sync.engine import run_account
from sync.models import CalendarLink, Conflict, EventLink, GoogleAccount
from tests.make import make_event
from tests.sync.conftest import connect
from tests.sync.google_side import GoogleSide, lunch
from tests.sync.runs import all_day, edit, primary, remove, run, run_badly, titles

pytestmark = pytest.mark.django_db


# --- from Google to here ----------------------------------------------------------------------------


def test_an_idle_run_makes_one_list_call_and_writes_nothing(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add()
    run(account)
    revision, changes = primary(alice).revision, EventRevision.objects.count()
    google.clear_log()
    CalendarLink.objects.update(next_poll_at=timezone.now())
    assert run_account(account.pk).error == ""
    assert [(call["method"], "/events" in call["path"]) for call in google.log()] == [("GET", True)]
    assert (primary(alice).revision, EventRevision.objects.count()) == (revision, changes)


def test_a_change_a_move_and_a_deletion_in_google_arrive(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    changed, moved, deleted = google.add(lunch(summary="A"), lunch(summary="B"), lunch(summary="C"))
    run(account)
    google.change(changed["id"], summary="A2", location="Roma")
    google.change(moved["id"], start=all_day("2026-12-01"), end=all_day("2026-12-03"))
    google.delete(deleted["id"])
    run(account)
    assert titles(alice) == ["A2", "B"]
    event = CalendarEvent.objects.get(title="B")
    assert (event.is_all_day, event.start, event.end) == (True, date(2026, 12, 1), date(2026, 12, 3))
    gone = CalendarEvent.objects.get(title="C")
    assert gone.is_deleted and gone.revisions.filter(action="delete", origin="google").exists()


def test_an_item_that_cannot_be_read_is_kept_aside_and_the_others_go_on(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(summary="Good")
    google.control.add_raw(google.email, [{"id": "broken", "etag": '"1"', "status": "confirmed", "start": 7}])
    run(account)
    assert titles(alice) == ["Good"]
    assert EventLink.objects.get(google_id="broken").state == EventLink.State.QUARANTINED


def test_an_answer_that_is_cut_off_changes_nothing_and_is_asked_for_again(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.add(summary="Later")
    google.fault({"path": "/events"}, {"truncated_json": True})
    CalendarLink.objects.update(next_poll_at=timezone.now())
    assert "cut off" in run_badly(account).error
    assert titles(alice) == []
    run(account)
    assert titles(alice) == ["Later"]


def test_a_series_comes_with_its_moved_and_cancelled_occurrences(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    (master,) = google.add(summary="Weekly", recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    moved, cancelled = f"{master['id']}_20261201T110000Z", f"{master['id']}_20261208T110000Z"
    google.change(
        moved,
        start={"dateTime": "2026-12-01T15:00:00+01:00", "timeZone": "Europe/Berlin"},
        end={"dateTime": "2026-12-01T16:00:00+01:00", "timeZone": "Europe/Berlin"},
    )
    google.delete(cancelled)
    run(account)
    series = CalendarEvent.objects.get(title="Weekly", series=None)
    starts = sorted(series.series_occurrences.values_list("start", flat=True))
    assert [f"{start:%m-%d %H}" for start in starts] == ["11-24 11", "12-01 14", "12-15 11"]


# --- from here to Google ----------------------------------------------------------------------------


def test_a_new_event_a_change_and_a_deletion_reach_google_with_one_write_each(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Dentist", location="Main street")
    google.clear_log()
    run(account)
    (remote,) = google.events()
    assert (remote["summary"], remote["location"], remote["id"]) == ("Dentist", "Main street", event.pk.hex)
    event.refresh_from_db()
    assert event.google_event_id == event.pk.hex and not event.is_waiting

    edit(event, title="Dentist, moved")
    run(account)
    assert google.titles() == ["Dentist, moved"]

    remove(event)
    run(account)
    assert google.titles() == []
    writes = [call["method"] for call in google.log() if call["method"] != "GET"]
    assert writes == ["POST", "PATCH", "DELETE"]


def test_all_day_timed_and_repeating_events_reach_google_as_they_are(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    make_event(alice, title="Days", is_all_day=True, start=date(2026, 5, 1), end=date(2026, 5, 4))
    make_event(alice, title="Weekly", recurrence=("RRULE:FREQ=WEEKLY;COUNT=4",), time_zone="America/New_York")
    run(account)
    by_title = {event["summary"]: event for event in google.events()}
    assert (by_title["Days"]["start"]["date"], by_title["Days"]["end"]["date"]) == (
        "2026-05-01",
        "2026-05-04",
    )
    assert by_title["Weekly"]["recurrence"] == ["RRULE:FREQ=WEEKLY;COUNT=4"]
    assert by_title["Weekly"]["start"]["timeZone"] == "America/New_York"


def test_the_first_push_leaves_the_events_revision_alone(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    """A form opened before the push must not be stale after it."""
    run(account)
    event = make_event(alice)
    run(account)
    services.update_event(
        event=event,
        values=replace(event.values, title="Edited"),
        origin="web",
        expected_revision=event.revision,
    )


def test_an_event_moved_to_a_calendar_that_is_only_here_leaves_google(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Private")
    run(account)
    own = services.create_calendar(user=alice, name="Own")
    event.refresh_from_db()
    services.update_event(event=event, values=event.values, calendar=own, origin="web")
    run(account)
    assert google.titles() == []
    assert titles(alice) == ["Private"]


# --- both at once ------------------------------------------------------------------------------------


def test_changes_of_different_fields_on_both_sides_are_merged(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Plan", location="Here")
    run(account)
    edit(event, title="Plan B")
    google.change(event.pk.hex, location="There")
    run(account)
    event.refresh_from_db()
    assert (event.title, event.location) == ("Plan B", "There")
    (remote,) = google.events()
    assert (remote["summary"], remote["location"]) == ("Plan B", "There")
    assert not Conflict.objects.exists()


def test_an_edit_here_beats_a_deletion_in_google(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Keep me")
    run(account)
    edit(event, title="Keep me, please")
    google.delete(event.pk.hex)
    run(account)
    assert google.titles() == ["Keep me, please"] == titles(alice)
    (remote,) = google.events()
    assert remote["id"] == event.pk.hex


def test_deleted_on_both_sides_is_simply_gone(alice: Any, google: GoogleSide, account: GoogleAccount) -> None:
    run(account)
    event = make_event(alice)
    run(account)
    remove(event)
    google.delete(event.pk.hex)
    run(account)
    assert titles(alice) == google.titles() == []


# --- the account --------------------------------------------------------------------------------------


def test_events_from_before_the_connection_wait_until_the_owner_agrees(
    alice: Any, google: GoogleSide
) -> None:
    make_event(alice, title="From before")
    account = connect(alice, google)
    assert run_account(account.pk).error == ""
    make_event(alice, title="From after")
    assert run_account(account.pk).error == ""
    assert google.titles() == ["From after"]
    run(account)  # in the foreground: who runs it has decided
    assert google.titles() == ["From after", "From before"]


def test_an_expired_access_token_is_renewed_and_stored_encrypted(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.expire_access_tokens()
    run(account)
    account.refresh_from_db()
    assert account.access_token not in ("", google.tokens["access_token"])
    assert account.token_expires_at is not None and account.token_expires_at > timezone.now()


def test_a_calendar_that_became_read_only_is_not_written_to(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.set_role("reader")
    google.add()
    run(account)
    assert primary(alice).is_read_only
    with pytest.raises(services.ReadOnly):
        make_event(alice)


def test_a_repeating_event_becomes_a_single_one_and_a_single_one_never_hears_of_rules(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Weekly", recurrence=("RRULE:FREQ=WEEKLY;COUNT=4",))
    run(account)
    edit(event, recurrence=())
    run(account)
    assert not google.events()[0].get("recurrence")
    google.clear_log()
    edit(event, start=event.start + timedelta(hours=1), end=event.end + timedelta(hours=1))  # type: ignore[operator]
    run(account)
    (patch,) = google.log("PATCH")
    assert patch["body_keys"] == ["end", "start"]


def test_an_import_is_written_in_bulk_and_in_short_transactions(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(*[lunch(summary=f"Event {number}") for number in range(300)])
    with CaptureQueriesContext(connection) as captured:
        assert run(account).pulled == 300
    statements = [query["sql"] for query in captured.captured_queries]
    assert len(statements) < 200
    assert sum(sql.startswith("SAVEPOINT") for sql in statements) >= 3
    assert len(titles(alice)) == 300


def test_one_impossible_event_among_many_new_ones_is_set_aside_alone(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(lunch(summary="Good"), lunch(summary="Also good"))
    google.control.add_raw(
        google.email,
        [
            lunch(id="past0", etag='"1"', status="confirmed", summary="Before time")
            | {"start": {"date": "1700-01-01"}, "end": {"date": "1700-01-02"}}
        ],
    )
    run(account)
    assert titles(alice) == ["Also good", "Good"]
    assert EventLink.objects.get(google_id="past0").state == EventLink.State.QUARANTINED


def test_a_run_with_much_to_send_gives_way_and_goes_on_at_its_next_turn(
    alice: Any, google: GoogleSide, account: GoogleAccount, settings: Any
) -> None:
    run(account)
    settings.SYNC_TURN_SECONDS, settings.SYNC_SEND_DELAY_SECONDS = 0.0, 0
    for number in range(3):
        make_event(alice, title=f"Many {number}")
    for sent in (1, 2, 3):
        result = run_account(account.pk)
        assert result.is_ok and result.sent == 1
        assert len(google.titles()) == sent
        account.refresh_from_db()
        has_more = account.next_run_at is not None and account.next_run_at <= timezone.now()
        assert has_more == (sent < 3)
