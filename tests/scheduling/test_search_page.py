"""The search page: whole without JavaScript, redrawn in part with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from scheduling import services
from scheduling.models import Calendar
from tests.make import make_event

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def page(alice: Any, client: Client) -> Any:
    client.force_login(alice)

    def get(address: str = "", *, status: int = 200, **headers: str) -> str:
        answer = client.get(f"/calendar/search/{address}", headers=headers)
        assert answer.status_code == status
        return answer.content.decode()

    return get


def test_a_hit_is_marked_and_leads_to_its_day_with_the_event_in_focus(page: Any, alice: Any) -> None:
    event = make_event(alice, title="Café <b>Atlas</b>", location="Room 3")
    html = page("?q=atl")
    assert '<h2 class="hit-h">Today</h2>' in html
    assert "Café &lt;b&gt;<mark>Atl</mark>as&lt;/b&gt;" in html
    link = re.search(r'href="(/calendar/day/2026-11-24/\?event=[^#"]+)#([^"]+)"', html)
    assert link and link[1].endswith(str(event.pk))
    day = Client()
    day.force_login(alice)
    assert f'id="{link[2]}"' in day.get(link[1]).content.decode()


@pytest.mark.parametrize(
    "times",
    [
        {"is_all_day": True},
        {"start": datetime(2026, 11, 24, 22, 30, tzinfo=UTC), "end": datetime(2026, 11, 25, 3, 0, tzinfo=UTC)},
        {"start": datetime(2026, 11, 24, 22, 30, tzinfo=UTC), "end": datetime(2026, 11, 27, 3, 0, tzinfo=UTC)},
        {"start": datetime(2026, 10, 24, 7, 0, tzinfo=UTC), "recurrence": ("RRULE:FREQ=DAILY",)},
    ],
)  # fmt: skip
def test_every_kind_of_hit_leads_to_an_element_of_the_day(
    page: Any, alice: Any, client: Client, times: dict[str, Any]
) -> None:
    make_event(alice, title="Atlas", **times)
    link = re.search(r'href="(/calendar/day/[^#"]+)#([^"]+)"', page("?q=atlas"))
    assert link and f'id="{link[2]}"' in client.get(link[1]).content.decode()


def test_a_hit_of_a_hidden_calendar_leads_to_the_event_itself(page: Any, alice: Any) -> None:
    calendar = services.create_calendar(user=alice, name="Hidden", is_visible=False)
    event = make_event(alice, title="Atlas", calendar=calendar)
    assert f'href="/calendar/events/{event.pk}/"' in page("?q=atlas")


def test_what_the_words_stand_in_is_shown(page: Any, alice: Any) -> None:
    event = make_event(alice, title="Planning", description="<p>Bring the <b>budget</b> &amp; tea</p>")
    guests = [{"email": "ines@example.com", "displayName": "Ines"}]
    services.apply_remote(
        calendar=event.calendar, event=event, values=event.values, details={"attendees": guests}
    )
    html = page("?q=budget")
    assert "Bring the <mark>budget</mark> &amp; tea" in html
    assert "<mark>Ines</mark> (<mark>ines</mark>@example.com)" in page("?people=ines")


def test_the_page_says_what_was_found_and_what_was_not(page: Any, alice: Any) -> None:
    make_event(alice, title="Atlas")
    make_event(alice, title="Atlas", start=NOW + timedelta(days=2))
    assert "Find an event" in page()
    html = page("?q=atlas")
    assert re.search(r"2 events</span> match “atlas”, 1 still to come", html)
    assert "Nothing matches “nothing”" in page("?q=nothing")
    assert "Search everything" in page("?q=atlas&since=2030-01-01")
    assert "1 event</span> matches" in page("?q=atlas&until=2026-11-24")


def test_htmx_gets_the_hits_alone_and_the_count_to_be_read_out(page: Any, alice: Any) -> None:
    make_event(alice, title="Atlas")
    html = page("?q=atlas", **{"HX-Request": "true"})
    assert "<html" not in html and 'id="hits"' in html
    assert '<div id="status" hx-swap-oob="innerHTML">1 event found</div>' in html


def test_a_faulty_filter_is_explained_and_what_was_typed_stays(page: Any, alice: Any, bob: Any) -> None:
    html = page("?q=atlas&since=2026-12-01&until=2026-11-01", status=422)
    assert "The last day is before the first." in html and 'value="atlas"' in html
    others = Calendar.objects.get(user=bob).pk
    assert "This calendar is not among yours." in page(f"?q=atlas&calendar={others}", status=422)
    page("?q=atlas&since=tomorrow", status=422)


@pytest.mark.parametrize(
    "query", ["q=%00%ff%22&page=-3", f"q={'x' * 3000}&people=%00", "q=a&page=x", "q=a&q=b", "calendar="]
)
def test_whatever_is_typed_gets_an_answer(page: Any, query: str) -> None:
    page(f"?{query}")


def test_pages_keep_the_search(page: Any, alice: Any) -> None:
    for n in range(30):
        make_event(alice, title=f"Atlas {n}")
    html = page("?q=atlas&since=2026-11-01")
    assert 'href="?q=atlas&amp;since=2026-11-01&amp;page=2" rel="next"' in html
    assert html.count('class="hit ') == 25 and page("?q=atlas&page=2").count('class="hit ') == 5


def test_the_number_of_queries_does_not_depend_on_the_hits(
    alice: Any, client: Client, django_assert_max_num_queries: Any
) -> None:
    client.force_login(alice)
    for n in range(30):
        make_event(alice, title=f"Atlas {n}", recurrence=("RRULE:FREQ=DAILY;COUNT=3",) if n % 2 else ())
    with django_assert_max_num_queries(9):
        client.get("/calendar/search/?q=atlas")
