"""Events under the hand in a real browser: by mouse, by touch, by menu, by form and by keys; all give the same row.

UX-04, AX-02, AX-04, UX-06 and rule H12 of the checklists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser import event_id, intercept
from tests.servers import Product, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.processes]

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = date(2027, 8, 2)  # a Monday in summer
DAY = WEEK + timedelta(days=5)  # its Saturday, free of demo events
NEXT = DAY + timedelta(days=1)


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    assert faults == []


Make = Callable[..., str]


@pytest.fixture
def make(api: httpx.Client) -> Iterator[Make]:
    """Makes an event of DAY (times as `10:00`, or `all_day=True`), gone again after the test; returns its id."""
    made: list[str] = []

    def make(title: str, start: str = "10:00", end: str = "11:00", *, all_day: bool = False) -> str:
        body: dict[str, Any] = {"title": title, "is_all_day": all_day}
        if all_day:
            body |= {"start_time": f"{DAY}", "end_time": f"{NEXT}"}
        else:
            body |= {"start_time": at(DAY, start), "end_time": at(DAY, end), "time_zone": "Europe/Berlin"}
        answer = api.post("events/", json=body)
        assert answer.status_code == 201, answer.text
        made.append(str(answer.json()["id"]))
        return made[-1]

    yield make
    for event in made:
        api.delete(f"events/{event}/")


def at(day: date, clock: str) -> str:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=BERLIN).isoformat()


def span(api: httpx.Client, event: str) -> tuple[str, str]:
    """Start and end as Berlin's clocks show them: `07 10:00`; dates as they are."""
    found = api.get(f"events/{event}/").json()
    if found["is_all_day"]:
        return found["start_time"], found["end_time"]
    clocks = (datetime.fromisoformat(found[name]).astimezone(BERLIN) for name in ("start_time", "end_time"))
    start, end = (f"{clock:%d %H:%M}" for clock in clocks)
    return start, end


def becomes(api: httpx.Client, event: str, start: str, end: str) -> None:
    wait_for(lambda: span(api, event) == (start, end), f"{event} to be at {start} to {end}", 10)


def show(page: Page, view: str = "week") -> None:
    page.goto(f"/calendar/{view}/{DAY}/")
    expect(page.locator("body[data-live-state=open]")).to_be_attached()


def piece(page: Page, event: str) -> Locator:
    return page.locator(f"#grid [href*='{event}']").first


def slot(page: Page, clock: str, day: date = DAY) -> Locator:
    return page.locator(f"#slot-{day:%Y%m%d}-{clock.replace(':', '')}")


def middle(place: Locator) -> tuple[float, float]:
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, start: tuple[float, float], end: tuple[float, float], *, drop: bool = True) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 3, start[1] + 8)
    page.mouse.move(*end, steps=4)
    if drop:
        page.mouse.up()


def shift(page: Page, event: str, dx: float, dy: float, *, edge: str = "middle", drop: bool = True) -> None:
    """Drag the event by `dx` days and `dy` hours, by its middle or its bottom edge."""
    x, y = middle(piece(page, event))
    box = piece(page, event).bounding_box()
    width = page.locator(".tg-col, .mg-day").first.bounding_box()
    hour = page.locator(".tg-col").first.bounding_box() if page.locator(".tg-col").count() else None
    assert box and width
    down = dy * (hour["height"] / 24 if hour else width["height"])
    if edge == "bottom":
        y = box["y"] + box["height"] - 2
    drag(page, (x, y), (x + dx * width["width"], y + down), drop=drop)


def toast(page: Page) -> Locator:
    return page.locator(".toast-x")


# --- moving ------------------------------------------------------------------------------------
def by_mouse(page: Page, event: str) -> None:
    shift(page, event, 1, 1)


def by_keys(page: Page, event: str) -> None:
    piece(page, event).focus()
    for key in ("Space", "ArrowRight", *["ArrowDown"] * 4, "Enter"):
        page.keyboard.press(key)


def by_menu(page: Page, event: str) -> None:
    # Each press waits for the last one to be drawn: the details hold the revision they were drawn with.
    piece(page, event).locator(".ev-t").click()
    for clock in ("10:15", "10:30", "10:45", "11:00"):
        page.click("#event-later")
        expect(page.locator("#event .when").first).to_contain_text(clock)
    page.click("#event-more-btn")
    page.get_by_role("button", name="1 day later").click()


