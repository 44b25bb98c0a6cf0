"""Runs of the engine against the sandbox Google over HTTP. Numbers are scenarios of google-sync.md, section 3."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scheduling import services
from scheduling.models import Calendar, CalendarEvent, EventRevision
from sync.engine import RunResult, run_account
from sync.lease import LeaseLost, take_lease
from sync.models import CalendarLink, Conflict, EventLink, GoogleAccount
from tests.make import make_event
from tests.sync.conftest import connect
from tests.sync.google_side import GoogleSide, lunch

pytestmark = pytest.mark.django_db


def run(account: GoogleAccount, **options: Any) -> RunResult:
    """One run that must go well."""
    GoogleAccount.objects.filter(pk=account.pk).update(backoff_until=None)
    result = run_account(account.pk, in_foreground=True, **options)
    assert result.error == "" and result.failed == 0
    return result


def run_badly(account: GoogleAccount) -> RunResult:
    result = run_account(account.pk)
    assert not result.is_ok
    return result


def titles(user: Any) -> list[str]:
    return sorted(CalendarEvent.objects.of(user).live().values_list("title", flat=True))


def primary(user: Any) -> Calendar:
    return Calendar.objects.get(user=user, is_primary=True)


def edit(event: CalendarEvent, **changes: Any) -> CalendarEvent:
    event.refresh_from_db()
    return services.update_event(event=event, values=replace(event.values, **changes), origin="web")


def all_day(date_text: str) -> dict[str, Any]:
    return {"date": date_text, "dateTime": None, "timeZone": None}


def remove(event: CalendarEvent) -> None:
    services.delete_event(event=event, origin="web")


# --- from Google to here ----------------------------------------------------------------------------


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


def test_scenario_22_23_an_insert_whose_answer_is_lost_makes_one_event(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.fault({"method": "POST", "path": "/events"}, {"process_then_drop": True}, times=None)
    event = make_event(alice, title="Once")
    run_badly(account)
    google.clear_faults()
    run(account)
    assert google.titles() == ["Once"]
    event.refresh_from_db()
    assert not event.is_waiting


def test_scenario_25_26_lost_answers_to_a_patch_and_a_delete_are_no_conflict(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Before")
    run(account)
    google.fault({"method": "PATCH"}, {"process_then_drop": True})
    edit(event, title="After")
    run(account)
    assert google.titles() == ["After"]
    google.fault({"method": "DELETE"}, {"process_then_drop": True})
    remove(event)
    run(account)
    assert google.titles() == []
    assert not Conflict.objects.exists()


def test_scenario_28_a_stranger_who_holds_our_id_makes_us_take_the_next_one(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Mine")
    google.add(lunch(id=event.pk.hex, summary="Stranger"))
    # The stranger must not be taken for ours by its id alone: it says nothing of us.
    CalendarLink.objects.update(next_poll_at=timezone.now() + timedelta(hours=1))
    assert run_account(account.pk).error == ""
    assert google.titles() == ["Mine", "Stranger"]


def test_scenario_31_created_and_deleted_before_the_first_push_makes_no_call(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.clear_log()
    remove(make_event(alice))
    run(account)
    assert [call["method"] for call in google.log() if call["method"] != "GET"] == []


def test_scenario_35_our_own_push_coming_back_writes_nothing(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice)
    run(account)
    event.refresh_from_db()
    revision, calendar_revision = event.revision, primary(alice).revision
    assert run(account).pulled == 0
    event.refresh_from_db()
    assert (event.revision, primary(alice).revision) == (revision, calendar_revision)


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


def test_scenario_46_odd_text_does_not_go_to_and_fro(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    make_event(alice, title="  Emoji 🎉  ", description="a\r\nb<b>c</b>  \n")
    google.add(summary=" Blank  ", description="x\r\ny \n")
    run(account)
    google.clear_log()
    for _ in range(5):
        run(account)
    assert [call for call in google.log() if call["method"] != "GET"] == []


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


def test_scenario_65_what_we_do_not_know_survives_our_edit(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    (item,) = google.add(
        summary="With guests",
        attendees=[{"email": "ines@example.com", "responseStatus": "accepted"}],
        reminders={"useDefault": False, "overrides": [{"method": "popup", "minutes": 7}]},
    )
    run(account)
    event = CalendarEvent.objects.get(title="With guests")
    assert event.attendees[0]["email"] == "ines@example.com"
    edit(event, location="Roma")
    run(account)
    (remote,) = google.events()
    assert remote["location"] == "Roma"
    assert remote["attendees"][0]["email"] == "ines@example.com"
    assert remote["reminders"]["overrides"][0]["minutes"] == 7
    assert item["id"] == remote["id"]


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


def test_scenario_70_one_refused_event_is_parked_and_the_others_go(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    bad = make_event(alice, title="Bad")
    for number in range(5):
        make_event(alice, title=f"Good {number}")
    google.fault(
        {"method": "POST", "nth": 1}, {"status": 400, "body": {"error": {"message": "No."}}}, times=1
    )
    result = run_account(account.pk, in_foreground=True)
    assert (result.sent, result.failed) == (5, 1)
    bad.refresh_from_db()
    assert bad.sync_state == CalendarEvent.SyncState.REFUSED
    edit(bad, title="Better")
    assert bad.title == "Bad"


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


def test_scenario_37_the_same_field_on_both_sides_keeps_googles_and_shows_the_conflict(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Plan")
    run(account)
    edit(event, title="Ours")
    google.change(event.pk.hex, summary="Theirs")
    run(account)
    event.refresh_from_db()
    assert event.title == "Theirs" and google.titles() == ["Theirs"]
    conflict = Conflict.objects.get()
    assert (conflict.groups, conflict.ours["title"]) == (["title"], "Ours")
    assert event.revisions.filter(action="displaced", before__title="Ours").exists()
    assert event.sync_state == CalendarEvent.SyncState.CONFLICT


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


def test_scenario_41_an_edit_in_google_beats_a_deletion_here(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Keep me")
    run(account)
    remove(event)
    google.change(event.pk.hex, summary="Keep me, please")
    run(account)
    assert google.titles() == ["Keep me, please"] == titles(alice)


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


def test_scenario_71_revoked_access_stops_the_account_and_loses_nothing(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.revoke()
    make_event(alice, title="Waits")
    result = run_account(account.pk, in_foreground=True)
    assert "ended" in result.error
    account.refresh_from_db()
    assert account.status == GoogleAccount.Status.NEEDS_REAUTH
    google.clear_log()
    run_badly(account)
    assert google.log() == []
    fresh = GoogleSide(google.control)
    run(connect(alice, fresh))
    assert google.titles() == ["Waits"]


def test_scenario_68_a_named_pause_is_kept_and_no_call_made_meanwhile(
    google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.fault({"path": "/events"}, {"status": 429, "body": {}, "headers": {"Retry-After": "30"}})
    result = run_account(account.pk, in_foreground=True)
    assert "slow down" in result.error
    account.refresh_from_db()
    assert account.backoff_until is not None
    assert account.backoff_until > timezone.now() + timedelta(seconds=25)
    google.clear_log()
    assert run_account(account.pk, in_foreground=True).error
    assert google.log() == []


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


def test_scenario_79_a_run_that_lost_its_lease_cannot_commit(account: GoogleAccount) -> None:
    first = take_lease(account.pk)
    assert first is not None and take_lease(account.pk) is None
    GoogleAccount.objects.filter(pk=account.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    second = take_lease(account.pk)
    assert second is not None
    with pytest.raises(LeaseLost), first.hold():
        GoogleAccount.objects.filter(pk=account.pk).update(last_error="from the first")
    with second.hold():
        pass
    account.refresh_from_db()
    assert account.last_error == ""


def test_an_edit_made_while_its_earlier_version_is_under_way_is_sent_too(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    """Scenario 29, by state: the answer to an older revision does not make a later one count as sent."""
    run(account)
    event = make_event(alice, title="First")
    sent = event.revision
    edit(event, title="Second")
    event.refresh_from_db()
    services.mark_synced(event=event, revision=sent)
    run(account)
    assert google.titles() == ["Second"]


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


def test_an_event_named_twice_in_one_listing_has_its_last_state(
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
