from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import google_auth_httplib2
import httplib2
import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import Resource, build
from googleapiclient.errors import HttpError
from googleapiclient.http import HttpRequest

from tests.sandbox.client import SandboxControl

API = "https://www.googleapis.com/auth/"
NORA = "nora.feldt@gmail.com"
Google = Callable[..., Any]


def service(control: SandboxControl, account: dict[str, Any], *, timeout: float = 20) -> Resource:
    """The real client library, pointed at the sandbox; it refreshes its token as it does with Google."""
    credentials = Credentials(
        account["access_token"],
        refresh_token=account["refresh_token"],
        token_uri=control.addresses["GOOGLE_TOKEN_URL"],
        client_id="sandbox-client.apps.googleusercontent.com",
        client_secret="any",
    )
    http = google_auth_httplib2.AuthorizedHttp(credentials, http=httplib2.Http(timeout=timeout))
    return build(
        "calendar",
        "v3",
        http=http,
        static_discovery=True,
        cache_discovery=False,
        client_options={"api_endpoint": control.addresses["GOOGLE_CALENDAR_ENDPOINT"]},
    )


@pytest.fixture
def google(sandbox: SandboxControl) -> Google:
    """`google(email, scopes=…)`: that account's client (the account is made when new)."""

    def make(email: str = NORA, *, timeout: float = 20, **options: Any) -> Resource:
        return service(sandbox, sandbox.account(email, **options), timeout=timeout)

    return make


def refusal(request: HttpRequest) -> tuple[int, str]:
    """(status, reason) of the error that the call must end in."""
    with pytest.raises(HttpError) as caught:
        request.execute()
    body = json.loads(caught.value.content)["error"]
    assert body["code"] == caught.value.resp.status
    return body["code"], body["errors"][0]["reason"]


def matching(request: HttpRequest, etag: str) -> HttpRequest:
    request.headers["If-Match"] = etag
    return request


def timed(
    start: str = "2026-12-01T10:00:00", end: str = "2026-12-01T11:00:00", **more: Any
) -> dict[str, Any]:
    zone = more.pop("zone", "Europe/Berlin")
    return {
        "summary": "Lunch",
        "start": {"dateTime": start, "timeZone": zone},
        "end": {"dateTime": end, "timeZone": zone},
        **more,
    }


def all_day(start: str = "2026-12-01", end: str = "2026-12-02", **more: Any) -> dict[str, Any]:
    return {"summary": "Trip", "start": {"date": start}, "end": {"date": end}, **more}


def weekly(**more: Any) -> dict[str, Any]:
    """Tuesdays at 10 in Berlin, eight times from 1 December 2026."""
    return timed(recurrence=["RRULE:FREQ=WEEKLY;COUNT=8"], **more)
