"""Lists: pages, sync tokens, filters, roles."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.client import SandboxControl
from tests.sandbox.conftest import API, NORA, Google, all_day, refusal, timed, weekly


def day(number: int, **more: Any) -> dict[str, Any]:
    return timed(
        f"2026-12-{number:02d}T10:00:00", f"2026-12-{number:02d}T11:00:00", summary=f"Day {number}", **more
    )


def test_pages_hold_every_event_once_and_the_last_one_the_sync_token(
    google: Google, sandbox: SandboxControl
) -> None:
    service = google()
    sandbox.add_events(NORA, [day(n) for n in range(1, 8)])
    seen, token = [], None
    pages = []
    while True:
        page = service.events().list(calendarId="primary", maxResults=3, pageToken=token).execute()
        pages.append(page)
        seen += [item["summary"] for item in page["items"]]
        token = page.get("nextPageToken")
        if not token:
            break
    assert sorted(seen) == [f"Day {n}" for n in range(1, 8)] and len(pages) == 3
    assert ["nextSyncToken" in page for page in pages] == [False, False, True]
    assert all(("nextPageToken" in page) != ("nextSyncToken" in page) for page in pages)


def test_order_is_stable_and_not_that_of_starts(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    sandbox.add_events(NORA, [day(n) for n in range(1, 21)])
    first, second = (
        [i["summary"] for i in events.list(calendarId="primary").execute()["items"]] for _ in "ab"
    )
    assert first == second and first != [f"Day {n}" for n in range(1, 21)]


def test_sync_token_answers_changes_and_tombstones_only(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    kept, changed, removed = sandbox.add_events(NORA, [day(1), day(2), day(3)])
    token = events.list(calendarId="primary").execute()["nextSyncToken"]
    assert events.list(calendarId="primary", syncToken=token).execute()["items"] == []
    sandbox.change_event(NORA, changed["id"], {"summary": "Other"})
    sandbox.delete_event(NORA, removed["id"])
    items = events.list(calendarId="primary", syncToken=token).execute()["items"]
    assert {item["id"] for item in items} == {changed["id"], removed["id"]}
    tombstone = next(item for item in items if item["id"] == removed["id"])
    assert set(tombstone) == {"kind", "etag", "id", "status"}


def test_full_list_has_no_tombstones_unless_asked(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    event = sandbox.add_event(NORA, day(1))
    sandbox.delete_event(NORA, event["id"])
    assert events.list(calendarId="primary").execute()["items"] == []
    shown = events.list(calendarId="primary", showDeleted=True).execute()["items"]
    assert [(item["id"], item["status"]) for item in shown] == [(event["id"], "cancelled")]


def test_change_while_paging_comes_with_the_next_token(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    made = sandbox.add_events(NORA, [day(n) for n in range(1, 5)])
    page = events.list(calendarId="primary", maxResults=2).execute()
    new = sandbox.add_event(NORA, day(9))
    changed = sandbox.change_event(NORA, made[0]["id"], {"summary": "While paging"})
    while "nextPageToken" in page:
        page = events.list(calendarId="primary", maxResults=2, pageToken=page["nextPageToken"]).execute()
    delta = events.list(calendarId="primary", syncToken=page["nextSyncToken"]).execute()["items"]
    assert {item["id"] for item in delta} == {new["id"], changed["id"]}


def test_later_pages_of_a_delta_repeat_the_sync_token(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    token = events.list(calendarId="primary").execute()["nextSyncToken"]
    sandbox.add_events(NORA, [day(n) for n in range(1, 5)])
    first = events.list(calendarId="primary", syncToken=token, maxResults=2).execute()
    page_token = first["nextPageToken"]
    assert refusal(events.list(calendarId="primary", maxResults=2, pageToken=page_token)) == (400, "invalid")
    second = events.list(calendarId="primary", syncToken=token, maxResults=2, pageToken=page_token).execute()
    assert len(first["items"]) == len(second["items"]) == 2 and "nextSyncToken" in second


@pytest.mark.parametrize(
    "parameter",
    [
        {"iCalUID": "x"},
        {"orderBy": "updated"},
        {"privateExtendedProperty": "a=b"},
        {"q": "x"},
        {"sharedExtendedProperty": "a=b"},
        {"timeMin": "2026-01-01T00:00:00Z"},
        {"timeMax": "2026-01-01T00:00:00Z"},
        {"updatedMin": "2026-11-20T00:00:00Z"},
        {"showDeleted": False},
        {"singleEvents": True},
        {"timeZone": "Asia/Tokyo"},
        {"eventTypes": "default"},
    ],
)
def test_sync_token_with_other_parameters_is_refused(google: Google, parameter: dict[str, Any]) -> None:
    events = google().events()
    token = events.list(calendarId="primary").execute()["nextSyncToken"]
    assert refusal(events.list(calendarId="primary", syncToken=token, **parameter)) == (400, "badRequest")
    assert events.list(calendarId="primary", syncToken=token, maxResults=7).execute()["items"] == []


def test_expired_sync_token_answers_410(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    token = events.list(calendarId="primary").execute()["nextSyncToken"]
    sandbox.expire_sync_tokens(NORA)
    assert refusal(events.list(calendarId="primary", syncToken=token)) == (410, "fullSyncRequired")
    fresh = events.list(calendarId="primary").execute()["nextSyncToken"]
    assert events.list(calendarId="primary", syncToken=fresh).execute()["items"] == []


def test_nonsense_and_foreign_tokens_are_invalid(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    second = sandbox.calendar(NORA)["id"]
    foreign = events.list(calendarId=second).execute()["nextSyncToken"]
    for token in ("nonsense", "####", foreign):
        assert refusal(events.list(calendarId="primary", syncToken=token)) == (400, "invalid")
    assert refusal(events.list(calendarId="primary", pageToken="nonsense")) == (400, "invalid")


def test_window_bounds_ends_and_starts_and_stays_in_the_token(
    google: Google, sandbox: SandboxControl
) -> None:
    events = google().events()
    sandbox.add_events(NORA, [day(n) for n in range(1, 6)] + [weekly(summary="Series")])
    window = {"timeMin": "2026-12-02T10:30:00+01:00", "timeMax": "2026-12-04T10:00:00+01:00"}
    answer = events.list(calendarId="primary", **window).execute()
    assert {item["summary"] for item in answer["items"]} == {"Day 2", "Day 3"}
    inside, _ = sandbox.add_events(NORA, [day(3), day(20)])
    delta = events.list(calendarId="primary", syncToken=answer["nextSyncToken"]).execute()["items"]
    assert [item["id"] for item in delta] == [inside["id"]]
    assert refusal(events.list(calendarId="primary", timeMin="2026-12-02T10:30:00")) == (400, "badRequest")
    empty = {"timeMin": window["timeMax"], "timeMax": window["timeMin"]}
    assert refusal(events.list(calendarId="primary", **empty)) == (400, "timeRangeEmpty")


def test_single_events_expands_series_in_order(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    master = sandbox.add_event(NORA, weekly())
    sandbox.add_event(NORA, day(9))
    sandbox.delete_event(NORA, f"{master['id']}_20261208T090000Z")
    sandbox.change_event(
        NORA,
        f"{master['id']}_20261215T090000Z",
        timed("2026-12-07T10:00:00", "2026-12-07T11:00:00", summary="Early"),
    )
    items = events.list(
        calendarId="primary", singleEvents=True, orderBy="startTime", timeMax="2026-12-23T00:00:00Z"
    ).execute()["items"]
    assert [item["summary"] for item in items] == ["Lunch", "Early", "Day 9", "Lunch"]
    assert refusal(events.list(calendarId="primary", orderBy="startTime")) == (400, "badRequest")


def test_single_events_are_paged_and_synced_too(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    master = sandbox.add_event(NORA, weekly())
    page = events.list(calendarId="primary", singleEvents=True, maxResults=5).execute()
    rest = events.list(
        calendarId="primary", singleEvents=True, maxResults=5, pageToken=page["nextPageToken"]
    ).execute()
    assert len({item["id"] for item in page["items"] + rest["items"]}) == 8
    sandbox.change_event(NORA, f"{master['id']}_20261215T090000Z", {"summary": "X"})
    delta = events.list(calendarId="primary", singleEvents=True, syncToken=rest["nextSyncToken"]).execute()[
        "items"
    ]
    assert [item["summary"] for item in delta] == ["X"]


def test_filters_narrow_a_list_and_cost_the_sync_token(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    sandbox.add_events(
        NORA,
        [
            day(1, extendedProperties={"private": {"appt_id": "1"}}),
            day(2, location="Harbour", iCalUID="two@example.com"),
            day(3, eventType="focusTime"),
        ],
    )

    def titles(**parameters: Any) -> list[str]:
        answer = events.list(calendarId="primary", **parameters).execute()
        assert ("nextSyncToken" in answer) == ("eventTypes" in parameters)
        return [item["summary"] for item in answer["items"]]

    assert titles(q="harbour") == ["Day 2"]
    assert titles(privateExtendedProperty="appt_id=1") == ["Day 1"]
    assert titles(iCalUID="two@example.com") == ["Day 2"]
    assert titles(eventTypes=["focusTime"]) == ["Day 3"]
    assert titles(orderBy="updated") == ["Day 1", "Day 2", "Day 3"]
    assert refusal(events.list(calendarId="primary", updatedMin="2020-01-01T00:00:00Z")) == (
        410,
        "updatedMinTooLongAgo",
    )


def test_attendees_beyond_the_asked_number_are_omitted(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    sandbox.add_event(NORA, day(1, attendees=[{"email": NORA}, {"email": "a@example.com"}]))
    item = events.list(calendarId="primary", maxAttendees=1).execute()["items"][0]
    assert item["attendeesOmitted"] is True and [a["email"] for a in item["attendees"]] == [NORA]


def test_page_length_defaults_to_250_and_is_cut_at_2500(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    sandbox.add_events(NORA, [day(n % 28 + 1) for n in range(2501)])
    assert len(events.list(calendarId="primary").execute()["items"]) == 250
    assert len(events.list(calendarId="primary", maxResults=9999).execute()["items"]) == 2500


def test_list_tells_role_and_zone(google: Google, sandbox: SandboxControl) -> None:
    answer = google().events().list(calendarId="primary").execute()
    assert (answer["accessRole"], answer["timeZone"]) == ("owner", "Europe/Berlin")
    assert answer["defaultReminders"] == [{"method": "popup", "minutes": 30}]


# --- Roles ---------------------------------------------------------------------------------------
def shared(sandbox: SandboxControl, role: str) -> str:
    """Jonas' calendar with one open and one private event, shared with Nora in that role; its id."""
    sandbox.account("jonas.hein@gmail.com")
    calendar = sandbox.calendar("jonas.hein@gmail.com", "Team")["id"]
    sandbox.calendar(NORA, id=calendar, role=role)
    sandbox.add_events("jonas.hein@gmail.com", [day(1), day(2, visibility="private")], calendar)
    return calendar


