"""Consent, leaving and coming back: what is kept, what waits for the owner's word, what is never guessed."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth import get_user_model
from django.db import connection as database

from scheduling import services
from scheduling.models import AuditEntry, CalendarEvent
from sync.connection import disconnect, refusal_of_connection, store_connection, waiting_from_before
from sync.engine import run_account
from sync.lease import free_abandoned_leases, take_lease
from sync.models import CalendarLink, Conflict, EventLink, GoogleAccount
from tests.make import make_event
from tests.sync.conftest import connect
from tests.sync.google_side import GoogleSide, lunch
from tests.sync.runs import edit, primary, remove, run, run_badly, titles

pytestmark = pytest.mark.django_db


def come_back(alice: Any, google: GoogleSide) -> GoogleAccount:
    """A fresh consent of the same Google account, and the worker's first run after it."""
    account = connect(alice, GoogleSide(google.control))
    assert run_account(account.pk).error == ""
    return account


def test_reconnecting_the_same_account_makes_no_duplicates(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(summary="Theirs")
    run(account)
    make_event(alice, title="Ours")
    run(account)
    disconnect(account=account)
    assert titles(alice) == ["Ours", "Theirs"]
    assert not primary(alice).is_synced
    run(come_back(alice, google))
    assert titles(alice) == google.titles() == ["Ours", "Theirs"]
    assert primary(alice).is_synced


def test_what_changed_here_while_disconnected_waits_for_the_owners_word(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    edited, deleted = make_event(alice, title="Edit"), make_event(alice, title="Delete")
    run(account)
    disconnect(account=account)
    edit(edited, title="Edited")
    remove(deleted)
    account = come_back(alice, google)
    assert google.titles() == ["Delete", "Edit"]
    assert titles(alice) == ["Edited"]
    assert waiting_from_before(account).count() == 2
    run(account)
    assert google.titles() == titles(alice) == ["Edited"]
    assert waiting_from_before(account).count() == 0


def test_an_edit_in_google_while_disconnected_beats_a_deletion_here(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Keep")
    run(account)
    disconnect(account=account)
    remove(event)
    google.change(event.pk.hex, summary="Kept")
    run(come_back(alice, google))
    assert google.titles() == titles(alice) == ["Kept"]


def test_both_sides_changed_the_title_while_disconnected_is_a_conflict(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="Plan")
    run(account)
    disconnect(account=account)
    edit(event, title="Ours")
    google.change(event.pk.hex, summary="Theirs")
    run(come_back(alice, google))
    assert google.titles() == titles(alice) == ["Theirs"]
    assert Conflict.objects.get().ours["title"] == "Ours"


def test_an_event_found_again_without_a_memory_of_it_loses_neither_version(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    """As after a restored backup: no link, but the id that Google knows."""
    run(account)
    event, gone = make_event(alice, title="Ours"), make_event(alice, title="Deleted here")
    run(account)
    EventLink.objects.all().delete()
    CalendarLink.objects.update(sync_token="")
    edit(event, title="Ours, edited")
    remove(gone)
    run(account)
    assert google.titles() == titles(alice) == ["Deleted here", "Ours"]
    assert Conflict.objects.get().ours["title"] == "Ours, edited"
    assert event.revisions.filter(action="displaced", before__title="Ours, edited").exists()


def test_another_account_after_leaving_the_first_starts_from_what_is_here(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(summary="From the first")
    run(account)
    disconnect(account=account)
    second = GoogleSide(google.control, "other@gmail.example")
    assert refusal_of_connection(user=alice, google_sub=second.tokens["sub"]) == ""
    other = connect(alice, second)
    assert run_account(other.pk).error == ""
    assert second.titles() == []
    run(other)
    assert second.titles() == google.titles() == ["From the first"]


def test_a_connected_account_cannot_be_taken_by_another_person_until_it_is_left(
    alice: Any, bob: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    sub = google.tokens["sub"]
    assert "another person" in refusal_of_connection(user=bob, google_sub=sub)
    disconnect(account=account)
    assert refusal_of_connection(user=bob, google_sub=sub) == ""
    assert connect(bob, GoogleSide(google.control)).user == bob


def test_disconnecting_takes_the_tokens_away_here_and_at_google(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    disconnect(account=account)
    account.refresh_from_db()
    assert (account.access_token, account.refresh_token) == ("", "")
    assert [call["status"] for call in google.log(path="revoke")] == [200]
    assert run_account(account.pk).error


def test_a_consent_without_the_calendar_replaces_no_good_one(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    after = consent(alice, google, scopes=["openid", "email"], refresh_token="narrow")
    assert after.status == GoogleAccount.Status.ACTIVE and after.refresh_token != "narrow"
    run(account)


def test_a_consent_without_a_refresh_token_does_not_bring_a_dead_one_back(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.revoke()
    run_badly(account)
    full = ["https://www.googleapis.com/auth/calendar"]
    assert consent(alice, google, scopes=full, refresh_token="").status == GoogleAccount.Status.NEEDS_REAUTH
    assert consent(alice, google, scopes=full, refresh_token="new").status == GoogleAccount.Status.ACTIVE


def consent(alice: Any, google: GoogleSide, *, scopes: list[str], refresh_token: str) -> GoogleAccount:
    return store_connection(
        user=alice,
        google_sub=google.tokens["sub"],
        email=google.email,
        scopes=scopes,
        access_token="access",
        refresh_token=refresh_token,
        expires_at=None,
    )


def test_a_mistake_in_token_keys_ends_no_connection(
    alice: Any, google: GoogleSide, account: GoogleAccount, settings: Any
) -> None:
    run(account)
    right = settings.TOKEN_KEYS
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    assert "TOKEN_KEYS" in run_badly(account).error
    account.refresh_from_db()
    assert account.status == GoogleAccount.Status.ACTIVE
    account.save()  # even a save of the whole row keeps what it cannot read
    settings.TOKEN_KEYS = right
    run(account)


def test_tokens_are_ciphertext_in_the_table(account: GoogleAccount) -> None:
    with database.cursor() as cursor:
        cursor.execute("select access_token, refresh_token from sync_googleaccount")
        row = cursor.fetchone()
    assert all(value.startswith("fernet:") for value in row)
    assert account.refresh_token not in row


def test_a_passing_404_on_a_change_makes_no_second_event(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    event = make_event(alice, title="One")
    run(account)
    google.fault({"method": "PATCH"}, {"error": "notFound"})
    edit(event, title="Still one")
    run_badly(account)
    run(account)
    assert google.titles() == titles(alice) == ["Still one"]


def test_an_answer_nobody_foresaw_is_shown_and_not_asked_for_again_at_once(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.fault({"path": "/events"}, {"replace": {"items": {"id": "no list"}, "timeZone": 5}}, times=None)
    CalendarLink.objects.update(next_poll_at=account.connected_at)
    result = run_account(account.pk)
    account.refresh_from_db()
    assert result.error == "" or account.backoff_until is not None
    google.clear_faults()
    google.add(summary="After")
    run(account)
    assert "After" in titles(alice)


def test_a_lease_of_a_killed_process_is_given_back(account: GoogleAccount) -> None:
    lease = take_lease(account.pk)
    assert lease is not None and free_abandoned_leases() == 0
    owner = GoogleAccount.objects.get(pk=account.pk).lease_owner
    host, _, unique = owner.split(":")
    GoogleAccount.objects.filter(pk=account.pk).update(lease_owner=f"{host}:4194999:{unique}")
    assert free_abandoned_leases() == 1
    assert take_lease(account.pk) is not None


def test_deleted_events_of_a_left_account_stay_in_the_trash(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(summary="Gone")
    run(account)
    remove(CalendarEvent.objects.get(title="Gone"))
    disconnect(account=account)
    assert CalendarEvent.objects.of(alice).deleted().count() == 1


def test_a_connected_person_can_be_deleted(alice: Any, google: GoogleSide, account: GoogleAccount) -> None:
    google.add()
    run(account)
    alice.delete()
    assert not GoogleAccount.objects.exists() and not EventLink.objects.exists()
    assert len(google.events()) == 1


def test_an_account_that_is_deleted_gives_its_grant_back(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(lunch())
    run(account)
    services.delete_account(user=alice)
    assert [call["status"] for call in google.log(path="revoke")] == [200]
    assert not GoogleAccount.objects.exists() and not get_user_model().objects.filter(pk=alice.pk).exists()
    assert google.titles() == ["Lunch"]


def test_connecting_and_disconnecting_are_noted_for_their_owner(alice: Any, account: GoogleAccount) -> None:
    disconnect(account=account, actor=alice)
    noted = AuditEntry.objects.filter(user=alice).order_by("pk").values_list("action", "about")
    action = AuditEntry.Action
    assert [entry for entry in noted if entry[0] in (action.CONNECTED, action.DISCONNECTED)] == [
        (action.CONNECTED, account.email),
        (action.DISCONNECTED, account.email),
    ]
