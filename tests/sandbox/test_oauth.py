"""OAuth 2.0: consent, codes, tokens, scopes."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from google.auth.exceptions import RefreshError

from tests.sandbox.client import SandboxControl
from tests.sandbox.conftest import API, NORA, Google, refusal, service, timed

CALLBACK = "http://127.0.0.1:8000/accounts/google/login/callback/"
EVENTS, LIST = f"{API}calendar.events", f"{API}calendar.calendarlist.readonly"
VERIFIER = "a-verifier-that-is-long-enough-for-the-specification"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


def question(**changes: str) -> dict[str, str]:
    """What a client asks at the authorization endpoint."""
    return {
        "client_id": "client-1",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": f"openid email profile {EVENTS} {LIST}",
        "state": "state-1",
        **changes,
    }


def approved(sandbox: SandboxControl, email: str = NORA, **changes: str) -> dict[str, str]:
    """The parameters with which the person is sent back."""
    answer = httpx.get(
        sandbox.addresses["GOOGLE_AUTHORIZE_URL"], params=question(sandbox_account=email, **changes)
    )
    assert answer.status_code == 302 and answer.headers["Location"].startswith(CALLBACK)
    return {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def exchanged(sandbox: SandboxControl, code: str, **changes: str) -> httpx.Response:
    data = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "client_id": "client-1",
        "client_secret": "secret",
        **changes,
    }
    return httpx.post(sandbox.addresses["GOOGLE_TOKEN_URL"], data=data)


def tokens(sandbox: SandboxControl, **changes: str) -> dict[str, Any]:
    answer = exchanged(sandbox, approved(sandbox, **changes)["code"])
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def refreshed(sandbox: SandboxControl, refresh_token: str, client_id: str = "client-1") -> httpx.Response:
    data = {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "client_id": client_id,
        "client_secret": "secret",
    }
    return httpx.post(sandbox.addresses["GOOGLE_TOKEN_URL"], data=data)


def test_code_becomes_tokens_once(sandbox: SandboxControl) -> None:
    back = approved(sandbox)
    assert back["state"] == "state-1" and EVENTS in back["scope"].split()
    first, second = exchanged(sandbox, back["code"]), exchanged(sandbox, back["code"])
    assert first.status_code == 200 and first.json()["token_type"] == "Bearer"
    assert first.json()["expires_in"] == 3599 and "refresh_token" not in first.json()
    assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")


def test_id_token_says_who_it_is(sandbox: SandboxControl) -> None:
    claims = [jwt.decode(tokens(sandbox)["id_token"], options={"verify_signature": False}) for _ in range(2)]
    assert claims[0]["iss"] == "https://accounts.google.com" and claims[0]["aud"] == "client-1"
    assert (
        claims[0]["email"] == NORA
        and claims[0]["email_verified"] is True
        and claims[0]["name"] == "Nora Feldt"
    )
    assert claims[0]["exp"] - claims[0]["iat"] == 3600
    assert claims[0]["sub"] == claims[1]["sub"] and claims[0]["jti"] != claims[1]["jti"]


def test_refresh_token_comes_offline_at_the_first_consent_or_when_asked(sandbox: SandboxControl) -> None:
    assert "refresh_token" not in tokens(sandbox)
    assert "refresh_token" in tokens(sandbox, access_type="offline")
    assert "refresh_token" not in tokens(sandbox, access_type="offline")
    assert "refresh_token" in tokens(sandbox, access_type="offline", prompt="consent")


def test_code_needs_its_pkce_verifier(sandbox: SandboxControl) -> None:
    asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    code = approved(sandbox, **asked)["code"]
    for wrong in ({}, {"code_verifier": "another"}):
        assert exchanged(sandbox, code, **wrong).json()["error"] == "invalid_grant"
    assert exchanged(sandbox, code, code_verifier=VERIFIER).status_code == 200


def test_code_belongs_to_its_client_and_address(sandbox: SandboxControl) -> None:
    code = approved(sandbox)["code"]
    assert exchanged(sandbox, code, client_id="client-2").json()["error"] == "invalid_grant"
    assert (
        exchanged(sandbox, code, redirect_uri="http://127.0.0.1/x").json()["error"] == "redirect_uri_mismatch"
    )
    nobody = exchanged(sandbox, code, client_id="")
    assert (nobody.status_code, nobody.json()["error"]) == (401, "invalid_client")
    assert exchanged(sandbox, code, grant_type="password").json()["error"] == "unsupported_grant_type"


def test_granted_scopes_are_those_that_were_ticked(sandbox: SandboxControl) -> None:
    granted = tokens(sandbox, sandbox_grant=f"openid email profile {EVENTS}")["scope"].split()
    assert EVENTS in granted and LIST not in granted and f"{API}userinfo.email" in granted


def test_earlier_grants_are_included_when_asked(sandbox: SandboxControl) -> None:
    tokens(sandbox)
    plain = question()["scope"].split(EVENTS)[0].strip()
    assert EVENTS not in tokens(sandbox, scope=plain)["scope"]
    assert EVENTS in tokens(sandbox, scope=plain, include_granted_scopes="true")["scope"]


def test_refresh_gives_a_working_token_until_access_is_revoked(sandbox: SandboxControl) -> None:
    refresh_token = tokens(sandbox, access_type="offline")["refresh_token"]
    access = refreshed(sandbox, refresh_token).json()
    assert EVENTS in access["scope"] and "refresh_token" not in access
    assert refreshed(sandbox, refresh_token, "client-2").status_code == 400
    sandbox.revoke(NORA)
    dead = refreshed(sandbox, refresh_token)
    assert dead.status_code == 400
    assert dead.json() == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }


def test_revoking_one_token_ends_the_whole_grant(sandbox: SandboxControl) -> None:
    given = tokens(sandbox, access_type="offline")
    address = sandbox.addresses["GOOGLE_REVOKE_URL"]
    assert httpx.post(address, data={"token": given["access_token"]}).status_code == 200
    assert refreshed(sandbox, given["refresh_token"]).json()["error"] == "invalid_grant"
    again = httpx.post(address, data={"token": given["access_token"]})
    assert (again.status_code, again.json()["error"]) == (400, "invalid_token")


def test_client_library_refreshes_an_expired_token_by_itself(google: Google, sandbox: SandboxControl) -> None:
    client = google()
    sandbox.expire_access_tokens(NORA)
    client.events().insert(calendarId="primary", body=timed()).execute()
    calls = [(entry["method"], entry["path"].split("/")[-1], entry["status"]) for entry in sandbox.log()]
    assert calls == [("POST", "events", 401), ("POST", "token", 200), ("POST", "events", 200)]
    sandbox.revoke(NORA)
    with pytest.raises(RefreshError) as caught:
        client.events().list(calendarId="primary").execute()
    assert caught.value.args[1]["error"] == "invalid_grant" and not caught.value.retryable


def test_wrong_and_missing_tokens_are_told_apart(sandbox: SandboxControl) -> None:
    address = f"{sandbox.addresses['GOOGLE_CALENDAR_ENDPOINT']}users/me/calendarList"
    missing, wrong = httpx.get(address), httpx.get(address, headers={"Authorization": "Bearer ya29.wrong"})
    assert (missing.status_code, missing.json()["error"]["errors"][0]["reason"]) == (401, "required")
    assert (wrong.status_code, wrong.json()["error"]["errors"][0]["reason"]) == (401, "authError")


def test_token_without_the_scope_is_refused(sandbox: SandboxControl) -> None:
    client = service(sandbox, sandbox.account(NORA, scopes=["openid", f"{API}calendar.events.readonly"]))
    assert client.events().list(calendarId="primary").execute()["items"] == []
    insufficient = (403, "insufficientPermissions")
    assert refusal(client.events().insert(calendarId="primary", body=timed())) == insufficient
    assert refusal(client.calendarList().list()) == insufficient
    login_only = sandbox.account(NORA, scopes=["openid", "email"])
    answer = httpx.get(
        f"{sandbox.addresses['GOOGLE_CALENDAR_ENDPOINT']}calendars/primary/events",
        headers={"Authorization": f"Bearer {login_only['access_token']}"},
    ).json()["error"]
    assert answer["status"] == "PERMISSION_DENIED"
    assert answer["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    assert answer["details"][0]["metadata"]["method"] == "calendar.v3.Events.List"


def test_userinfo_and_certificates_answer(sandbox: SandboxControl) -> None:
    access = tokens(sandbox)["access_token"]
    headers = {"Authorization": f"Bearer {access}"}
    info = httpx.get(sandbox.addresses["GOOGLE_USERINFO_URL"], headers=headers).json()
    assert (info["email"], info["verified_email"], info["given_name"]) == (NORA, True, "Nora")
    assert httpx.get(sandbox.addresses["GOOGLE_CERTS_URL"]).json() == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"response_type": "token"},
        {"client_id": ""},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "javascript:alert(1)"},
        {"scope": "https://www.googleapis.com/auth/drive"},
        {"scope": ""},
    ],
)
def test_bad_authorization_request_is_a_page_and_never_a_redirect(
    sandbox: SandboxControl, changes: dict[str, str]
) -> None:
    answer = httpx.get(sandbox.addresses["GOOGLE_AUTHORIZE_URL"], params=question(**changes))
    assert answer.status_code == 400 and "Access blocked" in answer.text


def consent(sandbox: SandboxControl, data: dict[str, Any], **changes: str) -> httpx.Response:
    address = sandbox.addresses["GOOGLE_AUTHORIZE_URL"]
    return httpx.post(address, params=question(**changes), data=data)


def test_consent_page_offers_accounts_and_one_box_per_calendar_scope(sandbox: SandboxControl) -> None:
    page = httpx.get(sandbox.addresses["GOOGLE_AUTHORIZE_URL"], params=question()).text
    assert NORA in page and "jonas.hein@gmail.com" in page and "Another account" in page
    assert re.findall(r'name="scope" value="([^"]+)"', page) == [EVENTS, LIST]
    plain = httpx.get(sandbox.addresses["GOOGLE_AUTHORIZE_URL"], params=question(scope="openid email")).text
    assert 'name="scope"' not in plain


def test_consent_of_a_new_account_brings_example_events_when_ticked(sandbox: SandboxControl) -> None:
    data = {"account": NORA, "scope": [EVENTS], "with_examples": "on", "decision": "approve"}
    answer = consent(sandbox, data)
    assert answer.status_code == 302
    given = parse_qs(urlsplit(answer.headers["Location"]).query)["scope"][0].split()
    assert EVENTS in given and LIST not in given
    assert len(sandbox.events(NORA)) > 15
    consent(sandbox, {"account": "jonas.hein@gmail.com", "decision": "approve"})
    assert sandbox.events("jonas.hein@gmail.com") == []


def test_consent_takes_another_account_or_says_what_is_wrong(sandbox: SandboxControl) -> None:
    wrong = consent(sandbox, {"account": "other", "other_email": "no address", "decision": "approve"})
    assert wrong.status_code == 422 and "Type an e-mail address" in wrong.text and "no address" in wrong.text
    right = consent(
        sandbox, {"account": "other", "other_email": "Lena.Voss@example.com", "decision": "approve"}
    )
    assert right.status_code == 302
    assert sandbox.account("lena.voss@example.com")["calendars"][0]["primary"] is True


def test_cancelled_consent_says_so(sandbox: SandboxControl) -> None:
    answer = consent(sandbox, {"account": NORA, "decision": "cancel"})
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query == {"error": ["access_denied"], "state": ["state-1"]}


def test_login_hint_is_chosen_beforehand(sandbox: SandboxControl) -> None:
    params = question(login_hint="jonas.hein@gmail.com")
    page = httpx.get(sandbox.addresses["GOOGLE_AUTHORIZE_URL"], params=params).text
    assert re.search(r'value="jonas.hein@gmail.com" checked', page)
    params = question(login_hint="new.person@example.com")
    page = httpx.get(sandbox.addresses["GOOGLE_AUTHORIZE_URL"], params=params).text
    assert re.search(r'value="new.person@example.com" checked', page) and "New Person" in page


def test_no_secret_reaches_the_log_or_the_database(sandbox: SandboxControl, sandbox_database: str) -> None:
    back = approved(sandbox)
    given = exchanged(sandbox, back["code"]).json()
    kept = sandbox.account(NORA)
    httpx.get(
        f"{sandbox.addresses['GOOGLE_CALENDAR_ENDPOINT']}users/me/calendarList",
        params={"access_token": given["access_token"]},
    )
    secrets = [back["code"], given["access_token"], kept["access_token"], kept["refresh_token"]]
    assert not any(secret in str(sandbox.log()) for secret in secrets)
    content = b""
    for suffix in ("", "-wal"):
        try:
            with open(sandbox_database + suffix, "rb") as file:
                content += file.read()
        except FileNotFoundError:
            pass
    assert NORA.encode() in content
    assert not any(secret.encode() in content for secret in secrets)
