from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.servers import Product, start_product


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One installation for the session: `manage.py serve`, SQLite, the sandbox Google, demo content."""
    running = start_product(tmp_path_factory.mktemp("product"), demo=True)
    yield running
    running.stop()


@pytest.fixture
def visitor(product: Product) -> Iterator[httpx.Client]:
    """Somebody with a browser's cookies who has not signed in."""
    with httpx.Client(base_url=product.url, timeout=20) as client:
        yield client
