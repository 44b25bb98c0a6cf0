"""Signing in leads to no other site, and makes a session nobody has planted."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

pytestmark = pytest.mark.django_db
FORM = {"login": "alice@example.com", "password": "correct horse"}


def test_signing_in_gives_another_session_than_the_one_that_was_there(alice: Any, client: Client) -> None:
    planted = client.session
    planted["planted"] = True
    planted.save()
    assert client.post("/accounts/login/", FORM).status_code == 302
    assert client.session.session_key != planted.session_key
    assert not Session.objects.filter(pk=planted.session_key).exists()
    assert client.get("/calendar/").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "///evil.example",
        "https://evil.example/calendar/",
        "https:evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\t//evil.example",
        "javascript:alert(1)",
        "http://testserver@evil.example/",
    ],
)
def test_no_next_leads_to_another_site(alice: Any, client: Client, address: str) -> None:
    assert client.post("/accounts/login/", {**FORM, "next": address})["Location"] == "/calendar/"
    assert client.post("/accounts/logout/", {"next": address})["Location"] == "/"
    # What HTMX says where it stands comes back as `next`, as a path of this site.
    sent = client.get("/calendar/", headers={"HX-Request": "true", "HX-Current-URL": address})
    assert sent["HX-Redirect"].startswith("/accounts/login/?next=")


def test_a_mailed_link_leads_here_whatever_the_host_header_says(
    alice: Any, client: Client, settings: Any, mailoutbox: list[Any]
) -> None:
    address = {"email": "alice@example.com"}
    client.post("/accounts/password/reset/", address, headers={"host": "testserver:6666"})
    [mail] = mailoutbox
    assert f"{settings.SITE_URL}/accounts/password/reset/key/" in mail.body and "6666" not in mail.body
