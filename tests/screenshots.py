"""Pictures of the product as people see it, into `var/screenshots`: `python -m tests.screenshots [part of a name …]`.

Ana's views and dialogs, then every page of `tests/pages.py` as Bo and as a guest (`page-…`, its whole height); light and
dark; desktop and phone; paper.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from itertools import chain
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import PASSWORD, launch, sign_in
from tests.pages import ADMINISTRATION, OWNER_EMAIL, plant_in
from tests.servers import ROOT, Product, start_product

FOLDER = ROOT / "var" / "screenshots"
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
THEMES = ("light", "dark")


def view(name: str) -> Callable[[Page], None]:
    return lambda page: show(page, f"/calendar/{name}/{date.today()}/")


def show(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")


def details(page: Page) -> None:
    view("week")(page)
    page.locator("#grid .ev.is-now, #grid .ev:not(.is-past)").first.locator(".ev-t").click()
    page.locator("#popover:popover-open #event-title").wait_for()


def move_to(page: Page) -> None:
    details(page)
    page.click("#event-move")
    page.locator("#move-form").wait_for()


def form(page: Page) -> None:
    details(page)
    page.click("#event-edit")
    page.locator("#event-form").wait_for()


def quick_add(page: Page) -> None:
    view("week")(page)
    page.locator("#new-btn:visible, #fab:visible").first.click()
    page.fill("#quick-add-text", "lunch with Ana tomorrow 13:00 at Roma for 45m")
    page.get_by_text("Nothing overlaps").or_(page.get_by_text("Overlaps with")).first.wait_for()


def keys(page: Page) -> None:
    view("week")(page)
    page.keyboard.press("?")
    page.locator("#shortcuts[open]").wait_for()


def drag(page: Page) -> None:
    view("week")(page)
    box = page.locator("#grid .ev[data-rev]:not(.is-past)").first.bounding_box()
    assert box
    x, y = box["x"] + 20, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 20)
    page.mouse.move(x - box["width"], y + 60, steps=4)


def page_at(address: str) -> Callable[[Page], None]:
    return lambda page: show(page, address)


SCENES: dict[str, Callable[[Page], None]] = {
    **{name: view(name) for name in ("month", "week", "day", "agenda")},
    "details": details,
    "form": form,
    "move-to": move_to,
    "quick-add": quick_add,
    "keys": keys,
    "drag": drag,
    "empty": page_at("/calendar/month/2031-05-01/"),
    "search": page_at("/calendar/search/?q=stand"),
}


def name_of(address: str) -> str:
    """`page-calendar-types-one` of `/calendar/types/<id>/`, `…-asked` with a query."""
    path, _, query = address.partition("?")
    words = [
        "one" if len(word) > 20 or word[0].isdigit() and word != "2fa" else word
        for word in re.split(r"[/.]", path)
        if word
    ]
    return "-".join(["page", *(words or ["home"]), *(["asked"] if query else [])])


def take(page: Page, name: str) -> None:
    """The page as it is, in every size and theme."""
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.screenshot(path=FOLDER / f"{name}-{size}-{theme}.png", full_page=True)


def take_pages(browser: Browser, product: Product, wanted: list[str]) -> None:
    owner, guest = (
        browser.new_context(base_url=product.url, reduced_motion="reduce").new_page() for _ in range(2)
    )
    sign_in(owner, OWNER_EMAIL)
    pages = plant_in(product)
    owner.goto("/accounts/reauthenticate/")
    owner.fill("input[name=password]", PASSWORD)
    owner.keyboard.press("Enter")
    owner.wait_for_url(lambda url: "reauthenticate" not in url)
    guest.route(
        "**/failures/*",
        lambda route: route.fulfill(
            body=pages.failures[route.request.url.split("/")[-1]], content_type="text/html"
        ),
    )
    looks = [
        (guest, address)
        for address in chain(*pages.guest.values(), (f"/failures/{name}" for name in pages.failures))
    ]
    looks += [(owner, address) for address in chain(*pages.owner.values(), ADMINISTRATION)]
    for page, address in looks:
        name = name_of(address)
        if not wanted or any(part in name for part in wanted):
            show(page, address)
            take(page, name)


def main(wanted: list[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    scenes = {name: go for name, go in SCENES.items() if not wanted or any(part in name for part in wanted)}
    with (
        tempfile.TemporaryDirectory(prefix="appointment-screenshots-") as folder,
        sync_playwright() as player,
    ):
        product = start_product(Path(folder), demo=True)
        browser = launch(player)
        try:
            context = browser.new_context(base_url=product.url)
            sign_in(context.new_page())
            state = context.storage_state()
            for size, (width, height) in SIZES.items():
                for theme in THEMES:
                    context = browser.new_context(
                        base_url=product.url,
                        storage_state=state,
                        viewport={"width": width, "height": height},
                        color_scheme=theme,  # type: ignore[arg-type]
                        reduced_motion="reduce",
                    )
                    for name, go in scenes.items():
                        if size == "phone" and name in ("keys", "drag"):
                            continue
                        page = context.new_page()
                        go(page)
                        page.screenshot(path=FOLDER / f"{name}-{size}-{theme}.png")
                        page.close()
                    context.close()
            page = browser.new_context(base_url=product.url, storage_state=state).new_page()
            for name in ("month", "week", "agenda"):
                if name in scenes:
                    view(name)(page)
                    page.pdf(path=FOLDER / f"{name}.pdf", prefer_css_page_size=True)
            take_pages(browser, product, wanted)
        finally:
            browser.close()
            product.stop()
    print(f"{len(list(FOLDER.iterdir()))} pictures in {FOLDER}")


if __name__ == "__main__":
    main(sys.argv[1:])
