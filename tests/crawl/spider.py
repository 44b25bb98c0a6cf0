"""Walks the pages of a running product as somebody, by the links and forms that stand on them."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

# What differs between addresses of one kind: ids, dates, numbers, file versions, and words in a query.
CHANGING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)(month|week|day|agenda)(?=/)|\d[\d-]*|(?<==)[^&]*")
LINKS = {"a": "href", "link": "href", "script": "src", "img": "src", "iframe": "src"}


@dataclass
class Form:
    method: str
    action: str
    fields: set[str] = field(default_factory=set)


class Markup(HTMLParser):
    """What stands in a page: `tags` as (name, attributes), `links` as (tag, address), forms, scripts within the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        address = found.get(LINKS.get(tag, ""))
        if address:
            self.links.append((tag, address))
        if found.get("hx-get"):
            self.links.append(("hx-get", found["hx-get"]))
        if tag == "form":
            self.forms.append(Form(found.get("method", "get").lower(), found.get("action", "")))
        elif tag in ("input", "button", "select", "textarea") and self.forms and found.get("name"):
            self.forms[-1].fields.add(found["name"])


@dataclass
class Page:
    """An answer; `came_from` is the page whose link led here."""

    address: str
    came_from: str
    answer: httpx.Response

    @property
    def is_html(self) -> bool:
        return self.answer.headers.get("Content-Type", "").startswith("text/html")

    @property
    def markup(self) -> Markup:
        return Markup(self.answer.text)


def crawl(
    client: httpx.Client, starts: Iterable[str], *, of_each_kind: int, with_queries: bool = True
) -> Iterator[Page]:
    """Every page that links, forms to look by, and redirects lead to; of a kind of address at most so many.

    Without queries a page that is filtered, sorted or turned is not another one.
    """
    site = urlsplit(str(client.base_url)).netloc
    waiting = deque((start, "") for start in starts)
    seen: set[str] = set()
    kinds: Counter[str] = Counter()
    while waiting:
        address, came_from = waiting.popleft()
        kind = CHANGING.sub("#", address)
        if address in seen or kinds[kind] >= of_each_kind:
            continue
        seen.add(address)
        kinds[kind] += 1
        page = Page(address, came_from, client.get(address))
        yield page
        found = [page.answer.headers["Location"]] if page.answer.is_redirect else []
        if page.is_html:
            markup = page.markup
            found += [link for _, link in markup.links]
            found += [form.action for form in markup.forms if form.method == "get" and form.action]
        for link in found:
            parts = urlsplit(urljoin(str(page.answer.url), link))
            is_ours = parts.netloc == site and parts.scheme in ("http", "https")
            if is_ours and (with_queries or not parts.query):
                waiting.append((parts.path + (f"?{parts.query}" if parts.query else ""), address))
