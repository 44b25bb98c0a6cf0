"""Signing in with Google and connecting the calendar, through allauth, over HTTP, against the sandbox Google."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.fernet import Fernet

from tests.product.people import (
    CALENDAR_SCOPES,
    approve,
    connect_calendar,
    post_form,
    seed_google,
    sign_in_with_google,
)
from tests.servers import Product, wait_for

pytestmark = pytest.mark.processes


NOW = datetime.now(UTC)
AROUND_NOW = {
    "start": (NOW - timedelta(days=40)).isoformat(),
    "end": (NOW + timedelta(days=60)).isoformat(),
    "limit": "500",
}


def titles(client: httpx.Client) -> set[str]:
    answer = client.get("/appointment/api/events/", params=AROUND_NOW)
    assert answer.status_code == 200, answer.text
    return {item["title"] for item in answer.json()["items"]}


def test_signing_in_with_google_asks_for_no_calendar_and_makes_a_profile(
    product: Product, visitor: httpx.Client
) -> None:
    asked = sign_in_with_google(visitor, "first@gmail.example")
    assert set(asked["scope"][0].split()) == {"openid", "email", "profile"}
    assert asked["code_challenge_method"] == ["S256"]
    profile = visitor.get("/appointment/api/profile/").json()
    assert profile["default_event_duration"] == 60
    assert "Connect Google Calendar" in visitor.get("/sync/").text


def test_connecting_asks_for_the_calendar_offline_and_brings_its_events(
    product: Product, visitor: httpx.Client
) -> None:
    expected = seed_google(visitor, "second@gmail.example")
    sign_in_with_google(visitor, "second@gmail.example")
    asked, page = connect_calendar(visitor, "second@gmail.example")
    assert set(CALENDAR_SCOPES) <= set(asked["scope"][0].split())
    assert (asked["access_type"], asked["prompt"], asked["include_granted_scopes"]) == (
        ["offline"],
        ["consent"],
        ["true"],
    )
    assert asked["code_challenge_method"] == ["S256"]
    assert "second@gmail.example" in page.text
    wait_for(lambda: expected <= titles(visitor), "the events of Google")


def test_no_token_of_google_can_be_read_in_the_database_or_the_log(
    product: Product, visitor: httpx.Client
) -> None:
    sign_in_with_google(visitor, "third@gmail.example")
    connect_calendar(visitor, "third@gmail.example")
    wait_for(
        lambda: product.rows("select 1 from sync_calendarlink where google_id = ?", "third@gmail.example"),
        "the first run",
    )
    stored = product.rows(
        "select access_token, refresh_token from sync_googleaccount where email = ?"
        " union select token, token_secret from socialaccount_socialtoken",
        "third@gmail.example",
    )
    assert len(stored) >= 2 and all(
        value == "" or value.startswith("fernet:") for row in stored for value in row
    )
    key = Fernet(json.loads((product.folder / "var" / "development_keys.json").read_text())["TOKEN_KEYS"])
    secrets = {key.decrypt(value.removeprefix("fernet:")) for row in stored for value in row if value}
    assert len(secrets) >= 2
    everything = product.log.read_bytes() + product.stored()
    assert b"third@gmail.example" in everything
    assert [secret for secret in secrets if secret in everything] == []


def test_the_log_names_neither_people_nor_what_they_do(product: Product, visitor: httpx.Client) -> None:
    sign_in_with_google(visitor, "planted@gmail.example")
    event = {
        "title": "Planted title",
        "start_time": "2026-11-27T09:00:00Z",
        "end_time": "2026-11-27T10:00:00Z",
    }
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', visitor.get("/calendar/settings/").text)
    assert token is not None
    headers = {"X-CSRFToken": token[1], "Referer": product.url}
    made = visitor.post("/appointment/api/events/", json=event, headers=headers)
    assert made.status_code == 201
    refused = {**event, "end_time": "2020-01-01T00:00:00Z"}
    assert visitor.post("/appointment/api/events/", json=refused, headers=headers).status_code == 422
    assert "Planted" in visitor.get("/calendar/search/", params={"q": "Planted"}).text
    assert visitor.get("/calendar/nowhere/", params={"q": "Planted"}).status_code == 404
    assert post_form(
        visitor, "/accounts/email/", "/accounts/email/", action_primary="", email="planted@else.example"
    )
    log = product.log.read_text()
    assert "/calendar/nowhere/" in log and "lanted" not in log


def test_unticking_the_calendar_connects_nothing_and_says_what_to_do(
    product: Product, visitor: httpx.Client
) -> None:
    sign_in_with_google(visitor, "fourth@gmail.example")
    _, page = connect_calendar(visitor, "fourth@gmail.example", grant=())
    assert "did not grant access to the calendar" in page.text and "Grant again" in page.text
    assert product.rows("select status from sync_googleaccount where email = ?", "fourth@gmail.example") == [
        ("insufficient_scope",)
    ]
    _, page = connect_calendar(visitor, "fourth@gmail.example")
    assert "is connected" in page.text


def test_a_google_account_of_another_person_is_refused_with_words(
    product: Product, visitor: httpx.Client
) -> None:
    with httpx.Client(base_url=product.url, timeout=20) as owner:
        sign_in_with_google(owner, "fifth@gmail.example")
        connect_calendar(owner, "fifth@gmail.example")
    sign_in_with_google(visitor, "sixth@gmail.example")
    _, page = connect_calendar(visitor, "fifth@gmail.example")
    assert "already connected by another person" in page.text
    assert product.rows(
        "select count(*) from sync_googleaccount a join auth_user u on u.id = a.user_id where u.email = ?",
        "sixth@gmail.example",
    ) == [(0,)]


def test_denying_consent_leads_back_with_words(product: Product, visitor: httpx.Client) -> None:
    sign_in_with_google(visitor, "seventh@gmail.example")
    page = visitor.get("/accounts/google/login/callback/?error=access_denied&state=none")
    assert page.status_code in (200, 302, 401)
    assert "Traceback" not in page.text


def test_disconnecting_revokes_the_grant_and_keeps_every_event(
    product: Product, visitor: httpx.Client
) -> None:
    before = seed_google(visitor, "eighth@gmail.example")
    sign_in_with_google(visitor, "eighth@gmail.example")
    connect_calendar(visitor, "eighth@gmail.example")
    wait_for(lambda: before <= titles(visitor), "the events of Google")
    assert post_form(visitor, "/sync/", "/sync/google/disconnect/").status_code == 302
    assert before <= titles(visitor)
    revoked = [
        call
        for call in httpx.get(f"{product.url}/sandbox/google/_control/log").json()["items"]
        if call["path"].endswith("revoke") and call["status"] == 200
    ]
    assert revoked


def test_the_sync_page_without_an_account_and_the_forms_need_sign_in(visitor: httpx.Client) -> None:
    assert visitor.get("/sync/").status_code == 302
    assert visitor.post("/sync/google/connect/").status_code in (302, 403)


def test_cancelling_on_googles_page_while_connecting_leads_back_with_words(visitor: httpx.Client) -> None:
    sign_in_with_google(visitor, "ninth@gmail.example")
    answer = post_form(visitor, "/sync/", "/sync/google/connect/")
    state = parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]
    page = visitor.get(
        "/accounts/google/login/callback/",
        params={"error": "access_denied", "state": state},
        follow_redirects=True,
    )
    assert str(page.url).endswith("/sync/") and "Nothing was connected" in page.text


def test_the_end_that_google_names_at_the_consent_is_kept_and_shown_a_day_before(
    product: Product, visitor: httpx.Client
) -> None:
    sign_in_with_google(visitor, "tenth@gmail.example")
    fault = {
        "match": {"path": "token$"},
        "action": {"replace": {"refresh_token_expires_in": 80_000}},
        "times": 1,
    }
    httpx.post(f"{product.url}/sandbox/google/_control/faults", json=fault).raise_for_status()
    connect_calendar(visitor, "tenth@gmail.example")
    query = "select grant_expires_at from sync_googleaccount where email = ?"
    [(ends_at,)] = product.rows(query, "tenth@gmail.example")
    moment = datetime.fromisoformat(str(ends_at))  # SQLite keeps a text without its zone
    left = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)
    assert timedelta(seconds=79_900) < left <= timedelta(seconds=80_000)
    assert "Google ends the connection of tenth@gmail.example on" in visitor.get("/calendar/").text


# --- Before what cannot be undone -------------------------------------------------------------------
LEAVE, CONFIRM = "/calendar/settings/leave/", "/calendar/settings/confirm/?next=/calendar/settings/leave/"


def ask_google(product: Product, visitor: httpx.Client, email: str) -> httpx.Response:
    """Press "Confirm with Google" where deletion led to; answers with the redirect to Google."""
    assert (
        visitor.get(LEAVE).headers["location"]
        == f"{CONFIRM.split('?')[0]}?next=%2Fcalendar%2Fsettings%2Fleave%2F"
    )
    query = "select a.id from socialaccount_socialaccount a join auth_user u on u.id = a.user_id where u.email = ?"
    [(account,)] = product.rows(query, email)
    return post_form(visitor, CONFIRM, CONFIRM, account=str(account))


def test_who_signs_in_by_google_alone_answers_there_again_before_the_account_is_deleted(
    product: Product, visitor: httpx.Client
) -> None:
    email = "eleventh@gmail.example"
    sign_in_with_google(visitor, email)
    assert visitor.post(LEAVE, data={"email": email}).status_code == 403  # without a token of the form
    answer = ask_google(product, visitor, email)
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (asked["prompt"], asked["max_age"], asked["login_hint"]) == (["consent"], ["0"], [email])
    assert set(asked["scope"][0].split()) == {"openid", "email", "profile"}
    page = approve(visitor, answer, email, None)
    assert str(page.url).endswith(LEAVE) and "This cannot be undone" in page.text
    assert post_form(visitor, LEAVE, LEAVE, email=email).headers["location"] == "/"
    assert product.rows("select 1 from auth_user where email = ?", email) == []


def test_another_google_account_confirms_nothing(product: Product, visitor: httpx.Client) -> None:
    sign_in_with_google(visitor, "twelfth@gmail.example")
    page = approve(
        visitor, ask_google(product, visitor, "twelfth@gmail.example"), "other@gmail.example", None
    )
    assert "another account than the one by which you sign in" in page.text
    assert visitor.get(LEAVE).status_code == 302
    assert visitor.get("/appointment/api/profile/").status_code == 200  # still who they were
    assert product.rows("select 1 from auth_user where email = ?", "other@gmail.example") == []


def test_turning_back_on_googles_page_confirms_nothing(product: Product, visitor: httpx.Client) -> None:
    sign_in_with_google(visitor, "thirteenth@gmail.example")
    answer = ask_google(product, visitor, "thirteenth@gmail.example")
    state = parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]
    refused = {"error": "access_denied", "state": state}
    page = visitor.get("/accounts/google/login/callback/", params=refused, follow_redirects=True)
    assert str(page.url).endswith("/calendar/settings/") and "Nothing was confirmed" in page.text
    assert visitor.get(LEAVE).status_code == 302


def test_an_account_of_another_person_cannot_be_sent_to_google(
    product: Product, visitor: httpx.Client
) -> None:
    sign_in_with_google(visitor, "fourteenth@gmail.example")
    for account in ("0", "x", ""):
        assert post_form(visitor, CONFIRM, CONFIRM, account=account).status_code == 404
