from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.core.grid import (
    LEAST_ROWS,
    MOST_COLUMNS,
    ROWS,
    Box,
    Day,
    Entry,
    Lanes,
    day_grid,
    lane_grid,
    month_grid,
    time_grid,
)
from scheduling.core.spans import Span, overlap
from scheduling.core.zones import day_bounds, instant, month_weeks, zone

BERLIN = zone("Europe/Berlin")
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
DAY = date(2026, 11, 18)
WEEK = [date(2026, 11, 16) + timedelta(days=n) for n in range(7)]


def timed(key: str, start: str, end: str, day: date = DAY, place=BERLIN) -> Entry:
    """`start` and `end` as HH:MM of `day`; an end that is not later lies on the next day."""
    begin, finish = (datetime.fromisoformat(f"{day} {clock}") for clock in (start, end))
    if finish < begin:
        finish += timedelta(days=1)
    return Entry(key, instant(begin, place), instant(finish, place))


def all_day(key: str, first: int, end: int) -> Entry:
    return Entry(key, date(2026, 11, first), date(2026, 11, end))


def boxes_of(*entries: Entry, day: date = DAY) -> dict[str, Box]:
    return {box.key: box for box in day_grid(entries, day, BERLIN).boxes}


def place(box: Box) -> str:
    return f"{box.column}of{box.columns}x{box.span}"


def places(*entries: Entry) -> dict[str, str]:
    return {key: place(box) for key, box in boxes_of(*entries).items()}


# --- the shapes that every calendar has to get right -------------------------------------------
def test_single_event_takes_the_whole_width() -> None:
    assert boxes_of(timed("a", "09:00", "10:00")) == {"a": Box("a", row=109, rows=12)}


def test_events_that_touch_stay_below_each_other() -> None:
    assert places(timed("a", "09:00", "10:00"), timed("b", "10:00", "11:00")) == {
        "a": "1of1x1",
        "b": "1of1x1",
    }


def test_events_that_touch_off_the_five_minutes_stay_below_each_other() -> None:
    assert places(timed("a", "09:00", "09:33"), timed("b", "09:33", "10:30")) == {
        "a": "1of1x1",
        "b": "1of1x1",
    }


def test_equal_events_stand_side_by_side() -> None:
    assert places(timed("a", "09:00", "10:00"), timed("b", "09:00", "10:00")) == {
        "a": "1of2x1",
        "b": "2of2x1",
    }


def test_longer_of_two_that_start_together_stands_first() -> None:
    assert places(timed("a", "09:00", "10:00"), timed("b", "09:00", "12:00")) == {
        "b": "1of2x1",
        "a": "2of2x1",
    }


def test_event_inside_another_takes_the_second_column() -> None:
    assert places(timed("a", "09:00", "12:00"), timed("b", "10:00", "11:00")) == {
        "a": "1of2x1",
        "b": "2of2x1",
    }


def test_two_inside_one_share_the_second_column() -> None:
    assert places(
        timed("a", "09:00", "12:00"), timed("b", "09:30", "10:30"), timed("c", "10:30", "11:30")
    ) == {
        "a": "1of2x1",
        "b": "2of2x1",
        "c": "2of2x1",
    }


def test_staircase_is_one_group_of_two_columns() -> None:
    stairs = [timed("a", "09:00", "10:00"), timed("b", "09:30", "10:30"), timed("c", "10:00", "11:00")]
    assert places(*stairs) == {"a": "1of2x1", "b": "2of2x1", "c": "1of2x1"}


def test_cascading_chain_keeps_the_columns_of_its_widest_part() -> None:
    chain = [
        timed("a", "09:00", "12:00"),
        timed("b", "09:30", "10:30"),
        timed("c", "10:00", "11:00"),
        timed("d", "11:30", "13:00"),
    ]
    assert places(*chain) == {"a": "1of3x1", "b": "2of3x1", "c": "3of3x1", "d": "2of3x2"}


def test_groups_apart_do_not_share_their_columns() -> None:
    assert places(
        timed("a", "09:00", "10:00"), timed("b", "09:30", "10:00"), timed("c", "11:00", "12:00")
    ) == {
        "a": "1of2x1",
        "b": "2of2x1",
        "c": "1of1x1",
    }


def test_event_widens_to_the_right_where_nothing_is() -> None:
    assert places(
        timed("a", "09:00", "11:00"),
        timed("b", "09:00", "10:00"),
        timed("c", "09:00", "10:00"),
        timed("d", "10:00", "11:00"),
    ) == {"a": "1of3x1", "b": "2of3x1", "c": "3of3x1", "d": "2of3x2"}


