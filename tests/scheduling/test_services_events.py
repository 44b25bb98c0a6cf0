from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling import queries, services
from scheduling.core.event import EventValues, from_json
from scheduling.models import Calendar, CalendarEvent, EventRevision, Occurrence, UserProfile
from scheduling.services import InvalidEvent, ReadOnly, StaleEvent
from scheduling.signals import events_changed
from tests.make import make_event, make_values

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    notices: list[dict[str, Any]] = []

    def hear(sender: Any, **notice: Any) -> None:
        notices.append(notice)

    events_changed.connect(hear)
    yield notices
    events_changed.disconnect(hear)


def update(event: CalendarEvent, **changes: Any) -> CalendarEvent:
    return services.update_event(event=event, values=replace(event.values, **changes), origin="web")


def delete(event: CalendarEvent) -> CalendarEvent:
    return services.delete_event(event=event, origin="web")


def stored(event: CalendarEvent) -> CalendarEvent:
    return CalendarEvent.objects.get(pk=event.pk)


# --- Creating ----------------------------------------------------------------------------------
def test_a_new_event_takes_the_next_revision_and_has_one_occurrence(alice: Any) -> None:
    before = UserProfile.objects.get(user=alice).revision
    event = make_event(alice)
    assert event.revision == before + 1
    assert UserProfile.objects.get(user=alice).revision == event.revision
    assert Calendar.objects.get(user=alice).revision == event.revision
    occurrence = Occurrence.objects.get()
    assert (occurrence.event_id, occurrence.start, occurrence.end) == (event.pk, NINE, NINE + HOUR)
    assert event.ical_uid == f"{event.pk}@appointment"


def test_a_new_event_is_stored_in_canonical_form(alice: Any) -> None:
    tokyo = datetime.fromisoformat("2026-11-24T18:00:00+09:00")
    event = make_event(alice, title="  Stand\r\n up ", description=" a\r\nb\x00 ", start=tokyo)
    assert (event.title, event.description, event.start_time) == ("Stand up", "a\nb", NINE)
    assert stored(event).values == event.values


def test_an_invalid_event_leaves_nothing_behind(alice: Any) -> None:
    before = UserProfile.objects.get(user=alice).revision
    for over in (
        {"title": " "},
        {"end": NINE},
        {"time_zone": "Mars"},
        {"recurrence": ("RRULE:FREQ=HOURLY",)},
    ):
        with pytest.raises(InvalidEvent):
            make_event(alice, **over)
    assert not CalendarEvent.objects.exists()
    assert not EventRevision.objects.exists()
    assert UserProfile.objects.get(user=alice).revision == before


def test_the_actor_is_kept_and_nobody_is_an_actor_too(alice: Any, bob: Any) -> None:
    calendar = Calendar.objects.get(user=alice)
    for actor, expected in ((bob, bob), (AnonymousUser(), None), (None, None)):
        event = services.create_event(calendar=calendar, values=make_values(), origin="admin", actor=actor)
        assert event.revisions.get().actor == expected


# --- Changing ----------------------------------------------------------------------------------
def test_a_change_keeps_what_was_before_and_moves_the_occurrence(alice: Any) -> None:
    event = make_event(alice)
    after = update(event, title="Retro", start=NINE + HOUR, end=NINE + 2 * HOUR)
    assert after.revision > event.revision
    change = after.revisions.first()
    assert from_json(change.before) == event.values
    assert (change.action, change.revision) == ("edit", after.revision)
    assert Occurrence.objects.get().start == NINE + HOUR


def test_a_change_to_the_same_values_is_no_change(alice: Any) -> None:
    event = make_event(alice)
    assert update(event, title=" Stand-up ").revision == event.revision
    assert EventRevision.objects.count() == 1


