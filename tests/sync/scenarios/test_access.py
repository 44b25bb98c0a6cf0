"""Rate limits, ended and partial consents (google-sync.md, section 3: 67, 68, 71, 73, 74), and what owners are told."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from scheduling.models import OutgoingMail
from scheduling.services import update_profile
from sync.connection import disconnect, refusal_of_connection, store_connection
from sync.engine import run_account
from sync.grants import life_of_grants
from sync.models import CalendarLink, EndedGrant, GoogleAccount
from sync.tasks import enqueue_due_accounts
from tests.make import make_event
from tests.sync.conftest import connect
from tests.sync.google_side import GoogleSide
from tests.sync.test_engine import run, titles

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def calls(google: GoogleSide) -> list[dict[str, Any]]:
    return [call for call in google.log() if call["method"] != "NOTICE"]


def mails(template: str = "") -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(template__startswith=template).order_by("created_at"))


def state_of(account: GoogleAccount) -> GoogleAccount:
    account.refresh_from_db()
    return account


def come_again(account: GoogleAccount) -> Any:
    """The worker's next run, as if the pause were over."""
    GoogleAccount.objects.filter(pk=account.pk).update(backoff_until=None)
    CalendarLink.objects.update(next_poll_at=timezone.now())
    return run_account(account.pk)


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


# --- Rate limits ------------------------------------------------------------------------------------