def test_zero_length_twins_get_the_least_height_side_by_side() -> None:
    twins = boxes_of(timed("a", "09:00", "09:00"), timed("b", "09:00", "09:00"))
    assert twins == {"a": Box("a", 109, LEAST_ROWS, 1, 2, 1), "b": Box("b", 109, LEAST_ROWS, 2, 2, 1)}


def test_least_height_counts_when_columns_are_given() -> None:
    assert places(timed("a", "09:00", "09:05"), timed("b", "09:10", "10:00")) == {
        "a": "1of2x1",
        "b": "2of2x1",
    }


def test_event_at_the_end_of_the_day_stays_inside_it() -> None:
    assert boxes_of(timed("a", "23:50", "23:55")) == {"a": Box("a", ROWS - LEAST_ROWS + 1, LEAST_ROWS)}


def test_event_over_midnight_is_split_and_marked_on_both_days() -> None:
    concert = timed("a", "20:00", "00:45")
    assert boxes_of(concert) == {"a": Box("a", row=241, rows=48, after=True)}
    assert boxes_of(concert, day=DAY + timedelta(days=1)) == {"a": Box("a", row=1, rows=9, before=True)}


def test_event_that_ends_at_midnight_stays_on_its_day() -> None:
    assert boxes_of(timed("a", "22:00", "00:00")) == {"a": Box("a", row=265, rows=24)}
    assert boxes_of(timed("a", "22:00", "00:00"), day=DAY + timedelta(days=1)) == {}


def test_zero_length_event_at_midnight_belongs_to_the_day_that_begins() -> None:
    assert boxes_of(timed("a", "00:00", "00:00")) == {"a": Box("a", row=1, rows=LEAST_ROWS)}
    assert boxes_of(timed("a", "00:00", "00:00"), day=DAY - timedelta(days=1)) == {}


def test_ninth_column_goes_into_more() -> None:
    grid = day_grid([timed(f"e{n:02}", "09:00", "10:00") for n in range(12)], DAY, BERLIN)
    assert [place(box) for box in grid.boxes] == [f"{n}of8x1" for n in range(1, 8)]
    (more,) = grid.more
    assert (more.keys, more.row, more.rows) == (tuple(f"e{n:02}" for n in range(7, 12)), 109, 12)


def test_eight_columns_need_no_more() -> None:
    grid = day_grid([timed(f"e{n}", "09:00", "10:00") for n in range(8)], DAY, BERLIN)
    assert len(grid.boxes) == 8 and grid.more == ()


# --- clock changes -----------------------------------------------------------------------------
def test_rows_follow_the_wall_clock_when_an_hour_is_missing() -> None:
    spring = date(2026, 3, 29)
    grid = day_grid(
        [timed("a", "01:00", "04:00", spring), timed("b", "09:00", "10:00", spring)], spring, BERLIN
    )
    assert grid.boxes == (Box("a", row=13, rows=36), Box("b", row=109, rows=12))


def test_rows_follow_the_wall_clock_when_an_hour_repeats() -> None:
    autumn = date(2026, 10, 25)
    start = instant(datetime(2026, 10, 25, 2, 30), BERLIN)
    again = Entry("again", start, start + timedelta(minutes=45))  # 02:30 to 02:15 on the clock
    grid = day_grid([again, timed("b", "09:00", "10:00", autumn)], autumn, BERLIN)
    assert grid.boxes == (Box("again", row=31, rows=LEAST_ROWS), Box("b", row=109, rows=12))


def test_day_that_never_was_holds_nothing() -> None:
    apia = zone("Pacific/Apia")
    start = instant(datetime(2011, 12, 29, 22), apia)
    night = Entry("a", start, start + timedelta(hours=4))
    days = [date(2011, 12, 29), date(2011, 12, 30), date(2011, 12, 31)]
    assert [[box.rows for box in day_grid([night], day, apia).boxes] for day in days] == [[24], [], [24]]


# --- lanes -------------------------------------------------------------------------------------
def lanes_of(*entries: Entry, limit: int = 4) -> Lanes:
    return lane_grid(entries, WEEK, BERLIN, limit)


def drawn(lanes: Lanes) -> list[str]:
    """Bars as `key:column+width/lane`, with < and > where they go on."""
    return [f"{'<' * b.before}{b.key}:{b.column}+{b.width}/{b.lane}{'>' * b.after}" for b in lanes.bars]


def test_bars_take_the_first_lane_free_on_all_their_days() -> None:
    lanes = lanes_of(all_day("a", 16, 19), all_day("b", 18, 19), all_day("c", 19, 21), all_day("d", 20, 24))
    assert drawn(lanes) == ["a:1+3/1", "b:3+1/2", "c:4+2/1", "d:5+3/2>"]