def test_a_change_of_an_older_state_is_refused_when_asked(alice: Any) -> None:
    event = make_event(alice)
    newer = update(event, title="Retro")
    for write in (
        lambda: services.update_event(
            event=event, values=make_values(), origin="web", expected_revision=event.revision
        ),
        lambda: services.delete_event(event=event, origin="web", expected_revision=event.revision),
        lambda: services.move_event(event=event, start=NINE, origin="web", expected_revision=event.revision),
    ):
        with pytest.raises(StaleEvent) as raised:
            write()
        assert raised.value.event.values == newer.values
    assert stored(event).title == "Retro"


def test_a_deleted_event_is_stale_for_whoever_still_edits_it(alice: Any) -> None:
    event = make_event(alice)
    delete(event)
    with pytest.raises(StaleEvent):
        update(event, title="Retro")
    assert stored(event).is_deleted


def test_an_event_of_no_length_may_be_renamed_but_not_made(alice: Any) -> None:
    event = make_event(alice)
    CalendarEvent.objects.update(end_time=NINE)
    event.refresh_from_db()
    assert update(event, title="Retro").title == "Retro"
    with pytest.raises(InvalidEvent):
        update(stored(event), start=NINE + HOUR, end=NINE + HOUR)


def test_a_rule_that_is_not_understood_stays_while_other_fields_change(alice: Any) -> None:
    event = make_event(alice)
    CalendarEvent.objects.update(recurrence=["RRULE:FREQ=HOURLY"])
    event.refresh_from_db()
    after = update(event, title="Retro")
    assert after.recurrence == ["RRULE:FREQ=HOURLY"]
    assert stored(event).recurrence_error
    assert Occurrence.objects.count() == 1


def test_a_timed_event_becomes_an_all_day_one_and_back(alice: Any) -> None:
    event = make_event(alice)
    days = {"start": date(2026, 11, 24), "end": date(2026, 11, 26)}
    whole = update(event, is_all_day=True, **days)
    assert (whole.start_time, whole.time_zone, whole.start, whole.end) == (None, "", *days.values())
    occurrence = Occurrence.objects.get()
    assert (occurrence.start.date(), occurrence.end.date()) == tuple(days.values())
    timed = update(whole, is_all_day=False, time_zone="Asia/Tokyo", start=NINE, end=NINE + HOUR)
    assert (timed.start_date, timed.start) == (None, NINE)


def test_moving_an_event_keeps_its_length(alice: Any) -> None:
    event = services.move_event(event=make_event(alice), start=NINE + 24 * HOUR, origin="web")
    assert (event.start, event.end) == (NINE + 24 * HOUR, NINE + 25 * HOUR)
    days = make_event(alice, is_all_day=True, end=date(2026, 11, 27))
    moved = services.move_event(event=days, start=date(2026, 12, 1), origin="web")
    assert (moved.start, moved.end) == (date(2026, 12, 1), date(2026, 12, 4))
    with pytest.raises(InvalidEvent):
        services.move_event(event=days, start=NINE, origin="web")


# --- Read only ---------------------------------------------------------------------------------
def test_what_is_read_only_is_not_written(alice: Any) -> None:
    event = make_event(alice)
    other = services.create_calendar(user=alice, name="Holidays", is_read_only=True)
    with pytest.raises(ReadOnly):
        make_event(alice, calendar=other)
    with pytest.raises(ReadOnly):
        services.update_event(event=event, values=event.values, calendar=other, origin="web")
    CalendarEvent.objects.update(is_read_only=True, read_only_reason="Ines organises it.")
    for write in (lambda: update(event, title="Mine"), lambda: delete(event)):
        with pytest.raises(ReadOnly, match="Ines"):
            write()
    CalendarEvent.objects.update(is_read_only=False)
    Calendar.objects.update(is_read_only=True)
    for write in (lambda: update(event, title="Mine"), lambda: delete(event)):
        with pytest.raises(ReadOnly):
            write()
    assert stored(event).revision == event.revision


