"""Pages and forms about one event of a series: it alone, it and all that follow, or all of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from scheduling import services
from scheduling.models import CalendarEvent
from scheduling.series import find_occurrence
from tests.make import make_event

SECOND, THIRD = "2026-12-01T09:00:00Z", "2026-12-08T09:00:00Z"
TYPED = {
    "title": "Planning",
    "start_date": "2026-12-01",
    "start_time": "11:00",
    "end_date": "2026-12-01",
    "end_time": "12:00",
    "time_zone": "Europe/Berlin",
    "availability": "busy",
}


@pytest.fixture
def web(alice: Any, time_machine: Any) -> Client:
    time_machine.move_to("2026-11-20T08:00:00Z", tick=False)
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def series(web: Client, alice: Any) -> CalendarEvent:
    return make_event(alice, title="Review", recurrence=("RRULE:FREQ=WEEKLY;COUNT=4",))


def address(name: str, event: CalendarEvent, occurrence: str = SECOND) -> str:
    return f"{reverse(name, args=[event.pk])}?occurrence={occurrence}"


def edit(web: Client, series: CalendarEvent, scope: str, **typed: str) -> HttpResponse:
    content = {**TYPED, "calendar": str(series.calendar_id), "revision": str(series.revision), **typed}
    return web.post(
        address("event-edit", series), {**content, "scope": scope}, headers={"hx-request": "true"}
    )


def shown(series: CalendarEvent) -> list[tuple[str, str]]:
    rows = CalendarEvent.objects.live().filter(user=series.user, series=None)
    found = [
        (f"{occurrence.start:%m-%d %H}", event.title)
        for row in rows
        for occurrence in row.series_occurrences.all()
        if (event := occurrence.event)
    ]
    return sorted(found)


def test_the_page_of_one_occurrence_is_about_it(web: Client, series: CalendarEvent) -> None:
    page = web.get(address("event", series)).text
    assert "Tuesday 1 December" in page
    for name in ("event-edit", "event-delete", "event-move"):
        assert f"{reverse(name, args=[series.pk])}?occurrence={SECOND.replace(':', '%3A')}" in page
    form = web.get(address("event-edit", series)).text
    assert 'value="2026-12-01"' in form


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("this", ["11-24 09 Review", "12-01 10 Planning", "12-08 09 Review", "12-15 09 Review"]),
        ("following", ["11-24 09 Review", "12-01 10 Planning", "12-08 10 Planning", "12-15 10 Planning"]),
        ("all", ["11-24 10 Planning", "12-01 10 Planning", "12-08 10 Planning", "12-15 10 Planning"]),
    ],
)
def test_an_edit_reaches_as_far_as_its_scope_and_is_undone(
    web: Client, series: CalendarEvent, scope: str, expected: list[str]
) -> None:
    before = shown(series)
    response = edit(web, series, scope)
    assert response.status_code == 204
    assert [" ".join(item) for item in shown(series)] == expected
    undo = json.loads(response["HX-Trigger"])["toast"]["undo"]
    assert web.post(undo["url"], undo["values"]).status_code == 302
    assert shown(series) == before


def test_without_a_script_the_same_form_does_the_same(web: Client, series: CalendarEvent) -> None:
    content = {**TYPED, "calendar": str(series.calendar_id), "revision": str(series.revision)}
    response = web.post(address("event-edit", series), {**content, "scope": "this"})
    assert response.status_code == 302 and "2026-12-01" in response["Location"]
    assert series.overrides.get().title == "Planning"


def test_a_changed_occurrence_is_found_by_the_id_of_its_series_and_by_its_own(
    web: Client, series: CalendarEvent
) -> None:
    edit(web, series, "this")
    row = series.overrides.get()
    for page in (web.get(address("event", series)).text, web.get(reverse("event", args=[row.pk])).text):
        assert "Planning" in page and "11:00–12:00" in page
        assert "Every week" in page


@pytest.mark.parametrize(("scope", "left"), [("this", 3), ("following", 1), ("all", 0)])
def test_a_deletion_reaches_as_far_as_its_scope_and_is_undone(
    web: Client, series: CalendarEvent, scope: str, left: int
) -> None:
    assert 'name="scope" value="following"' in web.get(address("event-delete", series)).text
    response = web.post(
        address("event-delete", series),
        {"scope": scope, "occurrence": SECOND},
        headers={"hx-request": "true"},
    )
    assert response.status_code == 204 and len(shown(series)) == left
    undo = json.loads(response["HX-Trigger"])["toast"]["undo"]
    web.post(undo["url"], undo.get("values", {}))
    assert len(shown(series)) == 4


def test_a_deleted_occurrence_can_be_brought_back_from_its_page(web: Client, series: CalendarEvent) -> None:
    row = services.delete_occurrence(series=series, occurrence=SECOND, origin="web")
    page = web.get(address("event", series)).text
    assert reverse("event-restore", args=[row.pk]) in page
    web.post(reverse("event-restore", args=[row.pk]))
    assert len(shown(series)) == 4


def test_undoing_a_division_speaks_of_the_series_that_is_back(web: Client, series: CalendarEvent) -> None:
    undo = json.loads(edit(web, series, "following")["HX-Trigger"])["toast"]["undo"]
    response = web.post(undo["url"], undo["values"], headers={"hx-request": "true"})
    assert "“Review” is back" in json.loads(response["HX-Trigger"])["toast"]["message"]


def test_an_edit_of_what_was_changed_meanwhile_shows_both(web: Client, series: CalendarEvent) -> None:
    found = find_occurrence(series, SECOND)
    assert found is not None
    other = found.values.__class__(**{**found.values.__dict__, "title": "Theirs"})
    services.update_occurrence(series=series, occurrence=SECOND, values=other, origin="api")
    response = edit(web, series, "this")
    assert response.status_code == 409 and "Theirs" in response.text
    now = series.overrides.get().revision
    assert edit(web, series, "this", revision=str(now)).status_code == 204
    services.delete_occurrence(series=series, occurrence=SECOND, origin="api")
    response = edit(web, series, "this", revision=str(now))
    assert response.status_code == 409 and "was deleted elsewhere" in response.text
    again = edit(web, series, "this", revision=str(series.overrides.get().revision))
    assert again.status_code == 204 and not series.overrides.get().is_deleted


def test_what_a_scope_cannot_do_is_said_at_the_field(web: Client, alice: Any, series: CalendarEvent) -> None:
    other = services.create_calendar(user=alice, name="Other")
    response = edit(web, series, "this", calendar=str(other.pk))
    assert response.status_code == 422 and "stays in the calendar of its series" in response.text
    assert edit(web, series, "following", calendar=str(other.pk)).status_code == 204


def test_another_persons_occurrence_is_not_found(web: Client, bob: Any) -> None:
    theirs = make_event(bob, recurrence=("RRULE:FREQ=WEEKLY",))
    for name in ("event", "event-edit", "event-delete", "event-move"):
        assert web.get(address(name, theirs)).status_code == 404
        if name != "event":
            assert web.post(address(name, theirs), {"scope": "this"}).status_code == 404