@pytest.mark.parametrize(
    ("role", "titles"),
    [
        ("owner", ["Day 1", "Day 2"]),
        ("writer", ["Day 1", "Day 2"]),
        ("writerWithoutPrivateAccess", ["Day 1"]),
        ("reader", ["Day 1"]),
        ("freeBusyReader", []),
    ],
)
def test_role_decides_what_is_seen(
    google: Google, sandbox: SandboxControl, role: str, titles: list[str]
) -> None:
    service = google()
    answer = service.events().list(calendarId=shared(sandbox, role)).execute()
    assert answer["accessRole"] == role and len(answer["items"]) == 2
    assert sorted(item["summary"] for item in answer["items"] if "summary" in item) == titles
    assert all("start" in item for item in answer["items"])


@pytest.mark.parametrize("role", ["reader", "freeBusyReader"])
def test_readers_cannot_write(google: Google, sandbox: SandboxControl, role: str) -> None:
    events = google().events()
    calendar = shared(sandbox, role)
    event = sandbox.events(NORA, calendar)[0]
    denied = (403, "requiredAccessLevel")
    assert refusal(events.insert(calendarId=calendar, body=day(5))) == denied
    assert refusal(events.patch(calendarId=calendar, eventId=event["id"], body={"summary": "x"})) == denied
    assert refusal(events.delete(calendarId=calendar, eventId=event["id"])) == denied


