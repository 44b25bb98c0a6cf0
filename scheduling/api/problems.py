"""Which failures an operation documents."""

from __future__ import annotations

from typing import Any

from scheduling.api.schemas import Problem

PUBLIC = (429, 500)
EVERYWHERE = (401, *PUBLIC)


def problems(*statuses: int) -> dict[Any, type[Problem]]:
    """The `response` entries for the failures of an operation, those of every operation included."""
    return dict.fromkeys(sorted({*EVERYWHERE, *statuses}), Problem)


def public_problems(*statuses: int) -> dict[Any, type[Problem]]:
    """The same for an operation that needs no sign-in."""
    return dict.fromkeys(sorted({*PUBLIC, *statuses}), Problem)
