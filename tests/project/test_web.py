"""What the web process refuses by itself, and what its processes count together."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from project.web import LARGEST_BODY, PATIENCE
from tests.servers import Product, second_web, wait_for

pytestmark = pytest.mark.processes
MEGABYTE = b"x" * 1024 * 1024
WRONG = {"login": "nobody@example.com", "password": "wrong"}  # whom no other test signs in


def pieces(size: int) -> Iterator[bytes]:
    for _ in range(size // len(MEGABYTE)):
        yield MEGABYTE


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_larger_than_anything_taken_here_is_413_and_not_kept(
    product: Product, announced: bool
) -> None:
    size = LARGEST_BODY + len(MEGABYTE)
    headers = {"Content-Length": str(size)} if announced else {}
    answer = httpx.post(product.url, content=pieces(size), headers=headers, timeout=60)
    assert answer.status_code == 413 and answer.text.startswith("413 ")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"] and "<" not in answer.text


def test_who_sends_on_and_on_is_cut_off(product: Product) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.post(product.url, content=pieces(PATIENCE + LARGEST_BODY * 2), timeout=60)


def test_failed_sign_ins_count_in_all_processes_together(product: Product) -> None:
    """S-12: five are taken for one address, wherever they are tried: of which process, and of which port of its."""
    with second_web(product) as second:
        addresses = [product.url, second]
        said = []
        for attempt in range(6):
            with httpx.Client(base_url=addresses[attempt % 2], timeout=60) as client:
                page = client.get("/accounts/login/").text
                token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
                said.append(
                    client.post("/accounts/login/", data={**WRONG, "csrfmiddlewaretoken": token}).text
                )
        assert ["Too many failed login attempts" in text for text in said] == [False] * 5 + [True]


def test_addresses_that_are_keys_are_in_no_log(product: Product) -> None:
    with second_web(product) as second:
        for site in (product.url, second):
            for path in (
                "/feeds/{}.ics",
                "/bookings/{}/",
                "/mail/unsubscribe/{}/",
                "/accounts/confirm-email/{}/",
            ):
                httpx.get(site + path.format("the-secret-part"), timeout=60)
            httpx.get(f"{site}/nothing/is/here/", timeout=60)
        logs = [product.log, product.folder / "second.log"]
        wait_for(lambda: all("/nothing/is/here/" in log.read_text() for log in logs), "the log to be written")
        assert ["the-secret-part" in log.read_text() for log in logs] == [False, False]
