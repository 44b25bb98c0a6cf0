from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from scheduling import services
from scheduling.core.zones import instant
from scheduling.models import Calendar, CalendarEvent
from tests.make import make_event, make_values

BERLIN = ZoneInfo("Europe/Berlin")
HTMX = {"HX-Request": "true"}
PREVIEW = {**HTMX, "HX-Target": "quick-add-preview"}


@pytest.fixture
def web(alice: Any, client: Client) -> Client:
    client.force_login(alice)
    return client


def answers(user: Any, **over: Any) -> dict[str, Any]:
    return {
        "title": "Lunch",
        "start_date": "2026-11-24",
        "start_time": "12:30",
        "end_date": "2026-11-24",
        "end_time": "13:30",
        "time_zone": "Europe/Berlin",
        "calendar": str(Calendar.objects.get(user=user, is_primary=True).pk),
        "availability": "busy",
        **over,
    }


def address(name: str, event: CalendarEvent) -> str:
    return reverse(name, args=[event.pk])


def told(response: Any) -> dict[str, Any]:
    return json.loads(response.headers["HX-Trigger"])


# --- page and fragment -------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["event", "event-edit", "event-delete"])
def test_event_address_is_a_page_and_a_fragment(web: Client, alice: Any, name: str) -> None:
    event = make_event(alice)
    page, part = web.get(address(name, event)), web.get(address(name, event), headers=HTMX)
    assert page.status_code == part.status_code == 200
    assert "<html" in page.text and "<html" not in part.text
    assert "Stand-up" in page.text and "Stand-up" in part.text
    assert "HX-Request" in part.headers["Vary"]


@pytest.mark.parametrize("name", ["event-new", "quick-add"])
def test_new_event_address_is_a_page_and_a_fragment(web: Client, name: str) -> None:
    assert "<html" in web.get(reverse(name)).text
    part = web.get(reverse(name), headers=HTMX)
    assert "<html" not in part.text and "hx-post" in part.text
    main = web.get(reverse(name)).text.partition("<main")[2].partition("</main>")[0]
    assert "<form" in main and "hx-post" not in main  # a page works like a page


