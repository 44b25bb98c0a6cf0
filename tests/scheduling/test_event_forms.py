from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.http import QueryDict

from scheduling import services
from scheduling.core.event import canonical
from scheduling.forms import EventForm
from scheduling.initial import initial_of, initial_of_new
from scheduling.models import Calendar
from scheduling.queries import writable_calendars_of
from scheduling.sanitise import description_html
from tests.make import make_event

TIMED = {
    "title": "Lunch",
    "start_date": "2026-11-24",
    "start_time": "12:30",
    "end_date": "2026-11-24",
    "end_time": "13:30",
    "time_zone": "Europe/Berlin",
    "availability": "busy",
}


def form_of(user: Any, event: Any = None, **over: Any) -> EventForm:
    calendar = Calendar.objects.get(user=user, is_primary=True)
    content = {
        name: value for name, value in {**TIMED, "calendar": calendar.pk, **over}.items() if value != ""
    }
    data = QueryDict(mutable=True)
    for name, value in content.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return EventForm(data, profile=user.profile, calendars=writable_calendars_of(user), event=event)


def errors_of(form: EventForm) -> dict[str, list[str]]:
    return {name: list(messages) for name, messages in form.errors.items()}


def test_wall_times_become_instants_of_the_zone_that_was_typed(alice: Any) -> None:
    form = form_of(alice, time_zone="America/New_York")
    assert form.is_valid()
    assert form.values.start == datetime(2026, 11, 24, 17, 30, tzinfo=UTC)
    assert form.values.time_zone == "America/New_York"


def test_last_day_of_an_all_day_event_is_included(alice: Any) -> None:
    form = form_of(
        alice, is_all_day="on", end_date="2026-11-25", start_time="nonsense", time_zone="Nowhere/At"
    )
    assert form.is_valid()
    assert (form.values.start, form.values.end) == (date(2026, 11, 24), date(2026, 11, 26))
    assert form.values.time_zone == ""


def test_no_zone_means_the_persons_own(alice: Any) -> None:
    form = form_of(alice, time_zone="")
    assert form.is_valid() and form.values.time_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("over", "field", "message"),
    [
        ({"title": ""}, "title", "Give the event a title."),
        ({"title": "T" * 201}, "title", "The title has 201 characters; at most 200 fit."),
        ({"location": "L" * 201}, "location", "The location has 201 characters; at most 200 fit."),
        ({"start_time": "25:00"}, "start_time", "“25:00” is not a time. Write 0:00 to 23:59."),
        ({"start_date": "soon"}, "start_date", "“soon” is not a date. Write it as 2026-11-24."),
        ({"start_date": ""}, "start_date", "Give a date."),
        ({"end_time": ""}, "end_time", "Give a time, or choose all day."),
        ({"end_time": "01:00"}, "end_time", "The end is before the start. Did you mean Wednesday 01:00?"),
        (
            {"end_date": "2026-11-20", "end_time": "13:00"},
            "end_time",
            "The end is before the start. Did you mean Tuesday 13:00?",
        ),
        ({"end_time": "12:30"}, "end_time", "The end is the same as the start."),
        (
            {"is_all_day": "on", "end_date": "2026-11-20"},
            "end_date",
            "The end is before the start. Did you mean Tuesday 24 November?",
        ),
        (
            {"time_zone": "Mars/Base"},
            "time_zone",
            "“Mars/Base” is not a time zone. Write a name such as Europe/Berlin.",
        ),
        ({"start_date": "1650-01-01"}, "start_time", "Dates before 1900 are not kept."),
        ({"repeat": "RRULE:FREQ=SECONDLY"}, "repeat", None),
    ],
)
def test_fault_is_said_at_its_field(alice: Any, over: Any, field: str, message: str | None) -> None:
    form = form_of(alice, **over)
    if message is None:  # only a write can tell
        assert form.is_valid()
        with pytest.raises(services.InvalidEvent) as refused:
            services.create_event(calendar=form.cleaned_data["calendar"], values=form.values, origin="web")
        form.refuse(refused.value)
        assert list(form.errors) == [field]
    else:
        assert errors_of(form) == {field: [message]}


def test_all_faults_are_said_at_once(alice: Any) -> None:
    form = form_of(alice, title="", end_time="01:00", location="L" * 201, start_date="2026-11-24")
    assert set(errors_of(form)) == {"title", "end_time", "location"}


def test_calendar_of_another_person_cannot_be_chosen(alice: Any, bob: Any) -> None:
    form = form_of(alice, calendar=Calendar.objects.get(user=bob).pk)
    assert errors_of(form) == {"calendar": ["Choose one of your own calendars."]}


