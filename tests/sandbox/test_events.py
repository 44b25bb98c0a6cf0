"""One event at a time: ids, etags, merging, refusals."""

from __future__ import annotations

import httpx
import pytest

from tests.sandbox.client import SandboxControl
from tests.sandbox.conftest import NORA, Google, all_day, matching, refusal, timed

OWN_ID = "0123456789abcdef0123456789abcdef"


def test_event_inserted_with_own_id_is_read_back_in_googles_shape(google: Google) -> None:
    events = google().events()
    made = events.insert(calendarId="primary", body=timed(id=OWN_ID, location="Café")).execute()
    read = events.get(calendarId=NORA, eventId=OWN_ID).execute()
    assert made == read
    assert read["kind"] == "calendar#event" and read["id"] == OWN_ID and read["status"] == "confirmed"
    assert read["start"] == {"dateTime": "2026-12-01T10:00:00+01:00", "timeZone": "Europe/Berlin"}
    assert read["organizer"] == read["creator"] == {"email": NORA, "self": True}
    assert read["iCalUID"] == f"{OWN_ID}@google.com" and read["sequence"] == 0
    assert read["reminders"] == {"useDefault": True} and read["eventType"] == "default"
    assert read["etag"].startswith('"') and read["updated"].endswith("Z")
    assert "transparency" not in read and "visibility" not in read


def test_the_same_id_again_is_a_duplicate_even_when_the_event_is_deleted(google: Google) -> None:
    events = google().events()
    events.insert(calendarId="primary", body=timed(id=OWN_ID)).execute()
    assert refusal(events.insert(calendarId="primary", body=timed(id=OWN_ID))) == (409, "duplicate")
    events.delete(calendarId="primary", eventId=OWN_ID).execute()
    assert refusal(events.insert(calendarId="primary", body=timed(id=OWN_ID))) == (409, "duplicate")


@pytest.mark.parametrize("event_id", ["abcd", "has-dash-in-it", "wxyzwxyz", "UPPERCASE", "a" * 1025])
def test_own_id_outside_base32hex_is_invalid(google: Google, event_id: str) -> None:
    assert refusal(google().events().insert(calendarId="primary", body=timed(id=event_id))) == (
        400,
        "invalid",
    )


def test_id_and_ical_uid_together_are_refused(google: Google) -> None:
    body = timed(id=OWN_ID, iCalUID="x@example.com")
    assert refusal(google().events().insert(calendarId="primary", body=body)) == (400, "invalid")


def test_stale_etag_is_refused_and_the_fresh_one_works(google: Google) -> None:
    events = google().events()
    first = events.insert(calendarId="primary", body=timed()).execute()
    where = {"calendarId": "primary", "eventId": first["id"]}
    second = matching(events.patch(**where, body={"summary": "A"}), first["etag"]).execute()
    assert second["etag"] != first["etag"]
    not_met = (412, "conditionNotMet")
    assert refusal(matching(events.patch(**where, body={"summary": "B"}), first["etag"])) == not_met
    assert refusal(matching(events.update(**where, body=timed()), first["etag"])) == not_met
    assert refusal(matching(events.delete(**where), first["etag"])) == not_met
    matching(events.delete(**where), second["etag"]).execute()


def test_unchanged_event_answers_304_to_its_etag(google: Google, sandbox: SandboxControl) -> None:
    account = sandbox.account(NORA)
    event = sandbox.add_event(NORA, timed())
    address = f"{sandbox.addresses['GOOGLE_CALENDAR_ENDPOINT']}calendars/primary/events/{event['id']}"
    headers = {"Authorization": f"Bearer {account['access_token']}", "If-None-Match": event["etag"]}
    assert httpx.get(address, headers=headers).status_code == 304
    sandbox.change_event(NORA, event["id"], {"summary": "Other"})
    assert httpx.get(address, headers=headers).status_code == 200


