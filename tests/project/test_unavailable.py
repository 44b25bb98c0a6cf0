"""R-18: a database that is full, read-only or away is a plain 503 for people and programs, and nothing is half done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from scheduling.models import CalendarEvent
from tests.forms import fields_of
from tests.make import make_event

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def read_only() -> Iterator[None]:
    say = (
        "PRAGMA query_only = {}"
        if connection.vendor == "sqlite"
        else "SET default_transaction_read_only = {}"
    )
    ask(say.format("on"))
    try:
        yield
    finally:
        ask(say.format("off"))


@contextmanager
def full() -> Iterator[None]:
    """Not one page more fits: as on a full disk, but of this connection alone."""
    ask(f"PRAGMA max_page_count = {ask('PRAGMA page_count')}")
    try:
        yield
    finally:
        ask("PRAGMA max_page_count = 4294967294")


def ask(text: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(text)
        row = cursor.fetchone() if cursor.description else None
    return row and row[0]


TROUBLES = [read_only, full] if connection.vendor == "sqlite" else [read_only]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_write_that_cannot_be_kept_is_a_503_and_leaves_no_trace(
    client: Client, alice: Any, settings: Any, trouble: Callable[[], AbstractContextManager[None]]
) -> None:
    settings.DEBUG = False
    event = make_event(alice, title="Before")
    client.force_login(alice)
    client.raise_request_exception = False
    body = {"title": "After", "description": "long " * 1500}
    form = f"/calendar/events/{event.pk}/edit/"
    fields = fields_of(client.get(form).text, "event-form")
    with trouble():
        by_api = client.patch(
            f"/appointment/api/events/{event.pk}/", json.dumps(body), content_type="application/json"
        )
        by_page = client.post(form, fields | body)
        assert client.get("/calendar/").status_code == 200  # what is there can still be read
    assert by_api.status_code == 503, by_api.text
    assert (by_api.json()["error"], by_api.headers["Retry-After"]) == ("unavailable", "5")
    assert [found.title for found in CalendarEvent.objects.all()] == ["Before"]
    assert by_page.status_code == 503
    assert "not available right now" in by_page.text and by_page.headers["Retry-After"] == "5"
