"""Changed in two places: what the tray shows, what a choice does, and that nothing is lost by it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from scheduling import services
from scheduling.models import CalendarEvent
from sync.conflicts import THEIRS, resolve_conflict, tray_of
from sync.connection import disconnect
from sync.models import Conflict, GoogleAccount
from tests.make import make_event
from tests.sync.google_side import GoogleSide
from tests.sync.runs import edit, remove, run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web(alice: Any, client: Client) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def event(alice: Any, google: GoogleSide, account: GoogleAccount) -> CalendarEvent:
    """Title and place were changed here and in Google; the description only there."""
    run(account)
    event = make_event(alice, title="Plan", location="Room 1")
    run(account)
    edit(event, title="Ours", location="Room 2")
    google.change(event.pk.hex, summary="Theirs", location="Room 3", description="From Google")
    run(account)
    event.refresh_from_db()
    assert (event.title, event.sync_state) == ("Theirs", "conflict")
    return event


def choose(web: Client, event: CalendarEvent, **answers: str) -> str:
    conflict = Conflict.objects.filter(resolved_at=None).get()
    event.refresh_from_db()
    answers = {"revision": str(event.revision), **answers}
    return web.post(reverse("sync-conflict", args=[conflict.pk]), answers, follow=True).text


def test_scenario_37_keep_mine_pushes_ours_and_closes_the_conflict(
    web: Client, event: CalendarEvent, google: GoogleSide, account: GoogleAccount
) -> None:
    page = choose(web, event, keep="ours")
    assert "Google hears of it" in page and "Changed in two places" not in page
    run(account)
    (remote,) = google.events()
    assert (remote["summary"], remote["location"]) == ("Ours", "Room 2")
    assert remote["description"] == "From Google"
    event.refresh_from_db()
    assert (event.title, event.description, event.sync_state) == ("Ours", "From Google", "")
    assert Conflict.objects.get().kept == "ours"
    assert event.revisions.filter(before__title="Theirs").exists()  # what was not chosen is restorable


def test_keeping_googles_sends_nothing_and_leaves_ours_restorable(
    web: Client, event: CalendarEvent, google: GoogleSide, account: GoogleAccount
) -> None:
    assert "Nothing is sent" in choose(web, event, keep="theirs")
    google.clear_log()
    assert run(account).sent == 0
    event.refresh_from_db()
    assert (event.title, event.sync_state) == ("Theirs", "")
    services.restore_revision(change=event.revisions.get(action="displaced"), origin="web")
    run(account)
    assert google.titles() == ["Ours"]


def test_each_field_is_chosen_by_itself(
    web: Client, event: CalendarEvent, google: GoogleSide, account: GoogleAccount
) -> None:
    choose(web, event, keep="chosen", title="theirs", location="ours")
    run(account)
    (remote,) = google.events()
    assert (remote["summary"], remote["location"]) == ("Theirs", "Room 2")
    assert Conflict.objects.get().kept == "mixed"


def test_the_tray_shows_both_versions_and_greys_what_is_the_same(
    web: Client, event: CalendarEvent, alice: Any, account: GoogleAccount
) -> None:
    (open_,) = tray_of(account, alice.profile).conflicts
    told = [(f.label, f.ours, f.theirs, f.is_open) for f in open_.fields]
    assert told == [
        ("Title", "Ours", "Theirs", True),
        ("Place", "Room 2", "Room 3", True),
        ("When", "Tuesday 24 November, 10:00–11:00", "Tuesday 24 November, 10:00–11:00", False),
        ("Description", "From Google", "From Google", False),
    ]
    conflict = Conflict.objects.get()
    assert f"#conflict-{conflict.pk}" in web.get(reverse("event", args=[event.pk])).text
    assert f'id="conflict-{conflict.pk}"' in web.get(reverse("sync")).text


def test_the_tray_is_sent_again_only_when_it_is_another_one(web: Client, event: CalendarEvent) -> None:
    page = web.get(reverse("sync-tray"), headers={"HX-Request": "true"})
    seen = page.text.split("?seen=")[1].split('"')[0]
    again = {"path": reverse("sync-tray"), "data": {"seen": seen}, "headers": {"HX-Request": "true"}}
    assert web.get(**again).status_code == 204
    edit(event, description="Another")
    assert web.get(**again).status_code == 200


def test_a_choice_over_a_version_that_has_changed_since_is_asked_for_again(
    web: Client, event: CalendarEvent, google: GoogleSide, account: GoogleAccount
) -> None:
    old = event.revision
    google.change(event.pk.hex, summary="Theirs, later")
    run(account)
    assert "changed again in the meantime" in choose(web, event, keep="ours", revision=str(old))
    assert Conflict.objects.get().resolved_at is None
    choose(web, event, keep="theirs")
    event.refresh_from_db()
    assert event.title == "Theirs, later"


def test_editing_the_fields_in_question_settles_them(
    web: Client, event: CalendarEvent, google: GoogleSide, account: GoogleAccount
) -> None:
    edit(event, title="Third")
    assert Conflict.objects.get().groups == ["location"]
    edit(event, location="Room 4")
    assert Conflict.objects.get().kept == "edited"
    event.refresh_from_db()
    assert event.sync_state == ""
    run(account)
    assert google.titles() == ["Third"]


def test_deleting_the_event_settles_it_too(
    event: CalendarEvent, google: GoogleSide, account: GoogleAccount
) -> None:
    remove(event)
    assert Conflict.objects.get().resolved_at is not None
    run(account)
    assert google.titles() == []


def test_a_second_conflict_leaves_the_first_ones_fields_to_be_chosen(
    web: Client, event: CalendarEvent, google: GoogleSide, account: GoogleAccount
) -> None:
    edit(event, description="Ours too")
    google.change(event.pk.hex, description="Theirs too")
    run(account)
    conflict = Conflict.objects.get()
    assert conflict.groups == ["title", "location", "description"]
    choose(web, event, keep="ours")
    run(account)
    (remote,) = google.events()
    assert (remote["summary"], remote["description"]) == ("Ours", "Ours too")


def test_a_calendar_that_became_read_only_keeps_googles_and_says_why(
    web: Client, event: CalendarEvent, google: GoogleSide, account: GoogleAccount
) -> None:
    google.set_role("reader")
    google.add()
    run(account)
    assert "read only in Google" in choose(web, event, keep="ours")
    assert "Chosen for" in choose(web, event, keep="theirs")


def test_choosing_twice_or_for_somebody_else_changes_nothing(
    web: Client, event: CalendarEvent, bob: Any, alice: Any, client: Client
) -> None:
    conflict = Conflict.objects.get()
    resolve_conflict(conflict=conflict, choices={"title": THEIRS}, actor=alice)
    resolve_conflict(conflict=conflict, choices={"title": "ours"}, actor=alice)
    event.refresh_from_db()
    assert event.title == "Theirs"
    client.force_login(bob)
    assert client.post(reverse("sync-conflict", args=[conflict.pk])).status_code == 404


def test_leaving_google_closes_what_was_open_and_takes_the_marks_away(
    event: CalendarEvent, account: GoogleAccount
) -> None:
    disconnect(account=account)
    event.refresh_from_db()
    assert event.sync_state == ""
    assert not Conflict.objects.filter(resolved_at=None).exists()