# --- Deleting and restoring --------------------------------------------------------------------
def test_a_deleted_event_leaves_the_views_and_stays_in_the_trash(alice: Any) -> None:
    event = delete(make_event(alice))
    assert event.is_deleted
    assert not Occurrence.objects.exists()
    assert list(queries.trash_of(alice, NINE - timedelta(days=36500))) == [event]
    assert not queries.events_of(alice).live().exists()
    assert delete(event).revision == event.revision


def test_a_restored_event_is_what_it_was_under_the_same_id(alice: Any) -> None:
    event = make_event(alice, status="tentative", recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    delete(event)
    restored = services.restore_event(event=event, origin="web")
    assert (restored.pk, restored.values) == (event.pk, event.values)
    assert restored.status == "tentative"
    assert Occurrence.objects.count() == 3
    assert services.restore_event(event=event, origin="web").revision == restored.revision


# --- Undo --------------------------------------------------------------------------------------
def test_every_change_can_be_taken_back(alice: Any) -> None:
    event = make_event(alice)
    edited = update(event, title="Retro", start=NINE + HOUR, end=NINE + 2 * HOUR)
    undone = services.undo_change(event=edited, revision=edited.revision, origin="web")
    assert undone.values == event.values
    deleted = delete(undone)
    restored = services.undo_change(event=deleted, revision=deleted.revision, origin="web")
    assert restored.values == event.values
    again = services.undo_change(event=restored, revision=restored.revision, origin="web")
    assert again.is_deleted


def test_undoing_a_creation_deletes_the_event(alice: Any) -> None:
    event = make_event(alice)
    assert services.undo_change(event=event, revision=event.revision, origin="web").is_deleted


def test_undoing_a_move_brings_the_event_back_to_its_calendar(alice: Any) -> None:
    event = make_event(alice)
    family = services.create_calendar(user=alice, name="Family")
    moved = services.update_event(event=event, values=event.values, calendar=family, origin="web")
    undone = services.undo_change(event=moved, revision=moved.revision, origin="web")
    assert undone.calendar == event.calendar


def test_only_the_last_change_can_be_taken_back(alice: Any) -> None:
    event = make_event(alice)
    first = update(event, title="Retro")
    second = update(first, title="Review")
    for revision in (event.revision, first.revision, second.revision + 1):
        with pytest.raises(StaleEvent):
            services.undo_change(event=event, revision=revision, origin="web")
    assert stored(event).title == "Review"


# --- Other calendars ---------------------------------------------------------------------------
def test_an_event_moves_with_its_occurrences_and_both_calendars_change(alice: Any) -> None:
    event = make_event(alice, recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    family = services.create_calendar(user=alice, name="Family")
    moved = services.update_event(event=event, values=event.values, calendar=family, origin="web")
    assert (moved.pk, moved.calendar) == (event.pk, family)
    assert set(Occurrence.objects.values_list("calendar", flat=True)) == {family.pk}
    assert min(Calendar.objects.values_list("revision", flat=True)) > event.revision
    assert moved.revisions.first().calendar_before == event.calendar


def test_an_event_does_not_move_to_someone_else(alice: Any, bob: Any) -> None:
    event = make_event(alice)
    with pytest.raises(InvalidEvent):
        services.update_event(
            event=event, values=event.values, calendar=Calendar.objects.get(user=bob), origin="web"
        )
    assert stored(event).user == alice


# --- What comes from elsewhere -----------------------------------------------------------------
def remote(
    event: CalendarEvent | None, values: EventValues | None, calendar: Calendar, **over: Any
) -> CalendarEvent:
    details = over.pop("details", {})
    return services.apply_remote(calendar=calendar, event=event, values=values, details=details, **over)


def test_a_remote_event_is_made_changed_deleted_and_brought_back(alice: Any) -> None:
    calendar = Calendar.objects.get(user=alice)
    event = remote(None, make_values(title=""), calendar, details={"google_event_id": "abc"})
    assert (event.title, event.google_event_id, event.synced_revision) == ("", "abc", event.revision)
    event = remote(event, make_values(title="Retro"), calendar)
    assert (event.title, event.revisions.first().origin) == ("Retro", "google")
    event = remote(event, None, calendar)
    assert event.is_deleted
    assert not Occurrence.objects.exists()
    event = remote(event, make_values(title="Retro"), calendar)
    assert (event.status, event.deleted_at) == ("confirmed", None)
    assert [r.action for r in event.revisions.all()] == ["restore", "delete", "edit", "create"]


def test_a_remote_echo_changes_nothing(alice: Any) -> None:
    calendar = Calendar.objects.get(user=alice)
    event = remote(None, make_values(), calendar)
    assert remote(event, make_values(), calendar).revision == event.revision
    remote(event, None, calendar)
    deleted = stored(event)
    assert remote(deleted, None, calendar).revision == deleted.revision


def test_bookkeeping_of_the_other_side_is_no_change_of_the_event(alice: Any) -> None:
    event = make_event(alice)
    remote(event, event.values, event.calendar, details={"google_event_id": "abc", "sequence": 3})
    after = stored(event)
    assert (after.revision, after.google_event_id, after.sequence) == (event.revision, "abc", 3)
    assert after.synced_revision == after.revision


def test_displaced_values_are_kept(alice: Any) -> None:
    event = make_event(alice)
    kept = services.keep_displaced(event=event, values=make_values(title="Mine"), origin="google")
    assert from_json(kept.before).title == "Mine"
    # The displaced values are no step of the event's own history.
    undone = services.undo_change(event=event, revision=event.revision, origin="web")
    assert undone.is_deleted


def test_agreement_with_the_other_side_keeps_the_revision(alice: Any) -> None:
    event = make_event(alice)
    services.mark_synced(event=event, revision=event.revision)
    assert (stored(event).revision, stored(event).synced_revision) == (event.revision, event.revision)
    services.set_sync_state(event=event, sync_state="refused")
    assert stored(event).sync_state == "refused"


# --- Notices -----------------------------------------------------------------------------------
def test_each_write_is_announced_once_after_its_commit(
    alice: Any, heard: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    def notices_of(write: Any) -> list[tuple[Any, ...]]:
        heard.clear()
        with django_capture_on_commit_callbacks(execute=True):
            result = write()
            assert heard == []
        assert all(notice["event_ids"] == [result.pk] for notice in heard)
        return [(notice["calendar_id"], notice["revision"], notice["origin"]) for notice in heard]

    event = make_event(alice)
    calendar = event.calendar
    assert notices_of(lambda: update(event, title="Retro")) == [(calendar.pk, stored(event).revision, "web")]
    assert notices_of(lambda: update(stored(event), title="Retro")) == []
    assert notices_of(lambda: delete(event)) == [(calendar.pk, stored(event).revision, "web")]
    assert notices_of(lambda: delete(event)) == []
    assert len(notices_of(lambda: services.restore_event(event=event, origin="web"))) == 1
    family = services.create_calendar(user=alice, name="Family")
    moved = notices_of(
        lambda: services.update_event(event=event, values=event.values, calendar=family, origin="web")
    )
    assert {notice[0] for notice in moved} == {calendar.pk, family.pk}


# --- A life ------------------------------------------------------------------------------------
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("rename"), st.sampled_from(["A", "B", "C"])),
        st.tuples(st.just("move"), st.integers(-50, 50)),
        st.tuples(st.just("calendar"), st.integers(0, 1)),
        st.tuples(st.just("repeat"), st.integers(0, 4)),
        st.tuples(st.sampled_from(["delete", "restore", "undo"]), st.none()),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_to_an_event_its_rows_agree(alice: Any, steps: list[tuple[str, Any]]) -> None:
    calendars = [
        Calendar.objects.get(user=alice, is_primary=True),
        Calendar.objects.filter(user=alice, name="Family").first()
        or services.create_calendar(user=alice, name="Family"),
    ]
    event = make_event(alice)
    for step, argument in steps:
        before = stored(event)
        try:
            if step == "rename":
                update(before, title=argument)
            elif step == "move":
                services.move_event(event=before, start=NINE + argument * HOUR, origin="web")
            elif step == "calendar":
                target = calendars[argument]
                services.update_event(event=before, values=before.values, calendar=target, origin="web")
            elif step == "repeat":
                rules = (f"RRULE:FREQ=DAILY;COUNT={argument}",) if argument else ()
                update(before, recurrence=rules)
            elif step == "delete":
                delete(before)
            elif step == "restore":
                services.restore_event(event=before, origin="web")
            else:
                services.undo_change(event=before, revision=before.revision, origin="web")
        except StaleEvent:
            assert before.is_deleted
        after = stored(event)
        assert after.revision >= before.revision
        assert (after.revision > before.revision) == (
            (after.values, after.calendar_id, after.is_deleted)
            != (before.values, before.calendar_id, before.is_deleted)
        )
        assert after.revision == after.revisions.first().revision
        assert after.revision <= after.calendar.revision <= UserProfile.objects.get(user=alice).revision
        occurrences = Occurrence.objects.filter(event=event)
        assert {o.calendar_id for o in occurrences} <= {after.calendar_id}
        count = int(after.recurrence[0][-1]) if after.recurrence else 1
        assert len(occurrences) == (0 if after.is_deleted else count)


def test_a_start_moved_behind_the_end_that_stays_is_refused(alice: Any) -> None:
    event = make_event(alice)
    with pytest.raises(InvalidEvent) as raised:
        update(event, start=event.end + HOUR)  # type: ignore[operator]
    assert "end" in raised.value.fields


def test_events_that_come_in_bulk_are_as_they_would_be_one_by_one(alice: Any, time_machine: Any) -> None:
    time_machine.move_to(NINE, tick=False)
    day, zone = date(2026, 11, 24), "America/New_York"
    items = [
        (EventValues(title="One", start=NINE, end=NINE + HOUR, time_zone=zone), {"ical_uid": "one"}),
        (EventValues(title="Day", start=day, end=day + timedelta(days=2), is_all_day=True, color=3), {}),
        (
            EventValues(
                title="Series",
                start=NINE,
                end=NINE + HOUR,
                time_zone=zone,
                recurrence=("RRULE:FREQ=WEEKLY",),
                reminders=(10,),
            ),
            {"attendees": [{"email": "greta@example.com"}], "is_read_only": True},
        ),
        (
            EventValues(title="Odd", start=NINE, end=NINE, time_zone=zone, recurrence=("RRULE:FREQ=ODD",)),
            {"google_event_id": "odd"},
        ),
    ]
    singly, in_bulk = (services.create_calendar(user=alice, name=name) for name in ("Singly", "In bulk"))
    for values, details in items:
        services.apply_remote(calendar=singly, event=None, values=values, details=details)
    made = services.create_remote_events(calendar=in_bulk, items=items, origin="google")
    in_bulk.refresh_from_db()
    revisions = in_bulk.events.filter(pk__in=made, synced_revision=in_bulk.revision).values_list("revision")
    assert list(revisions) == [(in_bulk.revision,)] * len(items)
    assert _rows(in_bulk) == _rows(singly)


def _rows(calendar: Calendar) -> list[list[dict[str, Any]]]:
    """Everything that is stored of its events, but for what differs by nature."""
    own = ("id", "calendar_id", "revision", "synced_revision", "event_id", "master_id")
    tables = (
        CalendarEvent.objects.filter(calendar=calendar).order_by("title"),
        Occurrence.objects.filter(calendar=calendar).order_by("event__title", "start"),
    )
    return [[{k: v for k, v in row.items() if k not in own} for row in table.values()] for table in tables]
