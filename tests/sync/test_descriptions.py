"""S-19: what Google has is kept as it is; it is cleaned where it is shown, never where it is stored."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from scheduling.models import CalendarEvent
from sync.models import GoogleAccount
from tests.scheduling.payloads import PAYLOADS
from tests.sync.google_side import GoogleSide, lunch
from tests.sync.runs import edit, run

pytestmark = pytest.mark.django_db

WRITTEN = [
    "<p>Agenda</p><ul><li onclick=x>One &amp; two</li></ul><script>alert(1)</script>",
    "<a href='javascript:x'>here</a><img src=https://evil.example/p.png>",
    "  two lines\r\nand <b>bold</b>\t\n\n",
    "plain & simple < > \u00e9e\u0301 \u202e",
    '<html-blob>Join: <a href="https://meet.example/x?a=1&amp;b=2" target="_blank">link</a></html-blob>',
    *PAYLOADS[:30],
]


def test_a_description_from_google_survives_our_edits_byte_for_byte(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    written = [text.replace("\x00", "") for text in WRITTEN]
    google.add(*(lunch(summary=f"Event {n}", description=text) for n, text in enumerate(written)))
    before = {item["id"]: item["description"] for item in google.events()}
    assert len(before) == len(written) and any("<script>" in text for text in before.values())
    run(account)
    for event in list(CalendarEvent.objects.of(alice)):
        edit(
            event,
            title=f"{event.title} here",
            start=event.start + timedelta(hours=1),
            end=event.end + timedelta(hours=1),
        )
    run(account)
    assert {item["id"]: item["description"] for item in google.events()} == before
    assert all(item["summary"].endswith("here") for item in google.events())


def test_a_description_that_was_not_touched_is_stored_as_it_came(
    alice: Any, google: GoogleSide, account: GoogleAccount
) -> None:
    text = "<p>Agenda</p><script>alert(1)</script><img src=x onerror=y>"
    google.add(lunch(description=text))
    run(account)
    assert CalendarEvent.objects.get(user=alice).description == text