def test_patch_merges_objects_and_replaces_arrays_whole(google: Google) -> None:
    events = google().events()
    made = events.insert(
        calendarId="primary",
        body=timed(
            location="Here",
            attendees=[{"email": "a@example.com"}, {"email": "b@example.com"}],
            extendedProperties={"private": {"one": "1", "two": "2"}},
        ),
    ).execute()
    patch = {
        "attendees": [{"email": "c@example.com"}],
        "location": None,
        "extendedProperties": {"private": {"two": None, "three": "3"}},
    }
    changed = events.patch(calendarId="primary", eventId=made["id"], body=patch).execute()
    assert changed["attendees"] == [{"email": "c@example.com"}]
    assert changed["extendedProperties"] == {"private": {"one": "1", "three": "3"}}
    assert "location" not in changed and changed["summary"] == "Lunch"


def test_update_drops_what_it_does_not_name(google: Google) -> None:
    events = google().events()
    made = events.insert(calendarId="primary", body=timed(location="Here", colorId="5")).execute()
    changed = events.update(calendarId="primary", eventId=made["id"], body=timed()).execute()
    assert "location" not in changed and "colorId" not in changed


def test_update_with_an_old_sequence_is_refused(google: Google) -> None:
    events = google().events()
    made = events.insert(calendarId="primary", body=timed()).execute()
    where = {"calendarId": "primary", "eventId": made["id"]}
    moved = events.patch(**where, body=timed("2026-12-01T12:00:00", "2026-12-01T13:00:00")).execute()
    assert moved["sequence"] == 1
    assert refusal(events.update(**where, body=timed(sequence=0))) == (400, "invalid")
    assert events.update(**where, body=timed(sequence=1)).execute()["sequence"] == 2


def test_sequence_counts_changes_of_time_and_not_of_text(google: Google) -> None:
    events = google().events()
    made = events.insert(calendarId="primary", body=timed()).execute()
    renamed = events.patch(calendarId="primary", eventId=made["id"], body={"summary": "New"}).execute()
    assert renamed["sequence"] == made["sequence"] and renamed["etag"] != made["etag"]


def test_change_of_reminders_changes_the_etag_and_leaves_updated(google: Google) -> None:
    events = google().events()
    made = events.insert(calendarId="primary", body=timed()).execute()
    body = {"reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 5}]}}
    changed = events.patch(calendarId="primary", eventId=made["id"], body=body).execute()
    assert changed["etag"] != made["etag"] and changed["updated"] == made["updated"]


def test_deleting_twice_answers_410_and_an_unknown_id_404(google: Google) -> None:
    events = google().events()
    made = events.insert(calendarId="primary", body=timed()).execute()
    where = {"calendarId": "primary", "eventId": made["id"]}
    assert events.delete(**where).execute() == ""
    assert refusal(events.delete(**where)) == (410, "deleted")
    assert refusal(events.delete(calendarId="primary", eventId="neverwas")) == (404, "notFound")
    assert refusal(events.get(calendarId="primary", eventId="neverwas")) == (404, "notFound")
    assert refusal(events.get(calendarId="nobody@gmail.com", eventId="neverwas")) == (404, "notFound")


def test_deleted_event_is_read_as_cancelled_and_comes_back_by_update(google: Google) -> None:
    events = google().events()
    made = events.insert(calendarId="primary", body=timed()).execute()
    where = {"calendarId": "primary", "eventId": made["id"]}
    events.delete(**where).execute()
    assert events.get(**where).execute()["status"] == "cancelled"
    assert events.update(**where, body=timed(summary="Back")).execute()["status"] == "confirmed"
    events.delete(**where).execute()
    revived = events.patch(**where, body={"status": "confirmed", "summary": "Again"}).execute()
    assert (revived["status"], revived["summary"]) == ("confirmed", "Again")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"summary": "no times"}, "required"),
        ({"start": {"date": "2026-12-01"}}, "required"),
        ({"start": {"date": "2026-12-01"}, "end": {"dateTime": "2026-12-01T10:00:00Z"}}, "invalid"),
        (timed("2026-12-01T10:00:00", "2026-12-01T09:00:00"), "timeRangeEmpty"),
        (all_day("2026-12-01", "2026-12-01"), "timeRangeEmpty"),
        (timed(zone="Mars/Olympus"), "invalid"),
        (timed("tomorrow"), "invalid"),
        (timed(recurrence=["DTSTART:20261201T100000Z"]), "invalid"),
        (timed(recurrence=["RRULE:FREQ=SOMETIMES"]), "invalid"),
        (timed(summary="x" * 1025), "invalid"),
        (timed(description="x" * 8193), "invalid"),
        (timed(extendedProperties={"private": {"k" * 45: "v"}}), "invalid"),
        (timed(extendedProperties={"private": {"k": "v" * 1025}}), "invalid"),
        (timed(reminders={"overrides": [{"method": "popup", "minutes": n} for n in range(6)]}), "invalid"),
        (timed(attendees=[{"displayName": "no address"}]), "invalid"),
        (timed(colorId="12"), "invalid"),
        (timed(eventType="fromGmail"), "eventTypeRestriction"),
    ],
)
def test_bad_event_is_refused_with_400(google: Google, body: dict[str, object], reason: str) -> None:
    assert refusal(google().events().insert(calendarId="primary", body=body)) == (400, reason)


