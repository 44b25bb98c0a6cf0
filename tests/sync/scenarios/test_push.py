"""Scenarios of writes that survive crashes and lost answers. Numbers are those of google-sync.md, section 3."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from scheduling import services
from scheduling.models import CalendarEvent
from sync.engine import run_account
from sync.models import CalendarLink, Conflict, EventLink, GoogleAccount
from tests.make import make_event
from tests.sync.google_side import GoogleSide, lunch
from tests.sync.runs import edit, remove, run, run_badly, titles

pytestmark = pytest.mark.django_db


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


def test_a_new_event_is_not_taken_for_deleted_in_google_where_it_never_was(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    """412 to an insert, which asks for no etag, is Google's mistake; the look that follows finds nothing there."""
    run(account)
    google.fault({"method": "POST", "path": "/events"}, {"error": "conditionNotMet"})
    make_event(alice, title="Kept")
    assert run_account(account.pk).failed == 1
    assert titles(alice) == ["Kept"] and google.titles() == []
    run(account)
    assert titles(alice) == ["Kept"] == google.titles()


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


@pytest.mark.parametrize("is_listed", [True, False])
def test_our_own_insert_whose_answer_was_lost_does_not_displace_a_later_edit(
    alice: Any, google: GoogleSide, account: GoogleAccount, is_listed: bool
) -> None:
    run(account)
    google.fault({"method": "POST", "path": "/events"}, {"process_then_drop": True}, times=None)
    event = make_event(alice, title="First")
    run_badly(account)
    google.clear_faults()
    edit(event, title="Second")
    google.change(event.pk.hex, location="Said in Google")
    if is_listed:
        run(account)
    else:  # only the next insert meets it
        CalendarLink.objects.update(next_poll_at=timezone.now() + timedelta(hours=1))
        GoogleAccount.objects.update(backoff_until=None)
        EventLink.objects.update(next_attempt_at=timezone.now())
        assert run_account(account.pk).error == ""
    event.refresh_from_db()
    assert (event.title, event.location) == ("Second", "Said in Google")
    assert google.titles() == ["Second"]
    assert not Conflict.objects.exists()


@pytest.mark.parametrize("then", ["edited", "deleted"])
def test_our_own_patch_whose_answer_was_lost_displaces_nothing_that_was_done_since(
    alice: Any, google: GoogleSide, account: GoogleAccount, then: str
) -> None:
    run(account)
    event = make_event(alice, title="Before")
    run(account)
    google.fault({"method": "PATCH"}, {"process_then_drop": True}, times=None)
    edit(event, title="First")
    run_badly(account)
    google.clear_faults()
    assert google.titles() == ["First"]
    if then == "edited":
        edit(event, title="Second")
    else:
        remove(event)
    run(account)
    assert google.titles() == (["Second"] if then == "edited" else [])
    event.refresh_from_db()
    assert event.is_deleted == (then == "deleted")
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


def test_scenario_29_an_edit_made_while_its_earlier_version_is_under_way_is_sent_too(
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


def test_a_deletion_that_is_undone_in_time_never_reaches_google(
    alice: Any, google: GoogleSide, account: GoogleAccount, settings: Any
) -> None:
    run(account)
    event = make_event(alice, title="Kept")
    run(account)
    settings.SYNC_SEND_DELAY_SECONDS = 3600
    google.clear_log()
    remove(event)
    assert run_account(account.pk).is_ok  # as the worker runs it: the time for second thoughts is not over
    event.refresh_from_db()
    services.undo_change(event=event, revision=event.revision, origin="web")
    run(account)
    assert google.titles() == ["Kept"]
    assert google.log("DELETE") == []


def test_a_deletion_waits_twice_as_long_as_an_edit(
    alice: Any, google: GoogleSide, account: GoogleAccount, settings: Any
) -> None:
    run(account)
    edited, deleted = make_event(alice, title="First"), make_event(alice, title="Deleted")
    run(account)
    edit(edited, title="Second")
    remove(deleted)
    settings.SYNC_SEND_DELAY_SECONDS = 3600
    CalendarEvent.objects.update(updated_at=timezone.now() - timedelta(minutes=90))
    assert run_account(account.pk).sent == 1
    assert sorted(google.titles()) == ["Deleted", "Second"]
    CalendarEvent.objects.update(updated_at=timezone.now() - timedelta(minutes=121))
    run_account(account.pk)
    assert google.titles() == ["Second"]
