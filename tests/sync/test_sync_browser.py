"""The sync pages under the hand: a choice between two versions, the rehearsal, the options, leaving.

Ana of the demo connects a Google account of her own; each test looks at another page of it, with axe.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.accessible import faults_of
from tests.conftest import own_product
from tests.servers import Product, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.processes]
GOOGLE = "ana.sync@gmail.com"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    yield from own_product(tmp_path_factory)


@pytest.fixture(scope="module")
def control(product: Product) -> Iterator[httpx.Client]:
    """The hand on Google's side: one account with one event, Standup at noon."""
    with httpx.Client(base_url=f"{product.url}/sandbox/google/_control/", timeout=20) as client:
        client.post("accounts", json={"email": GOOGLE, "name": "Ana"}).raise_for_status()
        yield client


@pytest.fixture(scope="module")
def connected(
    product: Product, control: httpx.Client, api: httpx.Client, browser: Browser, signed_in: dict[str, object]
) -> Page:
    """The sync page after the first import; a double of Google's Standup was here before."""
    when = {"start_time": "2026-12-01T11:00:00+00:00", "end_time": "2026-12-01T12:00:00+00:00"}
    google_time = {
        name: {"dateTime": when[f"{name}_time"], "timeZone": "Europe/Berlin"} for name in ("start", "end")
    }
    add_in_google(control, "Standup", google_time)
    api.post("events/", json={"title": "Standup", **when}).raise_for_status()
    api.post("events/", json={"title": "Only here", **when}).raise_for_status()
    context = browser.new_context(
        base_url=product.url,
        storage_state=signed_in,
        viewport={"width": 1440, "height": 900},
        reduced_motion="reduce",  # axe would meet colours on their way
    )
    page = context.new_page()
    page.goto("/sync/")
    page.get_by_role("button", name="Connect Google Calendar").click()
    page.locator(f"[value='{GOOGLE}']").check()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/sync/")
    expect(page.locator("#rehearsal-link")).to_be_visible(timeout=20_000)
    return page


def add_in_google(control: httpx.Client, title: str, times: dict[str, object]) -> str:
    events = [{"summary": title, **times}]
    answer = control.post("events", json={"account": GOOGLE, "calendar": "primary", "events": events})
    return str(answer.raise_for_status().json()["items"][0]["id"])


def titles_in_google(control: httpx.Client) -> list[str]:
    items = control.get("events", params={"account": GOOGLE, "calendar": "primary"}).json()["items"]
    return sorted(item["summary"] for item in items if item["status"] != "cancelled")


def expect_accessible(page: Page) -> None:
    assert faults_of(page) == {}
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url  # at 360 px now
    page.set_viewport_size({"width": 1440, "height": 900})


def test_the_rehearsal_joins_a_double_keeps_one_here_and_sends_the_rest(
    connected: Page, control: httpx.Client
) -> None:
    page = connected
    expect(page.locator("#sync-status")).to_contain_text("1 looks like a duplicate")
    page.click("#rehearsal-link")
    expect_accessible(page)
    double = page.get_by_role("radiogroup", name="Standup")
    expect(double.get_by_role("radio", name="Link as one")).to_be_checked()
    only_here = page.get_by_role("radiogroup", name="Only here")
    only_here.get_by_role("radio", name="Send").focus()
    page.keyboard.press("ArrowRight")
    expect(only_here.get_by_role("radio", name="Keep here only")).to_be_checked()
    page.get_by_role("button", name="Start sending").click()
    page.wait_for_url("**/sync/")
    wait_for(lambda: "Yoga" in titles_in_google(control), "the events from before")
    assert titles_in_google(control).count("Standup") == 1
    assert "Only here" not in titles_in_google(control)


def test_a_choice_between_two_versions_is_made_by_keyboard_and_reaches_google(
    connected: Page, control: httpx.Client, api: httpx.Client
) -> None:
    page = connected
    window = {"start": "2026-12-01T00:00:00Z", "end": "2026-12-02T00:00:00Z"}
    (ours,) = [e for e in api.get("events/", params=window).json()["items"] if e["title"] == "Standup"]
    page.goto("/sync/")
    page.click("#account-more")
    page.click("#pause-button")
    expect(page.locator("#sync-status")).to_contain_text("Paused by you")
    changed = {"title": "Standup, ours", "location": "Room 1"}
    api.patch(f"events/{ours['id']}/", json=changed).raise_for_status()
    theirs = {"summary": "Standup, theirs", "location": "Room 2"}
    control.patch(
        f"events/{ours['google_event_id']}",
        json={"account": GOOGLE, "calendar": "primary", "changes": theirs},
    ).raise_for_status()
    page.get_by_role("button", name="Resume").click()
    tray = page.locator("#tray")
    expect(tray).to_contain_text("Changed in two places", timeout=20_000)
    page.reload()
    expect_accessible(page)
    tray.get_by_role("radio", name="Title here").focus()
    page.keyboard.press("Space")
    with page.expect_response(lambda answer: "/sync/tray/" in answer.url):  # news: a half-made choice stays
        page.evaluate("htmx.trigger(document.body, 'events-changed')")
    expect(tray.get_by_role("radio", name="Title here")).to_be_checked()
    tray.get_by_role("button", name="Keep my choice").focus()
    page.keyboard.press("Enter")
    expect(tray).to_contain_text("Nothing more to choose")
    wait_for(lambda: "Standup, ours" in titles_in_google(control), "the chosen title")
    page.goto(f"/calendar/events/{ours['id']}/history/")
    expect(page.locator("main")).to_contain_text("Your version gave way to Google’s")
    expect_accessible(page)


def test_the_pages_work_without_javascript(
    connected: Page, product: Product, browser: Browser, signed_in: dict[str, object]
) -> None:
    context: BrowserContext = browser.new_context(
        base_url=product.url, storage_state=signed_in, java_script_enabled=False
    )
    page = context.new_page()
    page.goto("/sync/")
    page.get_by_role("link", name="Options for").click()
    page.get_by_label("Lagoon").check(force=True)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#sync-status tbody .e-7")).to_be_visible()
    page.get_by_role("link", name="Problems").click()
    expect(page.locator("#journal")).to_contain_text("was changed in two places")
    page.goto("/sync/resync/")
    page.get_by_role("button", name="Read everything again").click()
    page.wait_for_url("**/sync/")
    context.close()


def test_leaving_with_the_copies_keeps_what_is_ones_own(
    connected: Page, control: httpx.Client, api: httpx.Client
) -> None:
    page = connected
    times = {name: {"date": f"2026-12-0{day}"} for name, day in (("start", 2), ("end", 3))}
    add_in_google(control, "A copy", times)
    page.goto("/sync/")
    page.click("#sync-now-button")
    expect(page.locator("#journal")).to_contain_text("1 new event came in", timeout=20_000)
    for address in (
        "/sync/",
        page.locator("a[id^=calendar-]").first.get_attribute("href") or "",
        "/sync/resync/",
    ):
        page.goto(address)
        expect_accessible(page)
    page.goto("/sync/google/disconnect/")
    expect_accessible(page)
    page.get_by_label("Remove the 1 copy").check()
    page.click("#disconnect-button")
    expect(page.get_by_text("1 copy went from here")).to_be_visible()
    assert "A copy" in titles_in_google(control)
    titles = [
        e["title"]
        for e in api.get(
            "events/", params={"start": "2026-12-01T00:00:00Z", "end": "2026-12-04T00:00:00Z"}
        ).json()["items"]
    ]
    assert "A copy" not in titles and {"Standup, ours", "Only here"} <= set(titles)