def test_scenario_67_a_rate_limit_is_waited_out_by_growing_pauses_without_sleeping(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    for number in range(50):
        make_event(alice, title=f"Event {number}")
    google.fault({"method": "POST", "path": "/events"}, {"error": "rateLimitExceeded"}, times=20)
    pauses, longest_run = [], 0.0
    while titles_missing := 50 - len(google.titles()):
        begun = time.monotonic()
        result = come_again(account)
        found = state_of(account)
        if result.error:
            longest_run = max(longest_run, time.monotonic() - begun)
            assert titles_missing == 50 and found.backoff_until is not None
            pauses.append((found.backoff_level, (found.backoff_until - timezone.now()).total_seconds()))
    assert len(pauses) == 20 and len(google.titles()) == 50
    assert [level for level, _ in pauses] == [*range(1, 11), *[10] * 10]
    assert all(0 < pause <= 1 + min(2**level, 900) for level, pause in pauses)
    early, late = [pause for _, pause in pauses[:4]], [pause for _, pause in pauses[-8:]]
    assert max(early) < max(late) and len({round(pause, 3) for pause in late}) > 1
    assert longest_run < 5
    assert len([call for call in google.log("POST", "/events") if call["status"] == 200]) == 50
    assert state_of(account).backoff_level == 0


def test_scenario_68_a_named_pause_is_kept_for_that_account_alone(
    alice: Any, bob: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    other_google = GoogleSide(google.control, "bob@gmail.example")
    other = connect(bob, other_google)
    run(account)
    run(other)
    google.fault(
        {"path": "/events", "account": google.email},
        {"status": 429, "headers": {"Retry-After": "30"}, "body": {"error": {"code": 429, "errors": []}}},
    )
    assert "slow down" in come_again(account).error
    pause = state_of(account).backoff_until - timezone.now()
    assert timedelta(seconds=28) < pause <= timedelta(seconds=31)
    google.clear_log()
    GoogleAccount.objects.update(next_run_at=timezone.now())
    assert enqueue_due_accounts() == 1  # the other one
    assert run_account(account.pk).error.startswith("Google asked us to slow down. Next try in")
    assert calls(google) == []
    other_google.add(summary="For Bob")
    assert come_again(other).error == "" and titles(bob) == ["For Bob"]


# --- Ended consents ---------------------------------------------------------------------------------


def test_scenario_71_an_ended_consent_keeps_everything_mails_once_and_ends_with_a_reconnect(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    google.add(summary="Theirs")
    run(account)
    make_event(alice, title="Waits")
    google.revoke()
    come_again(account)
    assert state_of(account).status == GoogleAccount.Status.NEEDS_REAUTH
    google.clear_log()
    for _ in range(3):
        assert "Reconnect" in come_again(account).error
    assert enqueue_due_accounts() == 0 and calls(google) == []
    [mail] = mails()
    assert mail.subject == "Google has ended the connection of alice@gmail.example" and mail.to == alice.email
    assert (
        "Nothing is lost" in mail.text and "1 change waits here and goes out once you reconnect" in mail.text
    )
    assert "/sync/" in mail.text and "/sync/" in mail.html and "List-Unsubscribe" in mail.headers
    assert titles(alice) == ["Theirs", "Waits"] and google.titles() == ["Theirs"]

    connect(alice, GoogleSide(google.control))
    assert come_again(account).error == ""
    assert titles(alice) == google.titles() == ["Theirs", "Waits"]
    come_again(account)
    assert [mail.template for mail in mails()] == ["connection_ended", "connection_back"]


def test_a_connection_that_ends_again_is_a_new_incident_and_one_that_never_came_back_is_not(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.revoke()
    come_again(account)
    connect(alice, GoogleSide(google.control))
    google.revoke()  # before a single good run
    come_again(account)
    assert len(mails("connection_ended")) == 1 and mails("connection_back") == []
    connect(alice, GoogleSide(google.control))
    come_again(account)
    google.revoke()
    come_again(account)
    assert len(mails("connection_ended")) == 2 and len(mails("connection_back")) == 1


def test_who_switched_mails_off_gets_none_and_the_banner_still_speaks(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    update_profile(profile=alice.profile, email_notifications=False)
    google.revoke()
    come_again(account)
    assert mails() == []
    assert "Google has ended the connection" in client_of(alice).get("/calendar/settings/").text


def test_leaving_a_broken_connection_ends_the_incident_without_a_mail(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.revoke()
    come_again(account)
    disconnect(account=state_of(account))
    connect(alice, GoogleSide(google.control))
    come_again(account)
    assert [mail.template for mail in mails()] == ["connection_ended"]


def test_an_ended_connection_is_shown_on_every_page_and_only_to_its_owner(
    alice: Any, bob: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    make_event(alice, title="Waits")
    assert "Google has ended" not in client_of(alice).get("/calendar/").text
    google.revoke()
    come_again(account)
    for address in ("/calendar/", "/calendar/settings/", "/calendar/trash/"):
        page = client_of(alice).get(address).text
        assert "Google has ended the connection of alice@gmail.example." in page
        assert "1 change waits here and goes out once you reconnect" in page
        assert 'action="/sync/google/connect/"' in page
        assert "Google has ended" not in client_of(bob).get(address).text


BANNER = 'id="trouble" hx-swap-oob="true"'


def test_an_open_page_is_told_of_the_end_once_and_of_the_return(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    client = client_of(alice)
    assert BANNER not in client.get("/sync/freshness/?trouble=").text
    google.revoke()
    come_again(account)
    told = client.get("/sync/freshness/?trouble=").text
    assert BANNER in told and "Google has ended" in told
    assert BANNER not in client.get(f"/sync/freshness/?trouble=ended-{account.pk}").text
    assert BANNER not in client.get("/sync/freshness/").text  # a page without the banner's place
    connect(alice, GoogleSide(google.control))
    gone = client.get(f"/sync/freshness/?trouble=ended-{account.pk}").text
    assert BANNER in gone and "Google has ended" not in gone


def test_another_google_account_is_refused_with_words_while_the_first_waits_to_be_reconnected(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.revoke()
    come_again(account)
    other = GoogleSide(google.control, "other@gmail.example")
    refusal = refusal_of_connection(user=alice, google_sub=other.tokens["sub"])
    assert "alice@gmail.example" in refusal and "disconnect" in refusal
    assert refusal_of_connection(user=alice, google_sub=google.tokens["sub"]) == ""


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": 503, "body": {"error": "backendError"}}, "did not answer properly"),
        ({"status": 401, "body": {"error": "invalid_client"}}, "client id and secret"),
        ({"drop_before": True}, "could not be reached"),
    ],
    ids=["503", "invalid_client", "dropped"],
)
def test_scenario_73_trouble_at_the_token_endpoint_is_no_revocation(
    alice: Any,
    google: GoogleSide,
    account: GoogleAccount,
    answer: dict[str, Any],
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run(account)
    GoogleAccount.objects.update(token_expires_at=None)
    google.expire_access_tokens()
    google.fault({"path": "token$"}, answer, times=None)
    make_event(alice, title="Waits")
    begun = time.monotonic()
    result = come_again(account)
    assert time.monotonic() - begun < 5
    assert said in result.error
    found = state_of(account)
    assert found.status == GoogleAccount.Status.ACTIVE and found.backoff_until > timezone.now()
    assert mails() == [] and EndedGrant.objects.count() == 0
    assert ("refuses this site's project" in caplog.text) == ("client id" in said)
    google.clear_faults()
    assert come_again(account).error == ""
    assert google.titles() == ["Waits"]


def test_scenario_74_a_consent_without_the_calendar_is_explained_and_costs_no_sign_in(
    alice: Any, google: GoogleSide
) -> None:
    account = store_connection(
        user=alice,
        google_sub=google.tokens["sub"],
        email=google.email,
        scopes=["openid", "email", "profile"],
        access_token="narrow",
        refresh_token="narrow",
        expires_at=None,
    )
    assert account.status == GoogleAccount.Status.INSUFFICIENT_SCOPE
    client = client_of(alice)
    page = client.get("/sync/").text
    assert "did not grant access to the calendar" in page and "Grant again" in page
    assert client.get("/calendar/").status_code == 200
    assert enqueue_due_accounts() == 0 and calls(google) == [] and mails() == []
    connect(alice, google)
    assert come_again(account).error == ""


def test_a_calendar_grant_that_is_taken_back_later_is_an_incident(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    run(account)
    google.fault({"path": "/events"}, {"error": "insufficientPermissions"}, times=None)
    come_again(account)
    assert state_of(account).status == GoogleAccount.Status.INSUFFICIENT_SCOPE
    [mail] = mails()
    assert mail.subject == "Google no longer lets us into the calendar of alice@gmail.example"
    assert "Grant again" in client_of(alice).get("/calendar/").text


# --- Consents that end by themselves ----------------------------------------------------------------


def warned(account: GoogleAccount) -> list[OutgoingMail]:
    assert come_again(account).error == ""
    return mails("connection_ending")


def test_an_owner_is_warned_a_day_before_the_end_that_google_named_and_once(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    GoogleAccount.objects.update(grant_expires_at=timezone.now() + 2 * DAY)
    assert warned(account) == []
    GoogleAccount.objects.update(grant_expires_at=timezone.now() + 0.9 * DAY)
    [mail] = warned(account)
    assert mail.subject.startswith("Google ends the connection of alice@gmail.example on ")
    assert warned(account) == [mail]
    assert "Reconnect before then and nothing stops" in client_of(alice).get("/calendar/").text
    connect(alice, GoogleSide(google.control))
    assert "Google ends the connection" not in client_of(alice).get("/calendar/").text
    GoogleAccount.objects.update(grant_expires_at=timezone.now() + 0.9 * DAY)
    assert len(warned(account)) == 2  # a new consent, a new end


def test_the_administrator_can_say_how_long_consents_live(
    alice: Any, google: GoogleSide, account: GoogleAccount, settings: Any
) -> None:
    GoogleAccount.objects.update(consented_at=timezone.now() - 6.5 * DAY)
    assert warned(account) == []
    settings.GOOGLE_GRANT_DAYS = 7
    assert len(warned(account)) == 1


def test_a_consent_that_ended_after_a_week_warns_everybody_until_one_outlives_it(
    alice: Any, bob: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    other = connect(bob, GoogleSide(google.control, "bob@gmail.example"))
    assert come_again(other).error == ""
    run(account)
    now = timezone.now()
    GoogleAccount.objects.filter(pk=account.pk).update(consented_at=now - 7 * DAY)
    GoogleAccount.objects.filter(pk=other.pk).update(consented_at=now - 6.5 * DAY)
    google.revoke()
    come_again(account)
    assert life_of_grants() == 7 * DAY
    [mail] = warned(other)
    assert mail.to == bob.email
    GoogleAccount.objects.filter(pk=other.pk).update(last_ok_at=now + 2 * DAY)
    assert life_of_grants() is None  # it lives on: the project was published


@pytest.mark.parametrize("lived", [2, 6, 30, 200])
def test_a_consent_that_ended_at_another_time_was_taken_back_and_teaches_nothing(
    google: GoogleSide, account: GoogleAccount, lived: int
) -> None:
    run(account)
    GoogleAccount.objects.update(consented_at=timezone.now() - lived * DAY)
    google.revoke()
    come_again(account)
    assert EndedGrant.objects.count() == 1 and life_of_grants() is None


# --- Keys -------------------------------------------------------------------------------------------


def stored_tokens() -> set[str]:
    with database.cursor() as cursor:
        cursor.execute("select refresh_token from sync_googleaccount")
        return {row[0] for row in cursor.fetchall()}


def test_keys_are_rotated_twice_and_a_dropped_one_is_words_not_an_error(
    alice: Any, google: GoogleSide, account: GoogleAccount, settings: Any
) -> None:
    run(account)
    first = settings.TOKEN_KEYS[0]
    second, third = (Fernet.generate_key().decode() for _ in range(2))
    seen = stored_tokens()
    for keys in ([second, first], [third, second]):
        settings.TOKEN_KEYS = keys
        call_command("rotate_token_keys")
        seen |= stored_tokens()
        assert come_again(account).error == ""
    assert len(seen) == 3
    settings.TOKEN_KEYS = [third]
    assert come_again(account).error == ""
    settings.TOKEN_KEYS = [first]
    assert "TOKEN_KEYS" in come_again(account).error
    page = client_of(alice).get("/sync/")
    assert page.status_code == 200 and "TOKEN_KEYS" in page.text
    assert client_of(alice).get("/calendar/").status_code == 200
    assert state_of(account).status == GoogleAccount.Status.ACTIVE
    settings.TOKEN_KEYS = [third]
    assert come_again(account).error == ""
