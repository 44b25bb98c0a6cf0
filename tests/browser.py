"""The one real browser that tests drive: the Chromium on the PATH, else Playwright's own."""

from __future__ import annotations

import os
import shutil

from playwright.sync_api import Browser, Page, Playwright

# Chromium would call home at every start; root needs --no-sandbox.
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


PERSON, PASSWORD = "ana@example.com", "appointment-demo"  # of `manage.py demo`


def launch(playwright: Playwright) -> Browser:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *sandbox])


def sign_in(page: Page, person: str = PERSON, *, goes_to: str = "**/calendar/**") -> None:
    """As somebody of the demo, by the form; `page` has the product as its base address."""
    page.goto("/accounts/login/")
    page.fill("input[name=login]", person)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(goes_to)
