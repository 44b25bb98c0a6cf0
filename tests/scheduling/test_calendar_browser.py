"""The grids in a real browser: what a refresh must leave alone, the keyboard, and room."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.accessible import faults_of
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


def today() -> datetime:
    return datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


def add(api: httpx.Client, title: str, start: datetime, hours: float = 1) -> str:
    body = {
        "title": title,
        "start_time": start.isoformat(),
        "end_time": (start + timedelta(hours=hours)).isoformat(),
        "time_zone": "UTC",
    }
    answer = api.post("events/", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def live(page: Page, view: str, day: datetime | None = None) -> None:
    """Open a view and wait until it hears of changes."""
    page.goto(f"/calendar/{view}/{(day or today()):%Y-%m-%d}/")
    expect(page.locator("body[data-live-state=open]")).to_be_attached()


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


# --- words that are only said --------------------------------------------------------------------
@pytest.mark.parametrize("spacing", ["", "1.5"], ids=["as designed", "WCAG 1.4.12"])
def test_words_of_an_event_in_the_month_that_are_only_said_are_out_of_sight(
    page: Page, api: httpx.Client, spacing: str
) -> None:
    day = today() + timedelta(days=1)
    title = f"Tasting {spacing}".strip()
    add(api, title, day)
    live(page, "month", day)
    event = page.get_by_role("link", name=re.compile(rf"^[0-9:]+ {title} ?, {day:%A} {day.day} "))
    expect(event).to_be_visible()
    event.evaluate("(el, height) => el.style.setProperty('line-height', height, 'important')", spacing)
    shown, hidden = event.evaluate(
        """el => ['Tasting', ', '].map(words => {
          const text = el.lastChild, range = document.createRange(), at = text.data.indexOf(words);
          range.setStart(text, at); range.setEnd(text, at + words.length);
          const box = range.getBoundingClientRect(), room = el.getBoundingClientRect();
          return box.top < room.bottom && box.bottom > room.top && box.width > 0;
        })"""
    )
    assert shown and not hidden
    page.set_viewport_size({"width": 900, "height": 800})  # has no room for the time, but still says it
    expect(event).to_be_visible()


def test_event_whose_popover_is_open_can_be_read_in_the_month(page: Page, api: httpx.Client) -> None:
    day = today() + timedelta(days=2)
    add(api, "Open house", day)
    live(page, "month", day)
    event = page.locator("#grid .chip", has_text="Open house")
    event.click()
    expect(page.locator("#popover")).to_be_visible()
    expect(event).to_contain_class("is-selected")
    assert faults_of(page) == {}


# --- refresh -----------------------------------------------------------------------------------
def test_refresh_keeps_scroll_focus_and_the_tab_stop_of_the_week(page: Page, api: httpx.Client) -> None:
    live(page, "week")
    page.evaluate("document.getElementById('grid').scrollTop = 333")
    slot = f"slot-{today():%Y%m%d}-1030"
    page.locator(f"#{slot}").focus()
    page.evaluate("document.getElementById('grid').scrollTop = 333")

    event = add(api, "From elsewhere", today())
    expect(page.locator(f"#grid [href*='{event}']")).to_be_visible()
    assert page.evaluate("document.getElementById('grid').scrollTop") == 333
    assert focused(page) == slot
    assert page.locator("#grid .slot[tabindex='0']").evaluate_all("all => all.map(el => el.id)") == [slot]


def test_refresh_of_what_a_script_has_styled_breaks_no_content_policy(page: Page, api: httpx.Client) -> None:
    """htmx copies `style` attributes between old and new elements unless told not to; the policy forbids that."""
    add(api, "Styled", today())
    live(page, "week")
    page.evaluate("document.querySelectorAll('#grid [data-event]').forEach(e => { e.style.opacity = '1' })")
    event = add(api, "After it", today())
    expect(page.locator(f"#grid [href*='{event}']")).to_be_visible()


def test_refresh_keeps_an_open_list_of_the_month(page: Page, api: httpx.Client) -> None:
    day = datetime(2029, 6, 13, 12, tzinfo=UTC)
    for n in range(6):
        add(api, f"Full day {n}", day + timedelta(minutes=n))
    live(page, "month", day)
    more = page.locator(f"#d-{day:%Y-%m-%d} .more")
    more.click()
    listed = page.locator("#popover:popover-open")
    expect(listed).to_contain_text("Full day 5")

    add(api, "Full day 6", day + timedelta(hours=2))
    expect(listed).to_contain_text("Full day 6")
    expect(listed).to_be_visible()
    page.keyboard.press("Escape")
    expect(listed).to_be_hidden()
    expect(more).to_be_focused()


def test_refresh_waits_while_something_is_dragged(page: Page, api: httpx.Client) -> None:
    live(page, "week")
    page.evaluate("document.documentElement.dataset.dragging = ''")
    event = add(api, "Behind your hand", today() + timedelta(hours=1))
    page.evaluate("htmx.trigger(document.body, 'events-changed')")
    page.wait_for_function("performance.now() > 0")  # the trigger ran; the grid is as it was
    assert page.locator(f"#grid [href*='{event}']").count() == 0
    page.evaluate("delete document.documentElement.dataset.dragging")
    expect(page.locator(f"#grid [href*='{event}']")).to_be_visible()


def test_unchanged_grid_is_not_sent_again(page: Page) -> None:
    live(page, "month")
    with page.expect_response(re.compile(r"/calendar/month/")) as answer:
        page.evaluate("htmx.trigger('#grid', 'events-changed')")
    assert answer.value.status in (200, 304)  # 200 only if the clock just entered the next five minutes
    expect(page.locator("#grid .mg-day").first).to_be_visible()


# --- ways through ------------------------------------------------------------------------------
def test_period_is_turned_without_a_new_page_and_back_restores_it(page: Page) -> None:
    live(page, "month", datetime(2026, 11, 24, tzinfo=UTC))
    page.evaluate("window.isSamePage = true")
    page.click("#go-next")
    expect(page.locator("#range")).to_have_text("December 2026")
    expect(page).to_have_title("December 2026 – Appointment")
    expect(page).to_have_url(re.compile(r"/calendar/month/2026-12-01/$"))
    assert focused(page) == "go-next"
    expect(page.locator("#mini caption strong")).to_have_text("December 2026")
    page.click("#view-week")
    expect(page.locator("#view-week")).to_have_attribute("aria-current", "true")
    in_mini = page.locator("#mini").get_by_role("link", name="17 December")
    in_mini.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#range")).to_contain_text("14–20 December 2026")
    expect(in_mini).to_be_focused()
    assert page.evaluate("window.isSamePage")
    page.go_back()
    expect(page.locator("#range")).to_contain_text("30 November")
    page.go_back()
    expect(page.locator("#range")).to_have_text("December 2026")
    page.locator("#grid .chip").first.click()
    expect(page.locator("#popover")).to_be_visible()


def test_keys_turn_pages_and_change_views(page: Page) -> None:
    live(page, "month", datetime(2026, 11, 24, tzinfo=UTC))
    for key, words in [("j", "December 2026"), ("k", "November 2026"), ("w", "26 October – 1 November 2026")]:
        page.keyboard.press(key)
        expect(page.locator("#range")).to_contain_text(words)
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("j")  # a dialog is open: nothing happens
    expect(page.locator("#range")).to_contain_text("26 October")


def test_arrows_walk_the_month_and_over_its_edge(page: Page) -> None:
    live(page, "month", datetime(2026, 11, 24, tzinfo=UTC))
    page.locator("#d-2026-11-24 > .mg-n").focus()
    for key, at in [
        ("ArrowRight", "d-2026-11-25"),
        ("ArrowDown", "d-2026-12-02"),
        ("ArrowUp", "d-2026-11-25"),
        ("Home", "d-2026-11-23"),
        ("ArrowLeft", "d-2026-11-22"),
        ("End", "d-2026-11-22"),
    ]:
        page.keyboard.press(key)
        expect(page.locator(f"#{at} > .mg-n")).to_be_focused()
    page.keyboard.press("PageDown")
    expect(page.locator("#range")).to_have_text("December 2026")
    expect(page.locator("#d-2026-12-01 > .mg-n")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#d-2026-12-01 :focus")).to_be_attached()


def test_tap_on_a_day_lists_it_on_phones(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    live(page, "month", datetime(2026, 11, 24, tzinfo=UTC))
    page.locator("#d-2026-11-12").click(position={"x": 4, "y": 50})
    expect(page.locator("#chosen-day")).to_have_text("Thursday 12 November")
    expect(page).to_have_url(re.compile(r"/calendar/month/2026-11-12/$"))


def test_arrows_walk_the_half_hours_of_the_week(page: Page) -> None:
    live(page, "week", datetime(2026, 11, 24, tzinfo=UTC))
    page.locator("#slot-20261123-0900").focus()
    for key, at in [
        ("ArrowDown", "slot-20261123-0930"),
        ("ArrowRight", "slot-20261124-0930"),
        ("End", "slot-20261129-0930"),
        ("ArrowUp", "slot-20261129-0900"),
    ]:
        page.keyboard.press(key)
        assert focused(page) == at
    page.keyboard.press("ArrowRight")
    expect(page.locator("#range")).to_contain_text("30 November – 6 December")


def test_calendar_is_hidden_by_its_box_at_once(page: Page, api: httpx.Client) -> None:
    event = add(api, "Now you see me", today() - timedelta(hours=3))
    live(page, "week")
    shown = page.locator(f"#grid [href*='{event}']")
    box = page.get_by_role("checkbox", name="Personal").first
    expect(shown).to_be_visible()
    box.uncheck()
    expect(shown).to_have_count(0)
    box.check()
    expect(shown).to_be_visible()


def test_grid_and_side_work_without_javascript(browser: Browser, product: Product, signed_in: Any) -> None:
    context = browser.new_context(
        base_url=product.url, storage_state=signed_in, java_script_enabled=False, color_scheme="dark"
    )
    page = context.new_page()
    page.goto("/calendar/month/2026-11-24/")
    expect(page.locator("body")).to_have_css("background-color", "rgb(10, 16, 14)")
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_css("color-scheme", "light")
    page.click("#go-next")
    expect(page.locator("#range")).to_have_text("December 2026")
    page.click("#view-week")
    expect(page.locator("#grid")).to_have_attribute("data-view", "week")
    box = page.get_by_role("checkbox").first
    box.uncheck()
    page.get_by_role("button", name=re.compile("^Apply")).first.click()
    expect(page.get_by_role("checkbox").first).not_to_be_checked()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name=re.compile("^Apply")).first.click()
    expect(page.get_by_role("checkbox").first).to_be_checked()
    context.close()


def test_month_is_painted_before_htmx_walks_it(page: Page) -> None:
    page.add_init_script(
        """window.order = [];
        addEventListener('DOMContentLoaded', () => requestAnimationFrame(() => order.push('frame')), { capture: true, once: true });
        document.addEventListener('htmx:load', () => order.push('htmx'), { once: true });"""
    )
    page.goto("/calendar/month/2026-11-24/")
    page.wait_for_function("order.length == 2")
    assert page.evaluate("order") == ["frame", "htmx"]


# --- room and looks ----------------------------------------------------------------------------
def test_boxes_of_a_crowded_day_do_not_overlap(page: Page, api: httpx.Client) -> None:
    day = datetime(2029, 9, 12, 12, tzinfo=UTC)
    for n in range(12):
        add(api, f"Clash {n}", day + timedelta(minutes=7 * n), hours=1.5)
    add(api, "Over midnight", day + timedelta(hours=10), hours=4)
    for view in ("week", "day", "month"):
        live(page, view, day)
        boxes = page.locator("#grid .ev, #grid .bar, #grid .chip, #grid .more").evaluate_all(
            "all => all.map(el => el.getBoundingClientRect()).map(r => [r.left, r.top, r.right, r.bottom])"
        )
        assert len(boxes) >= 4
        for i, a in enumerate(boxes):
            for b in boxes[i + 1 :]:
                apart = a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] + 1 or b[3] <= a[1] + 1
                assert apart, (view, a, b)
