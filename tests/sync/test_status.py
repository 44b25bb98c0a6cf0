"""What people see of the sync and can do about it: journal, controls, the deletion brake, leaving."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from scheduling import services
from scheduling.models import Calendar, CalendarEvent
from sync.engine import run_account
from sync.models import CalendarLink, EventLink, GoogleAccount, JournalEntry
from sync.tasks import enqueue_due_accounts, forget_old_entries
from tests.make import make_event
from tests.sync.google_side import GoogleSide, lunch
from tests.sync.runs import edit, primary, run, titles
from tests.sync.test_connection import come_back

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web(alice: Any, client: Client) -> Client:
    client.force_login(alice)
    return client


def entry(action: str, **which: Any) -> JournalEntry:
    return JournalEntry.objects.get(action=action, **which)


# --- journal --------------------------------------------------------------------------------------
def test_the_journal_tells_each_change_with_before_and_after_and_restores_it(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    (item,) = google.add(summary="Board", location="Room 1")
    run(account)
    google.change(item["id"], location="Room 2")
    run(account)
    page = web.get(reverse("sync")).text
    assert "1 new event came in from Google" in page and "“Board” was changed in Google" in page
    assert "Room 1" in page and "Room 2" in page
    changed = entry("changed")
    assert (changed.before, changed.after) == ({"location": "Room 1"}, {"location": "Room 2"})
    edit(CalendarEvent.objects.get(), title="Board, again")
    answer = web.post(reverse("sync-journal-restore", args=[changed.pk]), follow=True)
    assert "is as it was" in answer.text
    run(account)
    (remote,) = google.events()
    assert (remote["summary"], remote["location"]) == ("Board, again", "Room 1")


def test_what_went_out_is_told_with_its_difference_and_a_deletion_is_restorable(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Plan")
    run(account)
    edit(event, title="Plan B")
    run(account)
    assert JournalEntry.objects.filter(action="sent").first().before == {"title": "Plan"}  # type: ignore[union-attr]
    google.delete(event.pk.hex)
    run(account)
    web.post(reverse("sync-journal-restore", args=[entry("deleted").pk]))
    run(account)
    assert titles(alice) == google.titles() == ["Plan B"]


def test_a_first_import_is_one_line_and_the_kinds_can_be_read_apart(
    web: Client, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(*[lunch(summary=f"Event {number}") for number in range(30)])
    run(account)
    assert entry("received").text.startswith("30 new events")
    assert "30 new events" in web.get(reverse("sync"), {"show": "in"}).text
    assert "30 new events" not in web.get(reverse("sync"), {"show": "problems"}).text
    for odd in ({"show": "nonsense"}, {"before": "nonsense"}, {"before": "9" * 40}):
        assert web.get(reverse("sync"), odd).status_code == 200


def test_older_entries_are_a_page_away_and_very_old_ones_go(web: Client, account: GoogleAccount) -> None:
    for number in range(25):
        JournalEntry.objects.create(account=account, direction="note", action="x", text=f"Note {number:02}")
    page = web.get(reverse("sync")).text
    assert "Note 24" in page and "Note 04" not in page and "Older entries" in page
    older = page.split("before=")[1].split("#")[0]
    assert "Note 04" in web.get(reverse("sync"), {"before": older}).text
    JournalEntry.objects.filter(text="Note 00").update(at=timezone.now() - timedelta(days=91))
    assert forget_old_entries() == 1


def test_a_journal_is_its_owners(
    web: Client, bob: Any, client: Client, google: GoogleSide, account: GoogleAccount
) -> None:
    (item,) = google.add()
    run(account)
    google.change(item["id"], summary="Changed")
    run(account)
    client.force_login(bob)
    assert client.post(reverse("sync-journal-restore", args=[entry("changed").pk])).status_code == 404


# --- controls -------------------------------------------------------------------------------------
def test_a_paused_sync_neither_reads_nor_sends_and_goes_on_where_it_was(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    web.post(reverse("sync-pause"))
    make_event(alice, title="Meanwhile")
    GoogleAccount.objects.update(next_run_at=timezone.now())
    assert enqueue_due_accounts() == 0
    google.clear_log()
    run_account(account.pk)
    assert google.log() == []
    assert "Paused by you" in web.get(reverse("sync")).text
    assert "Sync paused" in web.get(reverse("sync-freshness")).text
    web.post(reverse("sync-pause"), {"on": "1"})
    run(account)
    assert google.titles() == ["Meanwhile"]


def test_reading_everything_again_asks_first_and_wipes_nothing(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(summary="Theirs")
    run(account)
    link = CalendarLink.objects.get()
    assert "Nothing is deleted first" in web.get(reverse("sync-resync")).text
    web.post(reverse("sync-resync"))
    assert run_account(account.pk).error == ""
    assert CalendarLink.objects.get().full_generation == link.full_generation + 1
    assert titles(alice) == ["Theirs"]


def test_a_refused_change_can_be_given_up_for_googles_and_stays_in_the_history(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Invoices")
    run(account)
    google.fault(
        {"method": "PATCH"}, {"kind": "status", "status": 400, "reason": "invalid", "message": "No."}
    )
    edit(event, title="Invoice run")
    run_account(account.pk, in_foreground=True)
    event.refresh_from_db()
    assert event.sync_state == "refused"
    assert "Take Google’s" in web.get(reverse("sync")).text
    web.post(reverse("sync-event-theirs", args=[event.pk]))
    event.refresh_from_db()
    assert (event.title, event.sync_state, event.is_waiting) == ("Invoices", "", False)
    assert event.revisions.filter(action="displaced", before__title="Invoice run").exists()
    assert run(account).sent == 0


# --- the deletion brake ---------------------------------------------------------------------------
@pytest.fixture
def held(alice: Any, google: GoogleSide, account: GoogleAccount) -> CalendarLink:
    made = google.add(*[lunch(summary=f"Event {number:02}") for number in range(40)])
    run(account)
    google.expire_sync_tokens()
    for item in made[:30]:
        google.delete(item["id"])
    run(account)
    link = CalendarLink.objects.get()
    assert (link.deletions_held, len(titles(alice))) == (30, 40)
    return link


def test_events_gone_in_google_are_listed_and_deleted_here_once_agreed(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount, held: CalendarLink
) -> None:
    assert "30 events gone in Google" in web.get(reverse("sync")).text
    page = web.get(reverse("sync-gone", args=[held.pk])).text
    assert "We stopped and deleted nothing" in page and "Event 07" in page and "Event 35" not in page
    web.post(reverse("sync-gone", args=[held.pk]), {"decision": "delete"})
    run(account)
    assert titles(alice) == google.titles() and len(google.titles()) == 10
    held.refresh_from_db()
    assert (held.deletions_held, held.are_deletions_agreed) == (0, False)
    assert CalendarEvent.objects.deleted().count() == 30


def test_events_gone_in_google_can_be_kept_and_sent_back(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount, held: CalendarLink
) -> None:
    web.post(reverse("sync-gone", args=[held.pk]), {"decision": "keep"})
    run(account)
    assert len(google.titles()) == 40 and google.titles() == titles(alice)
    run(account)
    assert EventLink.objects.filter(is_deleted_remotely=True).count() == 0
    held.refresh_from_db()
    assert held.deletions_held == 0


def test_an_event_that_was_only_missing_from_a_listing_is_not_deleted_by_agreeing(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount, held: CalendarLink
) -> None:
    back = CalendarEvent.objects.get(title="Event 03")
    google.change(back.google_event_id, status="confirmed")
    web.post(reverse("sync-gone", args=[held.pk]), {"decision": "delete"})
    run(account)
    assert "Event 03" in titles(alice) and len(titles(alice)) == 11


# --- leaving --------------------------------------------------------------------------------------
def test_leaving_without_an_answer_keeps_everything(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(summary="Theirs")
    run(account)
    web.post(reverse("sync-disconnect"))
    assert titles(alice) == google.titles() == ["Theirs"]


def test_leaving_with_the_copies_keeps_ones_own_and_what_google_does_not_have(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(summary="Copy")
    google.add(summary="Series", recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    google.add(summary="Edited")
    family = google.control.calendar(google.email, "Family")
    google.control.add_events(google.email, [lunch(summary="Picnic")], family["id"])
    run(account)
    web.post(reverse("sync-calendar", args=[CalendarLink.objects.get(summary="Family").pk]), {"enabled": "1"})
    make_event(alice, title="Mine")
    run(account)
    edit(CalendarEvent.objects.get(title="Edited"), location="Here")
    page = web.get(reverse("sync-disconnect")).text
    assert "Remove the 3 copies" in page and "1 event that began here stays" in page
    answer = web.post(reverse("sync-disconnect"), {"copies": "remove"}, follow=True).text
    assert "3 copies went from here" in answer
    assert titles(alice) == ["Edited", "Mine"]
    assert google.titles() == ["Copy", "Edited", "Mine", "Series"]
    assert list(Calendar.objects.filter(user=alice)) == [primary(alice)]

    account = come_back(alice, google)
    run(account)
    assert titles(alice) == google.titles() == ["Copy", "Edited", "Mine", "Series"]
    assert CalendarEvent.objects.get(title="Edited").location == "Here"


def test_copies_in_the_trash_are_never_deleted_in_google_by_coming_back(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(summary="Copy")
    run(account)
    web.post(reverse("sync-disconnect"), {"copies": "remove"})
    (trashed,) = CalendarEvent.objects.deleted()
    account = come_back(alice, google)
    run(account)
    assert google.titles() == titles(alice) == ["Copy"]
    services.restore_event(event=trashed, origin="web", actor=alice)
    assert titles(alice) == ["Copy", "Copy"]


# --- each state (OP-01) -----------------------------------------------------------------------------
STATES: dict[str, tuple[dict[str, Any], str]] = {
    "ok": ({}, "Connected · Google seen"),
    "backing off": (
        {"last_error": "Google did not answer.", "backoff_until": timezone.now() + timedelta(days=9)},
        "Google did not answer. Next try",
    ),
    "needs its owner": ({"status": "needs_reauth"}, "Google has ended the connection of"),
    "not granted": ({"status": "insufficient_scope"}, "did not grant access to the calendar"),
    "error": ({"last_error": "Google refuses this site’s project."}, "Google refuses this site’s project."),
}


@pytest.mark.parametrize("state", STATES)
def test_op_01_the_page_names_the_state_of_the_account_and_its_figures(
    state: str, web: Client, account: GoogleAccount
) -> None:
    run(account)
    changes, words = STATES[state]
    GoogleAccount.objects.update(**changes)
    page = web.get(reverse("sync")).content.decode()
    assert words in page
    for figure in (
        "Allowed since",
        "last run",
        "waiting to go out",
        "conflicts",
        "in 24 h",
        "Google is asked at intervals",
    ):
        assert figure in page


def test_op_01_a_pause_is_named_as_ones_own(web: Client, account: GoogleAccount) -> None:
    run(account)
    web.post(reverse("sync-pause"))
    assert "Paused by you" in web.get(reverse("sync")).content.decode()
