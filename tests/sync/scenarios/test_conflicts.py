"""Scenarios of conflicts and echoes. Numbers are those of google-sync.md, section 3."""

from __future__ import annotations

from typing import Any

import pytest

from scheduling.models import CalendarEvent
from sync.models import Conflict, GoogleAccount
from tests.make import make_event
from tests.sync.google_side import GoogleSide
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
