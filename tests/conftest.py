from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser import Watch, launch, sign_in
from tests.make import make_user
from tests.sandbox.fixtures import sandbox, sandbox_database, sandbox_server
from tests.sandbox.receiver import receiver
from tests.servers import Product, shared_folder, start_product

__all__ = ["alice", "bob", "receiver", "sandbox", "sandbox_database", "sandbox_server"]

expect.set_options(timeout=20_000)  # instead of 5 s: the machine may be busy


def pytest_configure() -> None:
    shared_folder()  # before xdist starts the workers, which inherit its name


# The files that take longest, longest first, as measured; where one stands here a few places off does not matter.
LONGEST = (
    "test_pages_are_accessible.py",
    "project/test_serve.py",
    "scheduling/test_moving_browser.py",
    "test_on_postgresql_and_redis.py",
    "booking/test_rivals.py",
    "crash/test_crash.py",
    "scheduling/test_event_browser.py",
    "scheduling/test_calendar_browser.py",
    "scheduling/test_hostile_content_browser.py",
    "scheduling/test_ux_browser.py",
    "booking/test_pages_browser.py",
    "project/test_copying.py",
    "project/test_several_processes.py",
    "project/test_live_page.py",
    "crawl/test_crawl.py",
    "product/test_canaries.py",
    "sync/test_series.py",
    "sync/test_killed.py",
    "test_addresses_guard_ids.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files come first: begun last, one of them would keep one core busy alone."""
    ranks = {Path(__file__).parent / name: rank for rank, name in enumerate(LONGEST)}
    slow = {
        item.path for item in items if {"browser", "processes"} & {mark.name for mark in item.iter_markers()}
    }
    items.sort(key=lambda item: (ranks.get(item.path, len(ranks)), item.path not in slow))


@pytest.fixture
def alice(db: None) -> Any:
    """The owner of what a test looks at."""
    return make_user("alice@example.com")


@pytest.fixture
def bob(db: None) -> Any:
    """Another person, who must see nothing of Alice's."""
    return make_user("bob@example.com")


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One installation for all files: `manage.py serve`, SQLite, the sandbox Google, demo content.

    So each file has days or people of its own there, and asks nothing more of whoever signs in as Ana. A file that
    stops servers, connects Ana to Google or needs other settings takes a `product` of its own: see `own_product`.
    """
    yield from own_product(tmp_path_factory)


def own_product(tmp_path_factory: pytest.TempPathFactory, **over: str) -> Iterator[Product]:
    over = {"API_RATE_PER_MINUTE": "100000", **over}  # all files ask with one token
    running = start_product(tmp_path_factory.mktemp("product"), demo=True, **over)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def api(product: Product) -> Iterator[httpx.Client]:
    """Another hand on the demo person Ana's calendar."""
    headers = {"Authorization": f"Bearer {product.api_token('ana@example.com')}"}
    with httpx.Client(base_url=f"{product.url}/appointment/api/", headers=headers, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def watched_browser() -> Iterator[tuple[Browser, Watch]]:
    with sync_playwright() as playwright:
        running = launch(playwright)
        watch = Watch(running)
        yield running, watch
        running.close()
        assert watch.faults == []


@pytest.fixture(scope="module")
def browser(watched_browser: tuple[Browser, Watch]) -> Browser:
    """Chromium. It ends with the module: while Playwright runs, its event loop is in every other test's way."""
    return watched_browser[0]


@pytest.fixture(autouse=True)
def page_faults(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Fails every test in whose windows a script fails or the content policy refuses something (S-01).

    A test that means it to happen looks at the list and empties it.
    """
    if request.node.get_closest_marker("browser") is None:
        yield []
        return
    faults = request.getfixturevalue("watched_browser")[1].faults
    yield faults
    seen = list(faults)
    faults.clear()
    assert seen == []


@pytest.fixture(scope="module")
def signed_in(browser: Browser, product: Product) -> Any:
    """The state of a browser in which Ana is signed in."""
    if product.signed_in is None:
        context = browser.new_context(base_url=product.url)
        sign_in(context.new_page())
        product.signed_in = context.storage_state()
        context.close()
    return product.signed_in


@pytest.fixture
def context(browser: Browser, product: Product, signed_in: Any) -> Iterator[BrowserContext]:
    """A window of Ana's on a desk."""
    context = browser.new_context(
        base_url=product.url, storage_state=signed_in, viewport={"width": 1440, "height": 900}
    )
    yield context
    context.close()
