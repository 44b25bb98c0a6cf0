"""Masters, instances, exceptions."""

from __future__ import annotations

from tests.sandbox.client import SandboxControl
from tests.sandbox.conftest import NORA, Google, all_day, matching, refusal, timed, weekly

SECOND = "20261208T090000Z"


def test_series_needs_a_named_zone(google: Google) -> None:
    body = {
        "start": {"dateTime": "2026-12-01T10:00:00+01:00"},
        "end": {"dateTime": "2026-12-01T11:00:00+01:00"},
        "recurrence": ["RRULE:FREQ=DAILY"],
    }
    assert refusal(google().events().insert(calendarId="primary", body=body)) == (400, "required")


def test_instances_carry_their_master_and_original_start(google: Google) -> None:
    events = google().events()
    master = events.insert(calendarId="primary", body=weekly()).execute()
    items = events.instances(calendarId="primary", eventId=master["id"]).execute()["items"]
    assert len(items) == 8
    assert items[1]["id"] == f"{master['id']}_{SECOND}"
    assert items[1]["recurringEventId"] == master["id"] and items[1]["iCalUID"] == master["iCalUID"]
    assert items[1]["originalStartTime"] == {
        "dateTime": "2026-12-08T10:00:00+01:00",
        "timeZone": "Europe/Berlin",
    }
    assert "recurrence" not in items[1]
    assert events.get(calendarId="primary", eventId=items[1]["id"]).execute() == items[1]


def test_instances_of_an_all_day_series_are_named_by_dates(google: Google) -> None:
    events = google().events()
    body = all_day("2026-12-01", "2026-12-03", recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])
    master = events.insert(calendarId="primary", body=body).execute()
    items = events.instances(calendarId="primary", eventId=master["id"]).execute()["items"]
    assert [item["id"].split("_")[1] for item in items] == ["20261201", "20261208"]
    assert items[1]["start"] == {"date": "2026-12-08"} and items[1]["end"] == {"date": "2026-12-10"}
    assert items[1]["originalStartTime"] == {"date": "2026-12-08"}


def test_instance_keeps_its_wall_time_across_a_clock_change(google: Google) -> None:
    events = google().events()
    body = timed("2026-10-20T10:00:00", "2026-10-20T11:00:00", recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])
    master = events.insert(calendarId="primary", body=body).execute()
    items = events.instances(calendarId="primary", eventId=master["id"]).execute()["items"]
    assert [item["start"]["dateTime"] for item in items] == [
        "2026-10-20T10:00:00+02:00",
        "2026-10-27T10:00:00+01:00",
    ]
    assert [item["id"].split("_")[1] for item in items] == ["20261020T080000Z", "20261027T090000Z"]


def test_changed_instance_becomes_an_exception_and_the_master_stays(google: Google) -> None:
    events = google().events()
    master = events.insert(calendarId="primary", body=weekly()).execute()
    instance = events.get(calendarId="primary", eventId=f"{master['id']}_{SECOND}").execute()
    assert instance["etag"] == master["etag"]
    token = events.list(calendarId="primary").execute()["nextSyncToken"]
    where = {"calendarId": "primary", "eventId": instance["id"]}
    body = timed("2026-12-09T15:00:00", "2026-12-09T16:00:00")
    moved = matching(events.patch(**where, body=body), instance["etag"]).execute()
    assert moved["originalStartTime"] == instance["originalStartTime"]
    assert moved["start"]["dateTime"] == "2026-12-09T15:00:00+01:00" and moved["etag"] != master["etag"]
    delta = events.list(calendarId="primary", syncToken=token).execute()["items"]
    assert [item["id"] for item in delta] == [instance["id"]]
    assert events.get(calendarId="primary", eventId=master["id"]).execute() == master


def test_deleted_instance_is_a_cancelled_exception_with_three_fields(google: Google) -> None:
    events = google().events()
    master = events.insert(calendarId="primary", body=weekly()).execute()
    instance_id = f"{master['id']}_{SECOND}"
    events.delete(calendarId="primary", eventId=instance_id).execute()
    assert refusal(events.delete(calendarId="primary", eventId=instance_id)) == (410, "deleted")
    items = {item["id"]: item for item in events.list(calendarId="primary").execute()["items"]}
    assert set(items[instance_id]) == {
        "kind",
        "etag",
        "id",
        "status",
        "recurringEventId",
        "originalStartTime",
    }
    assert items[instance_id]["status"] == "cancelled" and len(items) == 2
    alive = events.instances(calendarId="primary", eventId=master["id"]).execute()["items"]
    everything = events.instances(calendarId="primary", eventId=master["id"], showDeleted=True).execute()[
        "items"
    ]
    assert (len(alive), len(everything)) == (7, 8)


