"""Every address asks who is there, unless it stands in the list below with a reason (S-09 begins here)."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.addresses import addresses, filled

# Open to anyone: the beginning of the address (with a $ the whole of it), and why.
OPEN = {
    "": "the landing page",
    "accounts/": "signing in, signing up and what belongs to it (allauth guards the rest itself)",
    "appointment/api/$": "leads to the description",
    "appointment/api/openapi.json": "the description of the API names nobody",
    "appointment/api/docs": "the same, to read",
    "appointment/api/public/": "free times of booking pages that were switched on, and booking one",
    "book/": "booking pages of people who switched theirs on",
    "bookings/": "a guest's booking, for whoever has its secret address",
    "favicon.ico": "a picture",
    "feeds/": "a calendar for whoever has its secret address",
    "manifest.webmanifest": "name and pictures for devices",
    "mail/unsubscribe/": "a link in a mail, whose signature is the permission",
    "setup/": "making the first administrator, for whoever has its secret address",
    "metrics": "asks for its own key",
    "sync/google/webhook/$": "Google's notices, each with the secret of its channel",
    "sandbox/google/": "plays Google, in local trials only",
}
OPEN_PAGES_OF_ALLAUTH = (
    "login",
    "signup",
    "password",
    "google",
    "3rdparty",
    "confirm",
    "inactive",
    "2fa",
    "logout",
)


def is_open(route: str) -> bool:
    if route.startswith("accounts/"):
        return route.removeprefix("accounts/").startswith(OPEN_PAGES_OF_ALLAUTH)
    return f"{route}$" in OPEN or any(route == start or (start and route.startswith(start)) for start in OPEN)


CLOSED = sorted({filled(route) for route in addresses() if not is_open(route)})


def test_the_list_of_addresses_is_not_empty() -> None:
    assert {"sync/", "calendar/", "calendar/trash/", "admin/", "appointment/api/events/"} <= set(CLOSED)
    assert len(CLOSED) > 60


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_sent_to_sign_in_everywhere(method: str) -> None:
    client = Client()
    answered = {}
    for address in CLOSED:
        answer = client.generic(method.upper(), f"/{address}", "{}", content_type="application/json")
        sent_away = answer.status_code == 302 and "login" in answer.headers["Location"]
        if not (sent_away or answer.status_code in (401, 403, 404, 405, 415)):
            answered[address] = answer.status_code
    assert answered == {}
