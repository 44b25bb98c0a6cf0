"""Bringing a file in: by the page with a look first, by the API, large ones by the worker."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from scheduling import services, tasks
from scheduling.models import ApiToken, Calendar, CalendarEvent, CalendarImport, Occurrence
from tests.make import make_event, make_user

FOLDER = Path(__file__).parents[1] / "data" / "ics"
IMPORT = "/appointment/api/import/"

pytestmark = pytest.mark.django_db


def ics(*events: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR", ""]).encode()


def vevent(uid: str, *lines: str, title: str = "Imported", start: str = "20261124T090000Z") -> str:
    return "\r\n".join(
        ["BEGIN:VEVENT", f"UID:{uid}", f"DTSTART:{start}", f"SUMMARY:{title}", *lines, "END:VEVENT"]
    )


def many(count: int) -> bytes:
    return ics(*(vevent(f"m{number}", f"DESCRIPTION:{'x' * 900}") for number in range(count)))


@pytest.fixture
def calendar(alice: Any) -> Calendar:
    return Calendar.objects.get(user=alice)


@pytest.fixture
def page(alice: Any) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def api(alice: Any) -> Any:
    token = services.create_api_token(user=alice, name="test")

    def post(data: bytes, address: str = IMPORT, kind: str = "text/calendar", **headers: str) -> Any:
        headers.setdefault("Authorization", f"Bearer {token}")
        return Client().post(address, data, content_type=kind, headers=headers)

    return post


def upload(page: Client, calendar: Calendar, data: bytes, name: str = "file.ics") -> Any:
    return page.post(
        "/calendar/import/", {"calendar": str(calendar.pk), "file": SimpleUploadedFile(name, data)}
    )


def run_queue() -> int:
    """What the worker would do; returns how many tasks there were."""
    done = 0
    while (entry := OrmQ.objects.order_by("pk").first()) is not None:
        task = entry.task
        entry.delete()
        getattr(tasks, task["func"].rsplit(".", 1)[1])(*task["args"])
        done += 1
    return done


# --- the page ----------------------------------------------------------------------------------
def test_nothing_is_written_before_a_person_says_yes(page: Client, calendar: Calendar) -> None:
    answer = upload(page, calendar, (FOLDER / "google-export.ics").read_bytes(), "nora.ics")
    shown = page.get(answer["Location"]).content.decode()
    assert CalendarEvent.objects.count() == 0
    assert "nora.ics" in shown and "Import 3 events" in shown and "Stand-up" in shown
    page.post(answer["Location"])
    assert CalendarEvent.objects.filter(series=None).count() == 3
    assert "is in Personal" in page.get(answer["Location"]).content.decode()
    assert CalendarImport.objects.get().content is None


def test_a_look_says_what_is_new_updated_unchanged_and_left_out(page: Client, calendar: Calendar) -> None:
    services.start_import(calendar=calendar, file_name="", data=ics(vevent("a"), vevent("b")))
    first = CalendarImport.objects.get()
    services.confirm_import(job=first)
    data = ics(vevent("a"), vevent("b", title="Renamed"), vevent("c"), "BEGIN:VEVENT\r\nUID:d\r\nEND:VEVENT")
    answer = upload(page, calendar, data)
    job = CalendarImport.objects.exclude(pk=first.pk).get()
    assert {kind: job.counts[kind] for kind in ("created", "updated", "unchanged", "skipped")} == {
        "created": 1, "updated": 1, "unchanged": 1, "skipped": 1,
    }  # fmt: skip
    shown = page.get(answer["Location"]).content.decode()
    assert "It has no start." in shown and "Import 2 events" in shown


def test_an_import_whose_task_was_lost_goes_on(page: Client, calendar: Calendar) -> None:
    many = [
        vevent(f"uid{n}", f"DESCRIPTION:{'x' * 1000}") for n in range(301)
    ]  # too many to do while one waits
    address = upload(page, calendar, ics(*many))["Location"]
    for state in (CalendarImport.State.READY, CalendarImport.State.DONE):
        OrmQ.objects.all().delete()  # a Redis that keeps nothing was restarted
        assert tasks.enqueue_stalled_imports() == 0  # it may be at work just now
        CalendarImport.objects.update(updated_at=timezone.now() - 2 * tasks.STALLED_AFTER)
        assert tasks.enqueue_stalled_imports() == 1
        run_queue()
        assert CalendarImport.objects.get().state == state
        page.post(address)
    assert CalendarEvent.objects.count() == len(many)
    CalendarImport.objects.update(updated_at=timezone.now() - 2 * tasks.STALLED_AFTER)
    assert tasks.enqueue_stalled_imports() == 0


def test_a_discarded_import_is_forgotten(page: Client, calendar: Calendar) -> None:
    address = upload(page, calendar, ics(vevent("a")))["Location"]
    page.post(address, {"discard": "1"})
    assert CalendarImport.objects.count() == CalendarEvent.objects.count() == 0
    assert page.get(address).status_code == 404


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04zip", "This is a zip file."),
        (b"<html>", "This is a web page"),
        (b"x" * (10 * 1024 * 1024 + 1), "larger than 10 MB"),
    ],
)
def test_a_file_that_is_none_is_refused_beside_the_field(
    page: Client, calendar: Calendar, data: bytes, words: str
) -> None:
    answer = upload(page, calendar, data)
    assert answer.status_code == 422 and words in answer.content.decode()
    assert CalendarImport.objects.count() == 0


def test_other_peoples_calendars_and_imports_are_not_there(page: Client, bob: Any) -> None:
    theirs = Calendar.objects.get(user=bob)
    assert upload(page, theirs, ics(vevent("a"))).status_code == 422
    job = services.start_import(calendar=theirs, file_name="x", data=ics(vevent("a")))
    assert page.get(f"/calendar/import/{job.pk}/").status_code == 404
    assert page.post(f"/calendar/import/{job.pk}/").status_code == 404
    assert CalendarEvent.objects.count() == 0


def test_a_read_only_calendar_is_not_offered(page: Client, calendar: Calendar) -> None:
    Calendar.objects.filter(pk=calendar.pk).update(is_read_only=True)
    assert upload(page, calendar, ics(vevent("a"))).status_code == 422


def test_saying_yes_twice_writes_once(page: Client, calendar: Calendar) -> None:
    address = upload(page, calendar, ics(vevent("a")))["Location"]
    page.post(address)
    revision = CalendarEvent.objects.get().revision
    page.post(address)
    assert CalendarEvent.objects.get().revision == revision


def test_a_large_file_is_read_and_written_by_the_worker(page: Client, calendar: Calendar) -> None:
    address = upload(page, calendar, many(400))["Location"]
    assert "is being read" in page.get(address).content.decode()
    assert run_queue() == 1
    assert "Import 400 events" in page.get(address).content.decode()
    page.post(address)
    assert "0 of 400 events are in" in page.get(address).content.decode()
    assert CalendarEvent.objects.count() == 0
    assert run_queue() == 1
    assert CalendarEvent.objects.count() == Occurrence.objects.count() == 400
    assert CalendarImport.objects.get().state == CalendarImport.State.DONE


def test_a_worker_that_was_cut_short_is_followed_where_it_stopped(calendar: Calendar) -> None:
    job = services.start_import(calendar=calendar, file_name="x", data=many(350))
    services.read_import(job=job)
    services.confirm_import(job=job)
    slices = 0
    while not services.write_import(job=job, seconds=0):  # one chunk a time
        slices += 1
        assert job.done == CalendarEvent.objects.count() > 0
    assert slices >= 2 and (job.counts["created"], job.counts["unchanged"]) == (350, 0)


def test_imports_nobody_said_yes_to_are_forgotten_after_a_day(calendar: Calendar) -> None:
    services.start_import(calendar=calendar, file_name="x", data=ics(vevent("a")))
    CalendarImport.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert services.forget_imports() == 1


def test_few_files_of_one_person_are_kept(calendar: Calendar) -> None:
    for number in range(9):
        services.start_import(calendar=calendar, file_name=f"{number}", data=ics(vevent("a")))
    assert CalendarImport.objects.count() <= 5


# --- rules of meeting what is here -------------------------------------------------------------
def import_file(calendar: Calendar, data: bytes) -> CalendarImport:
    job = services.start_import(calendar=calendar, file_name="x", data=data)
    services.confirm_import(job=job)
    return job


def test_an_older_version_never_displaces_a_newer_one(calendar: Calendar) -> None:
    import_file(calendar, ics(vevent("a", "SEQUENCE:3", title="New")))
    job = import_file(calendar, ics(vevent("a", "SEQUENCE:2", title="Old")))
    assert CalendarEvent.objects.get().title == "New"
    assert job.counts["skipped"] == 1 and "later version" in job.problems[0]["words"]


def test_what_an_import_displaces_can_be_seen_in_the_history(calendar: Calendar) -> None:
    import_file(calendar, ics(vevent("a", title="Before")))
    import_file(calendar, ics(vevent("a", title="After")))
    event = CalendarEvent.objects.get()
    assert event.title == "After" and event.revisions.get().before["title"] == "Before"


def test_an_event_whose_uid_google_replaced_is_met_again(calendar: Calendar) -> None:
    import_file(calendar, ics(vevent("a")))
    CalendarEvent.objects.update(ical_uid="something@google.com")
    assert import_file(calendar, ics(vevent("a"))).counts["created"] == 0


def test_imported_events_are_sent_on_and_subscribed_ones_are_not(calendar: Calendar) -> None:
    Calendar.objects.update(is_synced=True)
    import_file(calendar, ics(vevent("a")))
    calendar.refresh_from_db()
    event = CalendarEvent.objects.select_related("calendar").get()
    assert event.is_waiting


def test_a_colour_that_was_chosen_here_stays(calendar: Calendar) -> None:
    import_file(calendar, ics(vevent("a")))
    CalendarEvent.objects.update(color=4)
    import_file(calendar, ics(vevent("a", title="Renamed")))
    assert (CalendarEvent.objects.get().title, CalendarEvent.objects.get().color) == ("Renamed", 4)


def test_an_event_of_an_organiser_elsewhere_is_left_alone(alice: Any, calendar: Calendar) -> None:
    event = make_event(alice)
    CalendarEvent.objects.update(ical_uid="a", is_read_only=True)
    job = import_file(calendar, ics(vevent("a")))
    event.refresh_from_db()
    assert event.title == "Stand-up" and job.counts["skipped"] == 1


def test_a_file_moved_to_another_calendar_is_new_there(alice: Any, calendar: Calendar) -> None:
    import_file(calendar, ics(vevent("a")))
    other = services.create_calendar(user=alice, name="Other", time_zone="UTC")
    services.update_event(event=CalendarEvent.objects.get(), values=CalendarEvent.objects.get().values,
                          calendar=other, origin="web")  # fmt: skip
    assert import_file(calendar, ics(vevent("a"))).counts["created"] == 1
    assert CalendarEvent.objects.count() == 2


# --- the API -----------------------------------------------------------------------------------
def test_the_api_answers_with_counts(api: Any) -> None:
    answer = api((FOLDER / "broken-events.ics").read_bytes())
    body = answer.json()
    assert answer.status_code == 200 and body["state"] == "done"
    assert {k: body[k] for k in ("created", "updated", "unchanged", "skipped")} == {
        "created": 1, "updated": 0, "unchanged": 0, "skipped": 5,
    }  # fmt: skip
    assert len(body["problems"]) == 5 and body["problems"][0]["words"]
    assert api((FOLDER / "broken-events.ics").read_bytes()).json()["unchanged"] == 1


def test_the_api_takes_the_calendar_that_is_named(api: Any, alice: Any, bob: Any) -> None:
    other = services.create_calendar(user=alice, name="Other", time_zone="UTC")
    assert api(ics(vevent("a")), f"{IMPORT}?calendar={other.pk}").status_code == 200
    assert CalendarEvent.objects.get().calendar_id == other.pk
    theirs = Calendar.objects.get(user=bob)
    assert api(ics(vevent("a")), f"{IMPORT}?calendar={theirs.pk}").status_code == 422


def test_a_large_file_is_answered_with_where_to_ask(api: Any, alice: Any) -> None:
    answer = api(many(400))
    assert answer.status_code == 202 and answer.json()["state"] == "writing"
    run_queue()
    token = services.create_api_token(user=alice, name="read", scope=ApiToken.Scope.READ)
    later = Client().get(answer["Location"], headers={"Authorization": f"Bearer {token}"}).json()
    assert (later["state"], later["created"], later["done"], later["total"]) == ("done", 400, 400, 400)


@pytest.mark.parametrize(
    ("data", "kind", "status", "error"),
    [
        (b"{}", "application/json", 415, "unsupported_media_type"),
        (b"x", "multipart/form-data", 415, "unsupported_media_type"),
        (b"hello", "text/calendar", 422, "invalid"),
        (b"", "text/calendar", 422, "invalid"),
        (b"B" * (10 * 1024 * 1024 + 1), "text/calendar", 413, "too_large"),
        (b"B" * (12 * 1024 * 1024), "text/calendar", 413, "too_large"),
    ],
)
def test_the_api_refuses_in_its_own_form(api: Any, data: bytes, kind: str, status: int, error: str) -> None:
    answer = api(data, kind=kind)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert CalendarEvent.objects.count() == 0


def test_events_still_take_json_only(api: Any) -> None:
    assert api(ics(vevent("a")), "/appointment/api/events/").status_code == 415


def test_the_api_refuses_strangers_readers_and_read_only_calendars(api: Any, alice: Any) -> None:
    assert api(ics(vevent("a")), Authorization="Bearer apt_nothing").status_code == 401
    token = services.create_api_token(user=alice, name="read", scope=ApiToken.Scope.READ)
    assert api(ics(vevent("a")), Authorization=f"Bearer {token}").status_code == 403
    Calendar.objects.update(is_read_only=True)
    assert api(ics(vevent("a"))).json()["error"] == "read_only"


def test_the_import_is_described(alice: Any) -> None:
    described = json.loads(Client().get("/appointment/api/openapi.json").content)
    operation = described["paths"][IMPORT]["post"]
    assert list(operation["requestBody"]["content"]) == ["text/calendar"]


@pytest.mark.slow
def test_five_thousand_events_are_written_within_the_time_of_a_task(calendar: Calendar) -> None:
    data = ics(*(vevent(f"m{number}") for number in range(5000)))
    job = services.start_import(calendar=calendar, file_name="x", data=data)
    services.read_import(job=job)
    services.confirm_import(job=job)
    rounds = 1
    while not services.write_import(job=job):
        rounds += 1
    assert CalendarEvent.objects.count() == 5000 and rounds <= 3


def test_a_person_elsewhere_keeps_what_they_have(calendar: Calendar) -> None:
    other = Calendar.objects.get(user=make_user("other@example.com"))
    import_file(other, ics(vevent("a", title="Theirs")))
    import_file(calendar, ics(vevent("a", title="Mine")))
    assert CalendarEvent.objects.get(calendar=other).title == "Theirs"
