"""Events in a real browser: popover, dialog, toasts, quick add, faults, and all of it without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.accessible import crowding_of, faults_of
from tests.browser import event_id, sign_in
from tests.servers import Product

pytestmark = [pytest.mark.browser, pytest.mark.processes]

DAY = date(2028, 7, 2)  # a Sunday, free of demo events


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"/calendar/week/{DAY}/")
    expect(page.locator("body")).to_have_attribute("data-live-state", "open")
    yield page
    assert faults == []


@pytest.fixture
def title() -> str:
    """Of an event that no other test has."""
    return f"Event {uuid4().hex[:8]}"


def add(page: Page, title: str, at: str = "10:00") -> Locator:
    """Add an event by the form of its slot; the box that then stands in the grid."""
    page.locator(f"#slot-{DAY:%Y%m%d}-{at.replace(':', '')}").click()
    page.fill("#id_title", title)
    page.click("#save-event")
    box = page.locator("#grid .ev", has_text=title)
    expect(box).to_be_visible()
    return box


def open_details(page: Page, box: Locator) -> Locator:
    # Boxes of other tests may lie beside it in narrow columns; its title is always hit.
    box.locator(".ev-t").click()
    popover = page.locator("#popover:popover-open")
    expect(popover.locator("#event-title")).to_be_visible()
    return popover


def toast(page: Page) -> Locator:
    return page.locator(".toast-x")


def test_slot_opens_the_form_and_errors_stand_at_their_fields(page: Page, title: str) -> None:
    slot = page.locator(f"#slot-{DAY:%Y%m%d}-1630")
    slot.click()
    expect(page.locator("#id_title")).to_be_focused()
    assert page.input_value("#id_start_time") == "16:30"
    page.fill("#id_location", "Roma")
    page.click("#save-event")
    expect(page.locator("#id_title_error")).to_have_text("Give the event a title.")
    expect(page.locator("#id_title")).to_be_focused()
    expect(page.locator("#id_title")).to_have_attribute("aria-describedby", "id_title_error")
    assert page.input_value("#id_location") == "Roma"
    page.fill("#id_title", title)
    page.click("#save-event")
    expect(toast(page)).to_contain_text(f"Added “{title}”")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#grid .ev", has_text=title)).to_be_visible()
    toast(page).get_by_role("button", name="Undo").click()
    expect(page.locator("#grid .ev", has_text=title)).to_have_count(0)


def test_end_follows_the_start(page: Page) -> None:
    page.locator(f"#slot-{DAY:%Y%m%d}-0900").click()
    page.fill("#id_start_time", "23:30")
    page.keyboard.press("Tab")
    expect(page.locator("#id_end_time")).to_have_value("00:30")
    expect(page.locator("#id_end_date")).to_have_value(str(DAY + timedelta(days=1)))


def test_popover_stays_beside_its_event_while_it_moves(page: Page, title: str) -> None:
    box = add(page, title, "11:00")
    popover = open_details(page, box)
    page.click("#event-later")
    expect(popover.locator(".when")).to_contain_text("11:15")
    expect(toast(page)).to_contain_text("Moved")
    expect(box).to_have_class(re.compile("is-selected"))
    expect(page.locator("#event-later")).to_be_focused()
    place, event = popover.bounding_box(), box.bounding_box()
    assert place and event
    gap = max(place["x"] - event["x"] - event["width"], event["x"] - place["x"] - place["width"])
    assert 0 <= gap < 40
    page.keyboard.press("Escape")
    expect(popover).to_be_hidden()


def test_escape_returns_to_the_event(page: Page, title: str) -> None:
    box = add(page, title, "12:00")
    box.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#event-edit")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#id_title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(box).to_be_focused()


def test_delete_can_be_undone_and_keeps_the_id(page: Page, title: str) -> None:
    box = add(page, title, "13:00")
    known = event_id(box)
    open_details(page, box)
    page.click("#event-delete")
    expect(toast(page)).to_contain_text(f"Deleted “{title}”")
    expect(box).to_have_count(0)
    toast(page).get_by_role("button", name="Undo").click()
    expect(box).to_be_visible()
    assert event_id(box) == known


def test_stale_edit_shows_both_and_keep_mine_saves(page: Page, context: BrowserContext, title: str) -> None:
    open_details(page, add(page, title, "14:00"))
    page.click("#event-edit")
    page.fill("#id_location", "Mine")
    address = page.get_attribute("#event-form", "action")
    other = context.new_page()
    other.goto(str(address))
    other.fill("#id_location", "Theirs")
    other.click("#save-event")
    other.wait_for_url("**/calendar/week/**")
    page.click("#save-event")
    expect(page.locator("#event-stale")).to_contain_text("Theirs")
    expect(page.locator("#keep-mine")).to_be_focused()
    assert page.input_value("#id_location") == "Mine"
    page.click("#keep-mine")
    expect(toast(page)).to_contain_text(f"Saved “{title}”")


def test_fault_keeps_the_text_and_offers_another_try(page: Page, title: str) -> None:
    def fail(route: Any) -> None:
        if route.request.method == "POST":
            route.fulfill(status=500, body="fault")
        else:
            route.continue_()

    page.route("**/events/new/**", fail)
    page.keyboard.press("c")
    page.fill("#id_title", title)
    page.click("#save-event")
    expect(page.locator("#form-error")).to_contain_text("Your text is still in the form.")
    assert page.input_value("#id_title") == title
    page.unroute("**/events/new/**")
    page.get_by_role("button", name="Try again").click()
    expect(toast(page)).to_contain_text(f"Added “{title}”")


def test_closing_an_unsaved_form_loses_nothing(page: Page, title: str) -> None:
    page.keyboard.press("c")
    page.fill("#id_title", title)
    page.keyboard.press("Escape")
    toast(page).get_by_role("button", name="Continue").click()
    expect(page.locator("#id_title")).to_have_value(title)


def test_offline_is_said_in_words(page: Page, context: BrowserContext, title: str) -> None:
    box = add(page, title, "15:00")
    context.set_offline(True)
    box.locator(".ev-t").click()
    expect(page.locator("#alerts")).to_contain_text("Not loaded. You are offline.")
    context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#event-title")).to_have_text(title)


def test_quick_add_shows_asks_and_saves(page: Page, title: str) -> None:
    page.keyboard.press("q")
    expect(page.locator("#quick-add-text")).to_be_focused()
    page.keyboard.type(f"“{title}” {DAY} at 3")
    expect(page.locator("#quick-add-question")).to_contain_text("03:00 or 15:00")
    page.get_by_role("link", name="15:00", exact=True).click()
    expect(page.locator(".qa-card")).to_contain_text("15:00–16:00")
    expect(page.locator("#quick-add-text")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#grid .ev", has_text=title)).to_be_visible()


def test_toast_waits_under_the_hand(page: Page, title: str) -> None:
    add(page, title, "17:00")
    undo = toast(page).get_by_role("button", name="Undo")
    undo.focus()
    page.clock.install()
    page.clock.fast_forward(30_000)
    expect(undo).to_be_visible()


def test_event_parts_break_no_accessibility_rule(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"/calendar/agenda/{date.today()}/")
    page.locator("#grid [data-event]").first.click()
    expect(page.locator("#event-sync-state p")).to_be_visible()
    assert faults_of(page) == {}
    page.goto(f"/calendar/events/new/?start={DAY}T10:00")
    page.click("#save-event")
    expect(page.locator("#id_title_error")).to_be_visible()
    assert faults_of(page) | crowding_of(page) == {}


def test_everything_works_without_javascript(browser: Browser, product: Product) -> None:
    context = browser.new_context(base_url=product.url, java_script_enabled=False)
    page, title = context.new_page(), f"Plain {uuid4().hex[:8]}"
    sign_in(page)
    banner = page.locator(".banner")

    def follow() -> None:
        page.goto(str(page.locator("#grid .ev", has_text=title).get_attribute("href")))

    page.goto(f"/calendar/day/{DAY}/")
    page.goto(str(page.locator(f"#slot-{DAY:%Y%m%d}-0800").get_attribute("href")))
    page.click("#save-event")
    expect(page.locator("#id_title_error")).to_be_visible()
    page.fill("[name=title]", title)
    page.click("#save-event")
    expect(banner).to_contain_text(f"Added “{title}”")
    follow()
    page.click("#event-later")
    expect(banner).to_contain_text("08:15")
    follow()
    page.click("#event-edit")
    page.fill("[name=location]", "Roma")
    page.click("#save-event")
    expect(banner).to_contain_text(f"Saved “{title}”")
    follow()
    page.click("#event-delete")
    page.get_by_role("button", name="Delete").click()
    expect(banner).to_contain_text(f"Deleted “{title}”")
    page.goto("/calendar/trash/")
    page.get_by_role("button", name=f"Restore {title}").click()
    expect(banner).to_contain_text("is back")
    context.close()