def by_form(page: Page, event: str) -> None:
    piece(page, event).locator(".ev-t").click()
    page.click("#event-edit")
    page.fill("#id_start_date", f"{NEXT}")
    page.fill("#id_start_time", "11:00")
    page.click("#save-event")


def by_move_to(page: Page, event: str) -> None:
    piece(page, event).locator(".ev-t").click()
    page.click("#event-move")
    page.fill("#move-date", f"{NEXT}")
    page.fill("#move-time", "11:00")
    page.click("#save-move")


@pytest.mark.parametrize("way", [by_mouse, by_keys, by_menu, by_form, by_move_to])
def test_every_way_of_moving_gives_the_same_row(page: Page, api: httpx.Client, make: Make, way: Any) -> None:
    event = make(f"Moved {way.__name__}")
    show(page)
    way(page, event)
    expect(toast(page)).to_contain_text("Sunday 8 August 2027, 11:00")  # first: it goes by itself
    becomes(api, event, "08 11:00", "08 12:00")
    expect(piece(page, event)).to_have_class(re.compile(r"\br-133\b"))


# --- lengthening -------------------------------------------------------------------------------
def longer_by_mouse(page: Page, event: str) -> None:
    shift(page, event, 0, 0.5, edge="bottom")


def longer_by_keys(page: Page, event: str) -> None:
    piece(page, event).focus()
    for key in ("Space", "Shift+ArrowDown", "Shift+ArrowDown", "Space"):
        page.keyboard.press(key)


def longer_by_menu(page: Page, event: str) -> None:
    piece(page, event).locator(".ev-t").click()
    for clock in ("11:15", "11:30"):
        page.click("#event-more-btn")
        page.get_by_role("button", name="15 min longer").click()
        expect(page.locator("#event .when").first).to_contain_text(clock)


def longer_by_form(page: Page, event: str) -> None:
    piece(page, event).locator(".ev-t").click()
    page.click("#event-edit")
    page.fill("#id_end_time", "11:30")
    page.click("#save-event")


@pytest.mark.parametrize("way", [longer_by_mouse, longer_by_keys, longer_by_menu, longer_by_form])
def test_every_way_of_lengthening_gives_the_same_row(
    page: Page, api: httpx.Client, make: Make, way: Any
) -> None:
    event = make(f"Longer {way.__name__}")
    show(page)
    way(page, event)
    becomes(api, event, "07 10:00", "07 11:30")
    expect(piece(page, event)).to_have_class(re.compile(r"\bs-18\b"))


# --- adding ------------------------------------------------------------------------------------
def add_by_click(page: Page) -> None:
    slot(page, "14:00").click()


def add_by_mouse(page: Page) -> None:
    x, y = middle(slot(page, "14:00"))
    drag(page, (x, y), (x, y + 1.4 * slot(page, "14:00").bounding_box()["height"]))  # type: ignore[index]


def add_by_keys(page: Page) -> None:
    slot(page, "14:00").focus()
    page.keyboard.press("Enter")


@pytest.mark.parametrize("way", [add_by_click, add_by_mouse, add_by_keys])
def test_every_way_of_adding_gives_the_same_row(page: Page, api: httpx.Client, way: Any) -> None:
    show(page)
    way(page)
    page.fill("#id_title", f"Added {way.__name__}")
    page.click("#save-event")
    box = page.locator("#grid .ev", has_text=f"Added {way.__name__}")
    expect(box).to_be_visible()
    event = event_id(box)
    assert span(api, event) == ("07 14:00", "07 15:00")
    toast(page).get_by_role("button", name="Undo").click()
    expect(box).to_have_count(0)
    assert api.get(f"events/{event}/").status_code == 404


def test_days_drawn_in_the_month_become_an_event_of_those_days(page: Page, api: httpx.Client) -> None:
    show(page, "month")
    cell = page.locator(f"#d-{DAY}")
    x, y = middle(cell)
    width = cell.bounding_box()["width"]  # type: ignore[index]
    drag(page, (x, y + 20), (x + width, y + 20))
    expect(page.locator("#id_is_all_day")).to_be_checked()
    assert (page.input_value("#id_start_date"), page.input_value("#id_end_date")) == (f"{DAY}", f"{NEXT}")


