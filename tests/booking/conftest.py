from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from scheduling.models import AppointmentType
from tests.make import make_type

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # a Monday, 7:00 in Berlin


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def intro(alice: Any, clock: Any) -> AppointmentType:
    """Alice's half hour; she works from 9 to 17 in Berlin."""
    return make_type(alice)