NAMES = ["event", "event-edit", "event-delete", "event-restore", "event-move", "event-undo"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_event_of_another_person_is_not_found(web: Client, bob: Any, name: str, method: str) -> None:
    event = make_event(bob)
    response = getattr(web, method)(address(name, event), {"revision": event.revision, "delta_minutes": 15})
    is_page = name in ("event", "event-edit", "event-delete")
    assert response.status_code in ((404,) if is_page and method == "get" else (404, 405))
    event.refresh_from_db()
    assert event.values == make_values()


# --- create ------------------------------------------------------------------------------------
def test_create_redirects_to_the_day(web: Client, alice: Any) -> None:
    response = web.post(reverse("event-new"), answers(alice))
    assert (response.status_code, response.headers["Location"]) == (302, "/calendar/week/2026-11-24/")
    event = CalendarEvent.objects.get(user=alice)
    assert event.start == datetime(2026, 11, 24, 11, 30, tzinfo=UTC)


def test_create_under_htmx_tells_the_page(web: Client, alice: Any) -> None:
    response = web.post(reverse("event-new"), answers(alice), headers=HTMX)
    event = CalendarEvent.objects.get(user=alice)
    assert (response.status_code, response.content) == (204, b"")
    assert told(response)["events-changed"] == {"event": str(event.pk), "revision": event.revision}
    assert told(response)["toast"]["undo"] == {
        "url": address("event-undo", event),
        "values": {"revision": event.revision},
    }


def test_invalid_event_is_422_with_the_text_kept_and_nothing_stored(web: Client, alice: Any) -> None:
    typed = answers(alice, title="T" * 201, end_time="01:00", location="Café “Nil”")
    response = web.post(reverse("event-new"), typed, headers=HTMX)
    assert response.status_code == 422
    assert (
        "The title has 201 characters" in response.text and "Did you mean Wednesday 01:00?" in response.text
    )
    assert "T" * 201 in response.text and "Café “Nil”" in response.text
    title = re.search(r'<input[^>]*name="title"[^>]*>', response.text)
    assert title and 'aria-describedby="id_title_error"' in title[0] and 'aria-invalid="true"' in title[0]
    assert 'id="id_title_error"' in response.text
    assert not CalendarEvent.objects.exists()


def test_event_cannot_be_put_into_the_calendar_of_another(web: Client, alice: Any, bob: Any) -> None:
    foreign = Calendar.objects.get(user=bob)
    response = web.post(reverse("event-new"), answers(alice, calendar=str(foreign.pk)))
    assert response.status_code == 422 and not CalendarEvent.objects.exists()


def test_copy_fills_the_form_with_an_own_event_only(web: Client, alice: Any, bob: Any) -> None:
    mine, foreign = make_event(alice, location="Roma"), make_event(bob)
    shown = web.get(reverse("event-new"), {"copy": mine.pk}).text
    assert 'value="Stand-up"' in shown and 'value="Roma"' in shown
    assert web.get(reverse("event-new"), {"copy": foreign.pk}).status_code == 404
    assert web.get(reverse("event-new"), {"copy": "x"}).status_code == 200


# --- edit --------------------------------------------------------------------------------------
def test_edit_saves_and_can_be_undone(web: Client, alice: Any) -> None:
    event = make_event(alice)
    response = web.post(address("event-edit", event), answers(alice, revision=event.revision), headers=HTMX)
    assert told(response)["toast"]["message"].startswith("Moved “Lunch” to Tuesday 24 November")
    undo = told(response)["toast"]["undo"]
    assert web.post(undo["url"], undo["values"], headers=HTMX).status_code == 204
    event.refresh_from_db()
    assert event.values == make_values()


def test_edit_that_changes_nothing_offers_no_undo(web: Client, alice: Any) -> None:
    event = make_event(alice)
    web.post(address("event-edit", event), answers(alice, revision=event.revision))
    event.refresh_from_db()
    again = web.post(address("event-edit", event), answers(alice, revision=event.revision), headers=HTMX)
    assert told(again)["toast"]["undo"] is None
    assert CalendarEvent.objects.get().revision == event.revision


def test_stale_edit_shows_both_sides_and_keeps_the_text(web: Client, alice: Any) -> None:
    event = make_event(alice)
    services.update_event(event=event, values=make_values(title="Theirs"), origin="api")
    typed = answers(alice, title="Mine", revision=event.revision)
    response = web.post(address("event-edit", event), typed, headers=HTMX)
    assert response.status_code == 409
    assert "changed elsewhere" in response.text and "Theirs" in response.text
    assert 'value="Mine"' in response.text
    assert CalendarEvent.objects.get().title == "Theirs"
    revision = re.search(r'name="revision" value="(\d+)"', response.text)
    assert revision
    kept = web.post(address("event-edit", event), {**typed, "revision": revision[1]}, headers=HTMX)
    assert kept.status_code == 204 and CalendarEvent.objects.get().title == "Mine"


def test_edit_of_an_event_deleted_meanwhile_asks_and_brings_it_back(web: Client, alice: Any) -> None:
    event = make_event(alice)
    deleted = services.delete_event(event=event, origin="api")
    typed = answers(alice, revision=event.revision)
    response = web.post(address("event-edit", event), typed)
    assert response.status_code == 409 and "deleted elsewhere" in response.text
    web.post(address("event-edit", event), {**typed, "revision": deleted.revision})
    event.refresh_from_db()
    assert (event.title, event.is_deleted) == ("Lunch", False)


def test_edit_keeps_the_rule_of_a_series(web: Client, alice: Any) -> None:
    event = make_event(alice, recurrence=("RRULE:FREQ=WEEKLY;BYDAY=TU;X-OWN=1",))
    assert "Repeats by a rule of its own" in web.get(address("event-edit", event)).text
    web.post(address("event-edit", event), answers(alice, revision=event.revision))
    event.refresh_from_db()
    assert (event.title, event.recurrence) == ("Lunch", ["RRULE:FREQ=WEEKLY;BYDAY=TU;X-OWN=1"])


# --- read only ---------------------------------------------------------------------------------
def test_event_of_a_read_only_calendar_offers_a_copy_and_refuses_changes(web: Client, alice: Any) -> None:
    event = make_event(alice)
    services.update_calendar(calendar=event.calendar, is_read_only=True)
    page = web.get(address("event", event)).text
    assert "This calendar is read only in Google. You can copy the event to your own." in page
    assert address("event-edit", event) not in page and f"?copy={event.pk}" in page
    assert web.get(address("event-edit", event)).status_code == 302
    for name in ("event-delete", "event-move"):
        refused = web.post(address(name, event), {"delta_minutes": 15}, headers=HTMX)
        assert refused.status_code == 403 and "read only" in told(refused)["toast"]["message"]
    event.refresh_from_db()
    assert event.values == make_values() and not event.is_deleted


# --- delete, trash, restore --------------------------------------------------------------------
def test_delete_asks_on_a_page_and_can_be_undone_under_htmx(web: Client, alice: Any) -> None:
    event = make_event(alice)
    assert "Delete “Stand-up”?" in web.get(address("event-delete", event)).text
    response = web.post(address("event-delete", event), headers=HTMX)
    assert told(response)["toast"]["message"] == "Deleted “Stand-up”."
    assert told(response)["toast"]["undo"] == {"url": address("event-restore", event)}
    event.refresh_from_db()
    assert event.is_deleted
    assert web.post(address("event-restore", event), headers=HTMX).status_code == 204
    event.refresh_from_db()
    assert not event.is_deleted


def test_delete_says_when_google_hears_of_it(web: Client, alice: Any, settings: Any) -> None:
    event = make_event(alice)
    Calendar.objects.update(is_synced=True)
    settings.SYNC_SEND_DELAY_SECONDS = 5
    response = web.post(address("event-delete", event), headers=HTMX)
    assert told(response)["toast"]["message"] == "Deleted “Stand-up”. Google hears of it in 10 s."


def test_trash_lists_thirty_days_of_ones_own(web: Client, alice: Any, bob: Any) -> None:
    for user, title, age in ((alice, "Fresh", 1), (alice, "Old", 31), (bob, "Foreign", 1)):
        event = services.delete_event(event=make_event(user, title=title), origin="web")
        CalendarEvent.objects.filter(pk=event.pk).update(deleted_at=timezone.now() - timedelta(days=age))
    page = web.get(reverse("trash")).text
    assert "Fresh" in page and "Old" not in page and "Foreign" not in page
    deleted = CalendarEvent.objects.get(title="Fresh")
    assert web.post(address("event-restore", deleted)).status_code == 302
    assert "The trash is empty" in web.get(reverse("trash")).text


def test_deleted_event_shows_that_it_is_in_the_trash(web: Client, alice: Any) -> None:
    event = services.delete_event(event=make_event(alice), origin="web")
    assert "It is in the trash." in web.get(address("event", event)).text
    assert web.get(address("event-edit", event)).status_code == 302


# --- move, undo --------------------------------------------------------------------------------
def test_move_by_minutes_keeps_the_length(web: Client, alice: Any) -> None:
    event = make_event(alice)
    response = web.post(address("event-move", event), {"delta_minutes": "-15"}, headers=HTMX)
    assert told(response)["toast"]["message"] == "Moved “Stand-up” to Tuesday 24 November, 09:45."
    event.refresh_from_db()
    assert (event.start, event.end) == (
        datetime(2026, 11, 24, 8, 45, tzinfo=UTC),
        datetime(2026, 11, 24, 9, 45, tzinfo=UTC),
    )


def test_move_to_a_wall_time_is_meant_in_the_persons_zone(web: Client, alice: Any) -> None:
    event = make_event(alice)
    web.post(address("event-move", event), {"start": "2026-11-25T08:00", "end": "2026-11-25T08:30"})
    event.refresh_from_db()
    assert event.start == datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
    assert event.end == datetime(2026, 11, 25, 7, 30, tzinfo=UTC)


def test_all_day_event_moves_by_days(web: Client, alice: Any) -> None:
    event = make_event(alice, is_all_day=True)
    web.post(address("event-move", event), {"delta_minutes": "1440"})
    event.refresh_from_db()
    assert (event.start, event.end) == (date(2026, 11, 25), date(2026, 11, 26))


@pytest.mark.parametrize(
    "wanted",
    [{}, {"start": "soon"}, {"delta_minutes": "x"}, {"delta_minutes": "99999999999"}, {"start": "2026-11-24T10:00", "end": "2026-11-24T09:00"}],
)  # fmt: skip
def test_move_to_nonsense_is_refused_in_words(web: Client, alice: Any, wanted: dict[str, str]) -> None:
    event = make_event(alice)
    response = web.post(address("event-move", event), wanted, headers=HTMX)
    assert response.status_code == 422 and told(response)["toast"]["bad"]
    assert web.post(address("event-move", event), wanted).status_code == 302
    event.refresh_from_db()
    assert event.values == make_values()


def test_move_of_an_event_changed_elsewhere_is_refused(web: Client, alice: Any) -> None:
    event = make_event(alice)
    services.update_event(event=event, values=make_values(title="Theirs"), origin="api")
    wanted = {"delta_minutes": "15", "revision": event.revision}
    assert web.post(address("event-move", event), wanted, headers=HTMX).status_code == 409


def test_undo_after_another_change_undoes_nothing(web: Client, alice: Any) -> None:
    event = make_event(alice)
    services.update_event(event=event, values=make_values(title="Theirs"), origin="api")
    for revision in (event.revision, "x"):
        response = web.post(address("event-undo", event), {"revision": revision}, headers=HTMX)
        assert response.status_code == 409 and "nothing was undone" in told(response)["toast"]["message"]
    assert CalendarEvent.objects.get().title == "Theirs"


def test_undo_of_a_creation_removes_the_event(web: Client, alice: Any) -> None:
    event = make_event(alice)
    web.post(address("event-undo", event), {"revision": event.revision})
    event.refresh_from_db()
    assert event.is_deleted


# --- details -----------------------------------------------------------------------------------
def test_details_speak_the_viewers_zone_and_name_the_events_own(web: Client, alice: Any) -> None:
    event = make_event(
        alice, time_zone="America/New_York", location="Roma", description="<b>x</b><img src=/y>"
    )
    page = web.get(address("event", event), headers=HTMX).text
    assert "10:00–11:00" in page and "04:00–05:00 in America/New_York" in page
    assert "<b>x</b>" in page and "<img" not in page and "hx-disable" in page
    assert "On this server only" in page


def test_details_of_one_occurrence_show_its_own_time(web: Client, alice: Any) -> None:
    event = make_event(alice, recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    page = web.get(address("event", event), {"occurrence": "2026-11-26T09:00:00Z"}).text
    assert "Thursday 26 November" in page and "Every day, 3 times" in page
    assert "Tuesday 24 November" in web.get(address("event", event), {"occurrence": "rubbish"}).text


# --- quick add ---------------------------------------------------------------------------------
def test_preview_saves_nothing(web: Client) -> None:
    shown = web.get(reverse("quick-add"), {"text": "lunch with Ana tomorrow 13:00 at Roma"}, headers=PREVIEW)
    assert "<form" not in shown.text and "lunch with Ana" in shown.text and "13:00–14:00" in shown.text
    assert not CalendarEvent.objects.exists()


def test_quick_add_saves_what_the_line_says(web: Client, alice: Any) -> None:
    work = services.create_calendar(user=alice, name="Work")
    response = web.post(reverse("quick-add"), {"text": "standup every weekday 9:30 #work"}, headers=HTMX)
    assert response.status_code == 204
    event = CalendarEvent.objects.get()
    assert (event.title, event.calendar, event.recurrence) == (
        "standup",
        work,
        ["RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"],
    )


@pytest.mark.parametrize("text", ["call at 3 tomorrow", "call", "", "x 31 Feb", "T" * 201 + " tomorrow"])
def test_doubtful_line_is_422_and_saves_nothing(web: Client, text: str) -> None:
    response = web.post(reverse("quick-add"), {"text": text}, headers=HTMX)
    assert response.status_code == 422 and not CalendarEvent.objects.exists()


def test_more_options_carries_everything_into_the_form(web: Client) -> None:
    shown = web.get(reverse("quick-add"), {"text": "gym every Monday 18:00 at Holmes for 90m"}).text
    link = re.search(r'id="more-options" href="([^"]+)"', shown)
    assert link
    form = web.get(link[1].replace("&amp;", "&")).text
    for value in ('value="gym"', 'value="Holmes"', 'value="18:00"', 'value="19:30"'):
        assert value in form
    assert '<option value="weekly" selected>' in form
    assert re.search(r'name="repeat_days" value="MO" checked', form)


def test_preview_says_what_is_already_there(web: Client, alice: Any) -> None:
    tomorrow = datetime.now(BERLIN).date() + timedelta(days=1)
    make_event(alice, title="Board", start=instant(datetime.combine(tomorrow, time(12, 30)), BERLIN))

    def preview(line: str) -> str:
        return web.get(reverse("quick-add"), {"text": f"{line} {tomorrow}"}, headers=PREVIEW).text

    assert "Overlaps with “Board”" in preview("lunch 13:00")
    beside = preview("coffee 13:30")
    assert "Nothing overlaps" in beside and ">Board<" in beside


def test_a_rule_that_cannot_be_worked_out_is_named_and_the_event_is_shown_once(
    client: Any, alice: Any
) -> None:
    calendar = Calendar.objects.get(user=alice)
    rule = "RRULE:FREQ=MINUTELY;INTERVAL=5"
    event = services.apply_remote(
        calendar=calendar, event=None, values=make_values(recurrence=(rule,)), details={}
    )
    client.force_login(alice)
    page = client.get(f"/calendar/events/{event.pk}/").content.decode()
    assert "cannot be worked out here, so it is shown once" in page
    assert "Only daily, weekly, monthly and yearly rules are repeated." in page
    event.refresh_from_db()
    assert event.recurrence == [rule]
    day = client.get("/calendar/day/2026-11-24/").content.decode()
    assert day.count(f"/calendar/events/{event.pk}/") >= 1
    assert f"/calendar/events/{event.pk}/" not in client.get("/calendar/day/2026-11-25/").content.decode()


def test_details_say_what_reminders_the_event_has_of_its_own(web: Client, alice: Any) -> None:
    for reminders, words in (((10, 1440), "10 minutes before, 1 day before"), ((), "No reminder")):
        event = make_event(alice, reminders=reminders)
        assert words in web.get(reverse("event", args=[event.pk])).text
    assert "Reminder" not in web.get(reverse("event", args=[make_event(alice).pk])).text
