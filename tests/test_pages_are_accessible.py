"""No page breaks a rule of axe, in both themes, at 1280 and 360 px (AX-01, AX-05, AX-06, UX-12).

The tables of pages are `tests/pages.py`; they are complete by test. Parts that open on a page (details, dialogs)
are looked at where they are used.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.accessible import AXE, crowding_of, faults_of
from tests.browser import PASSWORD, sign_in
from tests.make import make_user
from tests.pages import ADMINISTRATION, FACTOR_EMAIL, GUEST, NO_PAGE, OWNER, OWNER_EMAIL, Pages, plant_in
from tests.servers import Product
from tests.test_addresses_guard_ids import address_of, make_everything
from tests.test_sign_in_is_required import addresses


# --- the tables are complete ----------------------------------------------------------------------
@pytest.mark.django_db
def test_every_address_that_answers_html_stands_in_a_table() -> None:
    owner = make_user("bo@example.com")
    ids = make_everything(owner)
    guest, signed_in = (Client(raise_request_exception=False) for _ in range(2))
    signed_in.force_login(owner)
    known = {*GUEST, *OWNER, *NO_PAGE}
    unknown = []
    for route in sorted({route for route in addresses() if not route.startswith(("admin/", "sandbox/"))}):
        seen, own = (client.get(address_of(route, ids)) for client in (guest, signed_in))
        # Other answers than 200 count too: a page may ask for more than an id, or for a password once more.
        answers = [own] if own.status_code not in (301, 405) else []
        answers += [seen] if seen.status_code == 200 else []
        if any(one.headers["Content-Type"].startswith("text/html") for one in answers) and route not in known:
            unknown.append(route)
    assert unknown == []


# --- the pages --------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def owner(browser: Browser, product: Product) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=product.url, reduced_motion="reduce")
    context.add_init_script(AXE)
    sign_in(context.new_page(), OWNER_EMAIL)
    yield context
    context.close()


@pytest.fixture(scope="module")
def guest(browser: Browser, product: Product) -> Iterator[BrowserContext]:
    context = browser.new_context(
        base_url=product.url, reduced_motion="reduce", timezone_id="Europe/Berlin", locale="en-GB"
    )
    context.add_init_script(AXE)
    context.new_page()
    yield context
    context.close()


@pytest.fixture(scope="module")
def pages(product: Product, owner: BrowserContext) -> Pages:
    return plant_in(product)


def look_at(page: Page, address: str, status: int = 200) -> dict[str, list[str]]:
    """Go there and open what can be opened; what is wrong."""
    answer = page.goto(address)
    assert answer is not None and answer.status == status, (address, answer and answer.status)
    page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
    return faults_of(page) | crowding_of(page)


@pytest.mark.browser
@pytest.mark.processes
def test_pages_for_guests_break_no_rule(guest: BrowserContext, pages: Pages) -> None:
    page, found = guest.pages[0], {}
    for address in chain(*pages.guest.values()):
        found |= look_at(page, address)
    sign_in(page, FACTOR_EMAIL, goes_to="**/accounts/2fa/authenticate/**")
    found |= faults_of(page) | crowding_of(page)
    assert found == {}


@pytest.mark.browser
@pytest.mark.processes
def test_pages_of_a_person_break_no_rule(owner: BrowserContext, pages: Pages) -> None:
    page, found = owner.pages[0], {}
    found |= look_at(page, "/accounts/reauthenticate/")
    page.fill("input[name=password]", PASSWORD)  # most of the pages about factors ask for it
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "reauthenticate" not in url)
    for address in chain(*pages.owner.values()):
        found |= look_at(page, address)
    found |= look_at(page, "/accounts/3rdparty/login/error/", 401)
    for address in ADMINISTRATION:
        page.goto(address)
        found |= faults_of(page)
    page.goto("/accounts/2fa/totp/deactivate/")
    page.get_by_role("main").get_by_role("button").first.click()
    found |= look_at(page, "/accounts/2fa/totp/activate/")
    assert found == {}


@pytest.mark.browser
@pytest.mark.processes
def test_pages_of_failures_break_no_rule(guest: BrowserContext, pages: Pages) -> None:
    page, found = guest.pages[0], {}

    def fail(route: Route) -> None:
        route.fulfill(body=pages.failures[route.request.url.split("/")[-1]], content_type="text/html")

    page.route("**/failures/*", fail)
    for name in pages.failures:
        found |= look_at(page, f"/failures/{name}")
    assert len(pages.failures) == 4 and found == {}
