"""Several calendars of one account: the list, roles, directions, and what happens when one comes or goes."""

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
from sync.models import CalendarLink, GoogleAccount, JournalEntry
from tests.make import make_event
from tests.sync.google_side import GoogleSide, lunch
from tests.sync.runs import edit, primary, run, titles

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web(alice: Any, client: Client) -> Client:
    client.force_login(alice)
    return client


def link_named(name: str) -> CalendarLink:
    return CalendarLink.objects.get(summary=name)


def post_options(web: Client, link: CalendarLink, **answers: str) -> None:
    assert web.post(reverse("sync-calendar", args=[link.pk]), answers).status_code == 302


def test_a_second_calendar_is_listed_chosen_coloured_and_mirrored_both_ways(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    family = google.control.calendar(google.email, "Family")
    google.control.add_events(google.email, [lunch(summary="Picnic")], family["id"])
    run(account)
    assert titles(alice) == []
    post_options(web, link_named("Family"), enabled="1", color="4")
    run(account)
    calendar = Calendar.objects.get(name="Family")
    assert (titles(alice), calendar.color) == (["Picnic"], 4)
    make_event(alice, calendar=calendar, title="From here")
    run(account)
    there = google.control.events(google.email, family["id"])
    assert sorted(event["summary"] for event in there) == ["From here", "Picnic"]
    page = web.get(reverse("sync")).text
    assert "both ways" in page and "primary" in page


def test_the_list_is_read_again_with_its_own_token_and_not_on_every_run(
    google: GoogleSide, account: GoogleAccount
) -> None:
    run_account(account.pk)
    google.clear_log()
    run_account(account.pk)
    assert not [call for call in google.log() if "calendarList" in call["path"]]
    google.control.calendar(google.email, "Later")
    GoogleAccount.objects.update(calendar_list_due_at=timezone.now())
    run_account(account.pk)
    (call,) = [call for call in google.log() if "calendarList" in call["path"]]
    assert "syncToken" in call["query"]
    assert link_named("Later").is_enabled is False
    assert JournalEntry.objects.filter(action="found", text__contains="Later").exists()


def test_a_dead_token_of_the_list_leads_to_a_full_one(google: GoogleSide, account: GoogleAccount) -> None:
    run(account)
    google.control.calendar(google.email, "Later")
    google.expire_sync_tokens()
    run(account)
    assert link_named("Later")


def test_scenario_77_a_calendar_that_leaves_the_list_keeps_its_events_and_may_come_back(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    family = google.control.calendar(google.email, "Family")
    google.control.add_events(google.email, [lunch(summary="Picnic")], family["id"])
    unused = google.control.calendar(google.email, "Unused")
    run(account)
    post_options(web, link_named("Family"), enabled="1")
    run(account)
    google.control.change_calendar(google.email, family["id"], deleted=True)
    google.control.change_calendar(google.email, unused["id"], deleted=True)
    run_account(account.pk, in_foreground=True)
    assert link_named("Family").is_unreachable
    assert titles(alice) == ["Picnic"]
    assert not CalendarLink.objects.filter(summary="Unused").exists()
    assert "Out of reach" in web.get(reverse("sync")).text
    google.control.change_calendar(google.email, family["id"], deleted=False)
    google.control.change_event(
        google.email,
        google.control.events(google.email, family["id"])[0]["id"],
        {"summary": "Picnic, again"},
        family["id"],
    )
    run(account)
    assert titles(alice) == ["Picnic, again"]
    assert not link_named("Family").is_unreachable


def test_scenario_76_a_lost_role_sets_changes_aside_shows_them_and_sends_them_when_it_returns(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Plan")
    run(account)
    edit(event, title="Plan B")
    google.set_role("reader")
    GoogleAccount.objects.update(calendar_list_due_at=timezone.now() + timedelta(days=1))
    CalendarLink.objects.update(next_poll_at=timezone.now())
    run_account(account.pk)
    event.refresh_from_db()
    assert (event.title, event.sync_state) == ("Plan B", "refused")
    for address in (reverse("sync"), reverse("event", args=[event.pk])):
        assert "may no longer change this calendar" in web.get(address).text
    google.set_role("owner")
    run(account)
    event.refresh_from_db()
    assert (google.titles(), event.sync_state) == (["Plan B"], "")


def test_read_only_by_choice_sends_nothing_until_it_is_turned_back(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Plan")
    run(account)
    edit(event, title="Plan B")
    link = CalendarLink.objects.get()
    post_options(web, link, enabled="1", direction="pull_only")
    run_account(account.pk, in_foreground=True)
    assert google.titles() == ["Plan"]
    assert "You set this calendar to read only" in web.get(reverse("event", args=[event.pk])).text
    assert primary(alice).is_read_only
    post_options(web, link, enabled="1", direction="two_way")
    run(account)
    assert google.titles() == ["Plan B"]


def test_busy_times_only_are_busy_blocks_that_nobody_can_edit_and_details_come_with_the_role(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.add(summary="Secret", location="Somewhere")
    google.set_role("freeBusyReader")
    run(account)
    (event,) = CalendarEvent.objects.of(alice)
    assert (event.title, event.location, event.is_read_only) == ("Busy", "", True)
    assert "busy times only" in web.get(reverse("sync")).text
    google.set_role("writer")
    run(account)
    event.refresh_from_db()
    assert (event.title, event.location, event.is_read_only) == ("Secret", "Somewhere", False)


def test_a_private_event_hidden_from_a_writer_is_busy_and_read_only_the_others_are_not(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.add(summary="Secret", visibility="private")
    google.add(summary="Open")
    google.set_role("writerWithoutPrivateAccess")
    run(account)
    seen = {
        event.title: event.is_editable for event in CalendarEvent.objects.of(alice).select_related("calendar")
    }
    assert seen == {"Busy": False, "Open": True}


def test_a_calendar_here_follows_its_name_in_google_unless_it_has_its_own(
    web: Client, alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    family = google.control.calendar(google.email, "Family")
    run(account)
    post_options(web, link_named("Family"), enabled="1")
    link = CalendarLink.objects.get(google_id=family["id"])
    assert link.calendar is not None
    services.update_calendar(calendar=link.calendar, name="We")
    CalendarLink.objects.filter(pk=link.pk).update(summary="Old name")
    GoogleAccount.objects.update(calendar_list_sync_token="")
    run(account)
    assert Calendar.objects.get(pk=link.calendar_id).name == "We"
    services.update_calendar(calendar=link.calendar, name="Old name")
    CalendarLink.objects.filter(pk=link.pk).update(summary="Old name")
    GoogleAccount.objects.update(calendar_list_sync_token="")
    run(account)
    assert Calendar.objects.get(pk=link.calendar_id).name == "Family"


def test_calendars_are_their_owners(web: Client, bob: Any, client: Client, account: GoogleAccount) -> None:
    run(account)
    link = CalendarLink.objects.get()
    client.force_login(bob)
    for name in ("sync-calendar", "sync-gone"):
        assert client.get(reverse(name, args=[link.pk])).status_code == 404
        assert client.post(reverse(name, args=[link.pk])).status_code == 404
    assert CalendarLink.objects.get().is_enabled
