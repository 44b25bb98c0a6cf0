from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import brotli
import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from scheduling import services
from scheduling.models import Calendar, CalendarEvent
from tests.make import make_event, make_user, make_values

VIEWS = ["month", "week", "day", "agenda"]
TUESDAY = "2026-11-24"  # tests.make's events lie on this day, 10:00 in Berlin
NOW = datetime(2026, 11, 24, 8, 40, tzinfo=UTC)
HTMX = {"HTTP_HX_REQUEST": "true"}
REFRESH = {**HTMX, "HTTP_HX_TRIGGER": "grid"}


class Page(HTMLParser):
    """The elements of a page: tags with their attributes, and the text inside each element with an id."""

    VOID = {"meta", "link", "input", "br", "hr", "path", "circle", "rect", "use", "img"}

    def __init__(self, response: Any) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, str] = {}
        self._open: list[tuple[str, str]] = []
        self.feed(response.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append((tag, values))
        if tag not in self.VOID:
            self._open.append((tag, values.get("id", "")))
            if values.get("id"):
                self.texts.setdefault(values["id"], "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for _, identifier in self._open:
            if identifier:
                self.texts[identifier] += data

    def all(self, tag: str = "", **wanted: str) -> list[dict[str, str]]:
        """The attributes of the elements whose attributes hold the wanted words (`cls` for class)."""
        wanted = {
            "class" if name == "cls" else name.replace("_", "-"): value for name, value in wanted.items()
        }
        return [
            attrs
            for name, attrs in self.tags
            if (not tag or name == tag)
            and all(set(value.split()) <= set(attrs.get(key, "").split()) for key, value in wanted.items())
        ]

    def one(self, tag: str = "", **wanted: str) -> dict[str, str]:
        (found,) = self.all(tag, **wanted)
        return found

    def pieces_of(self, event: Any) -> list[dict[str, str]]:
        """What is drawn of an event."""
        address = reverse("event", args=[event.pk])
        return [a for a in self.all("a") if "data-event" in a and a["href"].startswith(address)]

    def piece_of(self, event: Any) -> dict[str, str]:
        (found,) = self.pieces_of(event)
        return found

    @property
    def ids(self) -> list[str]:
        return [attrs["id"] for _, attrs in self.tags if attrs.get("id")]


@pytest.fixture(autouse=True)
def at_twenty_to_ten() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def client_of_alice(alice: Any) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def address(view: str, day: str = TUESDAY) -> str:
    return reverse("calendar-view", args=[view, day])


def show(client: Client, view: str, day: str = TUESDAY, **headers: str) -> Page:
    response = client.get(address(view, day), **headers)
    assert response.status_code == 200
    return Page(response)


# --- pages and fragments -----------------------------------------------------------------------
@pytest.mark.parametrize("view", VIEWS)
def test_view_answers_a_full_page_and_the_same_address_a_fragment_for_htmx(
    client_of_alice: Client, alice: Any, view: str
) -> None:
    make_event(alice)
    full = client_of_alice.get(address(view))
    part = client_of_alice.get(address(view), **HTMX)

    assert full.content.startswith(b"<!doctype html>") and b"<html" not in part.content
    assert {"HX-Request", "Cookie"} <= set(full["Vary"].split(", ")) & set(part["Vary"].split(", "))
    for response in (full, part):
        page = Page(response)
        assert page.one(id="grid")["data-view"] == view
        assert page.pieces_of(alice.events.get())


@pytest.mark.parametrize("view", VIEWS)
def test_restored_history_gets_the_whole_page(client_of_alice: Client, view: str) -> None:
    response = client_of_alice.get(address(view), **HTMX, HTTP_HX_HISTORY_RESTORE_REQUEST="true")
    assert b"<html" in response.content


@pytest.mark.parametrize(
    ("view", "day"),
    [
        ("month", "2026-13-01"),
        ("month", "2026-02-30"),
        ("month", "20261124"),
        ("month", "2026-W48-2"),
        ("week", "yesterday"),
        ("year", TUESDAY),
        ("day", "0001-01-01"),
        ("day", "9999-12-31"),
        ("agenda", "1900-01-01"),
    ],
)
def test_view_of_no_known_day_is_not_found(client_of_alice: Client, view: str, day: str) -> None:
    assert client_of_alice.get(f"/calendar/{view}/{day}/").status_code == 404


@pytest.mark.parametrize("day", ["1901-01-01", "2198-12-31"])
@pytest.mark.parametrize("view", VIEWS)
def test_view_works_at_the_edges_of_time(client_of_alice: Client, view: str, day: str) -> None:
    show(client_of_alice, view, day)


def test_calendar_shows_this_month(client_of_alice: Client) -> None:
    page = Page(client_of_alice.get("/calendar/"))
    assert page.texts["range"].split() == ["November", "2026"]
    assert page.one(id="grid")["hx-get"] == address("month")


def test_home_shows_the_landing_page_and_after_sign_in_the_calendar(
    client: Client, client_of_alice: Client
) -> None:
    assert b"Your calendar, on your own server" in client.get("/").content
    assert client_of_alice.get("/")["Location"] == "/calendar/"


@pytest.mark.parametrize("view", VIEWS)
def test_view_requires_sign_in(client: Client, db: None, view: str) -> None:
    response = client.get(address(view))
    assert response.status_code == 302 and response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("view", VIEWS)
def test_page_has_one_heading_landmarks_unique_ids_and_nothing_inline(
    client_of_alice: Client, alice: Any, view: str
) -> None:
    for minute in range(12):
        make_event(alice, start=datetime(2026, 11, 24, 9, minute, tzinfo=UTC))
    response = client_of_alice.get(address(view))
    page = Page(response)

    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert page.one("html")["lang"] == "en"
    assert [i for i, count in Counter(page.ids).items() if count > 1] == []
    for tag, attrs in page.tags:
        assert not [name for name in attrs if name == "style" or name.startswith(("on", "hx-on"))]
        assert tag != "style" and (tag != "script" or "src" in attrs)


def test_navigation_swaps_toolbar_and_title_but_a_refresh_leaves_them_alone(client_of_alice: Client) -> None:
    turned = show(client_of_alice, "week", **HTMX)
    swapped = {attrs["id"] for attrs in turned.all(hx_swap_oob="true")}
    assert swapped == {"toolbar", "view-switch", "views", "mini"}
    assert turned.all("title")

    refreshed = show(client_of_alice, "week", **REFRESH)
    assert {attrs["id"] for attrs in refreshed.all(hx_swap_oob="true")} == {"mini", "calendars"}
    assert not refreshed.all("title")


# --- refresh -----------------------------------------------------------------------------------
@pytest.mark.parametrize("view", VIEWS)
def test_refresh_of_an_unchanged_grid_answers_304_until_something_changes(
    client_of_alice: Client, alice: Any, view: str
) -> None:
    make_event(alice)

    def refresh() -> int:
        return client_of_alice.get(address(view), **REFRESH, HTTP_IF_NONE_MATCH=state).status_code

    state = re.search(r'"If-None-Match": "(.*?)"}', show(client_of_alice, view).one(id="grid")["hx-headers"])[
        1
    ]
    state = state.replace("\\", "")
    assert refresh() == 304
    make_event(alice)
    assert refresh() == 200


def test_unchanged_refresh_reads_no_events(
    client_of_alice: Client, alice: Any, django_assert_max_num_queries
) -> None:
    headers = show(client_of_alice, "week").one(id="grid")["hx-headers"]
    state = re.search(r'"If-None-Match": "(.*?)"}', headers)[1].replace("\\", "")
    with django_assert_max_num_queries(4):
        assert client_of_alice.get(address("week"), **REFRESH, HTTP_IF_NONE_MATCH=state).status_code == 304


def test_grid_carries_the_revision_of_each_calendar(client_of_alice: Client, alice: Any) -> None:
    make_event(alice)
    calendar = Calendar.objects.get(user=alice)
    assert (
        show(client_of_alice, "day").one(id="grid")["data-revisions"]
        == f'{{"{calendar.pk}": {calendar.revision}}}'
    )


@pytest.mark.parametrize("view", VIEWS)
def test_queries_do_not_grow_with_the_events(
    client_of_alice: Client, alice: Any, view: str, django_assert_num_queries, django_assert_max_num_queries
) -> None:
    calendar = Calendar.objects.get(user=alice)

    def fill(count: int) -> None:
        for n in range(count):
            start = datetime(2026, 11, 24, 6, tzinfo=UTC) + timedelta(minutes=25 * n)
            make_event(alice, calendar=calendar, title=f"Event {n}", start=start)

    # What has not reached a remote calendar yet is marked: that must not be asked for each event.
    Calendar.objects.filter(pk=calendar.pk).update(is_synced=True)
    fill(1)
    with django_assert_max_num_queries(6) as captured:
        client_of_alice.get(address(view))
    fill(29)
    with django_assert_num_queries(len(captured)):
        client_of_alice.get(address(view))


def test_fragment_of_a_month_with_three_hundred_events_is_small(client_of_alice: Client, alice: Any) -> None:
    calendar = Calendar.objects.get(user=alice, is_primary=True)
    first = datetime(2026, 11, 1, 8, tzinfo=UTC)
    starts = [first + timedelta(days=n % 30, minutes=40 * (n // 30)) for n in range(300)]
    services.create_remote_events(
        calendar=calendar,
        items=[(make_values(title=f"Event {n}", start=start), {}) for n, start in enumerate(starts)],
        origin="import",
    )
    answer = client_of_alice.get(address("month"), **HTMX, HTTP_ACCEPT_ENCODING="gzip, deflate, br, zstd")
    assert answer["Content-Encoding"] == "br" and "+7 more" in brotli.decompress(answer.content).decode()
    assert len(answer.content) <= 6 * 1024  # random ids never pack alike: some ten bytes more or less


def test_month_of_two_thousand_occurrences_stays_small(
    client_of_alice: Client, alice: Any, django_assert_max_num_queries
) -> None:
    for n in range(48):
        start = datetime(2026, 10, 20, 6, tzinfo=UTC) + timedelta(minutes=10 * n)
        make_event(alice, title=f"Series {n}", start=start, recurrence=("RRULE:FREQ=DAILY;COUNT=60",))
    with django_assert_max_num_queries(6):
        response = client_of_alice.get(address("month"))
    assert len(response.content) <= 300_000
    assert "+45 more" in response.content.decode()


# --- whose events, and where -------------------------------------------------------------------
@pytest.mark.parametrize("view", VIEWS)
def test_view_shows_nothing_of_another_person(client_of_alice: Client, bob: Any, view: str) -> None:
    event = make_event(bob, title="Secret plans")
    content = client_of_alice.get(address(view)).content.decode()
    assert "Secret plans" not in content and str(event.pk) not in content


@pytest.mark.parametrize("view", VIEWS)
def test_deleted_event_and_hidden_calendar_are_not_shown(
    client_of_alice: Client, alice: Any, view: str
) -> None:
    hidden = services.create_calendar(user=alice, name="Hidden", is_visible=False)
    make_event(alice, calendar=hidden, title="Behind the curtain")
    gone = make_event(alice, title="Called off")
    services.delete_event(event=gone, origin="web", actor=alice)
    content = client_of_alice.get(address(view)).content.decode()
    assert "Behind the curtain" not in content and "Called off" not in content
    assert "Hidden" in content


def test_event_stands_at_the_wall_clock_of_the_viewer(client_of_alice: Client, alice: Any) -> None:
    event = make_event(alice)
    box = show(client_of_alice, "week").piece_of(event)
    assert {"r-121", "s-12"} <= set(box["class"].split())
    assert box["aria-label"] == "Stand-up 10:00–11:00, Tuesday 24 November, Personal"

    services.update_profile(profile=alice.profile, timezone="Asia/Kathmandu")
    box = show(client_of_alice, "week").piece_of(event)
    assert {"r-178", "s-12"} <= set(box["class"].split())


def test_all_day_event_stays_on_its_day_in_every_zone(client_of_alice: Client, alice: Any) -> None:
    event = make_event(alice, is_all_day=True)
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"):
        services.update_profile(profile=alice.profile, timezone=zone)
        assert show(client_of_alice, "week").piece_of(event)["id"].endswith("-20261124")


def test_event_over_midnight_is_labelled_on_both_days(client_of_alice: Client, alice: Any) -> None:
    event = make_event(
        alice,
        title="Concert",
        start=datetime(2026, 11, 24, 19, tzinfo=UTC),
        end=datetime(2026, 11, 24, 23, 45, tzinfo=UTC),
    )
    labels = [box["aria-label"] for box in show(client_of_alice, "week").pieces_of(event)]
    assert labels == [
        "Concert 20:00–00:45, Tuesday 24 November until the next day, Personal",
        "Concert 00:00–00:45, Wednesday 25 November from the day before, Personal",
    ]


def test_occurrence_of_a_series_links_to_the_series_and_says_which(
    client_of_alice: Client, alice: Any
) -> None:
    event = make_event(alice, recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    links = [a["href"] for a in show(client_of_alice, "week").pieces_of(event)]
    assert links == [
        f"/calendar/events/{event.pk}/?occurrence=2026-11-{day}T09:00:00Z" for day in (24, 25, 26)
    ]


@pytest.mark.parametrize(
    ("fields", "state", "words"),
    [
        ({"status": "tentative"}, "is-tentative", "tentative"),
        ({"availability": "free"}, "is-free", "shown as free"),
        ({"sync_state": "conflict"}, "is-conflict", "changed in two places"),
        ({"sync_state": "refused"}, "is-error", "refused by Google"),
        ({"is_read_only": True}, "", "read only"),
        (
            {"attendees": [{"email": "a@b.c", "self": True, "responseStatus": "declined"}]},
            "is-declined",
            "declined",
        ),
        ({"attendees": [{"email": "a@b.c", "responseStatus": "accepted"}]}, "", "with guests"),
    ],
)
def test_state_of_an_event_is_a_class_and_words(
    client_of_alice: Client, alice: Any, fields: dict[str, Any], state: str, words: str
) -> None:
    event = make_event(alice)
    CalendarEvent.objects.filter(pk=event.pk).update(**fields)
    box = show(client_of_alice, "week").piece_of(event)
    assert set(state.split()) <= set(box["class"].split())
    assert words in box["aria-label"]


def test_event_not_yet_in_google_is_marked_until_it_is(client_of_alice: Client, alice: Any) -> None:
    event = make_event(alice)
    Calendar.objects.filter(user=alice).update(is_synced=True)
    assert "is-pending" in show(client_of_alice, "day").piece_of(event)["class"]
    services.mark_synced(event=event, revision=event.revision)
    assert "is-pending" not in show(client_of_alice, "day").piece_of(event)["class"]


def test_a_grid_that_still_stands_is_not_drawn_again(
    client_of_alice: Client, alice: Any, django_assert_max_num_queries: Any
) -> None:
    event = make_event(alice, title="First")
    assert b"First" in client_of_alice.get(address("month")).content
    with django_assert_max_num_queries(3):  # session and person, what the page says of sync, calendars
        again = client_of_alice.get(address("month"))
    assert b"First" in again.content
    services.update_event(event=event, values=replace(event.values, title="Moved on"), origin="web")
    assert b"Moved on" in client_of_alice.get(address("month")).content
    bob = make_user("bob@example.com")
    other = Client()
    other.force_login(bob)
    assert b"Moved on" not in other.get(address("month")).content


def test_past_and_present_events_are_told_apart(client_of_alice: Client, alice: Any) -> None:
    past = make_event(alice, start=datetime(2026, 11, 24, 6, tzinfo=UTC))
    now = make_event(alice, start=datetime(2026, 11, 24, 8, 30, tzinfo=UTC))
    page = show(client_of_alice, "day")
    assert "is-past" in page.piece_of(past)["class"]
    assert "is-now" in page.piece_of(now)["class"]


def test_title_is_escaped(client_of_alice: Client, alice: Any) -> None:
    make_event(alice, title="<script>alert(1)</script>", location='"><img src=x>')
    for view in VIEWS:
        content = client_of_alice.get(address(view)).content
        assert b"<script>alert" not in content and b"<img src=x" not in content


# --- the viewer's choices ----------------------------------------------------------------------
@pytest.mark.parametrize(("first_day", "name"), [(0, "Sunday"), (1, "Monday"), (6, "Saturday")])
def test_week_begins_on_the_chosen_day(
    client_of_alice: Client, alice: Any, first_day: int, name: str
) -> None:
    services.update_profile(profile=alice.profile, first_day_of_week=first_day)
    assert show(client_of_alice, "week").all("section", cls="tg-col")[0]["aria-label"].startswith(name)
    assert show(client_of_alice, "month").all("th", scope="col")[0]["abbr"] == name


def test_hidden_weekends_leave_five_days(client_of_alice: Client, alice: Any) -> None:
    services.update_profile(profile=alice.profile, show_weekends=False)
    assert show(client_of_alice, "week").one(id="grid")["data-days"] == "5"
    month = show(client_of_alice, "month", "2026-08-01")  # a Saturday: its week is not drawn
    assert month.one(cls="mg")["data-columns"] == "5"
    days = [cell["id"] for cell in month.all(role="gridcell")]
    assert days[0] == "d-2026-08-03" and len(days) == 25
    assert len(month.all(cls="mg-n", tabindex="0")) == 1


def test_twelve_hour_clock_is_used_everywhere(client_of_alice: Client, alice: Any) -> None:
    services.update_profile(profile=alice.profile, clock="12")
    event = make_event(alice, start=datetime(2026, 11, 24, 13, 30, tzinfo=UTC))
    page = show(client_of_alice, "week")
    assert page.piece_of(event)["aria-label"].startswith("Stand-up 2:30 pm–3:30 pm")
    assert page.one(id="slot-20261124-0000")["aria-label"] == "Tuesday 24 November, 12 am, add an event"


def test_hours_outside_work_are_shaded_and_today_is_marked(client_of_alice: Client) -> None:
    page = show(client_of_alice, "day")
    assert [a["class"] for a in page.all(cls="off")] == ["off r-1 s-108", "off r-205 s-84"]
    assert page.one("a", cls="tg-day")["aria-current"] == "date"
    assert page.one("div", cls="now")["class"] == "now r-117"  # 9:40
    assert [a["class"] for a in show(client_of_alice, "day", "2026-11-28").all(cls="off")] == [
        "off r-1 s-288"
    ]


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_day_of_a_clock_change_keeps_its_rows(client_of_alice: Client, alice: Any, day: str) -> None:
    nine = 7 if day == "2026-03-29" else 8
    event = make_event(alice, start=datetime(*date.fromisoformat(day).timetuple()[:3], nine, tzinfo=UTC))
    page = show(client_of_alice, "day", day)
    assert {"r-109", "s-12"} <= set(page.piece_of(event)["class"].split())
    assert len(page.all("a", cls="slot")) == 48


def test_compact_density_has_slots_of_an_hour(client_of_alice: Client, alice: Any) -> None:
    services.update_profile(profile=alice.profile, density="compact")
    assert len(show(client_of_alice, "day").all("a", cls="slot s-12")) == 24


# --- ways on -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("view", "previous", "following"),
    [
        ("month", "2026-10-01", "2026-12-01"),
        ("week", "2026-11-17", "2026-12-01"),
        ("day", "2026-11-23", "2026-11-25"),
        ("agenda", "2026-11-10", "2026-12-08"),
    ],
)
def test_toolbar_leads_to_the_neighbours_and_to_today(
    client_of_alice: Client, view: str, previous: str, following: str
) -> None:
    page = show(client_of_alice, view)
    assert page.one(id="go-previous")["href"] == address(view, previous)
    assert page.one(id="go-next")["href"] == address(view, following)
    assert page.one(id="go-today")["href"] == address(view)
    assert [page.one(id=f"view-{name}")["href"] for name in VIEWS] == [address(name) for name in VIEWS]


@pytest.mark.parametrize(
    ("view", "day", "words"),
    [
        ("month", TUESDAY, "November 2026"),
        ("week", TUESDAY, "23–29 November 2026Week 48"),
        ("week", "2026-12-01", "30 November – 6 December 2026Week 49"),
        ("week", "2026-12-30", "28 December 2026 – 3 January 2027Week 53"),
        ("day", TUESDAY, "Tuesday 24 November 2026Nov"),
        ("agenda", TUESDAY, "24 Nov – 7 Dec 2026"),
    ],
)
def test_heading_names_the_period(client_of_alice: Client, view: str, day: str, words: str) -> None:
    assert show(client_of_alice, view, day).texts["range"] == words


def test_every_half_hour_and_every_day_offers_a_new_event(client_of_alice: Client) -> None:
    assert show(client_of_alice, "week").one(id="slot-20261126-1430")["href"] == (
        "/calendar/events/new/?start=2026-11-26T14:30"
    )
    assert "/calendar/events/new/?date=2026-11-26&all_day=1" in [
        link["href"] for link in show(client_of_alice, "month").all("a", cls="mg-new")
    ]


def test_grid_has_one_tab_stop(client_of_alice: Client) -> None:
    assert [a["href"] for a in show(client_of_alice, "month").all(cls="mg-n", tabindex="0")] == [
        "/calendar/day/2026-11-24/"
    ]
    assert [a["id"] for a in show(client_of_alice, "week").all(cls="slot", tabindex="0")] == [
        "slot-20261124-0900"
    ]


def test_crowded_day_of_the_month_lists_the_rest(client_of_alice: Client, alice: Any) -> None:
    for hour in range(6):
        make_event(alice, title=f"Talk {hour}", start=datetime(2026, 11, 24, 8 + hour, tzinfo=UTC))
    page = show(client_of_alice, "month")
    more = page.one("a", cls="more")
    assert more["aria-label"] == "+3 more on Tuesday 24 November"
    listed = client_of_alice.get(more["href"], **HTMX).content.decode()
    assert [f"Talk {hour}" in listed for hour in range(6)] == [True] * 6


def test_list_of_a_day_is_without_htmx_its_agenda_and_never_of_another_person(
    client_of_alice: Client, bob: Any
) -> None:
    make_event(bob, title="Secret plans")
    list_of_day = reverse("day-list", args=[TUESDAY])
    assert client_of_alice.get(list_of_day)["Location"] == address("agenda")
    assert "Secret plans" not in client_of_alice.get(list_of_day, **HTMX).content.decode()
    assert client_of_alice.get(reverse("day-list", args=["2026-02-30"])).status_code == 404


def test_very_crowded_day_lists_a_hundred_and_leads_to_its_agenda(
    client_of_alice: Client, alice: Any
) -> None:
    for n in range(103):
        make_event(alice, title=f"Talk {n}")
    page = Page(client_of_alice.get(reverse("day-list", args=[TUESDAY]), **HTMX))
    assert len(page.all("a", cls="ag-i")) == 100
    assert "+3 more" in page.texts["day-list"]


def test_ninth_event_side_by_side_goes_into_more(client_of_alice: Client, alice: Any) -> None:
    for n in range(12):
        make_event(alice, title=f"Clash {n:02}")
    page = show(client_of_alice, "day")
    assert len(page.all("a", cls="ev")) == 7
    assert page.texts[page.one("a", cls="more")["id"]].startswith("+5 more")


def test_agenda_names_today_and_a_long_event_by_its_days(client_of_alice: Client, alice: Any) -> None:
    make_event(alice, title="Offsite", is_all_day=True, start=date(2026, 11, 24), end=date(2026, 11, 27))
    content = " ".join(show(client_of_alice, "agenda").texts["grid"].split())
    assert "24TodayTuesday" in content and "25TomorrowWednesday" in content
    assert [f"Personal, day {n} of 3" in content for n in (1, 2, 3)] == [True] * 3


def test_empty_agenda_offers_a_first_event(client_of_alice: Client) -> None:
    page = show(client_of_alice, "agenda")
    assert "Nothing in these two weeks" in page.texts["grid"]
    assert page.one(id="first-event")["href"] == "/calendar/events/new/?date=2026-11-24"


def test_agenda_lists_its_first_day_whole_and_cuts_long_days_after_it(
    client_of_alice: Client, alice: Any
) -> None:
    for n in range(33):
        make_event(alice, title=f"Call {n}")
    assert len(show(client_of_alice, "agenda").all("a", cls="ag-i")) == 33
    page = show(client_of_alice, "agenda", "2026-11-20")
    assert len(page.all("a", cls="ag-i")) == 30
    (more,) = (
        a for a in page.all("a") if a.get("href") == "/calendar/agenda/2026-11-24/" and a.get("hx-push-url")
    )
    assert more["hx-get"] == "/calendar/agenda/2026-11-24/"
    month = show(client_of_alice, "month")
    assert len([a for a in month.all("a", cls="ag-i") if a["id"].startswith("row-")]) == 30


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ("month", "Nothing this month. Press C or choose a day."),
        ("week", "Nothing this week. Press C or choose a time in the grid."),
        ("day", "Nothing on this day. Press C or choose a time in the grid."),
        ("agenda", "Nothing in these two weeks. Press C, or add what is coming."),
    ],
)
def test_empty_view_says_so_and_offers_one_next_step(
    client_of_alice: Client, alice: Any, view: str, words: str
) -> None:
    page = show(client_of_alice, view)
    assert page.texts["nothing"] == f"{words}New event" and page.one(id="first-event")
    make_event(alice)
    assert not show(client_of_alice, view).all(id="nothing")
    assert show(client_of_alice, view, "2027-03-20").all(id="nothing")


def test_hidden_calendars_are_not_called_empty_and_come_back(client_of_alice: Client, alice: Any) -> None:
    Calendar.objects.filter(user=alice).update(is_visible=False)
    page = show(client_of_alice, "week")
    assert page.texts["nothing"].split("Show")[0].strip() == "All calendars are hidden."
    assert (
        client_of_alice.post(reverse("calendar-show-all"), {"next": "/calendar/week/2026-11-24/"}).status_code
        == 302
    )
    assert not Calendar.objects.filter(user=alice, is_visible=False).exists()


def test_names_say_where_an_event_stands_in_its_day(client_of_alice: Client, alice: Any) -> None:
    for title in ("Stand-up", "Retro"):
        make_event(alice, title=title)
    for view in ("week", "day"):
        labels = [a["aria-label"] for a in show(client_of_alice, view).all("a", cls="ev")]
        assert [label[-6:] for label in labels] == ["1 of 2", "2 of 2"]


@pytest.mark.parametrize(
    ("headers", "view"),
    [
        ({"HTTP_SEC_CH_UA_MOBILE": "?1"}, "agenda"),
        ({"HTTP_USER_AGENT": "Mozilla/5.0 (iPhone) Mobile/15E148"}, "agenda"),
        ({"HTTP_SEC_CH_UA_MOBILE": "?0", "HTTP_USER_AGENT": "Mobile"}, "month"),
        ({}, "month"),
    ],
)
def test_phone_begins_with_the_agenda(client_of_alice: Client, headers: dict[str, str], view: str) -> None:
    response = client_of_alice.get("/calendar/", **headers)
    assert Page(response).one(id="grid")["data-view"] == view
    assert "Sec-CH-UA-Mobile" in response.headers["Vary"]


@pytest.mark.parametrize(
    ("zone", "noon"), [("Asia/Kathmandu", "16:45"), ("America/St_Johns", "07:30"), ("", None)]
)
def test_second_zone_stands_beside_the_hours(
    client_of_alice: Client, alice: Any, zone: str, noon: str | None
) -> None:
    services.update_profile(profile=alice.profile, second_time_zone=zone)
    grid = show(client_of_alice, "day")
    assert ("data-zones" in grid.one(id="grid")) is bool(zone)
    content = client_of_alice.get(address("day")).content.decode()
    assert (f"<i>{noon}</i>12:00" in content) is bool(zone)


def test_mini_month_says_how_booked_a_day_is(client_of_alice: Client, alice: Any) -> None:
    make_event(alice, end=datetime(2026, 11, 24, 17, tzinfo=UTC))
    labels = {link.get("aria-label") for link in show(client_of_alice, "week").all("a")}
    assert {"24 November, today, full", "25 November, free"} <= labels


def test_title_of_two_lines_is_one_in_the_month(client_of_alice: Client, alice: Any) -> None:
    make_event(alice, title="Tasting,\r\n  with guests")
    assert "Tasting, with guests\n\n, Tuesday 24 November" in show(client_of_alice, "month").texts["grid"]


# --- calendars in the side panel ---------------------------------------------------------------
def test_calendar_is_hidden_and_shown_again(client_of_alice: Client, alice: Any) -> None:
    calendar = Calendar.objects.get(user=alice)
    where = reverse("calendar-visibility", args=[calendar.pk])

    response = client_of_alice.post(where, {"next": "/calendar/week/2026-11-24/"})
    assert response.status_code == 302 and response["Location"] == "/calendar/week/2026-11-24/"
    assert not Calendar.objects.get(user=alice).is_visible

    response = client_of_alice.post(where, {"visible": str(calendar.pk)}, **HTMX)
    assert response.status_code == 204 and "events-changed" in response["HX-Trigger"]
    assert Calendar.objects.get(user=alice).is_visible


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_visibility_never_leads_away(client_of_alice: Client, alice: Any, back: str) -> None:
    where = reverse("calendar-visibility", args=[Calendar.objects.get(user=alice).pk])
    assert client_of_alice.post(where, {"next": back})["Location"] == "/calendar/"


def test_visibility_of_a_foreign_calendar_is_not_found(client_of_alice: Client, bob: Any) -> None:
    calendar = Calendar.objects.get(user=bob)
    assert client_of_alice.post(reverse("calendar-visibility", args=[calendar.pk])).status_code == 404
    assert Calendar.objects.get(user=bob).is_visible


def test_visibility_refuses_get(client_of_alice: Client, alice: Any) -> None:
    where = reverse("calendar-visibility", args=[Calendar.objects.get(user=alice).pk])
    assert client_of_alice.get(where).status_code == 405


# --- settings ----------------------------------------------------------------------------------
SETTINGS = {
    "timezone": "America/New_York",
    "first_day_of_week": "0",
    "clock": "12",
    "working_hours_start": "08:00",
    "working_hours_end": "16:30",
    "default_event_duration": "45",
    "reminder_minutes": "10",
    "theme": "dark",
    "density": "roomy",
    "shortcuts_enabled": "on",
}


def test_settings_are_saved_and_show_in_the_next_page(client_of_alice: Client, alice: Any) -> None:
    response = client_of_alice.post("/calendar/settings/", SETTINGS)
    assert response.status_code == 302
    alice.profile.refresh_from_db()
    assert alice.profile.timezone == "America/New_York" and not alice.profile.show_weekends
    page = show(client_of_alice, "week")
    assert page.one("html")["data-bs-theme"] == "dark"
    assert page.one("body")["data-density"] == "roomy"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"timezone": "Europe/Atlantis"},
            "“Europe/Atlantis” is not a time zone. Write a name such as Europe/Berlin.",
        ),
        ({"timezone": "../../etc/passwd"}, "is not a time zone"),
        ({"reminder_minutes": "-5"}, "A reminder cannot come after the start. Enter 0 to 40320."),
        ({"working_hours_end": "07:00"}, "Working hours end before they start."),
        ({"first_day_of_week": "3"}, "Select a valid choice"),
        ({"default_event_duration": "0"}, "greater than or equal to 5"),
    ],
)
def test_wrong_setting_is_refused_with_its_text_kept(
    client_of_alice: Client, alice: Any, change: dict[str, str], message: str
) -> None:
    response = client_of_alice.post("/calendar/settings/", {**SETTINGS, **change})
    content = response.content.decode()
    assert response.status_code == 422
    assert message in content and f'value="{change.get("timezone", "America/New_York")}"' in content
    alice.profile.refresh_from_db()
    assert alice.profile.timezone == "Europe/Berlin"


def test_a_month_asks_six_queries_however_full_it_is(
    client_of_alice: Client, alice: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        make_event(alice, title=f"Call {number}")
    with django_assert_max_num_queries(6):
        page = client_of_alice.get(f"/calendar/month/{TUESDAY}/")
    assert b"data-event" in page.content


def test_the_links_of_a_grid_share_one_listener(client_of_alice: Client, alice: Any) -> None:
    make_event(alice)
    for view in VIEWS:
        page = client_of_alice.get(f"/calendar/{view}/{TUESDAY}/").content
        assert b"data-boost" in page and b"hx-boost" not in page, view