def test_status_cancelled_deletes_an_instance_too(google: Google) -> None:
    events = google().events()
    master = events.insert(calendarId="primary", body=weekly()).execute()
    where = {"calendarId": "primary", "eventId": f"{master['id']}_{SECOND}"}
    assert events.patch(**where, body={"status": "cancelled"}).execute()["status"] == "cancelled"
    assert len(events.instances(calendarId="primary", eventId=master["id"]).execute()["items"]) == 7


def test_instance_that_the_rule_does_not_have_is_not_found(google: Google) -> None:
    events = google().events()
    master = events.insert(calendarId="primary", body=weekly()).execute()
    for stamp in ("20261209T090000Z", "20261208", "20261208T100000Z", "20269999T000000Z"):
        assert refusal(events.get(calendarId="primary", eventId=f"{master['id']}_{stamp}")) == (
            404,
            "notFound",
        )


def test_instance_is_found_by_its_original_start(google: Google) -> None:
    events = google().events()
    master = events.insert(calendarId="primary", body=weekly()).execute()
    found = events.instances(
        calendarId="primary", eventId=master["id"], originalStart="2026-12-08T10:00:00+01:00"
    ).execute()["items"]
    assert [item["id"] for item in found] == [f"{master['id']}_{SECOND}"]


def test_deleting_a_master_drops_its_exceptions(google: Google) -> None:
    events = google().events()
    master = events.insert(calendarId="primary", body=weekly()).execute()
    where = {"calendarId": "primary", "eventId": f"{master['id']}_{SECOND}"}
    events.patch(**where, body={"summary": "Moved"}).execute()
    token = events.list(calendarId="primary").execute()["nextSyncToken"]
    events.delete(calendarId="primary", eventId=master["id"]).execute()
    delta = events.list(calendarId="primary", syncToken=token).execute()["items"]
    assert [(item["id"], item["status"]) for item in delta] == [(master["id"], "cancelled")]
    assert events.get(**where).execute()["status"] == "cancelled"


def test_trimming_a_master_drops_later_exceptions(google: Google) -> None:
    events = google().events()
    master = events.insert(calendarId="primary", body=weekly()).execute()
    early, late = (f"{master['id']}_{stamp}" for stamp in (SECOND, "20261222T090000Z"))
    for instance_id in (early, late):
        events.patch(calendarId="primary", eventId=instance_id, body={"summary": "Special"}).execute()
    lines = {"recurrence": ["RRULE:FREQ=WEEKLY;UNTIL=20261215T085959Z"]}
    events.patch(calendarId="primary", eventId=master["id"], body=lines).execute()
    assert {item["id"] for item in events.list(calendarId="primary").execute()["items"]} == {
        master["id"],
        early,
    }
    assert refusal(events.get(calendarId="primary", eventId=late)) == (404, "notFound")


def test_exception_follows_its_master_where_it_was_not_changed(google: Google) -> None:
    events = google().events()
    master = events.insert(calendarId="primary", body=weekly(location="Here")).execute()
    where = {"calendarId": "primary", "eventId": f"{master['id']}_{SECOND}"}
    events.patch(**where, body={"summary": "Special"}).execute()
    events.patch(
        calendarId="primary", eventId=master["id"], body={"summary": "All", "location": "There"}
    ).execute()
    exception = events.get(**where).execute()
    assert (exception["summary"], exception["location"]) == ("Special", "There")


def test_this_and_following_on_googles_side_makes_an_r_series(
    google: Google, sandbox: SandboxControl
) -> None:
    events = google().events()
    master = events.insert(calendarId="primary", body=weekly()).execute()
    new = sandbox.split_series(NORA, master["id"], "20261215T090000Z", {"summary": "New"})
    assert new["id"] == f"{master['id']}_R20261215T090000" and new["recurrence"] == [
        "RRULE:FREQ=WEEKLY;COUNT=6"
    ]
    old = events.get(calendarId="primary", eventId=master["id"]).execute()
    assert old["recurrence"] == ["RRULE:FREQ=WEEKLY;UNTIL=20261215T085959Z"]
    items = events.list(calendarId="primary", singleEvents=True, orderBy="startTime").execute()["items"]
    assert [item["summary"] for item in items] == ["Lunch"] * 2 + ["New"] * 6
    assert (
        events.get(calendarId="primary", eventId=items[-1]["id"]).execute()["recurringEventId"] == new["id"]
    )


def test_extra_and_left_out_dates_are_understood(google: Google) -> None:
    events = google().events()
    lines = [
        "RRULE:FREQ=WEEKLY;COUNT=3",
        "EXDATE;TZID=Europe/Berlin:20261208T100000",
        "RDATE;TZID=America/New_York:20261210T080000",
    ]
    master = events.insert(calendarId="primary", body=timed(recurrence=lines)).execute()
    items = events.instances(calendarId="primary", eventId=master["id"]).execute()["items"]
    assert [item["start"]["dateTime"][:13] for item in items] == [
        "2026-12-01T10",
        "2026-12-10T14",
        "2026-12-15T10",
    ]
