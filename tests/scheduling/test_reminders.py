"""Reminders and agendas on a clock that the tests set: once, in time, and never of what is no longer so."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling import services
from scheduling.models import Calendar, OutgoingMail, SentReminder, UserProfile
from scheduling.services.reminders import remind
from tests.make import make_event, make_user, make_values
from tests.plans import plan_of

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # 9:00 in Berlin
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def alice(db: None, clock: Any) -> Any:
    return make_user("alice@example.com")


def subjects() -> list[str]:
    return list(OutgoingMail.objects.order_by("created_at", "subject").values_list("subject", flat=True))


def pass_time(clock: Any, until: datetime, step: timedelta = timedelta(seconds=30)) -> dict[str, datetime]:
    """Look as the worker does until `until`; subject → when it was queued."""
    now = datetime.now(UTC)
    while now <= until:
        clock.move_to(now)
        services.remind_due_people()
        now += step
    clock.move_to(until)
    return {m.subject.partition(":")[0]: m.created_at for m in OutgoingMail.objects.all()}


# --- when --------------------------------------------------------------------------------------
def test_a_reminder_is_queued_at_its_time_once(alice: Any, clock: Any) -> None:
    make_event(alice, title="Stand-up", start=NOW + timedelta(hours=1))
    queued = pass_time(clock, NOW + timedelta(hours=2))
    assert queued == {"Stand-up": NOW + timedelta(minutes=45)}
    assert subjects() == ["Stand-up: Tuesday 24 November, 10:00–11:00"]


def test_a_reminder_is_sent_with_the_event_and_a_way_to_leave(alice: Any, clock: Any) -> None:
    description = '<p>Bring <b>cups</b> &amp; <a href="https://a.example/x">this</a><img src="https://evil.example/p"></p>'
    event = make_event(
        alice, title="Tea <b>", location="Room 3", description=description, start=NOW + timedelta(hours=1)
    )
    pass_time(clock, NOW + timedelta(minutes=45))
    services.send_due_mails()
    [message] = mail.outbox
    assert message.to == ["alice@example.com"] and "Room 3" in message.body
    assert f"/calendar/events/{event.pk}/" in message.body
    assert "Tea &lt;b&gt;" in message.alternatives[0][0]
    assert "Bring cups & this (https://a.example/x)" in message.body
    assert "Bring cups &amp; this (https://a.example/x)" in message.alternatives[0][0]
    assert "evil" not in message.alternatives[0][0]
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
)
@pytest.mark.parametrize(
    "day",
    [
        date(2026, 3, 8),
        date(2026, 3, 29),
        date(2026, 4, 5),
        date(2026, 10, 4),
        date(2026, 10, 25),
        date(2026, 11, 1),
    ],
)
def test_a_daily_series_reminds_each_day_at_its_wall_time_across_clock_changes(
    clock: Any, db: None, name: str, day: date
) -> None:
    place = ZoneInfo(name)
    clock.move_to(datetime.combine(day - timedelta(days=2), time(0), place))
    user = make_user("zoe@example.com", zone=name)
    first = datetime.combine(day - timedelta(days=1), time(9), place)
    make_event(
        user,
        title="Stand-up",
        start=first.astimezone(UTC),
        time_zone=name,
        recurrence=("RRULE:FREQ=DAILY;COUNT=3",),
    )
    for n in (-1, 0, 1):
        due = datetime.combine(day + timedelta(days=n), time(8, 45), place).astimezone(UTC)
        pass_time(clock, due - timedelta(hours=2), step=timedelta(hours=1))
        pass_time(clock, due + timedelta(hours=2), step=timedelta(minutes=5))  # wider than clocks change
    pass_time(clock, (first + timedelta(days=3)).astimezone(UTC), step=timedelta(hours=1))
    queued = OutgoingMail.objects.order_by("created_at").values_list("created_at", flat=True)
    assert [moment.astimezone(place).replace(tzinfo=None) for moment in queued] == [
        datetime.combine(day + timedelta(days=n), time(8, 45)) for n in (-1, 0, 1)
    ]


def test_an_all_day_event_is_reminded_of_in_the_morning_or_as_it_says_itself(alice: Any, clock: Any) -> None:
    make_event(alice, title="Fair", is_all_day=True, start=date(2026, 11, 26), end=date(2026, 11, 28))
    make_event(
        alice,
        title="Trip",
        is_all_day=True,
        start=date(2026, 11, 26),
        end=date(2026, 11, 27),
        reminders=(420, 1440),
    )
    pass_time(clock, NOW + timedelta(days=4), step=timedelta(minutes=15))
    berlin = ZoneInfo("Europe/Berlin")
    queued = [
        (m.subject.partition(":")[0], m.created_at.astimezone(berlin).strftime("%a %H:%M"))
        for m in OutgoingMail.objects.order_by("created_at")
    ]
    assert queued == [("Trip", "Wed 00:00"), ("Trip", "Wed 17:00"), ("Fair", "Thu 08:45")]


def test_an_event_s_own_reminders_replace_the_usual_one(alice: Any, clock: Any) -> None:
    start = NOW + timedelta(hours=3)
    make_event(alice, title="Several", start=start, reminders=(120, 10, 0))
    make_event(alice, title="None", start=start, reminders=())
    make_event(alice, title="Far", start=NOW + timedelta(days=20), reminders=(27360,))  # 19 days
    pass_time(clock, NOW + timedelta(days=1, minutes=1), step=timedelta(minutes=1))
    assert sorted(m.partition(":")[0] for m in subjects()) == ["Far", "Several", "Several", "Several"]


# --- what --------------------------------------------------------------------------------------
def test_what_was_moved_or_deleted_meanwhile_is_not_reminded_of(alice: Any, clock: Any) -> None:
    start = NOW + timedelta(hours=1)
    moved, deleted = (
        make_event(alice, title="Moved", start=start),
        make_event(alice, title="Gone", start=start),
    )
    pass_time(clock, NOW + timedelta(minutes=40))
    values = replace(moved.values, start=start + timedelta(hours=1), end=start + timedelta(hours=2))
    services.update_event(event=moved, values=values, origin="web")
    services.delete_event(event=deleted, origin="web")
    assert pass_time(clock, NOW + timedelta(hours=3)) == {"Moved": NOW + timedelta(minutes=105)}


def test_an_event_that_was_moved_after_its_reminder_is_reminded_of_anew(alice: Any, clock: Any) -> None:
    event = make_event(alice, title="Call", start=NOW + timedelta(hours=1))
    pass_time(clock, NOW + timedelta(minutes=50))
    later = NOW + timedelta(hours=4)
    services.update_event(
        event=event, values=replace(event.values, start=later, end=later + timedelta(hours=1)), origin="web"
    )
    pass_time(clock, NOW + timedelta(hours=5))
    assert len(subjects()) == 2


def test_an_edit_after_its_reminder_reminds_nobody_again(alice: Any, clock: Any) -> None:
    series = make_event(
        alice, title="Yoga", start=NOW + timedelta(hours=1), recurrence=("RRULE:FREQ=DAILY;COUNT=3",)
    )
    pass_time(clock, NOW + timedelta(minutes=50))
    services.update_event(event=series, values=replace(series.values, title="Pilates"), origin="web")
    services.update_profile(profile=UserProfile.objects.get(user=alice), reminder_minutes=30)
    pass_time(clock, NOW + timedelta(minutes=59))
    assert len(subjects()) == 1


def test_an_event_made_after_its_reminder_s_time_needs_none(alice: Any, clock: Any) -> None:
    pass_time(clock, NOW)
    make_event(alice, title="At once", start=NOW + timedelta(minutes=5))
    assert pass_time(clock, NOW + timedelta(hours=1)) == {}


def test_declined_events_and_calendars_of_others_remind_nobody_unasked(alice: Any, clock: Any) -> None:
    start = NOW + timedelta(hours=1)
    event = make_event(alice, title="Declined", start=start)
    me = {"email": "alice@example.com", "self": True, "responseStatus": "declined"}
    services.apply_remote(
        calendar=event.calendar, event=event, values=event.values, details={"attendees": [me]}
    )
    holidays = services.create_calendar(user=alice, name="Holidays")
    make_event(alice, title="Holiday", start=start, calendar=holidays)
    make_event(alice, title="Own", start=start, calendar=holidays, reminders=(15,))
    services.update_calendar(calendar=holidays, is_read_only=True)
    assert list(pass_time(clock, NOW + timedelta(hours=1))) == ["Own"]


def test_each_person_is_reminded_of_their_own_events_only(alice: Any, clock: Any) -> None:
    bob = make_user("bob@example.com")
    make_event(alice, title="Alice's", start=NOW + timedelta(hours=1))
    services.update_profile(profile=bob.profile, email_notifications=True)
    pass_time(clock, NOW + timedelta(hours=1))
    assert list(OutgoingMail.objects.values_list("to", flat=True)) == ["alice@example.com"]


def test_who_switched_mails_off_gets_none(alice: Any, clock: Any) -> None:
    make_event(alice, start=NOW + timedelta(hours=1))
    services.update_profile(profile=alice.profile, email_notifications=False)
    assert pass_time(clock, NOW + timedelta(hours=1)) == {}


# --- quiet hours -------------------------------------------------------------------------------
def test_quiet_hours_delay_a_reminder_or_leave_out_what_has_begun_by_then(alice: Any, clock: Any) -> None:
    services.update_profile(
        profile=alice.profile, quiet_from=time(22), quiet_until=time(7), reminder_minutes=60
    )
    night = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)  # 3:00 in Berlin
    make_event(alice, title="Night flight", start=night)
    make_event(alice, title="Breakfast", start=datetime(2026, 11, 25, 6, 30, tzinfo=UTC))  # 7:30 in Berlin
    queued = pass_time(clock, NOW + timedelta(days=1), step=timedelta(minutes=5))
    assert queued == {"Breakfast": datetime(2026, 11, 25, 6, 0, tzinfo=UTC)}


# --- downtime, clocks, crashes -----------------------------------------------------------------
def test_after_downtime_what_is_still_of_use_is_sent_and_the_rest_dropped_with_a_line(
    alice: Any, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for title, minutes in (("Long over", 30), ("Just over", 140), ("Under way", 185), ("Ahead", 205)):
        make_event(alice, title=title, start=NOW + minutes * MINUTE, end=NOW + (minutes + 20) * MINUTE)
    services.remind_due_people()
    clock.move_to(NOW + timedelta(minutes=195))
    with caplog.at_level(logging.WARNING, "scheduling"):
        services.remind_due_people()
    assert sorted(m.partition(":")[0] for m in subjects()) == ["Ahead", "Under way"]
    assert "2 notices" in caplog.text and "Long over" not in caplog.text


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_clock_that_jumps_an_hour_loses_and_repeats_no_reminder(
    alice: Any, clock: Any, jump: timedelta
) -> None:
    for n in range(1, 30):
        make_event(
            alice, title=f"Event {n}", start=NOW + timedelta(minutes=10 * n), end=NOW + timedelta(hours=9)
        )
    pass_time(clock, NOW + timedelta(minutes=90))
    clock.move_to(NOW + timedelta(minutes=90) + jump)
    pass_time(clock, NOW + timedelta(hours=6))
    names = [m.partition(":")[0] for m in subjects()]
    assert sorted(names) == sorted({f"Event {n}" for n in range(2, 30)})  # that of the first was over at once


def test_a_look_that_dies_half_way_leaves_nothing_behind_and_is_made_again(
    alice: Any, clock: Any, settings: Any
) -> None:
    make_event(alice, title="Stand-up", start=NOW + timedelta(hours=1))
    services.remind_due_people()
    clock.move_to(NOW + timedelta(minutes=45))
    engines, settings.TEMPLATES = settings.TEMPLATES, []
    with pytest.raises(Exception, match="text"):
        services.remind_due_people()
    settings.TEMPLATES = engines
    assert not SentReminder.objects.exists() and subjects() == []
    services.remind_due_people()
    assert len(subjects()) == 1


def test_a_second_worker_that_looks_at_the_same_moment_sends_nothing(alice: Any, clock: Any) -> None:
    """It has read that Alice is due before the first one noted that it dealt with her."""
    make_event(alice, title="Stand-up", start=NOW + timedelta(hours=1))
    before = UserProfile.objects.get(user=alice)
    clock.move_to(NOW + timedelta(minutes=45))
    assert remind(alice.pk) == 1
    assert remind(alice.pk) == 0
    UserProfile.objects.filter(user=alice).update(
        notified_until=before.notified_until, notify_at=before.notify_at
    )
    assert remind(alice.pk) == 0  # nor where the note was lost: the claim stands
    assert len(subjects()) == 1


def test_what_is_deleted_while_its_mail_is_written_is_not_reminded_of(alice: Any, clock: Any) -> None:
    event = make_event(alice, title="Stand-up", start=NOW + timedelta(hours=1))
    make_event(alice, title="Tea", start=NOW + timedelta(hours=1))
    services.remind_due_people()
    clock.move_to(NOW + timedelta(minutes=45))

    def delete_first(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.startswith("UPDATE") and "notified_until" in sql and not event.is_deleted:
            services.delete_event(event=event, origin="web")
            event.refresh_from_db()
        return execute(sql, *arguments)

    with connection.execute_wrapper(delete_first):
        assert services.remind_due_people() == 0
    assert services.remind_due_people() == 1
    assert [subject.partition(":")[0] for subject in subjects()] == ["Tea"]


def test_a_look_holds_the_lock_of_writers_only_to_note_what_it_found(alice: Any, clock: Any) -> None:
    make_event(alice, title="Stand-up", start=NOW + timedelta(hours=1))
    services.remind_due_people()
    clock.move_to(NOW + timedelta(minutes=45))
    with CaptureQueriesContext(connection) as queries:
        assert services.remind_due_people() == 1
    statements = [query["sql"] for query in queries]
    begin = next(n for n, sql in enumerate(statements) if sql.startswith("SAVEPOINT"))
    assert any("scheduling_occurrence" in sql for sql in statements[:begin])
    inside = [sql for sql in statements[begin:] if sql.startswith("SELECT")]
    assert len(inside) == 1 and "scheduling_sentreminder" in inside[0]


# --- agenda ------------------------------------------------------------------------------------
def test_the_agenda_comes_at_the_chosen_hour_with_the_day_in_order(alice: Any, clock: Any) -> None:
    services.update_profile(profile=alice.profile, agenda_time=time(7), email_notifications=False)
    make_event(alice, title="Lunch", start=datetime(2026, 11, 25, 11, tzinfo=UTC), location="Roma")
    make_event(alice, title="Fair", is_all_day=True, start=date(2026, 11, 24), end=date(2026, 11, 26))
    make_event(
        alice,
        title="Night",
        start=datetime(2026, 11, 25, 22, tzinfo=UTC),
        end=datetime(2026, 11, 26, 2, tzinfo=UTC),
    )
    make_event(alice, title="Elsewhen", start=datetime(2026, 11, 27, 11, tzinfo=UTC))
    queued = pass_time(clock, NOW + timedelta(days=1), step=timedelta(minutes=10))
    assert list(queued.values()) == [datetime(2026, 11, 25, 6, 0, tzinfo=UTC)]
    services.send_due_mails()
    [message] = mail.outbox
    assert message.subject == "Wednesday 25 November: 3 events"
    lines = message.body.splitlines()
    assert lines[2:5] == ["All day  Fair", "12:00–13:00  Lunch · Roma", "23:00–  Night"]


def test_a_day_without_events_has_no_agenda_and_one_click_ends_them(alice: Any, clock: Any) -> None:
    services.update_profile(profile=alice.profile, agenda_time=time(7))
    assert pass_time(clock, NOW + timedelta(days=2), step=timedelta(minutes=30)) == {}
    services.stop_mails(user_id=alice.pk, kind="agenda")
    profile = UserProfile.objects.get(user=alice)
    assert profile.agenda_time is None and profile.email_notifications


# --- cost --------------------------------------------------------------------------------------
def test_a_look_for_who_is_due_is_one_query_of_the_index(
    alice: Any, clock: Any, django_assert_num_queries: Any
) -> None:
    make_event(alice, start=NOW + timedelta(hours=1))
    services.remind_due_people()
    with django_assert_num_queries(1):
        services.remind_due_people()
    due = UserProfile.objects.filter(notify_at__lte=NOW).order_by("notify_at")
    assert "notify_at" in plan_of(due)


def test_a_look_costs_the_same_whatever_the_calendar_holds(alice: Any, clock: Any) -> None:
    calendar = Calendar.objects.get(user=alice)

    def queries_with(number: int) -> int:
        items = [
            (
                make_values(title=f"Event {n}", start=NOW + timedelta(hours=n % 90 + 2)),
                {"google_event_id": f"g{number}-{n}"},
            )
            for n in range(number)
        ]
        services.create_remote_events(calendar=calendar, items=items, origin="google")
        with CaptureQueriesContext(connection) as queries:
            services.remind_due_people()
        return len(queries)

    assert queries_with(2) == queries_with(300) < 20


def test_old_claims_are_forgotten(alice: Any, clock: Any) -> None:
    make_event(alice, start=NOW + timedelta(hours=1))
    pass_time(clock, NOW + timedelta(hours=1))
    assert services.forget_old_reminders() == 0
    clock.shift(timedelta(days=61))
    assert services.forget_old_reminders() == 1
