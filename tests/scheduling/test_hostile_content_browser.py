"""S-18: what strangers write into an event, shown everywhere in a real browser, runs, fetches and does nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import sign_in
from tests.scheduling.payloads import PAYLOADS
from tests.servers import Product

pytestmark = [pytest.mark.browser, pytest.mark.processes]

# Each payload in every text of its own event, in calendars that are named by payloads.
PLANT = """
import json, sys
from datetime import datetime, timedelta, UTC
from django.contrib.auth.models import User
from django.db import transaction
from scheduling import services
from scheduling.core.event import EventValues, clean_text
from tests.browser import PASSWORD
eve = User.objects.create_user(username="eve@example.com", email="eve@example.com", password=PASSWORD)
payloads = json.loads(sys.stdin.read())
start = datetime(2031, 5, 5, 6, 0, tzinfo=UTC)

def plant(n, payload):
    who = {"email": payload, "displayName": payload}
    details = {"attendees": [who, {**who, "self": True}], "organizer": who, "google_event_id": f"p{n}"}
    at = start + timedelta(hours=n * 2)
    values = EventValues(
        title=payload[:200], description=payload, location=payload[:200],
        start=at, end=at + timedelta(hours=1), time_zone="UTC",
    )
    calendar = calendars[n % len(calendars)]
    return services.apply_remote(calendar=calendar, event=None, values=values, details=details).pk

with transaction.atomic():
    payloads = [clean_text(payload) for payload in payloads]
    calendars = [services.create_calendar(user=eve, name=payload[:200]) for payload in payloads[::10]]
    print(*[plant(n, payload) for n, payload in enumerate(payloads)])
"""
WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (e) => window.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
"""
LINKS = """all => all.map((a) => [a.rel, a.target, /^(https?|mailto|tel):$|^$/.test(a.href && a.protocol)])"""


@dataclass
class Watched:
    page: Page
    faults: list[str] = field(default_factory=list)

    def check(self, where: str) -> None:
        hit, violations = self.page.evaluate("[window.hit ?? null, window.violations]")
        assert hit is None, f"a script ran on {where}"
        assert violations == [], where
        assert self.faults == [], where


@pytest.fixture(scope="module")
def events(product: Product) -> list[str]:
    """Each payload as it is, and in HTML, so that the description is drawn as HTML whatever the payload is."""
    both = [text for payload in PAYLOADS for text in (payload, f"<p>Agenda</p>{payload}")]
    return product.command("shell", "--verbosity", "0", "-c", PLANT, stdin=json.dumps(both)).split()


@pytest.fixture(scope="module")
def signed_in(browser: Browser, product: Product, events: list[str]) -> Any:
    """Eve's, whose calendars hold it all."""
    context = browser.new_context(base_url=product.url)
    sign_in(context.new_page(), "eve@example.com")
    return context.storage_state()


@pytest.fixture
def watched(context: BrowserContext, product: Product) -> Iterator[Watched]:
    page = context.new_page()
    watched = Watched(page)
    page.add_init_script(WATCH)
    host = urlsplit(product.url).netloc

    def note(address: str) -> None:
        parts = urlsplit(address)
        if (
            parts.netloc != host
            or "hit" in parts.path
            or parts.path.endswith(("/x", "/nothing", "/1", "/src"))
        ):
            watched.faults.append(f"asked for {address}")

    page.on("request", lambda request: note(request.url))
    page.on("dialog", lambda dialog: (watched.faults.append("a dialog opened"), dialog.dismiss()))
    page.on("pageerror", lambda error: watched.faults.append(str(error)))
    page.on("console", lambda line: watched.faults.append(line.text) if line.type == "error" else None)
    yield watched


def test_the_corpus_is_large_enough() -> None:
    assert len(set(PAYLOADS)) >= 60


def test_details_in_the_popover_do_nothing(watched: Watched, events: list[str]) -> None:
    """As htmx brings them, which would act on its own attributes."""
    page = watched.page
    page.goto("/calendar/month/2031-05-05/")
    for event in events:
        with page.expect_response(f"**/calendar/events/{event}/") as answer:
            page.evaluate(f"htmx.ajax('GET', '/calendar/events/{event}/', '#popover')")
        assert answer.value.ok
        page.locator(f"#popover a[href='/calendar/events/new/?copy={event}']").wait_for(state="attached")
        for link in page.locator(".described a").evaluate_all(LINKS):
            assert link == ["noopener noreferrer nofollow", "_blank", True], event
        watched.check(event)
    assert page.locator("#grid.mg, #grid .mg").count() == 1, "the page is still what it was"


def test_pages_of_every_kind_do_nothing(watched: Watched, events: list[str]) -> None:
    page = watched.page
    addresses = [
        f"/calendar/{view}/2031-05-0{day}/" for view in ("month", "week", "day", "agenda") for day in (5, 8)
    ]
    addresses += [
        f"/calendar/search/?q={word}&people={who}"
        for word, who in (("window", ""), ("evil", ""), ("", "hit"))
    ]
    for event in events[::7]:
        addresses += [
            f"/calendar/events/{event}/",
            f"/calendar/events/{event}/edit/",
            f"/calendar/events/{event}/history/",
        ]
    addresses += ["/calendar/events/new/", "/calendar/trash/", "/calendar/settings/"]
    for address in addresses:
        page.goto(address)
        page.mouse.move(300, 300)
        watched.check(address)