# --- other shapes ------------------------------------------------------------------------------
def test_event_goes_above_the_hours_and_comes_back(page: Page, api: httpx.Client, make: Make) -> None:
    event = make("Up and down")
    show(page)
    x, _ = middle(piece(page, event))
    row = page.locator(".tg-all").bounding_box()
    assert row
    drag(page, middle(piece(page, event)), (x, row["y"] + row["height"] / 2))
    becomes(api, event, f"{DAY}", f"{NEXT}")
    bar = page.locator(f"#grid .bar[href*='{event}']")
    expect(bar).to_be_visible()
    drag(page, middle(bar), middle(slot(page, "12:00", NEXT)))
    becomes(api, event, "08 12:15", "08 13:15")  # the middle of the half hour


def test_bar_moves_and_grows_by_days_in_the_month(page: Page, api: httpx.Client, make: Make) -> None:
    event = make("Holidays", all_day=True)
    show(page, "month")
    shift(page, event, -1, 0)
    becomes(api, event, "2027-08-06", "2027-08-07")
    expect(page.locator(f"#d-2027-08-06 [href*='{event}']")).to_be_visible()
    box = piece(page, event).bounding_box()
    assert box
    edge = (box["x"] + box["width"] - 2, box["y"] + 10)
    drag(page, edge, (edge[0] + 1.5 * box["width"], edge[1]))
    becomes(api, event, "2027-08-06", "2027-08-09")


def test_event_of_the_month_keeps_its_hour_on_another_day(page: Page, api: httpx.Client, make: Make) -> None:
    event = make("A week later")
    show(page, "month")
    shift(page, event, 0, 1)
    becomes(api, event, "14 10:00", "14 11:00")
    piece(page, event).focus()
    for key in ("Space", "ArrowUp", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    becomes(api, event, "08 10:00", "08 11:00")
    expect(piece(page, event)).to_be_focused()


# --- leaving it --------------------------------------------------------------------------------
def escape(page: Page) -> None:
    page.keyboard.press("Escape")
    page.mouse.up()


def outside(page: Page) -> None:
    page.mouse.move(20, 20)
    page.mouse.up()


@pytest.mark.parametrize("how", [escape, outside])
def test_drag_is_called_off(page: Page, api: httpx.Client, make: Make, how: Any) -> None:
    event = make(f"Left alone {how.__name__}")
    show(page)
    shift(page, event, 1, 2, drop=False)
    expect(page.locator(".is-drag")).to_be_visible()
    how(page)
    expect(page.locator(".is-drag, .is-ghost")).to_have_count(0)
    expect(page.locator("#popover, #dialog")).to_have_count(2)
    expect(page.locator("#popover:popover-open, #dialog[open]")).to_have_count(0)
    assert span(api, event) == ("07 10:00", "07 11:00")


def test_carried_event_says_where_it_is_and_stays_on_escape(
    page: Page, api: httpx.Client, make: Make
) -> None:
    event = make("Carried")
    show(page)
    piece(page, event).focus()
    page.keyboard.press("Space")
    expect(page.locator("#status")).to_contain_text("Picked up")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#status")).to_have_text("Saturday 7 August, 10:15 to 11:15")
    page.keyboard.press("Escape")
    expect(page.locator(".is-drag, .is-ghost")).to_have_count(0)
    expect(piece(page, event)).to_be_focused()
    assert span(api, event) == ("07 10:00", "07 11:00")


def test_dropped_event_goes_back_when_the_server_fails(page: Page, api: httpx.Client, make: Make) -> None:
    event = make("Refused")
    intercept(page)
    show(page)
    page.route("**/move/", lambda route: route.fulfill(status=500))
    shift(page, event, 0, 2)
    expect(toast(page)).to_contain_text("Not saved.")
    expect(page.locator(".is-drag, .is-ghost")).to_have_count(0)
    assert span(api, event) == ("07 10:00", "07 11:00")
    page.unroute("**/move/")
    toast(page).get_by_role("button", name="Try again").click()
    becomes(api, event, "07 12:00", "07 13:00")


def test_move_of_what_was_changed_elsewhere_asks(page: Page, api: httpx.Client, make: Make) -> None:
    event = make("Contested")
    show(page)
    shift(page, event, 0, 2, drop=False)
    api.patch(f"events/{event}/", json={"location": "Roma"})
    page.mouse.up()
    expect(page.locator("#move-conflict")).to_contain_text("changed elsewhere")
    expect(page.locator("#keep-mine")).to_be_focused()
    page.click("#keep-mine")
    becomes(api, event, "07 12:00", "07 13:00")
    assert api.get(f"events/{event}/").json()["location"] == "Roma"
    expect(page.locator("#dialog")).to_be_hidden()


def test_refresh_waits_for_the_hand_and_says_so(page: Page, api: httpx.Client, make: Make) -> None:
    event = make("In the hand")
    show(page)
    piece(page, event).focus()
    page.keyboard.press("Space")
    other = make("Meanwhile", "15:00", "16:00")
    held = page.get_by_role("button", name="Calendar changed")
    expect(held).to_be_visible()
    assert page.locator(f"#grid [href*='{other}']").count() == 0
    held.click()
    expect(page.locator(f"#grid [href*='{other}']")).to_be_visible()
    expect(held).to_be_hidden()
    assert span(api, event) == ("07 10:00", "07 11:00")


def test_long_press_lifts_an_event(
    browser: Browser, product: Product, signed_in: Any, api: httpx.Client, make: Make
) -> None:
    event = make("Pressed")
    context = browser.new_context(
        base_url=product.url, storage_state=signed_in, viewport={"width": 390, "height": 844}, has_touch=True
    )
    page = context.new_page()
    show(page, "day")
    x, y = middle(piece(page, event))
    touch = context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        touch.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]}
        )

    send("touchStart", (x, y))
    expect(page.locator(".is-drag")).to_be_visible()
    hour = page.locator(".tg-col").bounding_box()["height"] / 24  # type: ignore[index]
    for part in (0.4, 0.8, 1):
        send("touchMove", (x, y + hour * part))
    send("touchEnd")
    becomes(api, event, "07 11:00", "07 12:00")
    context.close()


