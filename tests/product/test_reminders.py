"""A reminder from beginning to end: the worker, a real mail server, an open page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from tests.conftest import own_product
from tests.servers import Product, wait_for
from tests.smtp import MailSink

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture(scope="module")
def post() -> Iterator[MailSink]:
    with MailSink() as sink:
        yield sink


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, post: MailSink) -> Iterator[Product]:
    yield from own_product(tmp_path_factory, EMAIL_URL=f"smtp://127.0.0.1:{post.port}")


def test_a_reminder_is_mailed_in_time_and_shown_on_the_open_page(
    context: BrowserContext, api: httpx.Client, post: MailSink
) -> None:
    page = context.new_page()
    page.goto("/calendar/settings/")  # any page will do
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=15, seconds=6)
    body: dict[str, Any] = {
        "title": "Launch",
        "location": "Pad 39",
        "start_time": start.isoformat(),
        "end_time": (start + timedelta(hours=1)).isoformat(),
        "time_zone": "UTC",
    }
    api.post("events/", json=body)
    toast = page.locator("#toasts .toast-x")
    expect(toast).to_contain_text("“Launch” starts at", timeout=20_000)
    message = wait_for(
        lambda: next((m for m in post.messages if "Launch" in str(m["Subject"])), None), "the mail", 30
    )
    late = datetime.now(UTC) - (start - timedelta(minutes=15))
    assert late < timedelta(seconds=30)
    assert "Pad 39" in message.get_body(["plain"]).get_content()
    toast.get_by_role("button", name="Open").click()
    expect(page.locator("#event-title")).to_have_text("Launch")
    assert len([m for m in post.messages if "Launch" in str(m["Subject"])]) == 1
