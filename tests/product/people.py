"""What visitors of the running product do over plain HTTP: sign in with Google, connect their calendar."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

CALENDAR_SCOPES = (
    "https://www.googleapis.com/auth/calendar.events",
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
)


def post_form(client: httpx.Client, page: str, action: str, **data: str) -> httpx.Response:
    """Post the form at `action` with the CSRF token of `page`; redirects are not followed."""
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(page).text)
    assert found, f"{page} has no form"
    return client.post(
        action,
        data={"csrfmiddlewaretoken": found.group(1), **data},
        headers={"Referer": str(client.base_url)},
    )


def approve(
    client: httpx.Client, answer: httpx.Response, email: str, grant: tuple[str, ...] | None
) -> httpx.Response:
    """Agree on Google's page as `email`, with only the scopes in `grant` when given; follows back to the product."""
    assert answer.status_code == 302, answer.text[:500]
    choice = {"sandbox_account": email}
    if grant is not None:
        choice["sandbox_grant"] = " ".join(("openid", "email", "profile", *grant))
    return client.get(f"{answer.headers['location']}&{urlencode(choice)}", follow_redirects=True)


def sign_in_with_google(client: httpx.Client, email: str) -> dict[str, list[str]]:
    """Sign in as `email`; returns the parameters that were sent to Google."""
    answer = post_form(client, "/accounts/login/", "/accounts/google/login/")
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    done = approve(client, answer, email, None)
    assert str(done.url).endswith("/calendar/"), (done.url, done.text[:800])
    return asked


def connect_calendar(
    client: httpx.Client, email: str, grant: tuple[str, ...] | None = None
) -> tuple[dict[str, list[str]], httpx.Response]:
    """Press "Connect Google Calendar"; returns what Google was asked for and the page that follows."""
    answer = post_form(client, "/sync/", "/sync/google/connect/")
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    return asked, approve(client, answer, email, grant)


def seed_google(client: httpx.Client, email: str) -> set[str]:
    """Give this Google account its example events; returns their titles."""
    control = f"{client.base_url}/sandbox/google/_control"
    httpx.post(f"{control}/accounts", json={"email": email, "name": "", "seed": True}).raise_for_status()
    items = httpx.get(f"{control}/events", params={"account": email}).json()["items"]
    titles = {item["summary"] for item in items if item["status"] != "cancelled"}
    assert len(titles) > 10
    return titles
