"""What the checklists promise to people (UX-02 … UX-15, AX-01 … AX-13), in a real browser on the real product.

Moving has its own file (`test_moving_browser`), so have the grids (`test_calendar_browser`), events and forms
(`test_event_browser`) and live notices (`tests/project/test_live_page`); here stands what is left of the two tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser import event_id, intercept
from tests.servers import Product, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.processes]

DAY = date(2027, 9, 4)  # a Saturday, free of demo events


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    assert faults == []


@pytest.fixture
def event(api: httpx.Client) -> Iterator[str]:
    """`Lunch with Priya` of DAY, 10:00 to 11:00 in Berlin."""
    body = {
        "title": "Lunch with Priya",
        "start_time": f"{DAY}T10:00:00+02:00",
        "end_time": f"{DAY}T11:00:00+02:00",
        "time_zone": "Europe/Berlin",
        "location": "Roma",
    }
    answer = api.post("events/", json=body)
    assert answer.status_code == 201, answer.text
    made = str(answer.json()["id"])
    yield made
    api.delete(f"events/{made}/")


def show(page: Page, view: str = "week", day: date = DAY) -> None:
    page.goto(f"/calendar/{view}/{day}/")
    expect(page.locator("body[data-live-state=open]")).to_be_attached()


def piece(page: Page, event: str) -> Any:
    return page.locator(f"#grid [href*='{event}']").first


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


# --- UX-02: nothing is lost by a live refresh ---------------------------------------------------
def test_refresh_leaves_an_open_form_its_text_and_its_caret(
    page: Page, api: httpx.Client, event: str
) -> None:
    show(page)
    page.locator(f"#slot-{DAY:%Y%m%d}-1400").click()
    page.fill("#id_title", "Half written")
    page.evaluate("document.getElementById('id_title').setSelectionRange(4, 4)")
    page.locator(".zone summary").click()
    page.locator("#id_title").focus()
    api.patch(f"events/{event}/", json={"title": "Changed behind it"})
    expect(piece(page, event)).to_contain_text("Changed behind it")
    assert page.input_value("#id_title") == "Half written" and focused(page) == "id_title"
    assert page.evaluate("document.activeElement.selectionStart") == 4
    assert page.evaluate("document.querySelector('.zone').open")


# --- UX-06: undo --------------------------------------------------------------------------------
def test_undo_waits_ten_seconds_and_longer_under_the_hand(page: Page, api: httpx.Client, event: str) -> None:
    page.clock.install()
    show(page)
    piece(page, event).focus()
    # From here on the page's time passes only as told: by a clock that runs, a busy machine would miss the toast.
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 60)
    page.keyboard.press("Delete")
    toast = page.locator(".toast-x")

    def is_shown_soon() -> bool:
        page.clock.run_for(20)
        return toast.is_visible()

    wait_for(is_shown_soon, "the toast")
    expect(toast).to_contain_text("Deleted “Lunch with Priya”")
    page.clock.fast_forward(9000)
    expect(toast).to_be_visible()
    toast.hover()
    page.clock.fast_forward(60_000)
    expect(toast).to_be_visible()
    page.mouse.move(5, 5)
    toast.get_by_role("button", name="Undo").focus()
    page.clock.fast_forward(60_000)
    expect(toast).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    page.clock.fast_forward(10_500)
    page.clock.resume()
    expect(toast).to_have_count(0)
    assert api.get(f"events/{event}/").status_code == 404
    page.goto("/calendar/trash/")
    page.get_by_role("button", name="Restore Lunch with Priya").first.click()
    wait_for(lambda: api.get(f"events/{event}/").status_code == 200, "the same id to be back")


# --- UX-08: room --------------------------------------------------------------------------------
def test_bars_over_the_end_of_a_month_leave_room_for_the_rest(page: Page, api: httpx.Client) -> None:
    first = date(2028, 3, 29)
    made = []
    bodies: list[dict[str, Any]] = [
        {"is_all_day": True, "start_time": f"{first}", "end_time": f"{first + timedelta(days=5)}"},
        {"start_time": "2028-03-30T23:00:00+02:00", "end_time": "2028-03-31T04:00:00+02:00", "time_zone": "UTC"},
        *(
            {"start_time": f"2028-03-30T{hour:02}:00:00Z", "end_time": f"2028-03-30T{hour:02}:45:00Z", "time_zone": "UTC"}
            for hour in range(6, 12)
        ),
    ]  # fmt: skip
    for n, body in enumerate(bodies):
        made.append(api.post("events/", json={"title": f"Crowd {n}", **body}).json()["id"])
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        show(page, "month", first)
        boxes = page.locator("#grid .bar, #grid .chip, #grid .more").evaluate_all(
            "all => all.map(el => el.getBoundingClientRect()).filter(r => r.width && r.height)"
            ".map(r => [r.left, r.top, r.right, r.bottom])"
        )
        for i, a in enumerate(boxes):
            for b in boxes[i + 1 :]:
                apart = a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] + 1 or b[3] <= a[1] + 1
                assert apart, (width, a, b)
    page.set_viewport_size({"width": 1440, "height": 900})
    more = page.get_by_role("link", name="more on Thursday 30 March")
    more.click()
    expect(
        page.get_by_role("dialog", name="Thursday 30 March").get_by_role("link", name="Crowd")
    ).to_have_count(8)
    for event in made:
        api.delete(f"events/{event}/")


# --- UX-10: zones -------------------------------------------------------------------------------
def test_other_zone_moves_times_and_a_second_one_stands_beside(
    page: Page, api: httpx.Client, event: str
) -> None:
    day = api.post(
        "events/",
        json={"title": "Offsite", "is_all_day": True, "start_time": f"{DAY}", "end_time": f"{DAY + timedelta(1)}"},
    ).json()["id"]  # fmt: skip
    try:
        api.patch("profile/", json={"timezone": "Asia/Kathmandu", "second_time_zone": "Europe/Berlin"})
        show(page)
        expect(piece(page, event)).to_contain_text("13:45")
        expect(piece(page, day)).to_have_attribute("class", re.compile(r"\bd-6\b"))
        corner = page.locator(".tg-corner").first
        expect(corner).to_contain_text("GMT+2")
        expect(corner).to_contain_text("GMT+5:45")
        expect(page.locator(".tg-hours span").nth(12)).to_have_text("09:1513:00")
        piece(page, event).locator(".ev-t").click()
        page.click("#event-edit")
        assert page.input_value("#id_start_time") == "10:00"
        expect(page.locator(".zone summary")).to_have_text("Europe/Berlin")
    finally:
        api.patch("profile/", json={"timezone": "Europe/Berlin", "second_time_zone": ""})
        api.delete(f"events/{day}/")


# --- UX-11: paper -------------------------------------------------------------------------------
@pytest.mark.parametrize("view", ["month", "week"])
def test_print_is_one_landscape_page_without_controls(page: Page, view: str) -> None:
    show(page, view, date.today())
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", paper)) == 1
    width, height = map(float, re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", paper)[0])
    assert width > height
    page.emulate_media(media="print")
    for control in (".rail", ".topbar .btn", ".side", ".slot", "#view-switch a", ".fab"):
        for found in page.locator(control).all()[:3]:
            expect(found).to_be_hidden()
    expect(page.locator("#range")).to_be_visible()
    cut = page.locator("#grid .chip, #grid .bar").evaluate_all(
        "all => all.filter(el => { const c = el.closest('.mg-row'); "
        "return c && el.getBoundingClientRect().bottom > c.getBoundingClientRect().bottom + 1 }).length"
    )
    assert cut == 0


# --- UX-12: phones ------------------------------------------------------------------------------
def test_phone_begins_with_the_agenda_and_turns_pages_by_swipe(
    browser: Browser, product: Product, signed_in: Any, api: httpx.Client, event: str
) -> None:
    context = browser.new_context(
        base_url=product.url,
        storage_state=signed_in,
        viewport={"width": 360, "height": 640},
        has_touch=True,
        is_mobile=True,
        user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148",
    )
    page = context.new_page()
    page.goto("/calendar/")
    expect(page.locator("#grid")).to_have_attribute("data-view", "agenda")
    show(page, "day")
    touch = context.new_cdp_session(page)
    for kind, points in (("touchStart", [(300, 300)]), ("touchMove", [(180, 305)]), ("touchEnd", [])):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})  # fmt: skip
    expect(page.locator("#range")).to_contain_text("Sunday 5")
    page.click("#go-previous")
    # Everything that can be done with an event can be done with a thumb.
    piece(page, event).locator(".ev-t").tap()
    for action in ("#event-edit", "#event-delete", "#event-earlier", "#event-later", "#event-move"):
        expect(page.locator(action)).to_be_in_viewport()
    page.locator("#event-more-btn").tap()
    page.get_by_role("button", name="1 day later").tap()
    wait_for(lambda: "2027-09-05" in api.get(f"events/{event}/").json()["start_time"], "the event to move")
    context.close()


def test_calendar_can_be_installed(page: Page) -> None:
    show(page)
    address = page.locator("link[rel=manifest]").get_attribute("href")
    answer = page.request.get(str(address))
    manifest = answer.json()
    assert answer.headers["content-type"].startswith("application/manifest+json")
    assert manifest["display"] == "standalone" and manifest["start_url"] == "/calendar/"
    for icon in manifest["icons"]:
        picture = page.request.get(icon["src"])
        assert picture.ok and picture.headers["content-type"] == "image/png"
    session = page.context.new_cdp_session(page)
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [error["errorId"] for error in errors] == ["in-incognito"]  # as every window of a test is


# --- UX-14: what goes wrong ---------------------------------------------------------------------
STATUSES = {
    500: "met a fault",
    403: "out of date",
    404: "not here any more",
    409: "changed elsewhere",
    422: "did not understand",
    429: "Too many requests",
}


def answering(status: int) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, body="no")


def test_every_failure_is_said_and_keeps_the_text(page: Page, context: BrowserContext) -> None:
    intercept(page)
    show(page)
    page.locator(f"#slot-{DAY:%Y%m%d}-1500").click()
    page.fill("#id_title", "Survivor")
    said = page.locator("#form-error")
    for status, words in STATUSES.items():
        page.route("**/events/new/**", answering(status))
        page.click("#save-event")
        expect(said).to_contain_text(words)
        expect(said).to_have_attribute("role", "alert")
        expect(said.get_by_role("button", name="Try again")).to_be_visible()
        assert page.input_value("#id_title") == "Survivor"
        page.unroute("**/events/new/**")
    context.set_offline(True)
    page.click("#save-event")
    expect(said).to_contain_text("offline")
    context.set_offline(False)
    page.evaluate("htmx.config.timeout = 300")
    page.route("**/events/new/**", lambda route: None)
    page.click("#save-event")
    expect(said).to_contain_text("did not answer")
    page.unroute("**/events/new/**")
    page.evaluate("htmx.config.timeout = 15000")
    said.get_by_role("button", name="Try again").click()
    expect(page.locator("#grid .ev", has_text="Survivor")).to_be_visible()
    page.locator(".toast-x").get_by_role("button", name="Undo").click()
    expect(page.locator("#grid .ev", has_text="Survivor")).to_have_count(0)


def test_page_that_does_not_come_is_said_and_tried_again(page: Page, event: str) -> None:
    intercept(page)
    show(page)
    for key, shown in (("j", "6–12 September"), ("k", "30 August")):
        page.route("**/calendar/week/**", answering(503))
        page.keyboard.press(key)
        toast = page.locator("#alerts .toast-x")
        expect(toast).to_contain_text("Not loaded. The server is busy.")
        page.unroute("**/calendar/week/**")
        toast.get_by_role("button", name="Try again").click()
        expect(page.locator("#range")).to_contain_text(shown)
        expect(toast).to_have_count(0)


def test_slow_answer_shows_that_it_is_on_its_way(page: Page) -> None:
    intercept(page)
    show(page)
    page.route("**/calendar/week/**", lambda route: None)
    page.click("#go-next")
    line = "getComputedStyle(document.body, '::after').content"
    page.wait_for_function(f"{line} !== 'none' && {line} !== 'normal'")
    style = page.evaluate("getComputedStyle(document.body, '::after').animation")
    assert "0.3s" in style and "appear" in style


# --- UX-15, AX-08, AX-17: what people prefer ----------------------------------------------------
def test_preferences_of_the_reader_are_followed(
    browser: Browser, product: Product, signed_in: Any, event: str
) -> None:
    context = browser.new_context(
        base_url=product.url,
        storage_state=signed_in,
        viewport={"width": 1440, "height": 900},
        color_scheme="dark",
        reduced_motion="reduce",
        forced_colors="active",
    )
    page = context.new_page()
    show(page)
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    box = piece(page, event)
    assert box.evaluate("el => getComputedStyle(el).borderTopWidth") == "1px"
    box.locator(".ev-t").click()
    expect(page.locator("#popover")).to_be_visible()
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter(el => { const s = getComputedStyle(el); "
        "return s.transitionDuration !== '0s' || s.animationName !== 'none' }).length"
    )
    assert moving == 0
    context.close()


# --- AX-02: a day without a mouse ---------------------------------------------------------------
def test_keyboard_alone_adds_moves_lengthens_deletes_and_restores(page: Page, api: httpx.Client) -> None:
    show(page)
    page.keyboard.press("Tab")  # the skip links come first
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator(f"#slot-{DAY:%Y%m%d}-0900").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#id_title")).to_be_focused()
    page.keyboard.type("By keys alone")
    page.keyboard.press("Control+Enter")
    box = page.locator("#grid [data-event]", has_text="By keys alone")
    expect(box).to_be_visible()
    expect(page.locator(f"#slot-{DAY:%Y%m%d}-0930")).to_be_focused()
    event = event_id(box)

    def at() -> tuple[str, str]:
        found = api.get(f"events/{event}/").json()
        return found["start_time"][11:16], found["end_time"][11:16]

    page.keyboard.press("Tab")
    expect(box).to_be_focused()
    for key in ("Space", "ArrowDown", "ArrowDown", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    wait_for(lambda: at() == ("10:00", "11:15"), "the event to be moved and longer")
    expect(box).to_contain_text("10:00–11:15")
    expect(box).to_be_focused()
    page.keyboard.press("e")
    expect(page.locator("#popover")).to_be_visible()
    page.keyboard.press("Escape")
    expect(box).to_be_focused()
    page.keyboard.press("Delete")
    expect(box).to_have_count(0)
    page.keyboard.press("z")
    expect(box).to_be_visible()
    assert at() == ("10:00", "11:15")
    box.focus()
    page.keyboard.press("Escape")
    expect(page.locator(f"#slot-{DAY:%Y%m%d}-1000")).to_be_focused()
    api.delete(f"events/{event}/")


def test_tab_goes_with_the_eye_through_the_whole_page_and_is_caught_nowhere(page: Page, event: str) -> None:
    show(page)
    seen: list[tuple[str, float, float]] = []
    for _ in range(150):
        page.keyboard.press("Tab")
        where, left, top = page.evaluate(
            """() => { const el = document.activeElement, box = el.getBoundingClientRect();
              return [el.outerHTML.slice(0, 120) + (el.closest('.topbar') ? ' topbar' : ''), box.left, box.top]; }"""
        )
        if seen and where == seen[0][0]:
            break
        seen.append((where, left, top))
    else:
        raise AssertionError(f"Tab does not come back to the beginning: {seen[-3:]}")
    assert 'class="skip"' in seen[0][0]
    bar = [left for where, left, _ in seen if where.endswith("topbar")]
    assert len(bar) > 5 and bar == sorted(bar)
    assert (
        len([where for where, *_ in seen if "data-slot" in where or 'class="slot' in where]) == 1
    )  # one stop in the grid
    assert page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count() == 0


def test_years_turn_with_shift_in_the_month(page: Page) -> None:
    show(page, "month", date(2028, 2, 29))
    page.locator("#d-2028-02-29 > .mg-n").focus()
    page.keyboard.press("Shift+PageDown")
    expect(page.locator("#range")).to_have_text("February 2029")
    expect(page.locator("#d-2029-02-28 > .mg-n")).to_be_focused()
    page.keyboard.press("Shift+PageUp")
    expect(page.locator("#d-2028-02-28 > .mg-n")).to_be_focused()


def test_date_is_reached_by_key_and_keys_can_be_turned_off(page: Page, api: httpx.Client) -> None:
    show(page)
    page.keyboard.press("g")
    expect(page.locator("#go-day")).to_be_focused()
    page.fill("#go-day", "2031-05-06")
    page.keyboard.press("Enter")
    expect(page.locator("#range")).to_contain_text("5–11 May 2031")
    page.keyboard.press("Control+j")  # the browser's own
    expect(page.locator("#range")).to_contain_text("5–11 May 2031")
    try:
        api.patch("profile/", json={"shortcuts_enabled": False})
        show(page)
        for key in ("j", "g", "c", "?"):
            page.keyboard.press(key)
        expect(page.locator("dialog[open]")).to_have_count(0)
        expect(page.locator("#range")).to_contain_text("30 August")
    finally:
        api.patch("profile/", json={"shortcuts_enabled": True})


# --- AX-03: the focus is seen -------------------------------------------------------------------
def test_focus_is_never_under_the_header(page: Page, event: str) -> None:
    show(page)
    slot = page.locator(f"#slot-{DAY:%Y%m%d}-1500")
    slot.focus()
    for _ in range(26):
        page.keyboard.press("ArrowUp")
        seen = page.evaluate(
            """() => { const el = document.activeElement, b = el.getBoundingClientRect();
              const top = document.elementFromPoint(b.left + 4, b.top + 3);
              return el === top || el.contains(top) || !top.closest('.tg-top, .topbar'); }"""
        )
        assert seen, focused(page)
    piece(page, event).focus()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"


# --- AX-09, AX-11, AX-12: what is read out ------------------------------------------------------
def test_places_for_messages_are_there_from_the_start(page: Page) -> None:
    show(page)
    for name, role in (("status", "status"), ("toasts", "status"), ("alerts", "alert")):
        expect(page.locator(f"#{name}")).to_have_attribute("role", role)


def test_names_say_title_day_time_and_calendar(page: Page, event: str) -> None:
    show(page)
    expect(piece(page, event)).to_match_aria_snapshot(
        '- link "Lunch with Priya 10:00–11:00 · Roma, Saturday 4 September, Personal"'
    )
    expect(page.locator(f"#slot-{DAY:%Y%m%d}-0900")).to_match_aria_snapshot(
        '- link "Saturday 4 September, 09:00, add an event"'
    )
    show(page, "month")
    expect(page.locator(f"#d-{DAY}")).to_match_aria_snapshot(
        """
        - gridcell:
          - link "Saturday 4 September, 1 event"
          - link "10:00 Lunch with Priya , Saturday 4 September, Personal"
          - link "Add an event on Saturday 4 September"
        """
    )
    piece(page, event).click()
    expect(page.get_by_role("dialog", name="Lunch with Priya")).to_match_aria_snapshot(
        """
        - dialog "Lunch with Priya":
          - link "Edit"
          - link "Delete"
          - button "Close"
          - heading "Lunch with Priya" [level=2]
          - paragraph: Saturday 4 September 2027 · 10:00–11:00
        """
    )


def test_dialogs_take_the_focus_and_give_it_back(page: Page, event: str) -> None:
    show(page)
    piece(page, event).focus()
    page.keyboard.press("Enter")
    popover = page.get_by_role("dialog", name="Lunch with Priya")
    expect(popover.locator(":focus")).to_be_attached()
    page.click("#event-move")
    dialog = page.get_by_role("dialog", name="Move “Lunch with Priya”")
    expect(dialog.locator(":focus")).to_be_attached()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(piece(page, event)).to_be_focused()