def test_time_without_offset_or_zone_is_refused_and_with_offset_takes_the_calendars_zone(
    google: Google,
) -> None:
    events = google().events()
    naive = {"start": {"dateTime": "2026-12-01T10:00:00"}, "end": {"dateTime": "2026-12-01T11:00:00"}}
    assert refusal(events.insert(calendarId="primary", body=naive)) == (400, "required")
    aware = {"start": {"dateTime": "2026-12-01T10:00:00Z"}, "end": {"dateTime": "2026-12-01T11:00:00Z"}}
    made = events.insert(calendarId="primary", body=aware).execute()
    assert made["start"] == {"dateTime": "2026-12-01T11:00:00+01:00", "timeZone": "Europe/Berlin"}


def test_times_are_answered_in_the_zone_that_is_asked_for(google: Google) -> None:
    events = google().events()
    made = events.insert(calendarId="primary", body=timed(zone="America/New_York")).execute()
    assert made["start"] == {"dateTime": "2026-12-01T16:00:00+01:00", "timeZone": "America/New_York"}
    read = events.get(calendarId="primary", eventId=made["id"], timeZone="Asia/Tokyo").execute()
    assert read["start"] == {"dateTime": "2026-12-02T00:00:00+09:00", "timeZone": "America/New_York"}


def test_patch_from_timed_to_all_day_must_remove_the_time(google: Google) -> None:
    events = google().events()
    made = events.insert(calendarId="primary", body=timed()).execute()
    where = {"calendarId": "primary", "eventId": made["id"]}
    assert refusal(events.patch(**where, body=all_day())) == (400, "invalid")
    body = {
        name: {"date": day, "dateTime": None}
        for name, day in (("start", "2026-12-01"), ("end", "2026-12-03"))
    }
    assert events.patch(**where, body=body).execute()["end"] == {"date": "2026-12-03"}


def test_conference_and_attachments_stay_when_the_caller_does_not_opt_in(google: Google) -> None:
    events = google().events()
    rich = {
        "conferenceData": {"createRequest": {"requestId": "r1"}},
        "attachments": [{"fileUrl": "https://drive.example/1"}],
    }
    ignored = events.insert(calendarId="primary", body=timed(**rich)).execute()
    assert "conferenceData" not in ignored and "attachments" not in ignored
    options = {"conferenceDataVersion": 1, "supportsAttachments": True}
    made = events.insert(calendarId="primary", body=timed(**rich), **options).execute()
    assert made["hangoutLink"].startswith("https://") and len(made["attachments"]) == 1
    kept = events.update(calendarId="primary", eventId=made["id"], body=timed(summary="New")).execute()
    assert kept["conferenceData"] == made["conferenceData"] and kept["attachments"] == made["attachments"]
    gone = events.update(calendarId="primary", eventId=made["id"], body=timed(), **options).execute()
    assert "conferenceData" not in gone and "attachments" not in gone


