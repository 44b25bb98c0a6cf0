"""From an empty database to a calendar that is in step with Google, all in the browser (OP-12)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.accessible import faults_of
from tests.servers import Product, start_product, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.processes]
PASSWORD = "a long way to somewhere"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """An installation that nobody has used yet."""
    running = start_product(tmp_path_factory.mktemp("empty"), from_nothing=True)
    yield running
    running.stop()


def test_op_12_whoever_installs_it_is_led_from_the_checks_to_the_first_sync(
    product: Product, browser: Browser
) -> None:
    printed = wait_for(lambda: re.search(r"http://\S+/setup/\w+/", product.log.read_text()), "the banner")
    address = printed.group()
    assert address in product.command("doctor")
    page = browser.new_context(base_url=product.url).new_page()

    # The checks, and the administrator.
    page.goto(address)
    expect(page.get_by_role("heading", name="Everything is in place")).to_be_visible()
    assert faults_of(page) == {}
    page.get_by_label("E-mail").fill("operator@example.com")
    page.get_by_label("Password").fill("123")
    page.get_by_role("button", name="Make this account").click()
    expect(page.get_by_text("This password is too short")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value("operator@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make this account").click()

    # Google, with what comes in counted.
    page.wait_for_url("**/sync/")
    page.get_by_role("button", name="Connect Google Calendar").click()
    page.get_by_label("Nora Feldt").check()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/sync/")
    expect(page.get_by_text("Connected · Google seen")).to_be_visible(timeout=30_000)
    expect(page.locator("#sync-status")).to_contain_text(
        re.compile(r"[1-9]\d* new events? came in from Google")
    )

    # The administration knows them, and the page they came by is gone.
    page.goto("/admin/")
    expect(page.get_by_role("heading", name="State of the service")).to_be_visible()
    assert httpx.get(address).status_code == 404
    assert "/setup/" not in product.command("doctor")


def test_the_page_is_there_for_its_key_alone(product: Product) -> None:
    for key in ("x", "0" * 32):
        assert httpx.get(f"{product.url}/setup/{key}/").status_code == 404
        assert httpx.post(f"{product.url}/setup/{key}/").status_code in (403, 404)
    assert "0" * 32 not in product.log.read_text()  # Django writes the path of every answer from 400 on
