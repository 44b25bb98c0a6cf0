"""Scenarios of runs that die or overtake each other while they write. Numbers are those of google-sync.md, section 3."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scheduling import services
from scheduling.models import CalendarEvent, EventRevision
from sync.engine import run_account
from sync.models import CalendarLink, Conflict, EventLink, GoogleAccount
from sync.tasks import enqueue_due_accounts, sync_account
from tests.make import make_event
from tests.sync.google_side import GoogleSide, lunch
from tests.sync.hooked_provider import after_calls, killed_at_call, killed_at_statement
from tests.sync.runs import edit, primary, remove, run, titles
from tests.sync.scenarios.test_listing import bury, due

pytestmark = pytest.mark.django_db


def writes(google: GoogleSide) -> list[str]:
    return [call["method"] for call in google.log() if call["method"] != "GET"]


def later() -> None:
    """No listing is due: the next run only sends."""
    CalendarLink.objects.update(next_poll_at=timezone.now() + timedelta(hours=1))


def test_scenario_22_killed_after_google_took_an_insert_there_is_one_event(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Once")
    later()
    with killed_at_call(1):
        run_account(account.pk)
    assert google.titles() == ["Once"]
    bury()
    assert run_account(account.pk).error == ""
    event.refresh_from_db()
    assert google.titles() == ["Once"] and not event.is_waiting
    assert EventLink.objects.get().id_generation == 0


@pytest.mark.django_db(transaction=True)  # a dead run must not take the test's transaction with it
@pytest.mark.parametrize("what", ["insert", "patch", "delete"])
def test_a_push_that_is_killed_at_any_statement_ends_in_one_event_and_no_conflict(
    alice: Any, google: GoogleSide, account: GoogleAccount, what: str
) -> None:
    run(account)
    event = make_event(alice, title="First")
    if what != "insert":
        run(account)
    if what == "patch":
        edit(event, title="Second")
    if what == "delete":
        remove(event)
    for statement in range(1, 40, 4):
        with killed_at_statement(statement):
            run_account(account.pk)
        bury()
        due()
    run(account)
    expected = {"insert": ["First"], "patch": ["Second"], "delete": []}[what]
    assert google.titles() == titles(alice) == expected
    assert not Conflict.objects.exists()


def test_scenario_25_killed_after_google_took_a_patch_the_second_try_finds_it_done(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Before")
    run(account)
    edit(event, title="After")
    later()
    with killed_at_call(1):
        run_account(account.pk)
    bury()
    google.clear_log()
    assert run_account(account.pk).error == ""
    assert [(c["method"], c["status"]) for c in google.log()] == [("PATCH", 412), ("GET", 200)]
    event.refresh_from_db()
    assert not event.is_waiting and not Conflict.objects.exists()


def test_scenario_26_killed_after_google_took_a_delete_the_second_try_finds_it_done(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice)
    run(account)
    remove(event)
    later()
    with killed_at_call(1):
        run_account(account.pk)
    bury()
    google.clear_log()
    assert run_account(account.pk).error == ""
    assert [(c["method"], c["status"]) for c in google.log()] == [("DELETE", 410)]
    event.refresh_from_db()
    assert event.is_deleted and not event.is_waiting


def test_scenario_29_an_edit_while_the_first_version_is_in_flight_is_sent_after_it(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="First")
    later()
    google.clear_log()

    def person(calls: int) -> None:
        if calls == 1:
            edit(event, title="Second")

    with after_calls(person):
        run_account(account.pk)
    assert google.titles() == ["First"]
    event.refresh_from_db()
    assert event.title == "Second" and event.is_waiting
    run_account(account.pk)
    assert google.titles() == ["Second"] and writes(google) == ["POST", "PATCH"]


def test_scenario_32_the_tombstone_of_our_own_delete_changes_nothing(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice)
    run(account)
    remove(event)
    google.clear_log()
    run(account)
    assert writes(google) == ["DELETE"]
    revision, changes = primary(alice).revision, EventRevision.objects.count()
    run(account)
    assert (primary(alice).revision, EventRevision.objects.count()) == (revision, changes)


def test_what_was_deleted_sent_and_brought_back_here_stays_back(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Back")
    run(account)
    remove(event)
    run(account)
    services.restore_event(event=event, origin="web")
    run(account)
    assert titles(alice) == google.titles() == ["Back"]
    assert google.events()[0]["id"] == event.pk.hex


def test_scenario_34_what_was_saved_but_never_queued_is_sent_at_the_next_tick(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    make_event(alice, title="Saved")  # the process dies before its commit hook: no run is asked for
    GoogleAccount.objects.update(next_run_at=timezone.now(), queued_until=timezone.now())
    assert enqueue_due_accounts() == 1
    sync_account(account.pk)
    assert google.titles() == ["Saved"]


def test_scenario_79_a_worker_that_wakes_after_another_finished_commits_nothing(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.add(summary="New")
    seen: list[int] = []

    def overtake(calls: int) -> None:
        if calls == 1 and not seen:
            seen.append(calls)
            bury()  # the first one's lease ends while it waits for Google
            due()
            assert run_account(account.pk).pulled == 1

    due()
    with after_calls(overtake):
        result = run_account(account.pk)
    assert "took over" in result.error and result.pulled == 0
    assert titles(alice) == ["New"] and EventLink.objects.count() == 1


def test_scenario_80_a_task_that_is_delivered_twice_has_no_second_effect(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    make_event(alice, title="Once")
    google.clear_log()
    sync_account(account.pk)
    sync_account(account.pk)
    assert writes(google) == ["POST"] and google.titles() == ["Once"]


def test_a_task_that_is_delivered_while_the_first_one_runs_leaves_it_alone(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    make_event(alice, title="Once")
    answers: list[str] = []
    with after_calls(lambda calls: answers.append(sync_account(account.pk))):
        run_account(account.pk)
    assert google.titles() == ["Once"]
    assert all("under way" in answer for answer in answers)


def test_scenario_89_a_database_restored_from_yesterday_finds_its_events_and_doubles_none(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    ours = make_event(alice, title="Ours")
    google.add(summary="Theirs")
    run(account)
    google.change(ours.pk.hex, location="Roma")
    # Yesterday the links did not exist yet, and the token was an older one.
    EventLink.objects.all().delete()
    CalendarEvent.objects.update(synced_revision=0)
    google.expire_sync_tokens()
    run(account)
    assert titles(alice) == google.titles() == ["Ours", "Theirs"]
    ours.refresh_from_db()
    assert ours.location == "Roma"


def test_the_echo_of_our_own_push_writes_no_row_but_the_cursor(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    for number in range(5):
        make_event(alice, title=str(number))
    run(account)
    due()
    with CaptureQueriesContext(connection) as captured:
        assert run_account(account.pk).pulled == 0
    written = {
        query["sql"].split('"')[1]
        for query in captured.captured_queries
        if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))
    }
    assert not any(table.startswith("scheduling_") or table == "sync_eventlink" for table in written)


def test_unchanged_events_cost_no_write_and_no_query_of_their_own(
    google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(*[lunch(summary=str(number)) for number in range(80)])
    run(account)
    google.expire_sync_tokens()
    due()
    with CaptureQueriesContext(connection) as few:
        assert run_account(account.pk).pulled == 0
    assert len(few.captured_queries) < 60