def test_writer_without_private_access_leaves_private_events_alone(
    google: Google, sandbox: SandboxControl
) -> None:
    events = google().events()
    calendar = shared(sandbox, "writerWithoutPrivateAccess")
    stored = {event["start"]["dateTime"][8:10]: event["id"] for event in sandbox.events(NORA, calendar)}
    assert events.patch(calendarId=calendar, eventId=stored["01"], body={"summary": "Ours"}).execute()
    denied = (403, "requiredAccessLevel")
    assert refusal(events.patch(calendarId=calendar, eventId=stored["02"], body={"summary": "x"})) == denied
    assert refusal(events.delete(calendarId=calendar, eventId=stored["02"])) == denied


def test_changed_role_and_lost_calendar_show(google: Google, sandbox: SandboxControl) -> None:
    service = google()
    calendar = shared(sandbox, "writer")
    listed = service.calendarList().list().execute()
    token = service.events().list(calendarId=calendar).execute()["nextSyncToken"]
    sandbox.change_calendar(NORA, calendar, role="reader")
    assert service.events().list(calendarId=calendar, syncToken=token).execute()["accessRole"] == "reader"
    sandbox.change_calendar(NORA, calendar, deleted=True)
    assert refusal(service.events().list(calendarId=calendar, syncToken=token)) == (404, "notFound")
    delta = service.calendarList().list(syncToken=listed["nextSyncToken"]).execute()["items"]
    assert [(item["id"], item["deleted"]) for item in delta] == [(calendar, True)]