def test_occurrence_that_was_changed_alone_moves_alone_without_a_question(
    page: Page, api: httpx.Client, make: Make
) -> None:
    series = make("Each of them")
    api.patch(f"events/{series}/", json={"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"]})
    alone = {"scope": "this", "occurrence": at(DAY, "10:00")}
    answer = api.patch(f"events/{series}/", params=alone, json={"title": "This one"})
    assert answer.status_code == 200, answer.text
    show(page)
    box = page.locator("#grid a.ev", has_text="This one")  # not what is drawn under the hand
    x, y = middle(box)
    hour = page.locator(".tg-col").first.bounding_box()["height"] / 24  # type: ignore[index]
    drag(page, (x, y), (x, y + 2 * hour))
    expect(toast(page)).to_contain_text("Saturday 7 August 2027, 12:00")
    expect(page.locator("#scope-form")).to_have_count(0)
    expect(box).to_have_class(re.compile(r"\br-145\b"))
    window = {"start": f"{DAY}T00:00:00Z", "end": f"{DAY + timedelta(days=15)}T00:00:00Z"}
    starts = {
        (item["title"], f"{datetime.fromisoformat(item['start_time']).astimezone(BERLIN):%d %H:%M}")
        for item in api.get("events/", params=window).json()["items"]
        if item["title"] in ("This one", "Each of them")
    }
    assert starts == {("This one", "07 12:00"), ("Each of them", "14 10:00"), ("Each of them", "21 10:00")}


def test_drag_of_one_of_a_series_asks_what_goes_with_it(page: Page, api: httpx.Client, make: Make) -> None:
    event = make("Each Saturday")
    api.patch(f"events/{event}/", json={"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"]})
    show(page)
    shift(page, event, 0, 2)
    question = page.locator("#scope-form")
    expect(question.get_by_role("radio", name="Only ")).to_be_focused()
    expect(page.locator(".is-drag, .is-ghost")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    shift(page, event, 0, 2)
    question.get_by_role("radio", name="All, since").check()
    page.click("#save-scope")
    becomes(api, event, "07 12:00", "07 13:00")
    expect(toast(page)).to_contain_text("Moved every “Each Saturday”")
    expect(piece(page, event)).to_have_class(re.compile(r"\br-145\b"))
    piece(page, event).focus()
    page.keyboard.press("Delete")
    page.click("#save-scope")
    expect(toast(page)).to_contain_text("Deleted this “Each Saturday”")
    shown = page.locator(
        "#grid .ev", has_text="Each Saturday"
    )  # what was deleted alone comes back with an id of its own
    expect(shown).to_have_count(0)
    page.keyboard.press("z")
    expect(shown).to_be_visible()
