"""The table of Google's answers (google-sync.md 1.6, 2.10): what each of them does to the event, the calendar and the
account, and what it leaves alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Q
from django.utils import timezone
from django_q.exceptions import TimeoutException

from scheduling import services
from scheduling.models import Calendar, CalendarEvent, OutgoingMail
from sync.connection import enable_calendar
from sync.engine import request_run, run_account
from sync.models import CalendarLink, Conflict, EventLink, GoogleAccount, JournalEntry
from sync.outbox import MOST_ATTEMPTS, unpark
from tests.make import make_event, make_user
from tests.sync.google_side import GoogleSide, lunch
from tests.sync.hooked_provider import after_calls
from tests.sync.runs import edit, primary, remove, run, run_badly, titles

pytestmark = pytest.mark.django_db
WRITE = {"method": "PATCH", "path": "/events/"}


def fresh(account: GoogleAccount) -> GoogleAccount:
    return GoogleAccount.objects.get(pk=account.pk)


def link_of(event: CalendarEvent) -> EventLink:
    return EventLink.objects.get(event=event)


def let_pauses_end() -> None:
    now = timezone.now()
    GoogleAccount.objects.update(backoff_until=None)
    CalendarLink.objects.update(next_poll_at=now)
    EventLink.objects.exclude(next_attempt_at=None).update(next_attempt_at=now)


@pytest.fixture
def event(alice: Any, google: GoogleSide, account: GoogleAccount) -> CalendarEvent:
    """One event that both sides have, with an edit that waits."""
    run(account)
    made = make_event(alice, title="Before")
    run(account)
    return edit(made, title="After")


# --- one event ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"error": "badRequest"},
        {"error": "forbiddenForNonOrganizer"},
        {"status": 400, "body": {"error": {"message": "Too long.", "errors": []}}},
    ],
    ids=["badRequest", "forbiddenForNonOrganizer", "no reason"],
)
def test_what_google_will_never_take_is_set_aside_at_once_with_its_words(
    google: GoogleSide, account: GoogleAccount, event: CalendarEvent, fault: dict[str, Any]
) -> None:
    google.fault(WRITE, fault)
    result = run_account(account.pk)
    assert (result.error, result.sent, result.failed) == ("", 0, 1)
    known = link_of(event)
    assert known.state == EventLink.State.PARKED and "Google says" in known.error
    event.refresh_from_db()
    assert (event.title, event.sync_state) == ("After", CalendarEvent.SyncState.REFUSED)
    google.clear_log()
    let_pauses_end()
    run_account(account.pk)
    assert google.log("PATCH") == []


def test_scenario_70_a_fault_on_one_event_holds_up_no_other_and_ends_after_ten_tries(
    alice: Any, google: GoogleSide, account: GoogleAccount, event: CalendarEvent
) -> None:
    google.fault(WRITE | {"path": event.pk.hex}, {"status": 500}, times=None)
    for number in range(20):
        make_event(alice, title=f"Good {number}")
    result = run_account(account.pk)
    assert (result.error, result.sent, result.failed) == ("", 20, 1)
    for _ in range(MOST_ATTEMPTS - 1):
        assert link_of(event).state == EventLink.State.CLEAN
        let_pauses_end()
        run_account(account.pk)
    known = link_of(event)
    assert (known.state, known.attempts) == (EventLink.State.PARKED, MOST_ATTEMPTS)
    assert "500" in known.error
    assert JournalEntry.objects.filter(action="refused", event=event).count() == 1
    google.clear_faults()
    unpark(Q(event=event))
    run(account)
    assert "After" in google.titles()


def test_an_event_that_failed_waits_for_its_own_pause_and_the_account_comes_back_for_it(
    google: GoogleSide, account: GoogleAccount, event: CalendarEvent
) -> None:
    google.fault(WRITE, {"status": 503})
    EventLink.objects.filter(event=event).update(attempts=5)
    result = run_account(account.pk)
    due = link_of(event).next_attempt_at
    assert due is not None and result.next_due is not None and result.next_due <= due
    EventLink.objects.filter(event=event).update(next_attempt_at=timezone.now() + timedelta(hours=1))
    google.clear_log()
    run_account(account.pk)
    assert google.log("PATCH") == []


def test_three_events_in_a_row_that_fail_are_the_accounts_trouble(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    for number in range(6):
        make_event(alice, title=str(number))
    google.fault({"method": "POST", "path": "/events"}, {"status": 503}, times=None)
    google.clear_log()
    run_badly(account)
    assert len(google.log("POST")) == 3
    assert fresh(account).backoff_until is not None
    google.clear_faults()
    run(account)
    assert len(google.titles()) == 6


def test_three_events_that_google_chokes_on_do_not_stand_in_the_way_for_ever(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    bad = [make_event(alice, title=f"Bad {number}") for number in range(3)]
    run(account)
    for made in bad:
        edit(made, location="Roma")
        google.fault({"method": "PATCH", "path": made.pk.hex}, {"status": 500}, times=None)
    make_event(alice, title="Good")
    run_badly(account)
    let_pauses_end()
    run_account(account.pk)
    assert "Good" in google.titles()


def test_an_event_that_only_its_organiser_may_change_is_marked_read_only(
    google: GoogleSide, account: GoogleAccount, event: CalendarEvent
) -> None:
    google.fault(WRITE, {"error": "forbiddenForNonOrganizer"})
    run_account(account.pk)
    event.refresh_from_db()
    assert event.is_read_only and event.title == "After"
    with pytest.raises(services.ReadOnly):
        edit(event, title="Again")


def test_a_deletion_that_google_forbids_is_taken_back(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    made = make_event(alice, title="Stays")
    run(account)
    remove(made)
    google.fault({"method": "DELETE"}, {"error": "forbiddenForNonOrganizer"})
    run_account(account.pk)
    assert titles(alice) == google.titles() == ["Stays"]


def test_a_403_on_a_delete_of_what_is_already_gone_counts_as_done(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    made = make_event(alice)
    run(account)
    remove(made)
    google.delete(made.pk.hex)
    CalendarLink.objects.update(next_poll_at=timezone.now() + timedelta(hours=1))
    google.fault({"method": "DELETE"}, {"error": "forbiddenForNonOrganizer"})
    result = run_account(account.pk)
    assert (result.error, result.failed) == ("", 0)
    made.refresh_from_db()
    assert made.is_deleted and not made.is_waiting


@pytest.mark.parametrize("error", ["notFound", "deleted"])
def test_404_and_410_on_a_delete_count_as_done(
    alice: Any, google: GoogleSide, account: GoogleAccount, error: str
) -> None:
    run(account)
    made = make_event(alice)
    run(account)
    remove(made)
    google.fault({"method": "DELETE"}, {"error": error})
    result = run_account(account.pk)
    assert (result.error, result.failed) == ("", 0)
    made.refresh_from_db()
    assert not made.is_waiting


@pytest.mark.parametrize("cut", ["POST", "PATCH"])
def test_an_answer_to_a_write_that_is_cut_off_is_found_out_and_repeats_nothing(
    alice: Any, google: GoogleSide, account: GoogleAccount, cut: str
) -> None:
    run(account)
    if cut == "POST":
        google.fault({"method": "POST", "path": "/events"}, {"truncated_json": True})
        made = make_event(alice, title="Once")
    else:
        made = make_event(alice, title="First")
        run(account)
        google.fault(WRITE, {"truncated_json": True})
        edit(made, title="Once")
    assert run_account(account.pk).failed == 1
    run(account)
    made.refresh_from_db()
    assert google.titles() == ["Once"] and not made.is_waiting
    assert not Conflict.objects.exists()


# --- one calendar ------------------------------------------------------------------------------------


def test_a_role_that_is_lost_in_the_middle_of_a_push_sets_aside_what_waits(
    alice: Any, google: GoogleSide, account: GoogleAccount, event: CalendarEvent
) -> None:
    CalendarLink.objects.update(next_poll_at=timezone.now() + timedelta(hours=1))
    google.set_role("reader")
    result = run_account(account.pk)
    assert (result.error, result.failed) == ("", 1)
    assert primary(alice).is_read_only
    assert link_of(event).state == EventLink.State.PARKED
    google.set_role("owner")
    run(account)
    run(account)
    assert google.titles() == ["After"] and not primary(alice).is_read_only


def test_a_private_event_that_may_not_be_written_marks_that_event_alone(
    alice: Any, google: GoogleSide, account: GoogleAccount, event: CalendarEvent
) -> None:
    google.fault(WRITE, {"error": "requiredAccessLevel"})
    make_event(alice, title="Other")
    result = run_account(account.pk)
    assert (result.sent, result.failed) == (1, 1)
    event.refresh_from_db()
    assert event.is_read_only and not primary(alice).is_read_only


def test_one_calendar_that_fails_leaves_the_others_in_step(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    second = two_calendars(google, account)
    google.add(summary="First")
    google.control.add_event(google.email, lunch(summary="Second"), calendar=second)
    google.fault({"method": "GET", "path": "/calendars/alice"}, {"status": 500}, times=None)
    CalendarLink.objects.update(next_poll_at=timezone.now())
    result = run_account(account.pk)
    assert "500" in result.error
    assert titles(alice) == ["Second"]
    assert fresh(account).backoff_until is None
    google.clear_faults()
    run(account)
    assert titles(alice) == ["First", "Second"]


def two_calendars(google: GoogleSide, account: GoogleAccount) -> str:
    second = str(google.control.calendar(google.email, "Second")["id"])
    run(account)
    enable_calendar(link=CalendarLink.objects.select_related("account__user__profile").get(google_id=second))
    run(account)
    return second


# --- the account -------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", ["rateLimitExceeded", "userRateLimitExceeded", "tooManyRequests"])
def test_a_rate_limit_pauses_the_account_and_costs_no_event_a_try(
    google: GoogleSide, account: GoogleAccount, event: CalendarEvent, error: str
) -> None:
    google.fault(WRITE, {"error": error})
    assert "slow down" in run_account(account.pk).error
    assert link_of(event).attempts == 0
    held = fresh(account)
    assert held.backoff_until is not None and held.backoff_until > timezone.now()
    google.clear_log()
    run_badly(account)
    assert google.log() == []
    run(account)
    assert google.titles() == ["After"] and fresh(account).backoff_level == 0


def test_nobody_cuts_a_pause_short_that_google_asked_for(google: GoogleSide, account: GoogleAccount) -> None:
    run(account)
    google.fault({"path": "/events"}, {"status": 429, "body": {}, "headers": {"Retry-After": "30"}})
    run_account(account.pk, in_foreground=True)
    google.clear_log()
    request_run([account.pk], pull_now=True)
    run_badly(account)
    assert google.log() == []


def test_a_person_may_cut_short_the_pause_after_a_fault(google: GoogleSide, account: GoogleAccount) -> None:
    run(account)
    google.fault({"path": "/events"}, {"status": 500})
    run_account(account.pk, in_foreground=True)
    request_run([account.pk], pull_now=True)
    assert run_account(account.pk).error == ""


def test_a_used_up_calendar_quota_means_hours_and_is_said(
    google: GoogleSide, account: GoogleAccount, event: CalendarEvent
) -> None:
    google.fault(WRITE, {"error": "quotaExceeded"})
    assert "usage limit" in run_account(account.pk).error
    held = fresh(account)
    assert held.backoff_until is not None and held.backoff_until > timezone.now() + timedelta(minutes=59)
    assert "usage limit" in held.last_error


def test_pauses_after_faults_grow_and_are_spread(google: GoogleSide, account: GoogleAccount) -> None:
    run(account)
    google.fault({"path": "/events"}, {"status": 503}, times=None)
    pauses = []
    for _ in range(12):
        let_pauses_end()
        before = timezone.now()
        run_badly(account)
        until = fresh(account).backoff_until
        assert until is not None
        pauses.append((until - before).total_seconds())
    assert all(1 <= pause <= 902 for pause in pauses)
    assert max(pauses[6:]) > max(pauses[:3])
    assert len({round(pause, 3) for pause in pauses}) == 12


@pytest.mark.parametrize(
    "fault",
    [
        {"error": "accessNotConfigured"},
        {"status": 403, "body": "<html>Forbidden by a proxy</html>"},
    ],
    ids=["project", "proxy"],
)
def test_the_sites_own_trouble_is_told_to_its_administrators_once_and_keeps_the_connection(
    google: GoogleSide, account: GoogleAccount, fault: dict[str, Any]
) -> None:
    make_user("admin@example.com", is_superuser=True)
    run(account)
    google.fault({"path": "/events"}, fault, times=None)
    for _ in range(3):
        let_pauses_end()
        run_badly(account)
    assert fresh(account).status == GoogleAccount.Status.ACTIVE
    assert [mail.to for mail in OutgoingMail.objects.all()] == ["admin@example.com"]
    google.clear_faults()
    run(account)


def test_scenario_74_a_missing_scope_asks_for_it_again_and_keeps_everything(
    alice: Any, google: GoogleSide, account: GoogleAccount, event: CalendarEvent
) -> None:
    google.fault({"path": "/events"}, {"error": "insufficientPermissions"})
    run_badly(account)
    assert fresh(account).status == GoogleAccount.Status.INSUFFICIENT_SCOPE
    assert titles(alice) == ["After"]


def test_a_401_is_answered_by_one_new_token_and_a_second_one_ends_the_connection(
    google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.fault({"path": "/events"}, {"error": "authError"})
    run(account)
    google.fault({"path": "/events"}, {"error": "authError"}, times=None)
    let_pauses_end()
    run_badly(account)
    assert fresh(account).status == GoogleAccount.Status.NEEDS_REAUTH


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"status": 429, "body": {"error": "temporarily_unavailable"}},
        {"status": 401, "body": {"error": "invalid_client"}},
        {"status": 200, "body": "<html>Sign in to the hotel</html>"},
    ],
)
def test_scenario_73_the_token_endpoints_trouble_ends_no_connection_and_keeps_no_worker_waiting(
    google: GoogleSide, account: GoogleAccount, fault: dict[str, Any]
) -> None:
    run(account)
    let_pauses_end()
    google.expire_access_tokens()
    GoogleAccount.objects.update(token_expires_at=None)
    google.clear_log()
    google.fault({"path": "token$"}, fault, times=None)
    run_badly(account)
    assert fresh(account).status == GoogleAccount.Status.ACTIVE
    # Asked again by the engine's back-off only: google-auth would ask thrice and sleep in between.
    assert len([call for call in google.log("POST") if call["path"].endswith("token")]) == 1


def test_a_refused_connection_is_a_pause_and_changes_nothing(
    alice: Any, google: GoogleSide, account: GoogleAccount, settings: Any, event: CalendarEvent
) -> None:
    address = settings.GOOGLE_CALENDAR_ENDPOINT
    settings.GOOGLE_CALENDAR_ENDPOINT = "http://127.0.0.1:9/calendar/v3/"
    assert "could not be reached" in run_badly(account).error
    assert titles(alice) == ["After"] and link_of(event).attempts == 0
    settings.GOOGLE_CALENDAR_ENDPOINT = address
    run(account)
    assert google.titles() == ["After"]


def test_what_is_not_json_is_a_passing_fault(google: GoogleSide, account: GoogleAccount) -> None:
    run(account)
    google.fault({"path": "/events"}, {"status": 502, "body": "<html>Bad gateway</html>"})
    let_pauses_end()
    run_badly(account)
    google.fault({"path": "/events"}, {"status": 200, "body": "<html>Sign in to the hotel</html>"})
    let_pauses_end()
    run_badly(account)
    run(account)


def test_the_calendar_of_a_deleted_calendar_keeps_its_events(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    second = two_calendars(google, account)
    google.control.add_event(google.email, lunch(summary="Second"), calendar=second)
    run(account)
    google.control.change_calendar(google.email, second, deleted=True)
    CalendarLink.objects.update(next_poll_at=timezone.now())
    assert run_account(account.pk).error
    assert titles(alice) == ["Second"]
    assert CalendarLink.objects.get(google_id=second).is_unreachable
    assert Calendar.objects.filter(user=alice).count() == 2


def test_an_account_whose_run_was_ended_for_taking_too_long_makes_room_for_the_others(
    google: GoogleSide, account: GoogleAccount
) -> None:
    """The queue ends a task after a minute, wherever it stands."""
    run(account)
    let_pauses_end()

    def take_too_long(calls: int) -> None:
        raise TimeoutException

    for level in (1, 2):
        with after_calls(take_too_long), pytest.raises(SystemExit):
            run_account(account.pk)
        paused = fresh(account)
        assert paused.backoff_level == level and paused.backoff_until == paused.next_run_at
        let_pauses_end()
    assert run_account(account.pk).is_ok  # its lease was given back
