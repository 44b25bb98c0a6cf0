"""A guest in a real browser: booking, moving and cancelling, with JavaScript and without, on a phone in the dark."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.servers import Product

pytestmark = [pytest.mark.browser, pytest.mark.processes]
MOST_BYTES, MOST_REQUESTS = 45_000, 8


def check(page: Page) -> None:
    results = Axe().run(page, options={"resultTypes": ["violations"]})
    assert results.response["violations"] == [], results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_guest_books_moves_and_cancels(browser: Browser, product: Product, scripts: bool) -> None:
    context = browser.new_context(
        base_url=product.url,
        java_script_enabled=scripts,
        timezone_id="America/New_York",
        viewport={"width": 1280, "height": 800} if scripts else {"width": 360, "height": 740},
    )
    page = context.new_page()
    page.goto("/book/ana/")
    page.locator("a.type").first.click()
    if scripts:  # the times are in the guest's own zone
        page.wait_for_url("**tz=America**")
    page.locator(".slots a").last.click()
    if scripts:
        expect(page.locator("#held")).to_be_visible(timeout=15_000)
    # At the pace of a person: whoever fills it in at once is taken for a robot.
    page.get_by_label("Name").press_sequentially("Greta Guest", delay=250)
    page.get_by_label("E-mail").fill("greta@example.com")
    page.get_by_role("button", name="Book").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are booked")
    cancel = page.get_by_role("link", name="cancel", exact=True).get_attribute("href")
    assert cancel is not None
    page.get_by_role("link", name="Move it").click()
    page.locator(".slots a").first.click()
    page.get_by_role("button", name="Move it").click()
    expect(page.get_by_text("Confirmed")).to_be_visible()
    page.goto(cancel)
    page.get_by_role("button", name="Cancel the booking").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")
    assert context.cookies() == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_guest_pages_have_no_accessibility_fault_on_a_phone(
    browser: Browser, product: Product, scheme: Any
) -> None:
    context = browser.new_context(
        base_url=product.url, color_scheme=scheme, viewport={"width": 360, "height": 740}
    )
    page = context.new_page()
    page.goto("/book/ana/")
    check(page)
    page.goto("/book/ana/intro/?tz=Europe/Berlin")
    check(page)
    page.locator(".slots a").first.click()
    page.get_by_role("button", name="Book").wait_for()
    check(page)
    context.close()


def test_the_page_of_times_is_small(browser: Browser, product: Product) -> None:
    context = browser.new_context(base_url=product.url, timezone_id="Europe/Berlin")
    page, sizes = context.new_page(), []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto("/book/ana/intro/", wait_until="networkidle")
    assert sum(sizes) <= MOST_BYTES and len(sizes) <= MOST_REQUESTS
    context.close()
