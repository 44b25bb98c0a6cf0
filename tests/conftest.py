from __future__ import annotations

from typing import Any

import pytest

from tests.make import make_user
from tests.sandbox.fixtures import sandbox, sandbox_database, sandbox_server

__all__ = ["alice", "bob", "sandbox", "sandbox_database", "sandbox_server"]


@pytest.fixture
def alice(db: None) -> Any:
    """The owner of what a test looks at."""
    return make_user("alice@example.com")


@pytest.fixture
def bob(db: None) -> Any:
    """Another person, who must see nothing of Alice's."""
    return make_user("bob@example.com")
