"""What browsers load: built the same every time, only what is used, and light."""

from __future__ import annotations

import gzip
import re
import time
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from tests.make import make_event

PAGES = [
    "/calendar/",
    "/calendar/week/2026-11-24/",
    "/calendar/agenda/2026-11-24/",
    "/calendar/settings/",
    "/sync/",
]


@pytest.fixture
def assets(tmp_path: Path, settings: Any) -> Path:
    settings.ASSETS_DIR = tmp_path
    call_command("build_assets", verbosity=0)
    return tmp_path


def packed(content: bytes) -> int:
    return len(gzip.compress(content, 9, mtime=0))


def test_assets_are_built_quickly_the_same_and_only_when_something_changed(
    assets: Path, settings: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = {path.name: path.read_bytes() for path in assets.iterdir()}
    dates = {path: path.stat().st_mtime_ns for path in assets.iterdir()}
    call_command("build_assets", verbosity=0)
    assert dates == {path: path.stat().st_mtime_ns for path in assets.iterdir()}

    settings.ASSETS_DIR = tmp_path_factory.mktemp("again")
    begin = time.perf_counter()
    call_command("build_assets", verbosity=0)
    assert time.perf_counter() - begin < 4
    assert first == {path.name: path.read_bytes() for path in settings.ASSETS_DIR.iterdir()}
    assert set(first) == {"site.css", "book.css", "site.js", "icons.svg", "first-icons.svg", ".fingerprint"}


def test_stylesheet_keeps_what_is_used_and_drops_the_rest_of_bootstrap(assets: Path) -> None:
    css = (assets / "site.css").read_text()
    for kept in (
        ".btn{",
        ".form-control{",
        ".visually-hidden",
        ".ev{",
        ".r-289{",
        ".e-11{",
        ".is-past{",
        ".mg-day{",
    ):
        assert kept in css, kept
    for dropped in (".carousel", ".accordion", ".navbar", ".offcanvas", "--bs-indigo"):
        assert dropped not in css, dropped


def test_every_dark_rule_is_there_for_devices_that_are_dark_too(assets: Path) -> None:
    for name in ("site.css", "book.css"):
        css = (assets / name).read_text()
        dark = re.findall(r"\[data-bs-theme=dark\]([^{}]*\{[^{}]*\})", css)
        device = re.findall(r"\[data-theme=system\]([^{}]*\{[^{}]*\})", css)
        assert dark == device and len(dark) > 10, name


def test_every_icon_on_the_pages_is_in_its_file(assets: Path, alice: Any) -> None:
    client = Client()
    client.force_login(alice)
    make_event(alice, recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    files = ("icons.svg", "first-icons.svg")
    icons = {
        file: set(re.findall(r'<symbol id="([a-z0-9-]+)"', (assets / file).read_text())) for file in files
    }
    for page in PAGES:
        used = re.findall(r'/([a-z-]+\.svg)#([a-z0-9-]+)"', client.get(page).content.decode())
        assert used and all(name in icons[file] for file, name in used)


@pytest.mark.parametrize("view", ["month", "week", "day", "agenda"])
def test_calendar_draws_its_first_frame_with_the_small_file_of_icons(alice: Any, view: str) -> None:
    client = Client()
    client.force_login(alice)
    make_event(alice, recurrence=("RRULE:FREQ=DAILY;COUNT=3",), status="tentative")
    content = client.get(f"/calendar/{view}/2026-11-24/").content.decode()
    assert set(re.findall(r'<use href="/static/([a-z-]+\.svg)#', content)) == {"first-icons.svg"}


def test_first_load_of_the_month_is_light(assets: Path, alice: Any) -> None:
    client = Client()
    client.force_login(alice)
    for n in range(60):
        make_event(
            alice, title=f"Meeting {n}", start=datetime(2026, 11, 2, 8, tzinfo=UTC) + timedelta(hours=9 * n)
        )
    htmx = (
        Path(str(resources.files("django_htmx"))) / "static" / "django_htmx" / "htmx-2.min.js"
    ).read_bytes()
    static = Path(__file__).parents[2] / "static"

    scripts_and_styles = sum(
        packed(content)
        for content in (
            htmx,
            (assets / "site.js").read_bytes(),
            (assets / "site.css").read_bytes(),
        )
    )
    rest = packed(client.get("/calendar/month/2026-11-24/").content)
    rest += packed((assets / "first-icons.svg").read_bytes()) + packed((static / "mark.svg").read_bytes())
    assert scripts_and_styles <= 56_000
    assert scripts_and_styles + rest <= 75_000
