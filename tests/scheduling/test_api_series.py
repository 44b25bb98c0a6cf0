"""Series by the API: one occurrence, it and all that follow, all of them; and what `since` tells."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from scheduling import services
from scheduling.models import CalendarEvent
from tests.make import make_event
from tests.scheduling.test_api_events import EVENTS, Api, assert_problem, items

WINDOW = {"start": "2026-11-20", "end": "2027-01-20"}
FIRST, SECOND, THIRD = (f"2026-{day}T09:00:00Z" for day in ("11-24", "12-01", "12-08"))


@pytest.fixture
def api(alice: Any) -> Api:
    return Api(alice)


@pytest.fixture
def series(alice: Any) -> CalendarEvent:
    return make_event(alice, title="Review", recurrence=("RRULE:FREQ=WEEKLY;COUNT=4",))


def path(series: CalendarEvent, scope: str = "", occurrence: str = "") -> str:
    query = [f"scope={scope}"] * bool(scope) + [f"occurrence={quote(occurrence)}"] * bool(occurrence)
    return f"{EVENTS}{series.pk}/" + ("?" + "&".join(query) if query else "")


def listed(api: Api) -> list[tuple[str, str]]:
    return [(item["start_time"][5:16], item["title"]) for item in items(api.get(EVENTS, WINDOW))]


def test_one_occurrence_is_read_as_it_is_listed(api: Api, series: CalendarEvent) -> None:
    listing = items(api.get(EVENTS, WINDOW))[1]
    for written in (SECOND, "2026-12-01T10:00:00+01:00", "2026-12-01T10:00"):
        answer = api.get(path(series, occurrence=written))
        assert answer.json() == listing
        assert answer["ETag"] == f'"{series.revision}"'
    assert (listing["id"], listing["series"], listing["original_start"]) == (
        str(series.pk),
        str(series.pk),
        SECOND,
    )
    whole = api.get(path(series, "all", SECOND)).json()
    assert (whole["original_start"], whole["start_time"]) == (None, "2026-11-24T10:00:00+01:00")


def test_this_occurrence_is_changed_alone(api: Api, series: CalendarEvent) -> None:
    times = {"start_time": "2026-12-02T15:00:00+01:00", "end_time": "2026-12-02T16:00:00+01:00"}
    answer = api.send("PATCH", path(series, "this", SECOND), {"title": "Planning", **times})
    assert answer.status_code == 200
    content = answer.json()
    assert (content["id"], content["original_start"]) == (str(series.pk), SECOND)
    assert content == items(api.get(EVENTS, WINDOW))[1] == api.get(path(series, occurrence=SECOND)).json()
    assert listed(api) == [
        ("11-24T10:00", "Review"),
        ("12-02T15:00", "Planning"),
        ("12-08T10:00", "Review"),
        ("12-15T10:00", "Review"),
    ]
    api.send("PATCH", path(series, "this", SECOND), {"location": "Roma"})
    assert api.get(path(series, occurrence=SECOND)).json()["title"] == "Planning"


def test_an_occurrence_is_put_back_as_it_was_read(api: Api, series: CalendarEvent) -> None:
    content = api.get(path(series, occurrence=SECOND)).json()
    assert content["recurrence"] == ["RRULE:FREQ=WEEKLY;COUNT=4"]
    answer = api.send("PUT", path(series, "this", SECOND), content | {"title": "Planning"})
    assert answer.status_code == 200
    assert answer.json()["recurrence"] == content["recurrence"]
    assert_problem(
        api.send("PATCH", path(series, "this", SECOND), {"recurrence": ["RRULE:FREQ=DAILY"]}),
        422,
        "invalid",
        "recurrence",
    )


def test_following_answers_with_the_series_that_goes_on(api: Api, series: CalendarEvent) -> None:
    answer = api.send("PATCH", path(series, "following", THIRD), {"title": "Retro"})
    assert answer.status_code == 200
    new = answer.json()
    assert new["id"] != str(series.pk)
    assert (new["original_start"], new["recurrence"]) == (None, ["RRULE:FREQ=WEEKLY;COUNT=2"])
    assert [title for _, title in listed(api)] == ["Review", "Review", "Retro", "Retro"]
    assert len(items(api.get(EVENTS, WINDOW | {"expand": "false"}))) == 2


def test_all_are_moved_by_one_of_them(api: Api, series: CalendarEvent) -> None:
    times = {"start_time": "2026-12-02T11:00:00+01:00", "end_time": "2026-12-02T12:00:00+01:00"}
    answer = api.send("PATCH", path(series, "all", SECOND), times)
    assert (answer.json()["id"], answer.json()["start_time"]) == (str(series.pk), "2026-11-25T11:00:00+01:00")
    assert [start for start, _ in listed(api)] == ["11-25T11:00", "12-02T11:00", "12-09T11:00", "12-16T11:00"]


def test_occurrences_are_deleted_by_scope(api: Api, series: CalendarEvent) -> None:
    assert api.send("DELETE", path(series, "this", SECOND)).status_code == 204
    assert [start for start, _ in listed(api)] == ["11-24T10:00", "12-08T10:00", "12-15T10:00"]
    assert_problem(api.send("DELETE", path(series, "this", SECOND)), 404, "unknown_occurrence")
    assert api.send("DELETE", path(series, "following", THIRD)).status_code == 204
    assert [start for start, _ in listed(api)] == ["11-24T10:00"]
    assert api.send("DELETE", path(series, "all", FIRST)).status_code == 204
    assert listed(api) == []
    assert_problem(api.get(path(series)), 404, "not_found")


def test_what_is_meant_must_be_said_and_must_be_there(api: Api, series: CalendarEvent) -> None:
    for method in ("PATCH", "DELETE"):
        content = {"title": "x"} if method == "PATCH" else None
        assert_problem(api.send(method, path(series, occurrence=SECOND), content), 422, "invalid", "scope")
        assert_problem(api.send(method, path(series, "this"), content), 422, "invalid", "occurrence")
        assert_problem(api.send(method, path(series, "following"), content), 422, "invalid", "occurrence")
        assert_problem(api.send(method, path(series, "this", "soon"), content), 422, "invalid", "occurrence")
        missing = path(series, "this", "2026-12-02T09:00:00Z")
        assert_problem(api.send(method, missing, content), 404, "unknown_occurrence")
    assert_problem(api.get(path(series, occurrence="2030-01-01T09:00:00Z")), 404, "unknown_occurrence")
    assert_problem(api.get(path(series, "this", "x" * 41)), 422, "invalid", "occurrence")
    assert len(listed(api)) == 4


def test_an_all_day_occurrence_is_named_by_its_date(api: Api, alice: Any) -> None:
    series = make_event(alice, is_all_day=True, recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    times = {"start_time": "2026-11-28", "end_time": "2026-11-30"}
    answer = api.send("PATCH", path(series, "this", "2026-11-25"), times)
    assert (answer.json()["start_time"], answer.json()["original_start"]) == ("2026-11-28", "2026-11-25")


def test_the_tag_of_what_is_shown_guards_an_occurrence(api: Api, series: CalendarEvent) -> None:
    tag = api.get(path(series, occurrence=SECOND))["ETag"]
    changed = api.send("PATCH", path(series, "this", SECOND), {"title": "A"}, if_match=tag)
    assert changed.status_code == 200
    for scope in ("this", "following"):
        stale = api.send("PATCH", path(series, scope, SECOND), {"title": "B"}, if_match='"999"')
        assert_problem(stale, 412, "stale")
    assert_problem(api.send("DELETE", path(series, "this", SECOND), if_match=tag), 412, "stale")
    whole = api.send(
        "PATCH", path(series, "all", SECOND), {"location": "Roma"}, if_match=f'"{series.revision}"'
    )
    assert whole.status_code == 200


def test_another_persons_series_is_not_found_by_any_scope(api: Api, bob: Any) -> None:
    series = make_event(bob, recurrence=("RRULE:FREQ=WEEKLY",))
    for scope in ("this", "following", "all"):
        assert_problem(api.send("DELETE", path(series, scope, SECOND)), 404, "not_found")
        assert_problem(api.send("PATCH", path(series, scope, SECOND), {"title": "x"}), 404, "not_found")


def test_since_tells_series_and_what_differs_in_them(api: Api, series: CalendarEvent) -> None:
    def since(revision: int) -> list[tuple[str, str | None, str]]:
        found = items(api.get(EVENTS, {"since": revision}))
        assert {item["id"] for item in found} <= {str(series.pk)}
        return [(item["status"], item["original_start"], item.get("title", "")) for item in found]

    start = series.revision
    changed = api.send("PATCH", path(series, "this", SECOND), {"title": "Planning"}).json()["revision"]
    api.send("DELETE", path(series, "this", THIRD))
    differing = [("confirmed", SECOND, "Planning"), ("cancelled", THIRD, "")]
    assert since(start) == differing
    assert since(changed) == differing[1:]
    gone = items(api.get(EVENTS, {"since": changed}))[0]
    assert gone == {
        "id": str(series.pk),
        "status": "cancelled",
        "revision": gone["revision"],
        "series": str(series.pk),
        "original_start": THIRD,
    }
    # The series itself: all that differs comes along, what its rule has dropped does not.
    api.send("PATCH", path(series), {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=2"]})
    assert since(gone["revision"]) == [differing[0], ("confirmed", None, "Review")]


def test_since_of_a_deleted_series_tells_only_the_series(api: Api, series: CalendarEvent) -> None:
    api.send("PATCH", path(series, "this", SECOND), {"title": "Planning"})
    services.delete_event(event=series, origin="web")
    found = items(api.get(EVENTS, {"since": 0}))
    assert [(item["id"], item["status"]) for item in found] == [(str(series.pk), "cancelled")]
