"""Before the first sync: nothing is sent unseen, doubles are joined, what stays here stays."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from scheduling import services
from scheduling.models import Calendar, CalendarEvent
from sync.connection import disconnect
from sync.engine import run_account
from sync.models import EventLink, GoogleAccount
from sync.rehearsal import candidates, rehearsal_of
from tests.make import make_event
from tests.sync.conftest import connect
from tests.sync.google_side import GoogleSide, lunch
from tests.sync.runs import edit, remove, run, titles
from tests.sync.test_connection import come_back

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)  # of `lunch`


@pytest.fixture
def web(alice: Any, client: Client) -> Client:
    client.force_login(alice)
    return client


def first_run(alice: Any, google: GoogleSide) -> GoogleAccount:
    account = connect(alice, google)
    assert run_account(account.pk).error == ""
    account.refresh_from_db()
    return account


def confirm(web: Client, account: GoogleAccount, choices: dict[CalendarEvent, str] | None = None) -> None:
    answers = {str(event.pk): choice for event, choice in (choices or {}).items()}
    web.post(reverse("sync-confirm"), answers)
    assert run_account(account.pk).error == ""


def test_the_page_counts_what_came_what_goes_and_what_looks_double(
    web: Client, alice: Any, google: GoogleSide
) -> None:
    google.add(summary="Lunch")
    google.add(summary="Only there")
    make_event(alice, title="lunch", start=NOON)
    make_event(alice, title="Only here")
    account = first_run(alice, google)
    assert (
        "2 imported, 2 from before the connection wait here, 1 looks like a duplicate"
        in web.get(reverse("sync")).text
    )
    rehearsal = rehearsal_of(account, alice.profile)
    assert (rehearsal.imported, rehearsal.to_send, len(rehearsal.doubles)) == (2, 1, 1)
    page = web.get(reverse("sync-rehearsal")).text
    assert "Link as one" in page and "Only here" in page
    assert google.titles() == ["Lunch", "Only there"]


def test_a_double_is_joined_keeps_its_id_and_sends_what_only_it_says(
    web: Client, alice: Any, google: GoogleSide
) -> None:
    (item,) = google.add(summary="Lunch", attendees=[{"email": "ines@example.com"}])
    ours = make_event(alice, title="lunch", start=NOON, location="Roma")
    account = first_run(alice, google)
    assert titles(alice) == ["Lunch", "lunch"]
    confirm(web, account)
    assert titles(alice) == google.titles() == ["Lunch"]
    (remote,) = google.events()
    assert (remote["id"], remote["location"]) == (item["id"], "Roma")
    assert remote["attendees"][0]["email"] == "ines@example.com"
    ours.refresh_from_db()
    assert (ours.title, ours.google_event_id) == ("Lunch", item["id"])
    assert ours.revisions.filter(action="displaced", before__title="lunch").exists()
    google.change(item["id"], summary="Late lunch")
    run(account)
    assert titles(alice) == ["Late lunch"]


def test_a_double_in_another_calendar_moves_there_and_a_series_takes_its_exceptions_along(
    web: Client, alice: Any, google: GoogleSide
) -> None:
    rule = ["RRULE:FREQ=DAILY;COUNT=3"]
    (item,) = google.add(summary="Lunch", recurrence=rule)
    google.change(f"{item['id']}_20261125T110000Z", summary="Lunch, moved")
    ours = make_event(alice, title="Lunch", start=NOON, recurrence=tuple(rule))
    account = first_run(alice, google)
    confirm(web, account)
    ours.refresh_from_db()
    assert list(ours.overrides.values_list("title", flat=True)) == ["Lunch, moved"]
    assert titles(alice) == ["Lunch", "Lunch, moved"]
    assert ours.series_occurrences.count() == 3
    assert len(google.events()) == 2


def test_keeping_both_sends_it_and_keeping_it_here_never_does(
    web: Client, alice: Any, google: GoogleSide
) -> None:
    google.add(summary="Lunch")
    both = make_event(alice, title="Lunch", start=NOON)
    here = make_event(alice, title="Diary")
    account = first_run(alice, google)
    confirm(web, account, {both: "send", here: "stay"})
    assert google.titles() == ["Lunch", "Lunch"]
    here = edit(here, title="Diary, page 2")
    assert not here.is_waiting
    run(account)
    assert google.titles() == ["Lunch", "Lunch"]
    assert "Stays on this server only" in web.get(reverse("event", args=[here.pk])).text
    web.post(reverse("sync-event-send", args=[here.pk]))
    run(account)
    assert google.titles() == ["Diary, page 2", "Lunch", "Lunch"]


def test_a_changed_event_of_a_reconnected_account_can_give_way_to_googles(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    edited, gone = make_event(alice, title="Plan"), make_event(alice, title="Gone")
    run(account)
    disconnect(account=account)
    edit(edited, title="Plan B")
    remove(gone)
    account = come_back(alice, google)
    assert {one.kind for one in candidates(account)} == {"changed", "deleted"}
    page = web.get(reverse("sync-rehearsal")).text
    assert "Take Google’s" in page and "Bring back here" in page
    confirm(web, account, {edited: "theirs", gone: "theirs"})
    assert titles(alice) == google.titles() == ["Gone", "Plan"]
    assert edited.revisions.filter(action="displaced", before__title="Plan B").exists()


def test_a_read_only_double_or_one_with_exceptions_of_its_own_is_not_joined(
    alice: Any, google: GoogleSide
) -> None:
    google.add(summary="Lunch", recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    series = make_event(alice, title="Lunch", start=NOON, recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    override = services.apply_remote(
        calendar=series.calendar,
        event=None,
        values=series.values.__class__(**{**series.values.__dict__, "recurrence": ()}),
        details={},
        series=series,
        original_start="2026-11-25T11:00:00Z",
        in_step=False,
    )
    CalendarEvent.objects.filter(pk=override.pk).update(synced_revision=0)
    account = first_run(alice, google)
    assert {one.kind for one in candidates(account)} == {"new"}


def test_what_the_page_was_not_asked_about_gets_the_default(
    web: Client, alice: Any, google: GoogleSide
) -> None:
    google.add(lunch(summary="Lunch"))
    double = make_event(alice, title="Lunch", start=NOON)
    plain = make_event(alice, title="Plain")
    account = first_run(alice, google)
    confirm(web, account, {double: "nonsense", plain: "join"})
    assert google.titles() == titles(alice) == ["Lunch", "Plain"]
    assert EventLink.objects.count() == 2


def test_only_the_owner_decides_and_only_while_something_waits(
    web: Client, alice: Any, bob: Any, google: GoogleSide, client: Client
) -> None:
    mine = make_event(alice, title="Mine")
    account = first_run(alice, google)
    client.force_login(bob)
    client.post(reverse("sync-confirm"), {str(mine.pk): "send"})
    assert client.post(reverse("sync-event-send", args=[mine.pk])).status_code == 404
    assert client.get(reverse("sync-rehearsal")).status_code == 302
    assert run_account(account.pk).sent == 0
    assert google.titles() == []
    assert Calendar.objects.filter(user=bob).count() == 1
