from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.servers import Product


@pytest.fixture
def visitor(product: Product) -> Iterator[httpx.Client]:
    """Somebody with a browser's cookies who has not signed in."""
    with httpx.Client(base_url=product.url, timeout=20) as client:
        yield client
