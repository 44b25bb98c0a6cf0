"""Scenarios of paging, of tokens that die and of runs that die. Numbers are those of google-sync.md, section 3."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.db.models import F
from django.utils import timezone

from scheduling.models import CalendarEvent, OutgoingMail
from sync.connection import disable_calendar
from sync.engine import run_account
from sync.models import CalendarLink, GoogleAccount, JournalEntry
from tests.make import make_event, make_type
from tests.sync.google_side import GoogleSide, lunch
from tests.sync.hooked_provider import after_calls, killed_at_call, killed_at_statement
from tests.sync.runs import primary, run, run_badly, titles

pytestmark = pytest.mark.django_db
REFUSED_WITH_A_TOKEN = {
    "iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin",
}  # fmt: skip


def lists(google: GoogleSide) -> list[dict[str, str]]:
    """The parameters of every listing, in order."""
    calls = [call for call in google.log("GET", "/events") if call["path"].endswith("/events")]
    return [{name: values[0] for name, values in parse_qs(call["query"]).items()} for call in calls]


def pages_of(google: GoogleSide, size: int) -> None:
    google.fault({"path": "/events$"}, {"page_size": size}, times=None)


def many(number: int) -> list[dict[str, Any]]:
    return [lunch(summary=f"Event {n}") for n in range(number)]


def bury() -> None:
    """The dead do not give their lease back: it ends. Not now: by the database's clock that may be yet to come."""
    GoogleAccount.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def due() -> None:
    CalendarLink.objects.update(next_poll_at=timezone.now())
    GoogleAccount.objects.update(backoff_until=None)


def token() -> str:
    return CalendarLink.objects.get(is_primary=True).sync_token


