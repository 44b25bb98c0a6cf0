"""The one real browser that tests drive: the Chromium on the PATH, else Playwright's own."""

from __future__ import annotations

import os
import shutil
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Playwright, WebError

# Of the address bar that nobody sees: each window would load two pages for it in a process of their own, a quarter of
# the work of opening it.
ADDRESS_BAR = ["WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"]
# Chromium hears only the last --disable-features, so what Playwright would switch off is said here too.
OF_PLAYWRIGHT = [
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
]
# Chromium would call home at every start; root needs --no-sandbox.
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--disable-features={','.join([*OF_PLAYWRIGHT, *ADDRESS_BAR])}",
]


PERSON, PASSWORD = "ana@example.com", "appointment-demo"  # of `manage.py demo`


def launch(playwright: Playwright) -> Browser:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *sandbox])


class Watch:
    """What went wrong in any window of a browser: `faults` holds the errors of scripts that nobody caught, and what the
    content policy refused, which Chromium tells on the console, with scripts switched off too."""

    def __init__(self, browser: Browser) -> None:
        self.faults: list[str] = []
        self._new_context = browser.new_context
        browser.new_context = self._open  # type: ignore[method-assign]

    def _open(self, **options: Any) -> BrowserContext:
        context = self._new_context(**options)
        context.on("weberror", self._note_error)
        context.on("console", self._note_line)
        return context

    def _note_error(self, error: WebError) -> None:
        self.faults.append(f"{error.page.url if error.page else '?'}: {error.error}")

    def _note_line(self, line: ConsoleMessage) -> None:
        if line.type == "error" and "Content Security Policy" in line.text:
            self.faults.append(f"{line.page.url if line.page else '?'}: {line.text}")


def intercept(page: Page) -> None:
    """Before it is loaded, for tests that answer a page instead of the server: Chromium hands requests over from then on,
    and takes a moment to begin, in which one of a page that is there already would slip through unseen."""
    page.route("**/asked-for-by-nobody", lambda route: route.abort())


def event_id(link: Locator) -> str:
    """Of the event that a link of a grid leads to."""
    return urlsplit(str(link.get_attribute("href"))).path.split("/")[3]


def sign_in(page: Page, person: str = PERSON, *, goes_to: str = "**/calendar/**") -> None:
    """As somebody of the demo, by the form; `page` has the product as its base address."""
    page.goto("/accounts/login/")
    page.fill("input[name=login]", person)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(goes_to)
