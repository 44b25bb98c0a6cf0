"""What `static/live.js` does in a real browser, against a running product."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser import intercept
from tests.conftest import own_product
from tests.servers import Product, leader, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.processes]

# In no crowd and on no edge of a view: of many at once some are drawn only when asked for.
START = datetime(2027, 3, 10, 5, tzinfo=UTC)
hours = count(1)

COUNT_CHANGES = """() => {
  window.heard = []; window.said = 0;
  document.body.addEventListener('events-changed', (event) => window.heard.push(event.detail));
  new MutationObserver(() => { window.said += 1; })
    .observe(document.getElementById('status'), { childList: true, characterData: true, subtree: true });
}"""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    yield from own_product(tmp_path_factory)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto(f"/calendar/week/{START:%Y-%m-%d}/")
    page.wait_for_selector('body[data-live-state="open"]')
    page.evaluate(COUNT_CHANGES)
    return page


def add(api: httpx.Client, title: str) -> str:
    """An event made by another client of the same person; returns its id."""
    start = START + timedelta(hours=next(hours))
    body = {
        "title": title,
        "start_time": start.isoformat(),
        "end_time": (start + timedelta(hours=1)).isoformat(),
        "time_zone": "Europe/Berlin",
    }
    answer = api.post("events/", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def shows(page: Page, event: str) -> None:
    page.wait_for_selector(f'#grid [href*="{event}"]', state="attached", timeout=15_000)


def test_page_shows_what_another_client_wrote_and_says_so_once(page: Page, api: httpx.Client) -> None:
    first, second = add(api, "From elsewhere"), add(api, "Another")
    shows(page, first)
    shows(page, second)
    wait_for(lambda: page.evaluate("window.said") == 1, "the announcement")
    assert page.locator("#status").inner_text() == "Calendar updated"
    third = add(api, "A third")
    shows(page, third)
    assert page.evaluate("window.heard.at(-1).events") == [third]
    assert page.evaluate("window.said") == 1
    assert set(page.evaluate("Object.keys(window.heard[0])")) == {"calendar", "revision", "events", "live"}


def test_page_shows_what_another_process_wrote(page: Page, product: Product) -> None:
    code = (
        "from django.contrib.auth.models import User;"
        "from tests.make import make_event; from tests.project.test_live_page import START;"
        "print(make_event(User.objects.get(email='ana@example.com'), start=START).pk)"
    )
    shows(page, product.command("shell", "-c", code).split()[-1])


def test_page_catches_up_after_the_server_was_gone(page: Page, product: Product, api: httpx.Client) -> None:
    pill = page.locator("#freshness")
    expect(pill).to_contain_text("Google")
    page.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('offline'))")
    page.wait_for_selector('body[data-live-state="closed"]')
    expect(pill).to_have_text("You are offline")
    expect(page.locator("#sync-dot")).to_have_text(", you are offline")
    missed = add(api, "Missed")
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    shows(page, missed)
    expect(pill).to_contain_text("Google", timeout=15_000)
    os.kill(leader(product, "project.web"), signal.SIGKILL)
    page.wait_for_selector('body[data-live-state="closed"]')
    page.wait_for_selector('body[data-live-state="open"]', timeout=40_000)
    shows(page, add(api, "After the restart"))


def test_notices_wait_until_a_drag_is_over(page: Page, api: httpx.Client) -> None:
    frames: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(str(frame))))
    page.reload()
    page.wait_for_selector('body[data-live-state="open"]')
    page.evaluate(COUNT_CHANGES)
    page.evaluate("document.documentElement.dataset.dragging = ''")
    event = add(api, "During a drag")
    # Playwright hands over what it heard only while it is asked something.
    wait_for(lambda: page.title() and any(event in frame for frame in frames), "the notice to arrive")
    assert page.evaluate("window.heard") == []
    page.evaluate("delete document.documentElement.dataset.dragging")
    live = [detail for detail in page.evaluate("window.heard") if detail.get("live")]
    assert [detail["events"] for detail in live] == [[event]]
    shows(page, event)


def test_a_notice_that_comes_while_the_grid_is_being_fetched_is_not_lost(
    page: Page, api: httpx.Client
) -> None:
    """The answer under way does not have the change, and with the old grid goes what it had queued."""
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held or route.request.headers.get("hx-trigger") != "grid":
            route.continue_()
            return
        held.append(route)
        answer = route.fetch()
        second.append(add(api, "While the grid was under way"))
        # Playwright goes on only while it is asked something.
        wait_for(lambda: page.title() and any(second[0] in frame for frame in frames), "the second notice")
        route.fulfill(response=answer)

    second: list[str] = []
    frames: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(str(frame))))
    intercept(page)
    page.reload()
    page.wait_for_selector('body[data-live-state="open"]')
    page.route("**/calendar/**", hold_the_first)
    first = add(api, "Fetched")
    shows(page, first)
    shows(page, second[0])


def test_another_zone_moves_what_is_open_in_other_windows(page: Page, api: httpx.Client) -> None:
    event = add(api, "Moves with the zone")
    shows(page, event)
    before = page.locator(f'#grid [href*="{event}"]').get_attribute("aria-label")
    settings = page.context.new_page()
    settings.goto("/calendar/settings/")
    zone = settings.get_by_label("Time zone", exact=True)
    zone.fill("Nowhere/Land")
    zone.press("Tab")
    expect(settings.get_by_text("“Nowhere/Land” is not a time zone.")).to_be_visible()
    zone.fill("Asia/Tokyo")
    zone.press("Tab")
    expect(settings.get_by_text("is not a time zone")).to_have_count(0)
    expect(settings.get_by_role("button", name="Save changes")).to_be_hidden()
    expect(page.locator(f'#grid [href*="{event}"]')).not_to_have_attribute("aria-label", before or "")
    assert api.get("profile/").json()["timezone"] == "Asia/Tokyo"
    assert api.patch("profile/", json={"timezone": "Europe/Berlin"}).status_code == 200
    expect(page.locator(f'#grid [href*="{event}"]')).to_have_attribute("aria-label", before or "")
