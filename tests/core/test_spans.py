from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.core.spans import Span, clip, overlap, subtract, union

points = st.integers(0, 30)
spans = st.tuples(points, points).map(lambda pair: Span(*sorted(pair)))
span_lists = st.lists(spans, max_size=8)


def covered(items: list[Span[int]]) -> set[int]:
    return {point for span in items for point in range(span.start, span.end)}


def test_span_refuses_an_end_before_its_start() -> None:
    with pytest.raises(ValueError, match="cannot end"):
        Span(2, 1)


def test_spans_that_only_touch_do_not_overlap() -> None:
    assert not overlap(Span(1, 2), Span(2, 3))


@pytest.mark.parametrize(("point", "expected"), [(0, False), (1, True), (2, True), (3, False)])
def test_empty_span_overlaps_the_span_that_contains_its_point(point: int, expected: bool) -> None:
    assert overlap(Span(point, point), Span(1, 3)) is expected
    assert overlap(Span(1, 3), Span(point, point)) is expected


def test_empty_twins_overlap_each_other() -> None:
    assert overlap(Span(4, 4), Span(4, 4))


@given(spans, spans)
def test_overlap_is_symmetric_and_means_a_shared_point(a: Span[int], b: Span[int]) -> None:
    assert overlap(a, b) == overlap(b, a)
    if not a.is_empty and not b.is_empty:
        assert overlap(a, b) == bool(covered([a]) & covered([b]))


@given(spans, spans)
def test_clip_keeps_exactly_the_shared_points(span: Span[int], window: Span[int]) -> None:
    part = clip(span, window)
    assert covered([part] if part else []) == covered([span]) & covered([window])


@given(span_lists)
def test_union_is_sorted_and_apart_and_covers_the_same_points(items: list[Span[int]]) -> None:
    merged = union(items)
    assert covered(merged) == covered(items)
    assert all(a.end < b.start for a, b in zip(merged, merged[1:], strict=False))


@given(span_lists, span_lists)
def test_subtract_leaves_what_is_covered_by_the_whole_and_not_taken(
    wholes: list[Span[int]], taken: list[Span[int]]
) -> None:
    left = subtract(wholes, taken)
    assert covered(left) == covered(wholes) - covered(taken)
    assert left == union(left)