def test_event_type_cannot_change(google: Google) -> None:
    events = google().events()
    made = events.insert(calendarId="primary", body=timed(eventType="focusTime")).execute()
    assert made["eventType"] == "focusTime"
    where = {"calendarId": "primary", "eventId": made["id"]}
    assert refusal(events.patch(**where, body={"eventType": "default"})) == (400, "eventTypeRestriction")


def test_moved_event_leaves_only_its_id_behind(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    second = sandbox.calendar(NORA)["id"]
    made = events.insert(calendarId="primary", body=timed()).execute()
    token = events.list(calendarId="primary").execute()["nextSyncToken"]
    moved = events.move(calendarId="primary", eventId=made["id"], destination=second).execute()
    assert moved["id"] == made["id"] and moved["organizer"]["email"] == second
    left = events.list(calendarId="primary", syncToken=token).execute()["items"]
    assert [item["id"] for item in left] == [made["id"]]
    assert left[0]["status"] == "cancelled" and "summary" not in left[0] and "start" not in left[0]
    assert events.get(calendarId=second, eventId=made["id"]).execute()["summary"] == "Lunch"


def test_import_matches_by_ical_uid(google: Google) -> None:
    events = google().events()
    body = timed(iCalUID="far@example.com", organizer={"email": "far@example.com"})
    first = events.import_(calendarId="primary", body=body).execute()
    second = events.import_(calendarId="primary", body=body | {"summary": "New"}).execute()
    assert first["id"] == second["id"] and second["summary"] == "New"
    assert second["organizer"] == {"email": "far@example.com"}
    assert refusal(events.import_(calendarId="primary", body=timed())) == (400, "required")


def test_quick_add_makes_an_event_of_the_text(google: Google) -> None:
    made = google().events().quickAdd(calendarId="primary", text="Call Tom").execute()
    assert made["summary"] == "Call Tom" and made["start"]["timeZone"] == "Europe/Berlin"


def test_guest_changes_only_the_own_copy(google: Google, sandbox: SandboxControl) -> None:
    events = google().events()
    guests = [{"email": "mara@example.com"}, {"email": NORA, "responseStatus": "needsAction"}]
    made = sandbox.add_event(NORA, timed(organizer={"email": "mara@example.com"}, attendees=guests))
    where = {"calendarId": "primary", "eventId": made["id"]}
    assert "self" not in made["organizer"]
    forbidden = (403, "forbiddenForNonOrganizer")
    assert refusal(events.patch(**where, body={"summary": "Mine now"})) == forbidden
    assert refusal(events.patch(**where, body={"attendees": [guests[1]]})) == forbidden
    answered = [guests[0], guests[1] | {"responseStatus": "accepted"}]
    changed = events.patch(**where, body={"attendees": answered, "colorId": "3"}).execute()
    assert changed["attendees"][1] == {"email": NORA, "responseStatus": "accepted", "self": True}
    sandbox.delete_event(NORA, made["id"])
    shared = sandbox.add_event(NORA, timed(organizer={"email": "mara@example.com"}, guestsCanModify=True))
    assert events.patch(calendarId="primary", eventId=shared["id"], body={"summary": "Ours"}).execute()


def test_raw_resource_is_answered_as_it_is(google: Google, sandbox: SandboxControl) -> None:
    google()
    sandbox.add_raw(NORA, [{"id": "odd", "start": {"dateTime": "not a time"}, "recurrence": ["X-VENDOR:1"]}])
    items = google().events().list(calendarId="primary").execute()["items"]
    assert items[0]["start"] == {"dateTime": "not a time"} and items[0]["recurrence"] == ["X-VENDOR:1"]


def test_html_link_leads_to_the_event_on_googles_side(google: Google, sandbox: SandboxControl) -> None:
    made = google().events().insert(calendarId="primary", body=timed(summary="Find me")).execute()
    address = sandbox.base_url.removesuffix("/sandbox/google/") + made["htmlLink"]
    page = httpx.get(address, follow_redirects=True)
    assert page.status_code == 200 and "Find me" in page.text
