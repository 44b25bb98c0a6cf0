"""What is exported here goes into a CalDAV server and comes back as it went."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from scheduling.models import Calendar
from tests.ical_corpus import FILES, GOLDEN, bring_in, content, occurrences, take_out
from tests.make import make_user
from tests.radicale import radicale

pytestmark = [pytest.mark.django_db, pytest.mark.processes]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The collections of a person at Radicale."""
    folder = tmp_path_factory.mktemp("radicale")
    with radicale(folder) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


REFUSED = "refused-rules"  # FREQ=SECONDLY and its like, which are kept here as they came


def put(elsewhere: httpx.Client, name: str, calendar: Calendar) -> httpx.Response:
    return elsewhere.put(f"/{name}/", content=take_out(calendar), headers={"Content-Type": "text/calendar"})


@pytest.mark.parametrize("name", [name for name in FILES if name != REFUSED])
def test_an_export_comes_back_from_radicale_without_a_changed_occurrence(
    name: str, alice: Any, elsewhere: httpx.Client
) -> None:
    mine = Calendar.objects.get(user=alice)
    bring_in(content(name), mine)
    sent = put(elsewhere, name, mine)
    assert sent.status_code == 201, sent.text
    returned = elsewhere.get(f"/{name}/").raise_for_status().content
    theirs = Calendar.objects.get(user=make_user("other@example.com", zone="America/New_York"))
    bring_in(returned, theirs)
    assert occurrences(theirs) == GOLDEN[name]
    counts = bring_in(returned, mine)
    assert (counts["created"], counts["updated"]) == (0, 0)


def test_radicale_refuses_the_rules_that_we_do_not_expand(alice: Any, elsewhere: httpx.Client) -> None:
    mine = Calendar.objects.get(user=alice)
    bring_in(content(REFUSED), mine)
    assert put(elsewhere, REFUSED, mine).status_code == 400
