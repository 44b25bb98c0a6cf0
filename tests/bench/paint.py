"""`python -m tests.bench.paint`: from navigation to a painted month in Chromium, beside FullCalendar on the same events.

Ours is the page of the running product (DEBUG off), signed in. FullCalendar 7 comes from npm as its script-tag build,
minified, with its classic theme and a toolbar, capped by `dayMaxEvents`; its page is a static file on this machine and
has the events inside, so that it waits for no server; beside it the usual way, a page that asks for its events, which
are a static file too. All caches are warm: ours of grids that were drawn before as well. Taken in turns, medians of
milliseconds until "+N more" of the last day of the month is on the screen.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import statistics
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import rjsmin
from cryptography.fernet import Fernet
from playwright.sync_api import Browser, sync_playwright

from tests.bench.peers import FOLDER
from tests.bench.table import WALL, Row, report
from tests.bench.views import DAY, DAYS, work
from tests.browser import launch
from tests.servers import Product, start_product

RUNS = int(os.environ.get("BENCH_PAINT_RUNS", "15"))
WARM_UP = 3
SETTLE = 500  # ms; what a page still does after its first frames would be in the next one's way
VERSION = "7.1.0"
LAST_DAY = DAY.replace(day=DAYS).isoformat()
SIGN_IN = """
import json
from pathlib import Path
from django.test import Client
from scheduling import services
from scheduling.models import Calendar
from tests.bench.views_ours import values_of
from tests.make import make_user

work = json.loads(Path({file!r}).read_text())
person = make_user({email!r}, zone="UTC")
services.create_remote_events(
    calendar=Calendar.objects.get(user=person, is_primary=True),
    items=[(values_of(event), {{}}) for event in work["events"]],
    origin="import",
)
client = Client()
client.force_login(person, backend="project.authentication.ModelBackend")
print(client.cookies["sessionid"].value)
"""
# Looks in every frame before it is painted, and lets Chromium tell when the found element came onto the screen:
# https://developer.mozilla.org/en-US/docs/Web/API/PerformanceElementTiming/renderTime
WATCH = """
window.painted = new Promise((resolve) => {
  new PerformanceObserver((list) => resolve(list.getEntries()[0].renderTime)).observe({type: 'element', buffered: true});
  const look = () => requestAnimationFrame(() => {
    const found = %s;
    found ? found.setAttribute('elementtiming', 'last day') : look();
  });
  look();
});
"""
OURS = f"document.querySelector('#d-{LAST_DAY} .more')"
THEIRS = (
    f"[...document.querySelectorAll('[data-date=\"{LAST_DAY}\"] *')]"
    ".find((each) => !each.children.length && each.textContent.includes('more'))"
)
PEER_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>FullCalendar</title>
<link rel="stylesheet" href="skeleton.css"><link rel="stylesheet" href="themes/classic/theme.css">
<link rel="stylesheet" href="themes/classic/palette.css">
<script src="all.min.js"></script><script src="classic.min.js"></script></head>
<body><div id="calendar"></div><script>
new FullCalendar.Calendar(document.getElementById('calendar'), {
  initialView: 'dayGridMonth', initialDate: '%(day)s', timeZone: 'UTC', dayMaxEvents: true, editable: true, height: 860,
  headerToolbar: {left: 'today prev,next title', right: 'dayGridMonth,timeGridWeek,timeGridDay,listWeek'},
  events: %(events)s,
}).render();
</script></body></html>
"""


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory(prefix="appointment-paint-") as name, sync_playwright() as playwright:
        folder = Path(name)
        keys = {
            "DEBUG": "0",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "TOKEN_KEYS": Fernet.generate_key().decode(),
        }
        product = start_product(folder, **keys)
        browser = launch(playwright)
        try:
            with peer_server(folder / "peer") as peer:
                for count, goal in ((300, 0.5), (3000, 0.4)):
                    ours, inside, asked = measure(browser, product, peer, folder, count)
                    what, who = f"navigation to painted month, {count:,} events", f"FullCalendar {VERSION}"
                    rows += [
                        Row(what, ours, inside, f"{who}, events in its page", goal, WALL),
                        Row("the same", ours, asked, f"{who}, which asks for them", unit=WALL),
                    ]
        finally:
            browser.close()
            product.stop()
    report(rows)