def test_owned_scope_reaches_owned_calendars_only(google: Google, sandbox: SandboxControl) -> None:
    calendar = shared(sandbox, "writer") if google() else ""
    events = google(scopes=[f"{API}calendar.events.owned"]).events()
    assert events.insert(calendarId="primary", body=day(1)).execute()
    assert refusal(events.insert(calendarId=calendar, body=day(1))) == (403, "insufficientPermissions")


# --- The calendar list ---------------------------------------------------------------------------
def test_calendar_list_has_pages_tokens_and_a_primary(google: Google, sandbox: SandboxControl) -> None:
    service = google()
    for n in range(3):
        sandbox.calendar(NORA, f"Calendar {n}", color_id="7")
    first = service.calendarList().list(maxResults=2).execute()
    second = service.calendarList().list(maxResults=2, pageToken=first["nextPageToken"]).execute()
    items = first["items"] + second["items"]
    assert [item.get("primary", False) for item in items] == [True, False, False, False]
    assert items[1]["backgroundColor"] == "#42d692" and items[0]["id"] == NORA
    sandbox.calendar(NORA, "Late")
    delta = service.calendarList().list(syncToken=second["nextSyncToken"]).execute()["items"]
    assert [item["summary"] for item in delta] == ["Late"]
    sandbox.expire_sync_tokens(NORA)
    assert refusal(service.calendarList().list(syncToken=second["nextSyncToken"])) == (
        410,
        "fullSyncRequired",
    )


def test_calendar_list_filters_by_role_and_hides(google: Google, sandbox: SandboxControl) -> None:
    service = google()
    sandbox.calendar(NORA, "Read", role="reader")
    hidden = sandbox.calendar(NORA, "Hidden")["id"]
    sandbox.change_calendar(NORA, hidden, hidden=True)
    names = {
        item["summary"] for item in service.calendarList().list(minAccessRole="writer").execute()["items"]
    }
    assert names == {NORA}
    assert len(service.calendarList().list(showHidden=True).execute()["items"]) == 3


def test_primary_is_an_alias_everywhere(google: Google) -> None:
    service = google()
    assert service.calendarList().get(calendarId="primary").execute()["id"] == NORA
    assert service.calendars().get(calendarId="primary").execute()["timeZone"] == "Europe/Berlin"


def test_colors_and_settings_answer(google: Google) -> None:
    service = google()
    colors = service.colors().get().execute()
    assert (len(colors["event"]), len(colors["calendar"])) == (11, 24)
    assert service.settings().get(setting="timezone").execute()["value"] == "Europe/Berlin"
    assert "weekStart" in {item["id"] for item in service.settings().list().execute()["items"]}


def test_all_day_events_are_listed_with_their_exclusive_end(google: Google, sandbox: SandboxControl) -> None:
    service = google()
    sandbox.add_event(NORA, all_day("2026-05-01", "2026-05-04"))
    assert service.events().list(calendarId="primary").execute()["items"][0]["end"] == {"date": "2026-05-04"}
