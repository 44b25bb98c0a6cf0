"""Three-way merge: which side's value stands, and when a person must choose."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scheduling.core.event import EventValues, from_json, to_json
from sync.core.merge import GROUPS, changed_groups, merge
from tests.make import make_values

BASE = make_values(title="Stand-up", location="Room 1", description="")


def test_merge_takes_each_side_where_only_it_changed() -> None:
    ours, theirs = replace(BASE, title="Ours"), replace(BASE, location="Theirs")
    merged = merge(BASE, ours, theirs)
    assert (merged.values.title, merged.values.location, merged.conflicts) == ("Ours", "Theirs", ())


def test_merge_lets_google_stand_and_reports_the_group_when_both_changed_it() -> None:
    ours, theirs = replace(BASE, title="Ours"), replace(BASE, title="Theirs")
    merged = merge(BASE, ours, theirs)
    assert (merged.values.title, merged.conflicts) == ("Theirs", ("title",))


def test_merge_sees_no_conflict_when_both_made_the_same_change() -> None:
    both = replace(BASE, title="Same")
    assert merge(BASE, both, both) == merge(BASE, BASE, both)
    assert merge(BASE, both, both).conflicts == ()


def test_merge_never_mixes_start_of_one_side_with_end_of_the_other() -> None:
    assert isinstance(BASE.start, datetime) and isinstance(BASE.end, datetime)
    ours = replace(BASE, start=BASE.start + timedelta(hours=5), end=BASE.end + timedelta(hours=5))
    theirs = replace(BASE, end=BASE.end + timedelta(minutes=30))
    merged = merge(BASE, ours, theirs)
    assert (merged.values.start, merged.values.end) == (theirs.start, theirs.end)
    assert merged.conflicts == ("when",)


texts = st.sampled_from(["", "a", "b", "c"])
hours = st.integers(0, 3)


@st.composite
def some_values(draw: st.DrawFn) -> EventValues:
    start = datetime(2026, 11, 24, 9 + draw(hours), tzinfo=UTC)
    return replace(
        BASE,
        title=draw(texts) or "t",
        location=draw(texts),
        description=draw(texts),
        start=start,
        end=start + timedelta(hours=1 + draw(hours)),
        availability=draw(st.sampled_from(["busy", "free"])),
        color=draw(st.sampled_from([None, 1, 2])),
    )


def group_of(values: EventValues, group: str) -> tuple[Any, ...]:
    return tuple(getattr(values, field) for field in GROUPS[group])


@given(some_values(), some_values(), some_values())
def test_every_merged_group_is_whole_and_comes_from_the_side_that_changed_it(
    base: EventValues, ours: EventValues, theirs: EventValues
) -> None:
    merged = merge(base, ours, theirs)
    for group in GROUPS:
        if group_of(theirs, group) == group_of(base, group):
            assert group_of(merged.values, group) == group_of(ours, group)
        else:
            assert group_of(merged.values, group) == group_of(theirs, group)
        both = group in changed_groups(base, ours) and group in changed_groups(base, theirs)
        assert (group in merged.conflicts) == (both and group_of(ours, group) != group_of(theirs, group))


@given(some_values(), some_values())
def test_a_side_that_changed_nothing_yields_to_the_other(base: EventValues, changed: EventValues) -> None:
    assert merge(base, base, changed).values == changed
    assert merge(base, changed, base).values == changed


@given(some_values())
def test_values_survive_the_way_through_json(values: EventValues) -> None:
    assert from_json(to_json(values)) == values
