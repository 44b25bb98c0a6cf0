"""A guest in a real browser: booking, moving and cancelling, with JavaScript and without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.servers import Product, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.processes]
MOST_BYTES, MOST_REQUESTS = 45_000, 8


@dataclass
class Site:
    """Somebody's own site, with our page in a frame."""

    url: str


@pytest.fixture
def site(product: Product) -> Iterator[Site]:
    content = f'<!doctype html><title>Site</title><iframe title="Book" width="900" height="900" src="{product.url}/book/ana/intro/?embed=1"></iframe>'

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield Site(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


def press(page: Page, target: Locator) -> None:
    """Get there by the Tab key alone, and press Enter."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"the Tab key does not lead to {target}")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_guest_books_moves_and_cancels_by_keyboard(
    browser: Browser, product: Product, scripts: bool
) -> None:
    context = browser.new_context(
        base_url=product.url,
        java_script_enabled=scripts,
        timezone_id="America/New_York",
        viewport={"width": 1280, "height": 800} if scripts else {"width": 360, "height": 740},
    )
    page = context.new_page()
    page.goto("/book/ana/")
    if scripts:  # times are shown in the guest's own zone
        page.wait_for_url("**tz=America**")
        page.wait_for_load_state()
    press(page, page.locator("a.type").first)
    press(page, page.locator(".slots a").last)
    if scripts:
        expect(page.locator("#held")).to_be_visible(timeout=15_000)
    # At the pace of a person: whoever fills it in at once is taken for a robot.
    page.get_by_label("Name").press_sequentially("Greta Guest", delay=250)
    page.get_by_label("E-mail").fill("greta@example.com")
    press(page, page.get_by_role("button", name="Book"))
    expect(page.get_by_role("heading", level=1)).to_have_text("You are booked")
    cancel = page.get_by_role("link", name="cancel", exact=True).get_attribute("href")
    assert cancel is not None
    press(page, page.get_by_role("link", name="Move it"))
    page.get_by_text("You are moving").wait_for()
    press(page, page.locator(".slots a").first)
    page.get_by_text("Move it to this time?").wait_for()
    press(page, page.get_by_role("button", name="Move it"))
    expect(page.get_by_text("Confirmed")).to_be_visible()
    page.goto(cancel)
    press(page, page.get_by_role("button", name="Cancel the booking"))
    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")
    assert context.cookies() == []
    context.close()


def test_the_page_of_times_is_small(browser: Browser, product: Product) -> None:
    context = browser.new_context(base_url=product.url, timezone_id="Europe/Berlin")
    page, sizes = context.new_page(), []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto("/book/ana/intro/", wait_until="networkidle")
    assert sum(sizes) <= MOST_BYTES and len(sizes) <= MOST_REQUESTS
    context.close()


def test_the_page_works_in_a_frame_of_an_allowed_site_and_of_no_other(
    browser: Browser, product: Product, site: Site, page_faults: list[str]
) -> None:
    """BK-09: another site (127.0.0.1) frames ours (localhost); the guest needs no cookie of ours."""
    context = browser.new_context(timezone_id="Europe/Berlin")
    page = context.new_page()
    page.goto(site.url)
    frame = page.frame_locator("iframe")
    expect(frame.locator(".slots")).to_have_count(0)
    wait_for(lambda: page.evaluate("1") and page_faults, "Chromium to say that it refuses the frame")
    assert ["frame-ancestors" in fault for fault in page_faults] == [True]
    page_faults.clear()
    allow = "from scheduling.models import UserProfile as P;P.objects.filter(handle='ana').update(embed_origins=%r)"
    product.command("shell", "-c", allow % [site.url])
    page.goto(site.url)
    frame.locator(".slots a").last.click()
    frame.get_by_label("Name").press_sequentially("Frida Frame", delay=250)
    frame.get_by_label("E-mail").fill("frida@example.com")
    frame.get_by_role("button", name="Book").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("You are booked")
    assert context.cookies() == []
    context.close()


def test_a_time_that_somebody_takes_vanishes_before_the_eyes_of_others(
    browser: Browser, product: Product
) -> None:
    context = browser.new_context(base_url=product.url, timezone_id="Europe/Berlin")
    page = context.new_page()
    page.goto("/book/ana/intro/?tz=Europe/Berlin")
    page.locator('[data-state="listening"]').wait_for(state="attached")
    time = page.locator(".slots a").last
    address, count = time.get_attribute("href") or "", page.locator(".slots a").count()
    time.focus()
    start = parse_qs(urlsplit(address).query)["start"][0]
    guest = {"start": start, "name": "Quick Guest", "email": "quick@example.com"}
    url = f"{product.url}/appointment/api/public/ana/intro/bookings/"
    assert httpx.post(url, json=guest, timeout=30).status_code == 201
    expect(page.locator(f'.slots a[href="{address}"]')).to_have_count(0, timeout=25_000)
    expect(page.locator(".slots a")).to_have_count(count - 1)
    expect(page.locator("#slh")).to_be_focused()
    context.close()