def test_time_in_a_clock_change_is_said_first_and_accepted_then(alice: Any) -> None:
    gap = {"start_date": "2027-03-28", "end_date": "2027-03-28", "start_time": "02:30", "end_time": "04:00"}
    first = form_of(alice, **gap)
    assert errors_of(first) == {
        "start_time": [
            "Clocks go forward on 28 March 2027: 02:30 does not exist in Europe/Berlin. "
            "Save again and it becomes 03:30."
        ]
    }
    again = form_of(alice, **gap, accepted_shift=first["accepted_shift"].value())
    assert again.is_valid()
    assert again.values.start == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


def test_untouched_time_keeps_its_seconds_and_the_second_pass_of_an_hour(alice: Any) -> None:
    # 02:30:15 for the second time in the night of 25 October 2026.
    start, end = datetime(2026, 10, 25, 1, 30, 15, tzinfo=UTC), datetime(2026, 10, 25, 3, 0, tzinfo=UTC)
    event = make_event(alice, start=start, end=end)
    shown = initial_of(event, alice.profile)
    assert shown["start_time"].isoformat() == "02:30:00"
    form = form_of(
        alice,
        event,
        **{**shown, "calendar": event.calendar_id, "is_all_day": "", "title": "Other", "reminders": ["10"]},
    )
    assert form.is_valid(), form.errors
    assert (form.values.start, form.values.end) == (start, end)


def test_edit_keeps_what_the_form_does_not_show(alice: Any) -> None:
    rule = ("RRULE:FREQ=WEEKLY;BYDAY=TU,TH",)
    event = make_event(alice, recurrence=rule, visibility="private", status="tentative")
    form = form_of(alice, event)
    assert form.is_valid()
    assert (form.values.recurrence, form.values.visibility, form.values.status) == (
        rule,
        "private",
        "tentative",
    )


def test_slot_address_fills_the_form(alice: Any) -> None:
    now = datetime(2026, 11, 18, 9, 40, tzinfo=UTC)
    shown = initial_of_new({"start": "2026-11-24T16:00"}, alice.profile, now)
    assert (shown["start_date"].isoformat(), shown["start_time"].isoformat()) == ("2026-11-24", "16:00:00")
    assert shown["end_time"].isoformat() == "17:00:00"
    assert initial_of_new({"date": "2026-11-24"}, alice.profile, now)["start_time"].isoformat() == "09:00:00"
    whole = initial_of_new({"date": "2026-11-24", "all_day": "1"}, alice.profile, now)
    assert whole["is_all_day"] and whole["end_date"] == date(2026, 11, 24)
    assert initial_of_new({"start": "rubbish"}, alice.profile, now)["start_time"].isoformat() == "11:00:00"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "a < b\nhttps://example.com",
            'a &lt; b<br><a href="https://example.com" target="_blank" rel="noopener',
        ),
        ("<b>bold</b><script>alert(1)</script>", "<b>bold</b>"),
        (
            "<a href='javascript:alert(1)' onclick=x>x</a>",
            '<a target="_blank" rel="noopener noreferrer nofollow">x</a>',
        ),
        ("<p style='x' hx-get='/y' id=grid>t</p><img src=//e.com>", "<p>t</p>"),
    ],
)
def test_description_is_shown_as_harmless_markup(text: str, shown: str) -> None:
    assert description_html(text).startswith(shown)
    assert not {"<script", "<img", "hx-", "javascript:"} & set(description_html(text).split("="))


# --- reminders ---------------------------------------------------------------------------------
def test_reminders_are_the_usual_one_unless_the_event_has_its_own(alice: Any) -> None:
    for typed, expected in (
        ({}, None),
        ({"reminders": ["10"]}, None),
        ({"own_reminders": "on", "reminders": ["60", "10"]}, (10, 60)),
        ({"own_reminders": "on"}, ()),
    ):
        form = form_of(alice, **typed)
        assert form.is_valid(), form.errors
        assert canonical(form.values).reminders == expected
    assert not form_of(alice, own_reminders="on", reminders=["7"]).is_valid()


def test_an_event_s_unusual_reminder_can_be_kept(alice: Any) -> None:
    event = make_event(alice, reminders=(7,))
    form = form_of(alice, event, own_reminders="on", reminders=["7", "30"])
    assert form.is_valid() and form.values.reminders == (7, 30)
    assert initial_of(event, alice.profile)["reminders"] == [7]
