"""`python -m tests.bench.live`: what a person waits for, measured on the running product, each beside its floor.

A floor is the work that nobody can leave out, done directly on the same machine in the same run: the save itself
plus one fetch of the same fragment, or the save plus one insert at the same Google.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httplib2
import httpx
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build
from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.table import WALL, Row, report
from tests.browser import PERSON, launch, sign_in
from tests.servers import Product, start_product, wait_for

RUNS = int(os.environ.get("BENCH_RUNS", "50"))
GOOGLE_EMAIL = "bench@gmail.example"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="appointment-bench-") as folder, sync_playwright() as playwright:
        product = start_product(Path(folder), demo=True, push=True, SYNC_POLL_SECONDS="300")
        browser = launch(playwright)
        try:
            token = product.api_token(PERSON)
            page = open_signed_in(browser, product)
            weight = first_load(browser, product, page)
            connect(page, product)
            rows = [*measure(product, page, token), *from_google(product, page)]
        finally:
            browser.close()
            product.stop()
    report([Row("first load of the month page, all transfers", weight / 1000, None, "", 75, "kB"), *rows])


def compared(name: str, ours: list[float], floor: list[float], floor_name: str) -> list[Row]:
    """Median beside the floor's, and the 95th percentile by itself."""
    p95 = statistics.quantiles(ours, n=20)[-1]
    return [
        Row(name, statistics.median(ours), statistics.median(floor), floor_name, unit=WALL),
        Row(f"{name}, p95", p95, None, "", unit=WALL),
    ]


def open_signed_in(browser: Browser, product: Product) -> Page:
    page = browser.new_context(base_url=product.url, viewport={"width": 1440, "height": 900}).new_page()
    sign_in(page)
    return page


def first_load(browser: Browser, product: Product, signed_in: Page) -> float:
    """Bytes on the wire of a month view in a browser that has nothing in its cache."""
    context = browser.new_context(storage_state=signed_in.context.storage_state())
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    sizes: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(f"{product.url}/calendar/month/{datetime.now(UTC):%Y-%m-%d}/", wait_until="networkidle")
    context.close()
    return sum(sizes)


def connect(page: Page, product: Product) -> None:
    httpx.post(
        f"{product.url}/sandbox/google/_control/accounts", json={"email": GOOGLE_EMAIL, "name": "Bench"}
    ).raise_for_status()
    page.goto(f"{product.url}/sync/")
    page.click("#connect-button")
    page.get_by_label("Another account").check()
    page.get_by_label("E-mail of the other account").fill(GOOGLE_EMAIL)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/sync/")
    wait_for(lambda: page.get_by_text("Google seen").first.is_visible(), "the first run")


def measure(product: Product, page: Page, token: str) -> list[Row]:
    day = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)
    address = f"/calendar/week/{day:%Y-%m-%d}/"
    page.goto(product.url + address)
    page.wait_for_selector("body[data-live-state=open]")
    page.evaluate(
        """() => {
            window.seen = {};
            new MutationObserver(() => document.querySelectorAll('[data-event]').forEach(
                e => window.seen[e.pathname.split('/')[3]] ??= Date.now()
            )).observe(document.body, {childList: true, subtree: true});
        }"""
    )
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    api = httpx.Client(base_url=product.url, headers={"Authorization": f"Bearer {token}"}, timeout=20)
    fragment = httpx.Client(base_url=product.url, cookies=cookies, headers={"HX-Request": "true"}, timeout=20)
    google = google_client(product)
    visible, on_google, floor_visible, floor_google = [], [], [], []
    for number in range(RUNS):
        body = {
            "title": f"Bench {number}",
            "start_time": day.isoformat(),
            "end_time": (day + timedelta(hours=1)).isoformat(),
        }
        started = time.time()
        answer = api.post("/appointment/api/events/", json=body)
        saved = time.time()
        answer.raise_for_status()
        event_id = answer.json()["id"]
        on_google.append(milliseconds(started, arrival_at_google(product, uuid.UUID(event_id).hex)))
        page.wait_for_function("id => window.seen[id]", arg=event_id)
        visible.append(milliseconds(started, page.evaluate("id => window.seen[id]", event_id) / 1000))

        begun = time.time()
        fragment.get(address).raise_for_status()
        floor_visible.append(milliseconds(started, saved) + milliseconds(begun, time.time()))
        begun = time.time()
        insert_directly(google, body)
        floor_google.append(milliseconds(started, saved) + milliseconds(begun, time.time()))
        api.delete(f"/appointment/api/events/{event_id}/").raise_for_status()
    return [
        *compared("save → second browser", visible, floor_visible, "save + one fetch of the fragment"),
        *compared("save → Google", on_google, floor_google, "save + one direct insert"),
    ]