def test_scenario_02_the_token_comes_from_the_last_of_three_pages_of_2500(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(*many(5001))
    google.clear_log()
    assert run(account).pulled == 5001
    calls = lists(google)
    assert [call["maxResults"] for call in calls] == ["2500"] * 3
    assert ["pageToken" in call for call in calls] == [False, True, True] and token()
    assert CalendarEvent.objects.of(alice).count() == 5001


@pytest.mark.parametrize("at", [2, 3, 4])
def test_scenario_05_a_run_that_is_killed_between_pages_is_simply_repeated(
    alice: Any, google: GoogleSide, account: GoogleAccount, at: int
) -> None:
    google.add(*many(7))
    pages_of(google, 2)
    with killed_at_call(at):
        run_account(account.pk)
    bury()
    run(account)
    assert titles(alice) == [f"Event {n}" for n in range(7)]


@pytest.mark.django_db(transaction=True)  # a dead run must not take the test's transaction with it
def test_a_first_run_that_is_killed_at_any_statement_is_simply_repeated(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(lunch(summary="A"), lunch(summary="B", recurrence=["RRULE:FREQ=DAILY;COUNT=2"]))
    for statement in range(1, 60, 4):
        with killed_at_statement(statement):
            run_account(account.pk)
        bury()
        due()
    run(account)
    assert titles(alice) == ["A", "B"]


def test_scenario_07_08_every_page_repeats_the_parameters_and_the_token_and_none_that_is_refused(
    google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.add(*many(5))
    pages_of(google, 2)
    google.clear_log()
    before = token()
    run(account)
    calls = lists(google)
    assert len(calls) == 3 and not REFUSED_WITH_A_TOKEN & {name for call in calls for name in call}
    assert {call["syncToken"] for call in calls} == {before}
    assert len({tuple(sorted(set(call) - {"pageToken"})) for call in calls}) == 1
    assert ["pageToken" in call for call in calls] == [False, True, True]
    full_names = {"maxResults", "singleEvents", "alt"}
    assert {name for call in calls for name in call} - {"syncToken", "pageToken"} <= full_names


def test_scenario_10_a_token_that_dies_on_the_second_page_keeps_what_the_first_one_brought(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.add(*many(5))
    pages_of(google, 2)
    google.fault({"path": "/events$", "query": "pageToken"}, {"error": "fullSyncRequired"})
    run(account)
    assert titles(alice) == [f"Event {n}" for n in range(5)]


def test_scenario_11_a_second_dead_token_in_one_run_stops_it_with_one_error_and_a_pause(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(*many(3))
    run(account)
    google.fault({"path": "/events$"}, {"error": "fullSyncRequired"}, times=None)
    google.clear_log()
    due()
    run_badly(account)
    assert len(lists(google)) == 2
    account.refresh_from_db()
    assert account.backoff_until is not None and "twice" in account.last_error
    assert JournalEntry.objects.filter(action="failed").count() == 1
    assert len(titles(alice)) == 3
    google.clear_faults()
    run(account)


def test_scenario_13_a_full_listing_that_is_empty_deletes_nothing_and_says_so(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(*many(300))
    run(account)
    google.expire_sync_tokens()
    google.fault({"path": "/events$", "nth": 2}, {"replace": {"items": []}})  # after the 410
    run(account)
    assert len(titles(alice)) == 300
    assert CalendarLink.objects.get(is_primary=True).deletions_held == 300
    run(account, full=True)
    assert CalendarLink.objects.get(is_primary=True).deletions_held == 0


@pytest.mark.parametrize(("gone", "held"), [(20, 0), (21, 21)])
def test_the_brake_lets_twenty_absences_pass_and_holds_one_more(
    alice: Any, google: GoogleSide, account: GoogleAccount, gone: int, held: int
) -> None:
    made = google.add(*many(40))
    run(account)
    google.expire_sync_tokens()
    for item in made[:gone]:
        google.delete(item["id"])
    run(account)
    assert len(titles(alice)) == (40 if held else 20)
    assert CalendarLink.objects.get(is_primary=True).deletions_held == held


def test_a_run_that_dies_while_it_asks_for_what_a_listing_lacked_goes_on_in_the_next(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    made = google.add(*many(6))
    run(account)
    for item in made[:3]:
        google.delete(item["id"])
    google.expire_sync_tokens()
    due()
    with killed_at_call(4):  # the dead token, the full listing, then one by one
        run_account(account.pk)
    bury()
    assert len(titles(alice)) > 3
    run(account)
    assert len(titles(alice)) == 3


def test_a_full_listing_that_was_cut_short_is_begun_anew(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    made = google.add(*many(5))
    run(account)
    google.expire_sync_tokens()
    google.delete(made[0]["id"])
    pages_of(google, 2)
    google.fault({"path": "/events$", "query": "pageToken"}, {"status": 500})
    due()
    run_badly(account)
    assert len(titles(alice)) == 5
    run(account)
    assert len(titles(alice)) == 4


def test_scenario_14_what_was_never_sent_survives_a_dead_token_and_is_sent_once(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    make_event(alice, title="Ours")
    google.expire_sync_tokens()
    run(account)
    run(account)
    assert titles(alice) == google.titles() == ["Ours"]


def test_scenario_16_other_list_parameters_mean_a_full_listing(
    google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    CalendarLink.objects.update(params_version=F("params_version") - 1)  # the token is of an older version
    google.clear_log()
    run(account)
    (call,) = lists(google)
    assert "syncToken" not in call
    google.clear_log()
    run(account)
    assert "syncToken" in lists(google)[0]


def test_scenario_20_what_is_made_in_google_while_paging_is_there_exactly_once(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(*many(4))
    pages_of(google, 2)

    def person(calls: int) -> None:
        if calls == 2:
            google.add(summary="Meanwhile")

    with after_calls(person):
        run(account)
    run(account)
    assert titles(alice).count("Meanwhile") == 1 and len(titles(alice)) == 5


def test_an_empty_page_in_the_middle_ends_no_listing(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(*many(4))
    google.fault({"path": "/events$"}, {"page_size": 0})
    run(account)
    assert len(titles(alice)) == 4


def test_scenario_76_a_lowered_role_makes_the_calendar_read_only_and_shows_what_waits(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Waits")
    google.set_role("reader")
    due()
    assert run_account(account.pk).error == ""
    event.refresh_from_db()
    assert primary(alice).is_read_only and event.sync_state == CalendarEvent.SyncState.REFUSED
    assert google.titles() == [] and titles(alice) == ["Waits"]
    google.set_role("owner")
    run(account)
    assert google.titles() == ["Waits"]


def test_scenario_77_a_calendar_out_of_reach_keeps_its_events_and_goes_on_when_it_is_back(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(summary="Kept")
    run(account)
    google.fault({"path": "/calendars/"}, {"error": "notFound"})
    due()
    run_badly(account)
    link = CalendarLink.objects.get(is_primary=True)
    assert link.is_unreachable and titles(alice) == ["Kept"]
    google.add(summary="New")
    run(account)
    link.refresh_from_db()
    assert not link.is_unreachable and titles(alice) == ["Kept", "New"]


def test_a_calendar_out_of_reach_on_a_connection_that_works_is_mailed_of_once_and_of_its_return(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    link = CalendarLink.objects.get(is_primary=True)
    make_type(alice, name="Intro")
    google.fault({"path": "/calendars/"}, {"error": "notFound"}, times=None)
    for _ in range(2):
        due()
        run_badly(account)
    [mail] = OutgoingMail.objects.all()
    assert (mail.template, mail.to) == ("calendars_out", alice.email)
    assert mail.subject == f"“{link}” cannot be read from Google"
    link.refresh_from_db()
    for text in (mail.text, mail.html):
        assert "Guests cannot book Intro meanwhile" in text and str(link) in text and "/sync/" in text
    assert link.last_error in mail.text and "List-Unsubscribe" in mail.headers

    google.control.clear_faults()
    google.fault({"path": "/calendars/"}, {"status": 503})  # all of Google, for a moment: nothing new
    GoogleAccount.objects.update(connected_at=timezone.now() - timedelta(days=9))
    due()
    run_badly(account)
    for _ in range(2):
        run(account)
    assert sorted(mail.template for mail in OutgoingMail.objects.all()) == ["calendars_back", "calendars_out"]


def test_a_calendar_that_is_switched_off_while_out_of_reach_ends_the_incident_without_a_mail(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.fault({"path": "/calendars/"}, {"error": "notFound"})
    due()
    run_badly(account)
    disable_calendar(link=CalendarLink.objects.select_related("calendar").get(is_primary=True))
    run(account)
    assert [mail.template for mail in OutgoingMail.objects.all()] == ["calendars_out"]