def test_bar_that_covers_more_than_the_week_has_both_arrows() -> None:
    assert drawn(lanes_of(all_day("a", 10, 30))) == ["<a:1+7/1>"]


def test_all_day_end_is_exclusive() -> None:
    assert drawn(lanes_of(all_day("before", 15, 16), all_day("last", 22, 23), all_day("after", 23, 24))) == [
        "last:7+1/1"
    ]


def test_timed_event_of_a_day_or_more_is_a_bar() -> None:
    start = instant(datetime(2026, 11, 17, 9), BERLIN)
    trip = Entry("trip", start, start + timedelta(days=2))
    grid = time_grid([trip], WEEK, BERLIN)
    assert drawn(grid.lanes) == ["trip:2+3/1"]
    assert not any(day.boxes for day in grid.days)


def test_chips_stand_below_the_bars_in_order_of_time() -> None:
    lanes = lanes_of(
        timed("late", "18:00", "19:00"), timed("early", "09:00", "10:00"), all_day("bar", 18, 19)
    )
    assert drawn(lanes) == ["bar:3+1/1"]
    assert [(chip.key, chip.column, chip.lane) for chip in lanes.chips] == [("early", 3, 2), ("late", 3, 3)]


def test_day_with_too_many_events_leaves_its_last_lane_to_more() -> None:
    lanes = lanes_of(*(timed(f"e{n}", f"{9 + n:02}:00", f"{9 + n:02}:30") for n in range(6)))
    assert [chip.key for chip in lanes.chips] == ["e0", "e1", "e2"]
    assert lanes.hidden[2] == ("e3", "e4", "e5")
    assert lanes.height == 4


def test_as_many_events_as_lanes_need_no_more() -> None:
    lanes = lanes_of(*(timed(f"e{n}", f"{9 + n:02}:00", f"{9 + n:02}:30") for n in range(4)))
    assert len(lanes.chips) == 4 and lanes.hidden[2] == ()


def test_bar_is_cut_where_more_needs_its_place() -> None:
    below = [all_day(f"b{n}", 16, 23) for n in range(3)]
    lanes = lanes_of(*below, all_day("z", 16, 23), timed("t", "09:00", "10:00"))
    assert drawn(lanes)[3:] == ["z:1+2/4>", "<z:4+4/4"]
    assert lanes.hidden[2] == ("z", "t")


def test_short_night_event_stands_on_its_first_day_of_the_month_only() -> None:
    night = timed("night", "23:00", "01:00", date(2026, 11, 22))  # Sunday to Monday, over the week's end
    weeks = month_grid([night], month_weeks(DAY, 1), BERLIN)
    assert [[(chip.key, chip.column) for chip in week.chips] for week in weeks] == [
        [],
        [],
        [],
        [("night", 7)],
        [],
        [],
    ]


def test_night_event_from_before_the_shown_days_stands_on_the_first_one() -> None:
    lanes = lanes_of(timed("night", "23:00", "01:00", date(2026, 11, 15)))
    assert [(chip.key, chip.column) for chip in lanes.chips] == [("night", 1)]


def test_hidden_weekend_leaves_five_columns_and_an_arrow() -> None:
    lanes = lane_grid([all_day("a", 20, 23)], WEEK[:5], BERLIN, 4)
    assert drawn(lanes) == ["a:5+1/1>"]


# --- properties --------------------------------------------------------------------------------
starts = st.integers(-26 * 60, 26 * 60)
lengths = st.one_of(st.just(0), st.integers(1, 90), st.integers(1, 23 * 60 + 59))
layouts = st.lists(st.tuples(starts, lengths), max_size=25)
changes = [
    date(2026, 3, 29),
    date(2026, 10, 25),
    date(2026, 3, 8),
    date(2026, 11, 1),
    date(2026, 4, 5),
    date(2026, 10, 4),
    date(2011, 12, 30),
    date(2011, 12, 31),
    date(2026, 6, 1),
]


def entries_around(day: date, place, layout: list[tuple[int, int]]) -> list[Entry]:
    noon = day_bounds(day, place).start
    begin = [noon + timedelta(minutes=start) for start, _ in layout]
    return [
        Entry(f"e{n}", start, start + timedelta(minutes=length))
        for n, (start, (_, length)) in enumerate(zip(begin, layout, strict=True))
    ]


