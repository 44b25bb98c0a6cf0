"""The crawl of `make crawl` in small: each kind of page once, as everybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import own_product
from tests.crawl.checks import faults_of
from tests.crawl.people import walk
from tests.crawl.spider import Page
from tests.servers import Product

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Of its own: it looks at all that is there, also at what other tests would have left."""
    yield from own_product(tmp_path_factory)


def test_no_page_breaks_a_rule_whoever_asks(product: Product) -> None:
    pages: Counter[str] = Counter()
    faults: dict[tuple[str, str], list[str]] = {}
    for walker, page, found in walk(product, of_each_kind=1, with_queries=False):
        pages[walker.name] += 1
        if found:
            faults[walker.name, page.address] = found
    assert faults == {}
    assert len(pages) == 5 and min(pages.values()) > 20


def test_the_crawl_sees_what_it_is_for() -> None:
    content = (
        '<p style="color:red" onclick="x()">canary</p><script>x()</script><script src="https://evil.example/x.js"></script>'
        '<a target="_blank" href="javascript:x()">x</a><form method="post" action="https://evil.example/"></form>'
    )
    answer = httpx.Response(
        500,
        headers={
            "Content-Type": "text/html",
            "Content-Security-Policy": "default-src 'self'; script-src 'unsafe-inline'",
            "Set-Cookie": "session=x",
        },
        text=content,
        request=httpx.Request("GET", "http://localhost/page/"),
    )
    found = "\n".join(faults_of(Page("/page/", "/", answer), {"a secret": "canary"}))
    for word in (
        "status 500",
        "script-src is",
        "an unsafe policy",
        "frame-ancestors is None",
        "X-Frame-Options is None",
        "Referrer-Policy is None",
        "no Permissions-Policy",
        "a cookie for scripts",
        "<script> within the page",
        "['style', 'onclick'] of <p>",
        "a new window that knows this one",
        "a to javascript:x()",
        "script leads out",
        "a form for another site",
        "a form without a CSRF token",
        "a secret stands in it",
    ):
        assert word in found, found
