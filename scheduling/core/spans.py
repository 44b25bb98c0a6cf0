"""Half-open spans `[start, end)` of anything that can be ordered: instants, dates, minutes, rows.

A span of zero length holds one point and no extent: it meets the spans that contain its point, adds nothing
to a union and takes nothing away.

Invariants:
- two spans that only touch do not overlap
- overlapping is symmetric
- a union is sorted, its spans neither overlap nor touch, and it covers the same points
- what is subtracted is covered by neither the rest nor lost from the whole
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar


class Ordered(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...
    def __le__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=Ordered)


@dataclass(frozen=True, order=True, slots=True)
class Span(Generic[T]):
    """`[start, end)`. Raises ValueError when the end is before the start."""

    start: T
    end: T

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"a span cannot end ({self.end}) before it starts ({self.start})")

    @property
    def is_empty(self) -> bool:
        return self.start == self.end

    def contains(self, point: T) -> bool:
        return self.start <= point and point < self.end


def overlap(a: Span[T], b: Span[T]) -> bool:
    """Whether the spans share a point; a span of zero length counts as its one point."""
    if a.is_empty:
        return b.contains(a.start) or a == b
    if b.is_empty:
        return a.contains(b.start)
    return a.start < b.end and b.start < a.end


def clip(span: Span[T], window: Span[T]) -> Span[T] | None:
    """The part of `span` inside `window`, or None when they do not overlap."""
    if not overlap(span, window):
        return None
    return Span(
        span.start if window.start <= span.start else window.start,
        span.end if span.end <= window.end else window.end,
    )


def union(spans: Iterable[Span[T]]) -> list[Span[T]]:
    """The same points as few sorted spans; touching spans become one, empty spans vanish."""
    merged: list[Span[T]] = []
    for span in sorted(span for span in spans if not span.is_empty):
        if merged and span.start <= merged[-1].end:
            if merged[-1].end < span.end:
                merged[-1] = Span(merged[-1].start, span.end)
        else:
            merged.append(span)
    return merged


def subtract(wholes: Iterable[Span[T]], taken: Iterable[Span[T]]) -> list[Span[T]]:
    """What is left of `wholes` (as a union) without `taken`: sorted, none empty."""
    left: list[Span[T]] = []
    cuts = union(taken)
    for whole in union(wholes):
        start = whole.start
        for cut in cuts:
            if cut.end <= start:
                continue
            if whole.end <= cut.start:
                break
            if start < cut.start:
                left.append(Span(start, cut.start))
            start = cut.end
        if start < whole.end:
            left.append(Span(start, whole.end))
    return left


def total(spans: Iterable[Span[Any]]) -> timedelta:
    """The length of the union of spans of instants."""
    return sum((span.end - span.start for span in union(spans)), timedelta())
