"""Which failures an operation documents."""

from __future__ import annotations

from typing import Any

from scheduling.api.schemas import Problem

EVERYWHERE = (401, 429, 500)


def problems(*statuses: int) -> dict[Any, type[Problem]]:
    """The `response` entries for the failures of an operation, those of every operation included."""
    return dict.fromkeys(sorted({*EVERYWHERE, *statuses}), Problem)
