"""Scenarios of conflicts and echoes. Numbers are those of google-sync.md, section 3."""

from __future__ import annotations

from typing import Any

import pytest

from scheduling.core.event import InvalidEvent
from scheduling.models import CalendarEvent
from sync.engine import run_account
from sync.models import Conflict, EventLink, GoogleAccount
from tests.make import make_event
from tests.sync.google_side import GoogleSide, lunch
from tests.sync.runs import edit, primary, remove, run, titles

pytestmark = pytest.mark.django_db


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


def test_scenario_38_an_event_that_keeps_changing_is_tried_again_later_without_a_loop(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Before")
    run(account)
    edit(event, title="After")
    google.fault({"method": "PATCH"}, {"error": "conditionNotMet"}, times=None)
    google.clear_log()
    result = run_account(account.pk)
    assert (result.error, result.failed) == ("", 1)
    assert len(google.log("PATCH")) == 3
    known = EventLink.objects.get(event=event)
    assert known.attempts == 1 and known.next_attempt_at is not None
    google.clear_faults()
    run(account)
    assert google.titles() == ["After"]


def test_scenario_40_a_deletion_by_the_organiser_stands_and_our_words_are_kept(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    invitation = lunch(
        summary="Theirs",
        organizer={"email": "ines@example.com"},
        guestsCanModify=True,
        attendees=[{"email": google.email, "responseStatus": "accepted"}],
    )
    (item,) = google.add(invitation)
    run(account)
    event = CalendarEvent.objects.get(title="Theirs")
    edit(event, title="My words")
    google.delete(item["id"])
    run(account)
    assert titles(alice) == google.titles() == []
    assert event.revisions.filter(action="displaced", before__title="My words").exists()


@pytest.mark.parametrize("hours", [2, -2])
def test_scenario_43_a_clock_that_is_off_changes_no_outcome(
    alice: Any, google: GoogleSide, account: GoogleAccount, hours: int
) -> None:
    google.fault({}, {"clock_offset": hours * 3600}, times=None)
    run(account)
    edited, both, deleted = (make_event(alice, title=title) for title in ("A", "B", "C"))
    run(account)
    edit(edited, title="A2")
    edit(both, title="Ours")
    google.change(both.pk.hex, summary="Theirs")
    remove(deleted)
    google.change(deleted.pk.hex, summary="C2")
    run(account)
    run(account)
    assert titles(alice) == google.titles() == ["A2", "C2", "Theirs"]
    assert Conflict.objects.count() == 1


def test_scenario_44_a_guests_answer_is_no_conflict_with_our_title(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    guest = {"email": "ines@example.com", "responseStatus": "needsAction"}
    (item,) = google.add(summary="Plan", attendees=[guest])
    run(account)
    event = CalendarEvent.objects.get(title="Plan")
    edit(event, title="Plan B")
    google.change(item["id"], attendees=[guest | {"responseStatus": "accepted"}])
    run(account)
    event.refresh_from_db()
    assert event.attendees[0]["responseStatus"] == "accepted"
    assert google.titles() == titles(alice) == ["Plan B"] and not Conflict.objects.exists()


def test_scenario_61_a_text_too_long_for_google_is_said_before_it_is_sent(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    with pytest.raises(InvalidEvent) as refused:
        make_event(alice, title="Long", description="x" * 20_000)
    assert "description" in refused.value.fields
    make_event(alice, title="Short")
    run(account)
    assert google.titles() == ["Short"]


def test_scenario_64_guests_that_google_did_not_name_are_never_sent(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    guests = [{"email": f"guest{number}@example.com"} for number in range(200)]
    (item,) = google.add(summary="Big", attendees=guests)
    google.fault(
        {"path": "/events$"}, {"replace": {"items": [item | {"attendees": [], "attendeesOmitted": True}]}}
    )
    run(account)
    google.clear_log()
    edit(CalendarEvent.objects.get(title="Big"), title="Bigger")
    run(account)
    (patch,) = google.log("PATCH")
    assert patch["body_keys"] == ["summary"]
    assert len(google.events()[0]["attendees"]) == 200
