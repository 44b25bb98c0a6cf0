"""The dashboard: every number equals what is counted by hand, and its address leads to exactly that list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from scheduling import services
from scheduling.core.zones import zone
from scheduling.models import Booking, Calendar
from tests.make import make_event, make_guest, make_type

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)  # a Thursday, 10:30 in Berlin
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def at(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=zone("Europe/Berlin")).astimezone(UTC)


def fill(user: Any) -> None:
    """A month with a series, an overlap, a free event, all-day ones, a hidden calendar and a deleted event."""
    make_event(
        user,
        title="Stand-up",
        start=at(2, 9),
        end=at(2, 9, 30),
        recurrence=("RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=40",),
    )
    make_event(user, title="Long", start=at(24, 9), end=at(24, 11))
    make_event(user, title="Free", start=at(25, 12), end=at(25, 14), availability="free")
    make_event(user, title="Later today", start=at(26, 15), end=at(26, 16, 15))
    make_event(user, title="Over midnight", start=at(29, 23), end=at(30, 1))
    make_event(user, title="Fair", is_all_day=True, start=date(2026, 11, 24), end=date(2026, 11, 27))
    hidden = services.create_calendar(user=user, name="Hidden", is_visible=False)
    make_event(user, calendar=hidden, title="Not shown", start=at(26, 12), end=at(26, 13))
    services.delete_event(
        event=make_event(user, title="Gone", start=at(26, 12), end=at(26, 13)), origin="web"
    )


def book(user: Any) -> list[Booking]:
    kind = make_type(user)
    made = [
        services.book(
            appointment_type=kind, start=at(day, 11), guest=make_guest(email=f"g{day}@example.com")
        )[0]
        for day in (27, 30)
    ]
    services.cancel_booking(booking=made[1], by=Booking.By.GUEST)
    return made


def tiles(client: Client, query: str = "") -> dict[str, tuple[str, str]]:
    text = client.get(f"/dashboard/{query}").content.decode()
    found = re.findall(r'<a class="tile" href="([^"]+)"><span class="k">([^<]+)</span><b>([^<]+)</b>', text)
    return {name: (value, href.replace("&amp;", "&")) for href, name, value in found}


def listed(client: Client, address: str) -> int:
    text = client.get(address).content.decode()
    counted = re.search(r'<span class="strong">(\d+) (?:event|booking)s?</span>', text)
    assert counted
    shown = len(re.findall(r'class="hit |class="setrow"', text))
    assert shown == min(50, int(counted[1]))
    return int(counted[1])


def test_every_number_equals_a_count_by_hand_and_leads_to_its_list(alice: Any, client: Client) -> None:
    client.force_login(alice)
    fill(alice)
    book(alice)
    shown = tiles(client)
    counts = {name: listed(client, href) for name, (_, href) in shown.items()}
    # Today: stand-up, later today, the fair. This week: 5 stand-ups, long, free, later today, over midnight, fair, booking.
    assert counts["Events today"] == 3
    assert counts["Events this week"] == 11
    # November: 21 stand-ups, long, free, later today, over midnight, fair, one booking that stands.
    assert counts["Events this month"] == 27
    # 2 stand-ups of November and the 19 of December, later today, over midnight, the booking that stands.
    assert counts["To come"] == 24
    assert (counts["Bookings made"], counts["Bookings cancelled"], counts["Guests who did not come"]) == (
        2,
        1,
        0,
    )
    for name, (value, _) in shown.items():
        if name != "Booked this week":
            assert int(value) == counts[name]
    # Four stand-ups beside the long one, which covers the fifth; 75 minutes; one hour until midnight; the booking.
    assert shown["Booked this week"][0] == "6 h 45 min"


def test_numbers_of_tables_lead_to_as_many_events(alice: Any, client: Client) -> None:
    client.force_login(alice)
    fill(alice)
    book(alice)
    text = client.get("/dashboard/?weeks=4").content.decode()
    links = re.findall(r'href="(/dashboard/events/\?[^"]+)">(\d+)</a>', text)
    assert len(links) == 8
    for href, number in links:
        assert listed(client, href.replace("&amp;", "&")) == int(number)
    kinds = re.findall(r'href="(/dashboard/bookings/\?[^"]+type=[^"]+)">(\d+) (?:booked|cancelled)</a>', text)
    assert [int(number) for _, number in kinds] == [2, 1]
    for href, number in kinds:
        assert listed(client, href.replace("&amp;", "&")) == int(number)


def test_the_busiest_hour_leads_to_what_took_it(alice: Any, client: Client) -> None:
    client.force_login(alice)
    for day in (12, 19, 26):
        make_event(alice, start=at(day, 14), end=at(day, 15))
    make_event(alice, start=at(26, 14, 30), end=at(26, 14, 45))
    text = client.get("/dashboard/?weeks=4").content.decode()
    row = re.search(
        r'<th scope="row">Thursday 14:00</th><td class="r"><a class="pad24" href="([^"]+)">3 h</a></td><td class="r">75 %</td>',
        text,
    )
    assert row
    assert listed(client, row[1].replace("&amp;", "&")) == 4


def test_the_dashboard_of_another_person_counts_nothing_of_mine(alice: Any, bob: Any, client: Client) -> None:
    fill(alice)
    book(alice)
    client.force_login(bob)
    numbers = {value for name, (value, _) in tiles(client).items() if name != "Booked this week"}
    assert numbers == {"0"}
    type_id = Booking.objects.values_list("type", flat=True)[0]
    address = f"{reverse('dashboard-bookings')}?since=2026-11-01&until=2026-11-30&kind=made&type={type_id}"
    assert listed(client, address) == 0


@pytest.mark.parametrize(
    "query",
    ["", "?since=2026-11-01", "?since=x&until=y", "?since=2026-11-02&until=2026-11-01", "?since=1000-01-01&until=2026-01-01",
     "?since=2026-11-01&until=2026-11-02&kind=nonsense", "?since=2026-11-01&until=2026-11-02&kind=busy&hour=24"],
)  # fmt: skip
def test_a_list_that_no_number_asks_for_is_not_found(query: str, alice: Any, client: Client) -> None:
    client.force_login(alice)
    assert client.get(f"/dashboard/events/{query}").status_code == 404


def test_dashboard_takes_as_many_queries_for_many_events_as_for_few(
    alice: Any, client: Client, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    client.force_login(alice)
    make_event(alice, start=at(26, 12), end=at(26, 13))
    client.get("/dashboard/")
    with django_assert_max_num_queries(10) as captured:
        client.get("/dashboard/")
    for calendar in [services.create_calendar(user=alice, name="More") for _ in range(3)]:
        for hour in range(8):
            make_event(alice, calendar=calendar, start=at(26, hour), end=at(26, hour) + HOUR)
    with django_assert_num_queries(len(captured)):
        client.get("/dashboard/")


def test_a_person_without_anything_sees_what_to_do(alice: Any, client: Client) -> None:
    client.force_login(alice)
    text = client.get("/dashboard/").content.decode()
    assert "Nobody booked in these weeks." in text
    assert "Nothing took your time in these weeks." in text
    assert Calendar.objects.filter(user=alice).count() == 1
