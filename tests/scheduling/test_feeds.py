"""What leaves as iCalendar: secret feeds and files."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import icalendar
import pytest
from django.core.cache import cache
from django.test import AsyncClient, Client
from django.utils import timezone

from scheduling import services
from scheduling.core.event import InvalidEvent
from scheduling.models import Calendar, CalendarFeed
from tests.make import make_event, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_counts() -> None:
    cache.clear()


@pytest.fixture
def calendar(alice: Any) -> Calendar:
    return Calendar.objects.get(user=alice)


def make_feed(calendar: Calendar, *, busy: bool = False) -> tuple[CalendarFeed, str]:
    feed = services.open_feed(calendar=calendar, is_busy_only=busy)
    return feed, f"/feeds/{feed.secret}.ics"


def read(client: Client, address: str, **headers: str) -> Any:
    answer = client.get(address, headers=headers)
    answer.text_sent = answer.getvalue().decode() if answer.status_code == 200 else ""
    return answer


def test_a_feed_is_read_without_signing_in(alice: Any, calendar: Calendar) -> None:
    make_event(alice, title="Dentist", location="Main Street 5, Berlin")
    answer = read(Client(), make_feed(calendar)[1])
    assert answer.status_code == 200 and answer["Content-Type"] == "text/calendar; charset=utf-8"
    event = icalendar.Calendar.from_ical(answer.text_sent).walk("VEVENT")[0]
    assert (event["SUMMARY"], event["LOCATION"]) == ("Dentist", "Main Street 5, Berlin")
    assert "private" in answer["Cache-Control"] and answer["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer


def test_an_unchanged_feed_is_told_so_with_one_query(
    alice: Any, calendar: Calendar, django_assert_num_queries: Any
) -> None:
    make_event(alice)
    address = make_feed(calendar)[1]
    tag = read(Client(), address)["ETag"]
    with django_assert_num_queries(1):
        answer = Client().get(address, headers={"If-None-Match": tag})
    assert answer.status_code == 304 and answer["ETag"] == tag
    assert Client().get(address, headers={"If-None-Match": f"W/{tag}"}).status_code == 304
    make_event(alice, title="Another")
    assert "Another" in read(Client(), address, if_none_match=tag).text_sent


@pytest.mark.parametrize("count", [1, 3])
def test_a_feed_of_any_size_asks_a_constant_number_of_times(
    alice: Any, calendar: Calendar, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        make_event(alice, title=f"Event {number}", recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    address = make_feed(calendar)[1]
    CalendarFeed.objects.update(last_read_at=timezone.now())
    with django_assert_num_queries(4):
        assert read(Client(), address).text_sent.count("BEGIN:VEVENT") == count


def test_head_answers_without_a_body(alice: Any, calendar: Calendar) -> None:
    address = make_feed(calendar)[1]
    answer = Client().head(address)
    assert answer.status_code == 200 and answer.content == b"" and answer["ETag"]


def test_only_reading_is_allowed(calendar: Calendar) -> None:
    address = make_feed(calendar)[1]
    assert {Client().generic(m, address).status_code for m in ("POST", "PUT", "DELETE", "PATCH")} == {405}


def test_a_busy_feed_tells_no_word(alice: Any, calendar: Calendar) -> None:
    calendar = services.update_calendar(calendar=calendar, name="Secret plans")
    make_event(alice, title="Secret", location="Secret", description="Secret")
    make_event(alice, title="Secret free", availability="free")
    answer = read(Client(), make_feed(calendar, busy=True)[1])
    assert "Secret" not in answer.text_sent and "Secret" not in str(answer.headers)
    assert answer.text_sent.count("BEGIN:VEVENT") == 1 and "SUMMARY:Busy" in answer.text_sent


def test_the_secret_is_not_in_the_database_and_can_be_shown_again(calendar: Calendar) -> None:
    feed, address = make_feed(calendar)
    stored = CalendarFeed.objects.filter(pk=feed.pk).values()[0]
    assert not any(feed.secret in str(value) for value in stored.values())
    assert f"/feeds/{CalendarFeed.objects.get(pk=feed.pk).secret}.ics" == address
    assert len(feed.secret) == 43


def test_after_a_change_of_the_key_a_feed_works_on_and_is_not_shown(
    calendar: Calendar, settings: Any
) -> None:
    feed, address = make_feed(calendar)
    settings.SECRET_KEY, old = "another key of at least thirty-two characters", settings.SECRET_KEY
    assert feed.secret == "" and Client().get(address).status_code == 200
    settings.SECRET_KEY_FALLBACKS = [old]
    assert f"/feeds/{feed.secret}.ics" == address


def test_a_new_address_ends_the_old_one(alice: Any, calendar: Calendar) -> None:
    feed, address = make_feed(calendar)
    client = signed_in(alice)
    client.post(f"/calendar/feeds/{feed.pk}/renew/")
    feed.refresh_from_db()
    assert Client().get(address).status_code == 404
    assert Client().get(f"/feeds/{feed.secret}.ics").status_code == 200
    client.post(f"/calendar/feeds/{feed.pk}/close/")
    assert Client().get(f"/feeds/{feed.secret}.ics").status_code == 404


def test_a_feed_of_someone_who_may_not_sign_in_is_gone(alice: Any, calendar: Calendar) -> None:
    address = make_feed(calendar)[1]
    alice.is_active = False
    alice.save()
    assert Client().get(address).status_code == 404


def test_too_many_readings_are_refused(calendar: Calendar) -> None:
    address = make_feed(calendar)[1]
    answers = [Client().head(address).status_code for _ in range(61)]
    assert answers[:60] == [200] * 60
    assert answers[60] == 429 and Client().head(address)["Retry-After"]


def test_guessing_is_limited(settings: Any) -> None:
    answers = {Client().get(f"/feeds/{'x' * 42}{number}.ics").status_code for number in range(130)}
    assert answers == {404, 429}


def test_deleted_events_and_occurrences_are_not_in_a_feed(alice: Any, calendar: Calendar) -> None:
    services.delete_event(event=make_event(alice, title="Gone"), origin="web")
    assert "Gone" not in read(Client(), make_feed(calendar)[1]).text_sent


def test_markup_of_a_description_leaves_cleaned_and_as_plain_text(alice: Any, calendar: Calendar) -> None:
    make_event(alice, description="<p>Hello <b>you</b></p><script>alert(1)</script><ul><li>one</li></ul>")
    event = icalendar.Calendar.from_ical(read(Client(), make_feed(calendar)[1]).text_sent).walk("VEVENT")[0]
    assert event["DESCRIPTION"] == "Hello you\n- one"
    assert "<b>you</b>" in event["X-ALT-DESC"] and "script" not in event["X-ALT-DESC"]


def test_under_asgi_a_feed_is_streamed(transactional_db: None) -> None:
    alice = make_user()
    calendar = Calendar.objects.get(user=alice)
    make_event(alice, title="Streamed")
    address = make_feed(calendar)[1]

    async def fetch() -> bytes:
        answer = await AsyncClient().get(address)
        assert answer.streaming and answer.is_async
        return b"".join([piece async for piece in answer.streaming_content])

    assert b"SUMMARY:Streamed" in asyncio.run(fetch())


# --- files -------------------------------------------------------------------------------------
def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Work", "Work.ics"),
        ('A"b\r\nSet-Cookie: x=1; ../../é', "A-b-Set-Cookie-x-1-e.ics"),
        ("日本語", "calendar.ics"),
        ("x" * 200, f"{'x' * 60}.ics"),
    ],
)
def test_the_name_of_a_file_has_plain_letters_only(
    alice: Any, calendar: Calendar, name: str, file: str
) -> None:
    Calendar.objects.filter(pk=calendar.pk).update(name=name)
    answer = signed_in(alice).get(f"/calendar/calendars/{calendar.pk}/export/")
    assert answer["Content-Disposition"] == f'attachment; filename="{file}"'
    assert b"BEGIN:VCALENDAR" in answer.getvalue()


def test_one_event_is_a_file_with_the_zone_it_needs(alice: Any) -> None:
    event = make_event(alice, title="Only this", recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    make_event(alice, title="Not this")
    answer = signed_in(alice).get(f"/calendar/events/{event.pk}/export/")
    text = answer.content.decode()
    assert "Only this" in text and "Not this" not in text
    assert text.count("BEGIN:VTIMEZONE") == 1 and "RRULE:FREQ=DAILY;COUNT=3" in text


def test_other_peoples_calendars_events_and_feeds_are_not_found(alice: Any, bob: Any) -> None:
    calendar = Calendar.objects.get(user=bob)
    event, (feed, _) = make_event(bob), make_feed(calendar)
    client = signed_in(alice)
    assert client.get(f"/calendar/calendars/{calendar.pk}/export/").status_code == 404
    assert client.get(f"/calendar/calendars/{calendar.pk}/sharing/").status_code == 404
    assert client.get(f"/calendar/events/{event.pk}/export/").status_code == 404
    assert client.post(f"/calendar/calendars/{calendar.pk}/feeds/").status_code == 404
    assert client.post(f"/calendar/feeds/{feed.pk}/renew/").status_code == 404
    assert client.post(f"/calendar/feeds/{feed.pk}/close/").status_code == 404
    feed.refresh_from_db()


def test_the_sharing_page_makes_and_shows_addresses(alice: Any, calendar: Calendar, settings: Any) -> None:
    client = signed_in(alice)
    page = f"/calendar/calendars/{calendar.pk}/sharing/"
    assert f"{settings.SITE_URL}/feeds/" not in client.get(page).content.decode()
    client.post(f"/calendar/calendars/{calendar.pk}/feeds/", {"kind": "busy"})
    client.post(f"/calendar/calendars/{calendar.pk}/feeds/", {"kind": "full"})
    client.post(f"/calendar/calendars/{calendar.pk}/feeds/", {"kind": "full"})
    shown = client.get(page).content.decode()
    feeds = list(calendar.feeds.all())
    assert len(feeds) == 2
    assert all(f"{settings.SITE_URL}/feeds/{feed.secret}.ics" in shown for feed in feeds)


def test_a_reading_is_noted_at_most_once_an_hour(calendar: Calendar) -> None:
    feed, address = make_feed(calendar)
    read(Client(), address)
    feed.refresh_from_db()
    first = feed.last_read_at
    read(Client(), address)
    feed.refresh_from_db()
    assert first and feed.last_read_at == first and timezone.now() - first < timedelta(minutes=1)


def test_an_address_that_is_no_address_is_refused(alice: Any) -> None:
    with pytest.raises(InvalidEvent):
        services.subscribe(user=alice, url="file:///etc/passwd")
