"""The repeat editor and the question of scope in a real browser, from the keyboard where people use it."""

from __future__ import annotations

from datetime import date

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, expect

pytestmark = [pytest.mark.browser, pytest.mark.processes]

DAY = date(2027, 10, 2)  # a Saturday, free of demo events


def test_a_series_is_made_with_its_dates_in_view_and_changed_in_part(
    context: BrowserContext, api: httpx.Client
) -> None:
    page = context.new_page()
    page.goto(f"/calendar/events/new/?start={DAY}T10:00")
    page.fill("[name=title]", "Gardening")
    page.select_option("[name=repeat]", "weekly")
    expect(page.get_by_label("Which one")).to_be_hidden()
    page.select_option("[name=repeat_ends]", "after")
    page.fill("[name=repeat_count]", "3")
    page.click("#show-dates")  # a page of its own works without htmx
    expect(page.locator("#repeat-preview")).to_contain_text("Every week, 3 times")
    page.locator("[name=title]").press("Enter")  # saves, though "Show dates" is the first button that is seen
    event = page.locator("#grid .ev", has_text="Gardening")
    event.locator(".ev-t").click()
    page.click("#event-edit")
    preview = page.locator("#repeat-preview")
    expect(preview).to_contain_text("3 times:")
    page.select_option("[name=repeat]", "daily")  # in the dialog the dates follow each change
    expect(preview).to_contain_text("Every day, 3 times")
    page.select_option("[name=repeat]", "weekly")
    page.fill("[name=title]", "Harvest")
    page.click("#save-event")
    question = page.locator("#scope-form")
    expect(question.get_by_role("radio", name="Only Saturday 2 October")).to_be_focused()
    expect(question.get_by_role("button", name="Change 1 event")).to_be_visible()
    assert Axe().run(page).violations_count == 0
    question.get_by_role("button", name="Back").click()
    expect(page.locator("#event-form [name=title]")).to_have_value("Harvest")
    page.click("#save-event")
    question.get_by_role("radio", name="All, since").check()
    expect(question.get_by_role("button", name="Change 3 events")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#grid .ev", has_text="Harvest")).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("Saved every “Harvest”")
    page.keyboard.press("z")
    expect(event).to_be_visible()
