"""Whose language a page and a mail are in, and that nothing on them is left in English."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.conf import settings as project
from django.test import Client
from django.utils import translation

from scheduling import services
from scheduling.models import Booking, OutgoingMail, UserProfile
from tests import messages
from tests.make import make_event, make_guest, make_type

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # a Monday
OFFERED = [code for code, _ in project.LANGUAGES if code != "en"]
PAGES = (
    "/calendar/month/2026-11-23/",
    "/calendar/week/2026-11-23/",
    "/calendar/day/2026-11-23/",
    "/calendar/agenda/2026-11-23/",
    "/calendar/events/new/",
    "/calendar/settings/",
    "/calendar/trash/",
    "/calendar/search/?q=stand",
    "/calendar/availability/",
    "/calendar/types/",
    "/calendar/bookings/",
    "/dashboard/",
    "/sync/",
    "/book/alice/",
    "/book/alice/intro/",
)
WORDS = {
    "de": ("Einstellungen", "Montag", "November", "Mo", "Termin"),
    "es": ("Ajustes", "lunes", "noviembre", "lu", "evento"),
    "fr": ("Réglages", "lundi", "novembre", "lu", "événement"),
}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield
    translation.activate("en")  # the test's own thread answered


@pytest.fixture
def client(alice: Any) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def page_of_alice(alice: Any) -> str:
    make_event(alice, title="Stand-up")
    make_type(alice)
    services.update_profile(profile=alice.profile, handle="alice", public_page=True)
    return "/book/alice/intro/"


def shown(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, address
    return answer.content.decode()


def text_of(page: str) -> str:
    """What is read of a page, in one line."""
    read = re.sub(r"<script.*?</script>|<[^>]+>", " ", page, flags=re.S)
    return " ".join(html.unescape(read).split())


def english_sentences(language: str) -> list[str]:
    """The longer texts that this language words in another way."""
    return [
        html.unescape(message.id)
        for message in messages.read(language)
        if isinstance(message.id, str)
        and message.string != message.id
        and len(message.id.split()) > 2
        and not re.search(r"[<%{]", message.id)
    ]


def test_browser_decides_until_the_person_chooses(client: Client, alice: Any) -> None:
    assert '<html lang="en"' in shown(client, "/calendar/settings/")
    if OFFERED:
        assert f'<html lang="{OFFERED[0]}"' in shown(client, "/calendar/", **{"Accept-Language": OFFERED[0]})
        assert UserProfile.objects.get(user=alice).browser_language == OFFERED[0]
    services.update_profile(profile=alice.profile, language="en")
    answer = client.get("/calendar/", headers={"Accept-Language": "fr, de;q=0.5"})
    assert '<html lang="en"' in answer.content.decode()
    assert "Accept-Language" in answer["Vary"] and answer["Content-Language"] == "en"


@pytest.mark.parametrize("language", OFFERED)
def test_pages_are_wholly_in_the_chosen_language(
    client: Client, alice: Any, page_of_alice: str, language: str
) -> None:
    services.update_profile(profile=alice.profile, language=language)
    sentences, seen = english_sentences(language), ""
    for address in PAGES:
        # A guest's page is in the guest's language, whoever else is signed in.
        page = shown(client, address, **{"Accept-Language": language})
        assert f'<html lang="{language}"' in page, address
        assert re.findall(r'\b(?:x|y|width|height)="[\d.]*,', page) == [], address  # numbers for programs
        text = text_of(page)
        assert [sentence for sentence in sentences if sentence in text] == [], address
        seen += text
    assert [word for word in WORDS[language] if word.lower() not in seen.lower()] == []
    assert not re.search(r"\b(Monday|Tuesday|Wednesday|Thursday|December|January)\b", seen)


@pytest.mark.parametrize("language", OFFERED)
def test_mails_are_in_the_language_of_who_gets_them(
    client: Client, alice: Any, page_of_alice: str, language: str
) -> None:
    """The guest's is the language of the page they booked on, also when the host, who reads English, cancels."""
    kind = alice.appointment_types.get()
    guest = make_guest(language=language)
    start = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    booking, _ = services.book(appointment_type=kind, start=start, guest=guest, now=NOW)
    services.cancel_booking(booking=booking, by=Booking.By.HOST, reason="")
    mails = OutgoingMail.objects.order_by("created_at")
    sentences = english_sentences(language)
    for mail in mails.filter(to=guest.email):
        text = f"{mail.subject} {mail.text}"
        assert "Tuesday" not in text and [sentence for sentence in sentences if sentence in text] == []
    assert mails.filter(to=guest.email).count() == 2
    assert "Tuesday" in mails.get(to=alice.email).text


def test_interface_for_programs_stays_english(client: Client) -> None:
    answer = client.get("/appointment/api/events/?start=never", headers={"Accept-Language": "de"})
    assert answer.status_code == 422 and "Accept-Language" not in answer.get("Vary", "")
    assert translation.get_language() == "en"


@pytest.mark.parametrize(
    ("asked", "day"), [("en-US,en;q=0.9", 0), ("ar-EG", 6), ("de-DE,en-US;q=0.5", 1), ("en", 1), ("", 1)]
)
def test_week_of_a_new_person_begins_as_where_the_browser_is(asked: str, day: int) -> None:
    form = {"email": "new@example.com", "password1": "a long and odd phrase"}
    Client().post("/accounts/signup/", form, headers={"Accept-Language": asked} if asked else {})
    assert UserProfile.objects.get(user__email="new@example.com").first_day_of_week == day


def test_language_is_chosen_in_the_settings_and_in_the_interface(client: Client, alice: Any) -> None:
    fields = {
        name: value
        for name, value in client.get("/calendar/settings/").context["form"].initial.items()
        if value not in (None, False)
    }
    assert client.post("/calendar/settings/", {**fields, "language": "en"}).status_code == 302
    assert UserProfile.objects.get(user=alice).language == "en"
    patch = {"content_type": "application/json"}
    where = "/appointment/api/profile/"
    assert client.patch(where, {"language": "xx"}, **patch).status_code == 422
    assert client.patch(where, {"language": ""}, **patch).json()["language"] == ""
