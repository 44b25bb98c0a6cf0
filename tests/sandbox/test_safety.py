"""The sandbox exists only in local trials, and its example content is lively and repeatable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.test import override_settings
from django.test.client import RequestFactory
from django.urls import URLPattern, URLResolver

from sync.sandbox import oauth, urls
from sync.sandbox.checks import sandbox_needs_debug
from tests.sandbox.client import SandboxControl
from tests.sandbox.conftest import NORA, Google

JONAS = "jonas.hein@gmail.com"


def views(patterns: list[Any]) -> Iterator[Any]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield pattern.callback


@pytest.mark.parametrize(
    "settings", [{"DEBUG": False, "GOOGLE_SANDBOX": True}, {"DEBUG": True, "GOOGLE_SANDBOX": False}]
)
def test_every_view_is_404_outside_a_local_trial(settings: dict[str, bool]) -> None:
    from django.http import Http404

    found = list(views(urls.urlpatterns))
    assert len(found) > 30
    with override_settings(**settings):
        for view in found:
            for method in ("get", "post", "put", "patch", "delete"):
                request = getattr(RequestFactory(), method)("/sandbox/google/")
                try:
                    status = view(request).status_code
                except (Http404, TypeError) as error:  # a guard asks before the address's parts do
                    assert isinstance(error, Http404), view
                    status = 404
                assert status == 404, (view, method)


def test_every_view_needs_no_sign_in_and_only_pages_need_a_csrf_token() -> None:
    exempt = {view for view in views(urls.urlpatterns) if getattr(view, "csrf_exempt", False)}
    others = {view for view in views(urls.urlpatterns)} - exempt
    assert all(getattr(view, "login_required", True) is False for view in views(urls.urlpatterns))
    assert {view.__name__ for view in others} == {
        "home",
        "create_account",
        "new_event",
        "edit_event",
        "delete_event",
        "event_link",
        "switch",
    }


def test_check_refuses_the_sandbox_with_debug_off() -> None:
    with override_settings(DEBUG=True):
        assert sandbox_needs_debug() == []
    with override_settings(DEBUG=False):
        assert [error.id for error in sandbox_needs_debug()] == ["google_sandbox.E001"]


def test_client_is_checked_when_the_site_names_one() -> None:
    with override_settings(GOOGLE_CLIENT_ID="ours", GOOGLE_CLIENT_SECRET="secret"):
        oauth.check_client("ours", "secret")
        for wrong in (("theirs", "secret"), ("ours", "guess"), ("", "")):
            with pytest.raises(oauth.OAuthError) as caught:
                oauth.check_client(*wrong)
            assert (caught.value.status, caught.value.body["error"]) == (401, "invalid_client")


def test_control_takes_no_posts_that_another_site_could_send(sandbox: SandboxControl) -> None:
    answer = httpx.post(
        f"{sandbox.base_url}_control/reset", content="{}", headers={"Content-Type": "text/plain"}
    )
    assert answer.status_code == 415


def test_unknown_address_and_method_are_not_found(sandbox: SandboxControl) -> None:
    endpoint = sandbox.addresses["GOOGLE_CALENDAR_ENDPOINT"]
    assert httpx.put(f"{endpoint}users/me/calendarList").json()["error"]["errors"][0]["reason"] == "notFound"
    assert httpx.get(f"{endpoint}nothing").status_code == 404


def test_broken_json_is_a_parse_error(sandbox: SandboxControl) -> None:
    account = sandbox.account(NORA)
    for content in ("{", "[]"):
        answer = httpx.post(
            f"{sandbox.addresses['GOOGLE_CALENDAR_ENDPOINT']}calendars/primary/events",
            content=content,
            headers={
                "Authorization": f"Bearer {account['access_token']}",
                "Content-Type": "application/json",
            },
        )
        assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (400, "parseError")


# --- Example content -----------------------------------------------------------------------------
def test_examples_are_lively_and_around_today(google: Google) -> None:
    service = google(seed=True)
    calendars = service.calendarList().list().execute()["items"]
    assert [(c["summary"], c["accessRole"]) for c in calendars] == [
        (NORA, "owner"),
        ("Family", "owner"),
        ("Holidays in Germany", "reader"),
    ]
    items = service.events().list(calendarId="primary").execute()["items"]
    live = [item for item in items if item["status"] != "cancelled"]
    assert 20 <= len(live) <= 30
    assert any("date" in item["start"] for item in live)
    assert any("attendees" in item for item in live) and any("hangoutLink" in item for item in live)
    assert any(item["start"].get("timeZone") == "America/New_York" for item in live)
    assert any(not item["organizer"].get("self") for item in live)
    assert [item["status"] for item in items if "recurringEventId" in item].count("cancelled") == 1
    assert sum("recurringEventId" in item for item in items) == 2
    now = datetime.now(UTC)
    soon = service.events().list(
        calendarId="primary",
        singleEvents=True,
        timeMin=(now - timedelta(days=1)).isoformat(),
        timeMax=(now + timedelta(days=7)).isoformat(),
    )
    assert len(soon.execute()["items"]) > 12


def test_examples_are_added_once_and_holidays_are_shared(sandbox: SandboxControl) -> None:
    sandbox.account(NORA, seed=True)
    before = sandbox.events(NORA)
    sandbox.account(NORA, seed=True)
    assert sandbox.events(NORA) == before
    sandbox.account(JONAS, seed=True)
    holidays = "en.german#holiday@group.v.calendar.google.com"
    assert sandbox.events(NORA, holidays) == sandbox.events(JONAS, holidays)
    assert sandbox.account(JONAS)["calendars"][1]["id"] != sandbox.account(NORA)["calendars"][1]["id"]
