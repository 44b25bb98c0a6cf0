"""What must hold of every answer of the product, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urljoin, urlsplit

from tests.crawl.spider import Page

STRICT = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
# Forms that act by no session, so that there is nothing to forge; see tests/test_addresses_guard_ids.py.
WITHOUT_TOKEN = ("/book/", "/bookings/", "/mail/unsubscribe/", "/sandbox/google/")
# Where links lead out to: other calendars for guests, and Google's page from a mirrored event.
OUTSIDE = {
    "calendar.google.com",
    "outlook.live.com",
    "www.google.com",
    "meet.google.com",
    "support.google.com",
}


def faults_of(page: Page, secrets: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with an answer; `secrets` (name → text) must not stand in it."""
    if page.answer.status_code >= 500:
        yield f"status {page.answer.status_code}"
    if page.came_from and page.answer.status_code in (400, 403, 404, 405) and not _is_a_try(page):
        yield f"status {page.answer.status_code}, linked from {page.came_from}"
    yield from _faults_of_headers(page)
    if (
        page.is_html and page.answer.status_code != 404
    ):  # while DEBUG is on that is Django's own, with a style
        yield from _faults_of_markup(page)
    for name, secret in secrets.items():
        if secret in page.answer.text or secret in str(page.answer.headers.get("Location", "")):
            yield f"{name} stands in it"


def _is_a_try(page: Page) -> bool:
    """A form to look by, sent empty, and what only takes a POST of a script."""
    return page.answer.status_code == 405


def _faults_of_headers(page: Page) -> Iterator[str]:
    headers = page.answer.headers
    policy = dict(
        part.strip().partition(" ")[::2] for part in headers.get("Content-Security-Policy", "").split(";")
    )
    for name, value in STRICT.items():
        if policy.get(name) != value:
            yield f"{name} is {policy.get(name)!r}"
    if "unsafe" in str(policy):
        yield "an unsafe policy"
    for name, value in {"X-Content-Type-Options": "nosniff", **(HEADERS if page.is_html else {})}.items():
        if headers.get(name) != value:
            yield f"{name} is {headers.get(name)!r}"
    if headers.get("Referrer-Policy") not in ("same-origin", "no-referrer"):
        yield f"Referrer-Policy is {headers.get('Referrer-Policy')!r}"
    if "camera=()" not in headers.get("Permissions-Policy", ""):
        yield "no Permissions-Policy"
    for cookie in headers.get_list("Set-Cookie"):
        if "Max-Age=0" in cookie:
            continue
        if "httponly" not in cookie.lower() or "samesite=lax" not in cookie.lower():
            yield f"a cookie for scripts or other sites: {cookie.partition('=')[0]}"


def _faults_of_markup(page: Page) -> Iterator[str]:
    markup, here = page.markup, str(page.answer.url)
    site = urlsplit(here).netloc
    for tag, attributes in markup.tags:
        if tag == "style" or (
            tag == "script" and not attributes.get("src") and "json" not in attributes.get("type", "")
        ):
            yield f"<{tag}> within the page"
        if bad := [name for name in attributes if name == "style" or name.startswith(("on", "hx-on"))]:
            yield f"{bad} of <{tag}>"
        if attributes.get("target") == "_blank" and "noopener" not in attributes.get("rel", ""):
            yield f"a new window that knows this one: {attributes.get('href')}"
    for tag, link in markup.links:
        parts = urlsplit(urljoin(here, link))
        if parts.scheme not in ("http", "https", "mailto", "tel", "webcal", "data"):
            yield f"{tag} to {link[:60]}"
        elif parts.netloc not in ("", site) and (tag != "a" or parts.hostname not in OUTSIDE):
            yield f"{tag} leads out: {link[:100]}"
    for form in markup.forms:
        target = urlsplit(urljoin(here, form.action))
        if target.netloc != site:
            yield f"a form for another site: {form.action[:100]}"
        if (
            form.method == "post"
            and "csrfmiddlewaretoken" not in form.fields
            and not target.path.startswith(WITHOUT_TOKEN)
        ):
            yield f"a form without a CSRF token: {form.action or here}"
