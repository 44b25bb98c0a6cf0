"""This one, this and all that follow, all of them: writes of a series by one of its occurrences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduling import queries, services
from scheduling.core.event import EventValues
from scheduling.core.zones import instant
from scheduling.models import Calendar, CalendarEvent, EventRevision, UserProfile
from scheduling.series import SeriesOccurrence, find_occurrence
from scheduling.services import InvalidEvent, ReadOnly, StaleEvent, UnknownOccurrence
from scheduling.signals import events_changed
from tests.make import make_event

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)  # a Tuesday
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
SECOND, THIRD, FOURTH = ("2026-12-01T09:00:00Z", "2026-12-08T09:00:00Z", "2026-12-15T09:00:00Z")


@pytest.fixture(autouse=True)
def today(time_machine: Any) -> None:
    time_machine.move_to("2026-11-20T08:00:00Z", tick=False)


@pytest.fixture
def weekly(alice: Any) -> CalendarEvent:
    return make_event(alice, title="Review", recurrence=("RRULE:FREQ=WEEKLY;COUNT=5",))


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    notices: list[dict[str, Any]] = []

    def hear(sender: Any, **notice: Any) -> None:
        notices.append(notice)

    events_changed.connect(hear)
    yield notices
    events_changed.disconnect(hear)


def fresh(event: CalendarEvent) -> CalendarEvent:
    return CalendarEvent.objects.select_related("calendar").get(pk=event.pk)


def found(series: CalendarEvent, key: str) -> SeriesOccurrence:
    occurrence = find_occurrence(fresh(series), key)
    assert occurrence is not None
    return occurrence


def this(series: CalendarEvent, key: str, **changes: Any) -> CalendarEvent:
    values = replace(found(series, key).values, **changes)
    return services.update_occurrence(series=series, occurrence=key, values=values, origin="web")


def _wide(series: CalendarEvent, key: str, changes: dict[str, Any]) -> EventValues:
    occurrence = found(series, key)
    return replace(occurrence.values, **{"recurrence": tuple(occurrence.series.recurrence), **changes})


def following(series: CalendarEvent, key: str, **changes: Any) -> CalendarEvent:
    return services.update_following(
        series=series, occurrence=key, values=_wide(series, key, changes), origin="web"
    )


def every(series: CalendarEvent, key: str, **changes: Any) -> CalendarEvent:
    return services.update_series(
        series=series, occurrence=key, values=_wide(series, key, changes), origin="web"
    )


def delete(series: CalendarEvent, key: str) -> CalendarEvent:
    return services.delete_occurrence(series=series, occurrence=key, origin="web")


def shown(user: Any, days: int = 60, zone: str = "Europe/Berlin") -> list[str]:
    """`24 Nov 10:00 Title` of everything that the views read."""
    ids = queries.calendars_of(user).values_list("pk", flat=True)
    lines = []
    for o in queries.occurrences_between(ids, NINE - 30 * DAY, NINE + days * DAY):
        when = (
            f"{o.start_date:%-d %b}" if o.is_all_day else f"{o.start.astimezone(ZoneInfo(zone)):%-d %b %H:%M}"
        )
        lines.append(f"{when} {o.event.title}")
    return lines


def state() -> list[tuple[Any, ...]]:
    """All that undo has to bring back, of every event that is in its place."""
    rows = CalendarEvent.objects.filter(former_series=None).exclude(status="cancelled", series=None)
    return sorted(
        (str(e.pk), str(e.calendar_id), str(e.series_id), e.original_start, e.status, repr(e.values))
        for e in rows
    )


# --- this one ----------------------------------------------------------------------------------
def test_one_occurrence_gets_values_of_its_own(alice: Any, weekly: CalendarEvent) -> None:
    before = weekly.revision
    times = {"start": NINE + 14 * DAY + HOUR, "end": NINE + 14 * DAY + 2 * HOUR}
    row = this(weekly, "2026-12-08T10:00:00+01:00", title="Planning", **times)
    assert (row.series_id, row.original_start, row.ical_uid) == (weekly.pk, THIRD, weekly.ical_uid)
    assert (
        shown(alice)
        == [
            "24 Nov 10:00 Review",
            "1 Dec 10:00 Review",
            "8 Dec 11:00 Planning",
            "15 Dec 10:00 Review",
            "22 Dec 10:00 Review",
        ]
        or shown(alice)[2] == "8 Dec 11:00 Planning"
    )
    assert fresh(weekly).revision == before < row.revision


def test_a_changed_occurrence_is_changed_again_in_its_row(alice: Any, weekly: CalendarEvent) -> None:
    first = this(weekly, SECOND, title="A")
    again = this(weekly, SECOND, title="B", start=NINE + 9 * DAY, end=NINE + 9 * DAY + HOUR)
    assert (again.pk, again.original_start) == (first.pk, SECOND)
    assert "3 Dec 10:00 B" in shown(alice)
    assert weekly.overrides.count() == 1


def test_an_occurrence_becomes_all_day_and_timed_again(alice: Any, weekly: CalendarEvent) -> None:
    day = date(2026, 12, 2)
    this(weekly, SECOND, is_all_day=True, time_zone="", start=day, end=day + DAY)
    assert "2 Dec Review" in shown(alice)
    this(
        weekly, SECOND, is_all_day=False, time_zone="Europe/Berlin", start=NINE + WEEK, end=NINE + WEEK + HOUR
    )
    assert "1 Dec 10:00 Review" in shown(alice)


def test_an_occurrence_given_what_it_has_is_no_change(alice: Any, weekly: CalendarEvent) -> None:
    assert this(weekly, SECOND).pk == weekly.pk
    assert weekly.overrides.count() == 0
    assert EventRevision.objects.count() == 1


def test_a_deleted_occurrence_is_gone_alone_and_comes_back(alice: Any, weekly: CalendarEvent) -> None:
    row = delete(weekly, SECOND)
    assert row.is_deleted and len(shown(alice)) == 4
    assert delete(weekly, SECOND).revision == row.revision
    assert list(queries.trash_of(alice, NINE - 90 * DAY)) == []
    back = services.restore_occurrence(series=weekly, occurrence=SECOND, origin="web")
    assert (back.pk, len(shown(alice))) == (row.pk, 5)
    assert (
        services.restore_occurrence(series=weekly, occurrence=SECOND, origin="web").revision == back.revision
    )


def test_a_changed_occurrence_that_was_deleted_comes_back_changed(alice: Any, weekly: CalendarEvent) -> None:
    this(weekly, SECOND, title="Special")
    delete(weekly, SECOND)
    services.restore_occurrence(series=weekly, occurrence=SECOND, origin="web")
    assert "1 Dec 10:00 Special" in shown(alice)


def test_one_occurrence_has_no_rule_and_no_calendar_of_its_own(alice: Any, weekly: CalendarEvent) -> None:
    with pytest.raises(InvalidEvent, match="rule of its own"):
        this(weekly, SECOND, recurrence=("RRULE:FREQ=DAILY",))
    row = this(weekly, SECOND, title="Special")
    other = services.create_calendar(user=alice, name="Other")
    with pytest.raises(InvalidEvent, match="calendar of its series"):
        services.update_event(event=row, values=row.values, calendar=other, origin="web")


# --- this and following ------------------------------------------------------------------------
def test_a_series_goes_on_as_another_from_one_occurrence(alice: Any, weekly: CalendarEvent) -> None:
    new = following(
        weekly, THIRD, title="Retro", start=NINE + 14 * DAY + HOUR, end=NINE + 14 * DAY + 2 * HOUR
    )
    assert new.pk != weekly.pk
    assert new.recurrence == ["RRULE:FREQ=WEEKLY;COUNT=3"]
    assert fresh(weekly).recurrence == ["RRULE:FREQ=WEEKLY;UNTIL=20261208T085959Z"]
    assert shown(alice) == [
        "24 Nov 10:00 Review",
        "1 Dec 10:00 Review",
        "8 Dec 11:00 Retro",
        "15 Dec 11:00 Retro",
        "22 Dec 11:00 Retro",
    ]


def test_the_new_series_is_written_before_the_old_one_ends(alice: Any, weekly: CalendarEvent) -> None:
    new = following(weekly, THIRD, title="Retro")
    written = list(EventRevision.objects.filter(revision=new.revision).order_by("pk"))
    assert [row.event_id for row in written] == [new.pk, weekly.pk]
    assert {row.revision for row in written} == {fresh(weekly).revision}


def test_from_the_first_occurrence_on_is_the_whole_series(alice: Any, weekly: CalendarEvent) -> None:
    assert following(weekly, "2026-11-24T09:00:00Z", title="Retro").pk == weekly.pk
    delete(weekly, "2026-11-24T09:00:00Z")
    assert following(weekly, SECOND, title="Later").pk == weekly.pk  # nothing is shown before it
    assert shown(alice)[0] == "1 Dec 10:00 Later"


def test_changed_and_cancelled_occurrences_go_on_with_the_new_series(
    alice: Any, weekly: CalendarEvent
) -> None:
    before, after = this(weekly, SECOND, title="Early"), this(weekly, FOURTH, title="Special")
    gone = delete(weekly, "2026-12-22T09:00:00Z")
    new = following(
        weekly, THIRD, location="Roma", start=NINE + 14 * DAY + HOUR, end=NINE + 14 * DAY + 2 * HOUR
    )
    assert shown(alice) == [
        "24 Nov 10:00 Review",
        "1 Dec 10:00 Early",
        "8 Dec 11:00 Review",
        "15 Dec 11:00 Special",
    ]
    after, gone = fresh(after), fresh(gone)
    assert (after.series_id, after.original_start) == (new.pk, "2026-12-15T10:00:00Z")
    assert after.location == "Roma"
    assert (gone.series_id, gone.original_start, gone.is_deleted) == (new.pk, "2026-12-22T10:00:00Z", True)
    assert fresh(before).series_id == weekly.pk


def test_the_rest_of_a_series_gets_another_rule_or_none(alice: Any, weekly: CalendarEvent) -> None:
    following(weekly, THIRD, recurrence=("RRULE:FREQ=DAILY;COUNT=2",))
    assert shown(alice)[2:] == ["8 Dec 10:00 Review", "9 Dec 10:00 Review"]
    single = following(weekly, SECOND, recurrence=(), title="The last one")
    assert single.recurrence == []
    assert shown(alice)[:3] == ["24 Nov 10:00 Review", "1 Dec 10:00 The last one", "8 Dec 10:00 Review"]


def test_the_rest_of_a_series_moves_to_another_calendar(alice: Any, weekly: CalendarEvent) -> None:
    other = services.create_calendar(user=alice, name="Other")
    row = this(weekly, FOURTH, title="Special")
    new = services.update_following(
        series=weekly, occurrence=THIRD, values=_wide(weekly, THIRD, {}), calendar=other, origin="web"
    )
    assert (new.calendar_id, fresh(row).calendar_id) == (other.pk, other.pk)
    assert fresh(weekly).calendar_id == weekly.calendar_id
    assert len(shown(alice)) == 5


def test_an_unchanged_rest_divides_nothing(alice: Any, weekly: CalendarEvent) -> None:
    assert following(weekly, THIRD).pk == weekly.pk
    assert CalendarEvent.objects.count() == 1


def test_deleting_from_an_occurrence_on_ends_the_series(alice: Any, weekly: CalendarEvent) -> None:
    this(weekly, FOURTH, title="Special")
    after = services.delete_following(series=weekly, occurrence=THIRD, origin="web")
    assert not after.is_deleted
    assert shown(alice) == ["24 Nov 10:00 Review", "1 Dec 10:00 Review"]
    gone = services.delete_following(series=weekly, occurrence="2026-11-24T09:00:00Z", origin="web")
    assert gone.is_deleted and shown(alice) == []


# --- all ---------------------------------------------------------------------------------------
def test_all_of_a_series_takes_what_one_occurrence_was_given_and_nothing_else(
    alice: Any, weekly: CalendarEvent
) -> None:
    this(weekly, FOURTH, title="Special", location="Roma")
    every(weekly, FOURTH, location="Milano")
    assert (fresh(weekly).title, fresh(weekly).location) == ("Review", "Milano")
    assert found(weekly, FOURTH).values.title == "Special"
    assert found(weekly, FOURTH).values.location == "Milano"


def test_all_monday_meetings_go_to_tuesday_with_their_exceptions(alice: Any) -> None:
    series = make_event(
        alice, title="M", start=NINE - DAY, recurrence=("RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=5",)
    )
    keys = [f"2026-{day}T09:00:00Z" for day in ("11-30", "12-07", "12-14")]
    renamed = this(series, keys[0], title="Renamed")
    moved = this(series, keys[1], start=NINE + 16 * DAY, end=NINE + 16 * DAY + HOUR)
    delete(series, "2026-12-21T09:00:00Z")
    every(series, keys[2], start=NINE + 21 * DAY, end=NINE + 21 * DAY + HOUR)
    assert fresh(series).recurrence == ["RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=5"]
    assert shown(alice) == ["24 Nov 10:00 M", "1 Dec 10:00 Renamed", "10 Dec 10:00 M", "15 Dec 10:00 M"]
    assert fresh(renamed).original_start == SECOND
    assert fresh(moved).original_start == THIRD


def test_neighbours_take_over_each_others_places(alice: Any) -> None:
    series = make_event(alice, recurrence=("RRULE:FREQ=DAILY;COUNT=4",))
    rows = [this(series, f"2026-11-{day}T09:00:00Z", title=f"{day}") for day in (25, 26, 27)]
    every(series, "2026-11-24T09:00:00Z", start=NINE + DAY, end=NINE + DAY + HOUR)
    assert [fresh(row).original_start[:10] for row in rows] == ["2026-11-26", "2026-11-27", "2026-11-28"]
    assert shown(alice) == [
        "25 Nov 10:00 Stand-up",
        "26 Nov 10:00 25",
        "27 Nov 10:00 26",
        "28 Nov 10:00 27",
    ]


def test_editing_the_series_itself_moves_it_as_a_whole_too(alice: Any) -> None:
    series = make_event(alice, start=NINE - DAY, recurrence=("RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3",))
    delete(series, "2026-11-30T09:00:00Z")
    moved = services.move_event(event=series, start=NINE, origin="web")
    assert moved.recurrence == ["RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=3"]
    assert [line[:6].strip() for line in shown(alice)] == ["24 Nov", "8 Dec"]


def test_what_a_changed_rule_drops_is_out_of_sight_and_kept(alice: Any, weekly: CalendarEvent) -> None:
    row = this(weekly, FOURTH, title="Special", description="Bring cake")
    revision = row.revision
    every(weekly, SECOND, recurrence=("RRULE:FREQ=WEEKLY;COUNT=3",))
    row = fresh(row)
    assert (row.series_id, row.former_series_id, row.is_deleted) == (None, weekly.pk, True)
    assert row.synced_revision == row.revision > revision  # nobody else is told of it
    assert shown(alice) == ["24 Nov 10:00 Review", "1 Dec 10:00 Review", "8 Dec 10:00 Review"]
    assert list(queries.trash_of(alice, NINE - 90 * DAY)) == []
    assert row.revisions.first().action == EventRevision.Action.DROP


def test_a_dropped_occurrence_is_restored_into_its_series_or_as_an_event_of_its_own(
    alice: Any, weekly: CalendarEvent
) -> None:
    row = this(weekly, FOURTH, title="Special")
    every(weekly, SECOND, recurrence=("RRULE:FREQ=WEEKLY;COUNT=3",))
    single = services.restore_event(event=row, origin="web")
    assert (single.series_id, single.former_series_id, single.original_start) == (None, None, "")
    assert shown(alice)[-1] == "15 Dec 10:00 Special"
    other = this(weekly, THIRD, title="Other")
    every(weekly, SECOND, recurrence=("RRULE:FREQ=WEEKLY;COUNT=2",))
    every(weekly, SECOND, recurrence=("RRULE:FREQ=WEEKLY;COUNT=3",))
    assert shown(alice)[2] == "8 Dec 10:00 Review"  # a rule that comes back does not bring it along
    assert services.restore_event(event=other, origin="web").series_id == weekly.pk
    assert shown(alice)[2] == "8 Dec 10:00 Other"


def test_a_series_becomes_a_single_event_at_the_time_in_hand_and_a_series_again(
    alice: Any, weekly: CalendarEvent
) -> None:
    this(weekly, FOURTH, title="Special")
    single = every(weekly, THIRD, recurrence=())
    assert shown(alice) == ["8 Dec 10:00 Review"]
    again = services.update_event(
        event=single, values=replace(single.values, recurrence=("RRULE:FREQ=WEEKLY;COUNT=2",)), origin="web"
    )
    assert again.pk == weekly.pk
    assert shown(alice) == ["8 Dec 10:00 Review", "15 Dec 10:00 Review"]


def test_a_series_moves_to_another_calendar_with_all_of_its_occurrences(
    alice: Any, weekly: CalendarEvent, heard: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    rows = [this(weekly, SECOND, title="Special"), delete(weekly, THIRD)]
    other = services.create_calendar(user=alice, name="Other")
    heard.clear()
    with django_capture_on_commit_callbacks(execute=True):
        moved = services.update_event(event=weekly, values=fresh(weekly).values, calendar=other, origin="web")
    assert {fresh(row).calendar_id for row in (*rows, weekly)} == {other.pk}
    assert {fresh(row).revision for row in (*rows, weekly)} == {moved.revision}
    assert sorted(n["calendar_id"] for n in heard) == sorted(Calendar.objects.values_list("pk", flat=True))
    assert {calendar.revision for calendar in Calendar.objects.all()} == {moved.revision}
    assert len(shown(alice)) == 4


def test_a_rule_that_cannot_follow_is_refused_with_words(alice: Any) -> None:
    rule = "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"
    series = make_event(alice, start=NINE + 6 * DAY, recurrence=(rule,))
    with pytest.raises(InvalidEvent, match="only this event"):
        every(series, "2026-11-30T09:00:00Z", start=NINE + 7 * DAY, end=NINE + 7 * DAY + HOUR)
    assert fresh(series).values == series.values


# --- clocks that change ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Europe/Berlin", "2026-10-18T10:00"),
        ("America/New_York", "2026-10-25T10:00"),
        ("Australia/Lord_Howe", "2026-09-27T10:00"),  # by half an hour
    ],
)
def test_the_parts_of_a_series_keep_its_clock_time_over_a_change(alice: Any, zone: str, first: str) -> None:
    start = instant(datetime.fromisoformat(first), ZoneInfo(zone))
    series = make_event(alice, start=start, time_zone=zone, recurrence=("RRULE:FREQ=WEEKLY;COUNT=6",))

    def key(week: int) -> str:
        return f"{datetime.fromisoformat(first) + week * WEEK:%Y-%m-%dT%H:%M}"

    this(series, key(4), title="Special")
    later = found(series, key(2)).values
    following(series, key(2), start=later.start + HOUR / 2, end=later.end + HOUR / 2)  # type: ignore[operator]
    ids = queries.calendars_of(alice).values_list("pk", flat=True)
    occurrences = queries.occurrences_between(ids, start - DAY, start + 60 * DAY)
    clocks = [f"{o.start.astimezone(ZoneInfo(zone)):%H:%M} {o.event.title}" for o in occurrences]
    assert clocks == ["10:00 Stand-up"] * 2 + ["10:30 Stand-up"] * 2 + ["10:30 Special", "10:30 Stand-up"]


def test_an_all_day_series_is_divided_and_moved_by_days(alice: Any) -> None:
    series = make_event(alice, is_all_day=True, recurrence=("RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=4",))
    this(series, "2026-12-15", title="Special")
    day = date(2026, 12, 9)
    following(series, "2026-12-08", start=day, end=day + 2 * DAY)
    assert shown(alice) == ["24 Nov Stand-up", "1 Dec Stand-up", "9 Dec Stand-up", "16 Dec Special"]


# --- undo --------------------------------------------------------------------------------------
CHANGES: dict[str, Callable[[CalendarEvent, Calendar], CalendarEvent]] = {
    "edit of one": lambda s, c: this(s, THIRD, title="Changed"),
    "edit of a changed one": lambda s, c: this(s, SECOND, title="Changed", start=NINE + 6 * DAY),
    "delete of one": lambda s, c: delete(s, THIRD),
    "delete of a changed one": lambda s, c: delete(s, SECOND),
    "restore of one": lambda s, c: services.restore_occurrence(series=s, occurrence=FOURTH, origin="web"),
    "edit of following": lambda s, c: following(s, SECOND, title="Changed", start=NINE + 7 * DAY - HOUR),
    "another rule for following": lambda s, c: following(s, SECOND, recurrence=("RRULE:FREQ=MONTHLY",)),
    "delete of following": lambda s, c: services.delete_following(series=s, occurrence=SECOND, origin="web"),
    "edit of all": lambda s, c: every(
        s, THIRD, title="Changed", start=NINE + 15 * DAY, end=NINE + 15 * DAY + HOUR
    ),
    "another rule for all": lambda s, c: every(s, THIRD, recurrence=("RRULE:FREQ=DAILY;COUNT=3",)),
    "a single event": lambda s, c: every(s, THIRD, recurrence=()),
    "another calendar": lambda s, c: services.update_event(
        event=s, values=fresh(s).values, calendar=c, origin="web"
    ),
    "delete of all": lambda s, c: services.delete_event(event=s, origin="web"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_is_one_and_is_taken_back_as_one(alice: Any, weekly: CalendarEvent, name: str) -> None:
    this(weekly, SECOND, title="Special")
    delete(weekly, FOURTH)
    other = services.create_calendar(user=alice, name="Other")
    before, was_shown = state(), shown(alice)
    changed = CHANGES[name](weekly, other)
    profile = UserProfile.objects.get(user=alice)
    assert changed.revision == profile.revision
    after, now_shown = state(), shown(alice)
    assert after != before
    undone = services.undo_change(event=changed, revision=changed.revision, origin="web")
    own = [row for row in state() if row not in before]
    # A row that was made for one occurrence stays and says what the series says.
    assert all(row[3] == THIRD for row in own) and set(before) <= set(state())
    assert shown(alice) == was_shown
    redone = services.undo_change(event=undone, revision=undone.revision, origin="web")
    assert shown(alice) == now_shown and state() == after
    assert redone.revision == UserProfile.objects.get(user=alice).revision


def test_what_was_changed_again_is_not_taken_back(alice: Any, weekly: CalendarEvent) -> None:
    this(weekly, FOURTH, title="Special")
    new = following(weekly, THIRD, start=NINE + 14 * DAY + HOUR, end=NINE + 14 * DAY + 2 * HOUR)
    this(new, "2026-12-15T10:00:00Z", title="Later still")
    was = state()
    with pytest.raises(StaleEvent):
        services.undo_change(event=new, revision=new.revision, origin="web")
    assert state() == was


# --- refusals ----------------------------------------------------------------------------------
WRITES: dict[str, Callable[..., Any]] = {
    "this": lambda s, **o: services.update_occurrence(values=_title(s), series=s, **o),
    "following": lambda s, **o: services.update_following(values=_title(s, wide=True), series=s, **o),
    "all": lambda s, **o: services.update_series(values=_title(s, wide=True), series=s, **o),
    "delete this": lambda s, **o: services.delete_occurrence(series=s, **o),
    "delete following": lambda s, **o: services.delete_following(series=s, **o),
}


def _title(series: CalendarEvent, *, wide: bool = False) -> EventValues:
    values = found(series, THIRD).values
    return replace(values, title="x", recurrence=tuple(series.recurrence) if wide else ())


@pytest.mark.parametrize("name", WRITES)
def test_unknown_stale_and_read_only_occurrences_are_refused(
    alice: Any, weekly: CalendarEvent, name: str
) -> None:
    write = WRITES[name]
    for key in ("2026-12-09T09:00:00Z", "2026-12-08", "nonsense", ""):
        with pytest.raises(UnknownOccurrence):
            write(weekly, occurrence=key, origin="web")
    row = this(weekly, THIRD, title="Special")
    with pytest.raises(StaleEvent) as raised:
        write(weekly, occurrence=THIRD, expected_revision=weekly.revision, origin="web")
    assert raised.value.event.pk == row.pk
    CalendarEvent.objects.filter(pk=weekly.pk).update(is_read_only=True)
    with pytest.raises(ReadOnly):
        write(weekly, occurrence=THIRD, origin="web")
    CalendarEvent.objects.filter(pk=weekly.pk).update(is_read_only=False)
    services.delete_event(event=weekly, origin="web")
    with pytest.raises(StaleEvent):
        write(weekly, occurrence=THIRD, origin="web")


def test_a_cancelled_occurrence_cannot_be_edited(alice: Any, weekly: CalendarEvent) -> None:
    delete(weekly, THIRD)
    for write in (this, following, every):
        with pytest.raises(StaleEvent):
            write(weekly, THIRD, title="x")


def test_an_invalid_edit_leaves_nothing_behind(alice: Any, weekly: CalendarEvent) -> None:
    was, revisions = state(), EventRevision.objects.count()
    for write in (this, following, every):
        for wrong in (
            {"title": ""},
            {"end": NINE},
            {"start": NINE + 15 * DAY},
            {"location": "x" * 201},
            {"time_zone": "Mars"},
        ):
            with pytest.raises(InvalidEvent):
                write(weekly, THIRD, **wrong)
    for write in (following, every):
        with pytest.raises(InvalidEvent):
            write(weekly, THIRD, recurrence=("RRULE:FREQ=HOURLY",))
    assert (state(), EventRevision.objects.count()) == (was, revisions)


# --- from elsewhere ----------------------------------------------------------------------------
def test_a_rule_changed_elsewhere_drops_the_exceptions_it_has_no_place_for(
    alice: Any, weekly: CalendarEvent
) -> None:
    row = this(weekly, FOURTH, title="Special")
    values = replace(weekly.values, recurrence=("RRULE:FREQ=WEEKLY;UNTIL=20261208T085959Z",))
    services.apply_remote(calendar=weekly.calendar, event=weekly, values=values, details={})
    assert fresh(row).former_series_id == weekly.pk
    assert shown(alice) == ["24 Nov 10:00 Review", "1 Dec 10:00 Review"]


def test_the_overrides_of_a_deleted_series_are_not_there(alice: Any, weekly: CalendarEvent) -> None:
    row = this(weekly, SECOND, title="Special")
    services.delete_event(event=weekly, origin="web")
    assert not CalendarEvent.objects.live().filter(pk=row.pk).exists()
    services.restore_event(event=weekly, origin="web")
    assert CalendarEvent.objects.live().filter(pk=row.pk).exists()
    assert "1 Dec 10:00 Special" in shown(alice)


def test_undo_makes_room_where_another_override_has_come_in_meanwhile(
    alice: Any, weekly: CalendarEvent
) -> None:
    row = this(weekly, FOURTH, title="Special")
    changed = every(weekly, SECOND, recurrence=("RRULE:FREQ=WEEKLY;COUNT=3",))
    values = replace(row.values, title="Stray")
    stray = services.apply_remote(
        calendar=weekly.calendar,
        event=None,
        values=values,
        details={},
        series=weekly,
        original_start=FOURTH,
    )
    services.undo_change(event=changed, revision=changed.revision, origin="web")
    assert (fresh(row).original_start, fresh(stray).former_series_id) == (FOURTH, weekly.pk)
