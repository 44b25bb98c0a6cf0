"""The main job as a newcomer does it, in a real browser with two windows, nothing mocked."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.servers import Product

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def find_on_googles_side(page: Page, product: Product, title: str) -> None:
    """Reload Google's side until it shows the event, as a person would."""
    for _ in range(40):
        page.goto(f"{product.url}/sandbox/google/?account=nora.feldt@gmail.com")
        if page.get_by_text(title).first.is_visible():
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"{title} did not arrive in Google")


def test_a_newcomer_signs_in_connects_creates_an_event_and_sees_google_answer(
    product: Product, browser: Browser
) -> None:
    context = browser.new_context(
        base_url=product.url, viewport={"width": 1440, "height": 900}, timezone_id="Europe/Berlin"
    )
    violations: list[str] = []
    context.on(
        "console", lambda m: violations.append(m.text) if "Content Security Policy" in m.text else None
    )
    context.on("weberror", lambda error: violations.append(str(error.error)))
    calendar = context.new_page()

    calendar.goto("/accounts/login/")
    calendar.get_by_role("button", name="Continue with Google").click()
    calendar.get_by_label("Nora Feldt").check()
    calendar.get_by_role("button", name="Continue").click()
    calendar.wait_for_url("**/calendar/**")

    main = calendar.get_by_role("navigation", name="Main")
    main.get_by_role("link", name="Sync").click()
    calendar.get_by_role("button", name="Connect Google Calendar").click()
    calendar.get_by_role("button", name="Continue").click()
    calendar.wait_for_url("**/sync/")
    expect(calendar.get_by_text("Connected · Google seen")).to_be_visible(timeout=15_000)

    # Three views, and the events of Google are there.
    main.get_by_role("link", name="Calendar", exact=True).click()
    for view in ("Day", "Month", "Week"):
        calendar.get_by_role("navigation", name="View").get_by_role("link", name=view, exact=True).click()
        expect(calendar.get_by_role("navigation", name="View").get_by_text(view)).to_have_attribute(
            "aria-current", "true"
        )
        expect(calendar.locator("#grid [data-event]:visible").first).to_be_visible()

    # A second window on the same calendar, with something typed that must survive.
    second = context.new_page()
    second.goto(calendar.url)
    expect(second.locator("body[data-live-state=open]")).to_be_attached()
    second.keyboard.press("q")
    typed = second.get_by_role("dialog").get_by_role("textbox").first
    typed.fill("half a thought")

    # Created here, it shows in the second window and arrives in Google.
    calendar.get_by_role("link", name="New").first.click()
    calendar.get_by_role("dialog").get_by_role("textbox").first.fill("Lunch with Priya today 13:00 at Roma")
    expect(calendar.get_by_role("dialog")).to_contain_text("Lunch with Priya")
    calendar.keyboard.press("Enter")
    expect(calendar.locator("#grid").get_by_text("Lunch with Priya")).to_be_visible()
    expect(second.locator("#grid").get_by_text("Lunch with Priya")).to_be_attached(timeout=3000)
    expect(typed).to_have_value("half a thought")
    expect(typed).to_be_focused()

    google = context.new_page()
    find_on_googles_side(google, product, "Lunch with Priya")

    # Changed in Google, both open pages change by themselves.
    google.get_by_role("link", name="Edit Lunch with Priya").click()
    google.get_by_label("Title").fill("Lunch with Priya, moved")
    google.get_by_role("button", name="Save").click()
    for page in (calendar, second):
        expect(page.locator("#grid").get_by_text("Lunch with Priya, moved")).to_be_attached(timeout=15_000)
    expect(typed).to_have_value("half a thought")
    assert violations == []
    context.close()