def from_google(product: Product, page: Page) -> list[Row]:
    """A change made in Google, told by a push notice; Google takes 50 ms for every answer."""
    control = httpx.Client(base_url=f"{product.url}/sandbox/google/_control/", timeout=20)
    channels = wait_for(lambda: control.get("channels").json()["items"], "the push channel")
    assert channels[0]["account"] == GOOGLE_EMAIL
    slow = {"match": {"path": "calendar/v3"}, "action": {"delay": 0.05}, "times": None}
    control.post("faults", json=slow).raise_for_status()
    day = datetime.now(UTC).replace(hour=14, minute=0, second=0, microsecond=0)
    address = f"/calendar/week/{day:%Y-%m-%d}/"
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    fragment = httpx.Client(base_url=product.url, cookies=cookies, headers={"HX-Request": "true"}, timeout=20)
    google = google_client(product)
    visible, floor = [], []
    for number in range(RUNS):
        title = f"Told {number}."
        event = {
            "summary": title,
            "start": {"dateTime": day.isoformat(), "timeZone": "UTC"},
            "end": {"dateTime": (day + timedelta(minutes=30)).isoformat(), "timeZone": "UTC"},
        }
        started = time.time()
        made = control.post("events", json={"account": GOOGLE_EMAIL, "events": [event]})
        done = time.time()
        made.raise_for_status()
        shown = page.wait_for_function(
            "title => document.querySelector('#grid').textContent.includes(title) && Date.now()", arg=title
        )
        visible.append(milliseconds(started, shown.json_value() / 1000))
        begun = time.time()
        google.events().list(calendarId="primary").execute()
        fragment.get(address).raise_for_status()
        floor.append(milliseconds(started, done) + milliseconds(begun, time.time()))
        control.request(
            "DELETE", f"events/{made.json()['items'][0]['id']}", json={"account": GOOGLE_EMAIL}
        ).raise_for_status()
        page.wait_for_function(
            "title => !document.querySelector('#grid').textContent.includes(title)", arg=title
        )
    return compared("change in Google → page", visible, floor, "change + one list + one fragment")


def milliseconds(start: float, end: float) -> float:
    return (end - start) * 1000


def arrival_at_google(product: Product, google_id: str) -> float:
    address = f"{product.url}/sandbox/google/_control/events/{google_id}"
    wait_for(
        lambda: httpx.get(address, params={"account": GOOGLE_EMAIL}).status_code == 200,
        "the event in Google",
        every=0.01,
    )
    return time.time()


def google_client(product: Product) -> Any:
    tokens = httpx.post(
        f"{product.url}/sandbox/google/_control/accounts",
        json={"email": "floor@gmail.example", "name": "Floor"},
    ).json()
    return build(
        "calendar",
        "v3",
        http=AuthorizedHttp(Credentials(tokens["access_token"]), httplib2.Http(timeout=20)),
        static_discovery=True,
        cache_discovery=False,
        client_options={"api_endpoint": f"{product.url}/sandbox/google/calendar/v3/"},
    )


def insert_directly(google: Any, body: dict[str, str]) -> None:
    event = {
        "summary": body["title"],
        "start": {"dateTime": body["start_time"], "timeZone": "UTC"},
        "end": {"dateTime": body["end_time"], "timeZone": "UTC"},
    }
    google.events().insert(calendarId="primary", body=event).execute()


if __name__ == "__main__":
    main()