def cells(day: Day) -> list[tuple[str, Span[int], Span[int]]]:
    """(key, rows, columns in units of 1/840) of every box and "more"."""
    unit = 840
    found = [
        (
            box.key,
            Span(box.row, box.row + box.rows),
            Span((box.column - 1) * unit // box.columns, (box.column - 1 + box.span) * unit // box.columns),
        )
        for box in day.boxes
    ]
    found += [
        (
            "more",
            Span(more.row, more.row + more.rows),
            Span((more.column - 1) * unit // more.columns, more.column * unit // more.columns),
        )
        for more in day.more
    ]
    return found


def test_an_event_that_is_drawn_higher_to_fit_the_day_stands_beside_the_one_before_it() -> None:
    """23:35 is drawn from 23:30 on, where the event that ends at 23:35 still is."""
    day, place = date(2026, 3, 29), zone("America/New_York")
    grid = day_grid(entries_around(day, place, [(200, 1215), (1415, 0)]), day, place)
    assert sorted((box.column, box.columns) for box in grid.boxes) == [(1, 2), (2, 2)]


@settings(max_examples=300)
@given(layouts, st.sampled_from(changes), st.sampled_from(ZONES))
def test_day_places_every_event_once_without_overlap_inside_the_day(
    layout: list[tuple[int, int]], day: date, name: str
) -> None:
    place = zone(name)
    entries = entries_around(day, place, layout)
    bounds = day_bounds(day, place)
    grid = day_grid(entries, day, place)
    placed = [box.key for box in grid.boxes] + [key for more in grid.more for key in more.keys]
    touching = [e.key for e in entries if not bounds.is_empty and overlap(e.span(), bounds)]

    assert sorted(placed) == sorted(touching)
    for (_, rows_a, columns_a), (_, rows_b, columns_b) in combinations(cells(grid), 2):
        assert not (overlap(rows_a, rows_b) and overlap(columns_a, columns_b))
    for box in grid.boxes:
        assert box.row >= 1 and box.row + box.rows - 1 <= ROWS and box.rows >= LEAST_ROWS
        assert box.column - 1 + box.span <= box.columns <= MOST_COLUMNS


@given(layouts, st.randoms(use_true_random=False), st.sampled_from(changes), st.sampled_from(ZONES))
def test_order_of_the_entries_does_not_change_the_layout(layout, random, day: date, name: str) -> None:
    entries = entries_around(day, zone(name), layout)
    shuffled = entries.copy()
    random.shuffle(shuffled)
    days = [day - timedelta(days=1), day, day + timedelta(days=1)]
    assert time_grid(entries, days, zone(name)) == time_grid(shuffled, days, zone(name))
    assert lane_grid(entries, days, zone(name), 4) == lane_grid(shuffled, days, zone(name), 4)


bars = st.lists(st.tuples(st.integers(1, 28), st.integers(1, 12)), max_size=20)


@given(bars, layouts)
def test_lanes_are_never_shared_and_every_event_is_drawn_or_listed(
    bars, layout: list[tuple[int, int]]
) -> None:
    entries = entries_around(DAY, BERLIN, layout)
    entries += [
        Entry(f"b{n}", date(2026, 11, first), date(2026, 11, first) + timedelta(days=length))
        for n, (first, length) in enumerate(bars)
    ]
    lanes = lane_grid(entries, WEEK, BERLIN, 4)
    used: set[tuple[int, int]] = set()
    shown: list[set[str]] = [set() for _ in WEEK]
    for piece in [*lanes.bars, *lanes.chips]:
        for column in range(piece.column, piece.column + getattr(piece, "width", 1)):
            assert (column, piece.lane) not in used
            used.add((column, piece.lane))
            shown[column - 1].add(piece.key)
            assert 1 <= piece.lane <= (3 if lanes.hidden[column - 1] else 4)
    for column in range(7):
        assert shown[column] | set(lanes.hidden[column]) == set(lanes.keys[column])
        assert not shown[column] & set(lanes.hidden[column])


def test_day_of_five_hundred_events_is_laid_out_in_a_blink() -> None:
    start = datetime(2026, 11, 18, 7, tzinfo=UTC)
    entries = [
        Entry(f"e{n}", start + timedelta(minutes=n), start + timedelta(minutes=n + 30)) for n in range(500)
    ]
    grid = day_grid(entries, DAY, BERLIN)
    assert len(grid.boxes) + sum(len(more.keys) for more in grid.more) == 500


@pytest.mark.parametrize("count", [4, 5, 6])
def test_month_grid_has_a_row_per_week(count: int) -> None:
    day = {4: date(2027, 2, 1), 5: date(2026, 10, 1), 6: date(2026, 11, 1)}[count]
    assert len(month_grid([], month_weeks(day, 1), BERLIN)) == count
