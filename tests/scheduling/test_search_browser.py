"""Searching in a real browser: while one types, by keyboard, and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.servers import Product

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    yield page
    assert faults == []


@pytest.fixture(scope="module")
def event(api: httpx.Client) -> str:
    start = (datetime.now(UTC) + timedelta(days=3)).replace(hour=2, minute=0, second=0, microsecond=0)
    body: dict[str, Any] = {
        "title": "Zeppelin landing",
        "start_time": start.isoformat(),
        "end_time": (start + timedelta(hours=1)).isoformat(),
        "time_zone": "UTC",
    }
    return str(api.post("events/", json=body).json()["id"])


def test_hits_follow_the_typing_and_open_the_day_with_the_event_in_focus(page: Page, event: str) -> None:
    page.goto("/calendar/search/")
    expect(page.locator("#search-text")).to_be_focused()
    page.keyboard.type("zepp")
    expect(page.locator("mark")).to_have_text("Zepp")
    expect(page).to_have_url("/calendar/search/?q=zepp&calendar=&people=&since=&until=")
    expect(page.locator("#status")).to_have_text("1 event found")
    page.locator(".hit").click()
    found = page.locator(f"#grid [href*='{event}']")
    expect(found).to_be_focused()
    expect(found).to_be_in_viewport()  # two in the night: the grid has scrolled there
    page.go_back()
    expect(page.locator("#search-text")).to_have_value("zepp")


def test_hit_behind_more_opens_the_list_of_its_day_with_the_event_in_focus(
    page: Page, api: httpx.Client
) -> None:
    start = datetime(2028, 5, 10, 12, tzinfo=UTC)
    times = {"start_time": start.isoformat(), "end_time": (start + timedelta(hours=1)).isoformat()}
    events = [
        api.post("events/", json={"title": f"Crowd {n}", "time_zone": "UTC", **times}).json()["id"]
        for n in range(10)
    ]
    page.goto("/calendar/search/?q=%22Crowd+9%22")
    page.locator(".hit").click()
    found = page.locator(f"#popover:popover-open [href*='{events[-1]}']")
    expect(found).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#popover #event-title")).to_have_text("Crowd 9")


def test_search_works_without_javascript(
    browser: Browser, product: Product, signed_in: Any, event: str
) -> None:
    context = browser.new_context(
        base_url=product.url,
        storage_state=signed_in,
        java_script_enabled=False,
        viewport={"width": 390, "height": 844},
    )
    page = context.new_page()
    page.goto("/calendar/search/")
    page.fill("#search-text", "zeppelin")
    page.get_by_role("button", name="Search").click()
    page.locator(".hit").click()
    found = page.locator(f"#grid [href*='{event}']")
    assert found.evaluate("el => el.matches(':target')")
    expect(found).to_be_in_viewport()
    context.close()