def measure(
    browser: Browser, product: Product, peer: str, folder: Path, count: int
) -> tuple[float, float, float]:
    """Milliseconds of ours, of FullCalendar with its events in the page, and of one that asks for them."""
    content = work(count)
    file = folder / f"{count}.json"
    file.write_text(json.dumps(content))
    events = json.dumps(peer_events(content))
    (folder / "peer" / f"{count}.html").write_text(PEER_PAGE % {"day": DAY, "events": events})
    (folder / "peer" / f"{count}.json").write_text(events)
    (folder / "peer" / f"{count}-asks.html").write_text(PEER_PAGE % {"day": DAY, "events": f"'{count}.json'"})
    script = SIGN_IN.format(file=str(file), email=f"ana{count}@example.com")
    session = product.command("shell", "-c", script).split()[-1]

    size = {"width": 1440, "height": 900}
    ours, theirs = (browser.new_context(viewport=size) for _ in range(2))
    ours.add_cookies([{"name": "sessionid", "value": session, "url": product.url}])
    ours.add_init_script(WATCH % OURS)
    theirs.add_init_script(WATCH % THEIRS)
    # One page each: starting another process of the browser would cost both sides the same.
    pages = (
        (ours.new_page(), f"{product.url}/calendar/month/{DAY}/"),
        (theirs.new_page(), f"{peer}/{count}.html"),
        (theirs.new_page(), f"{peer}/{count}-asks.html"),
    )
    times: dict[str, list[float]] = {address: [] for _, address in pages}
    for run in range(RUNS + WARM_UP):
        for page, address in pages:
            page.goto(address, wait_until="commit")
            found = float(page.evaluate("window.painted"))
            page.wait_for_timeout(SETTLE)
            if run >= WARM_UP:
                times[address].append(found)
    ours.close()
    theirs.close()
    first, second, third = (statistics.median(found) for found in times.values())
    return first, second, third


def peer_events(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"id": str(n), "title": e["title"], "start": e["start"], "end": e["end"], "allDay": e["all_day"]}
        for n, e in enumerate(content["events"])
    ]


@contextmanager
def peer_server(folder: Path) -> Iterator[str]:
    """The files of FullCalendar, from npm once, served from this machine as a browser may keep them."""
    archive = FOLDER / f"fullcalendar-{VERSION}.tgz"
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        address = f"https://registry.npmjs.org/fullcalendar/-/fullcalendar-{VERSION}.tgz"
        archive.write_bytes(httpx.get(address, timeout=60).raise_for_status().content)
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as content:
        content.extractall(folder, filter="data")
    root = folder / "package"
    for source, target in (("all/global.js", "all.min.js"), ("themes/classic/global.js", "classic.min.js")):
        (folder / target).write_text(rjsmin.jsmin((root / source).read_text()))
    for style in ("skeleton.css", "themes/classic/theme.css", "themes/classic/palette.css"):
        (folder / style).parent.mkdir(parents=True, exist_ok=True)
        (folder / style).write_bytes((root / style).read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(KeptFiles, directory=str(folder)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


class KeptFiles(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def end_headers(self) -> None:
        path = self.path.partition("?")[0]
        kept = "no-cache" if path.endswith((".html", ".json")) else "max-age=31536000, immutable"
        self.send_header("Cache-Control", kept)
        super().end_headers()

    def log_message(self, *args: Any) -> None:
        """Nothing: the table is all that is printed."""


if __name__ == "__main__":
    main()
