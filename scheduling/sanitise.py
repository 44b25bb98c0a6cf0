"""The only place where text from outside becomes markup.

What is stored stays as it came (sync sends it back unchanged); it is cleaned each time it is shown.
"""

from __future__ import annotations

import html
import re

import nh3
from django.utils.html import escape, urlize
from django.utils.safestring import SafeString, mark_safe

TAGS = {"a", "b", "i", "u", "em", "strong", "br", "p", "ul", "ol", "li", "span"}
SCHEMES = {"http", "https", "mailto", "tel"}
MARKUP = re.compile(rf"</?(?:{'|'.join(sorted(TAGS))})\b[^>]*>", re.IGNORECASE)
NEW_LINE = re.compile(r"<(?:br|/p|/li|/ul|/ol)\b[^>]*>", re.IGNORECASE)
NEW_ITEM = re.compile(r"<li\b[^>]*>", re.IGNORECASE)
LINK = re.compile(r"<a\s[^>]*?href=\"([^\"]*)\"[^>]*>(.*?)</a>", re.IGNORECASE | re.DOTALL)


def is_markup(text: str) -> bool:
    """Whether a description is written in HTML."""
    return "<" in text and bool(MARKUP.search(text))


def cleaned_markup(text: str) -> str:
    """HTML by the allow-list, for what leaves this site."""
    return nh3.clean(text, tags=TAGS, attributes={"a": {"href"}}, url_schemes=SCHEMES, link_rel=None)


def description_html(text: str) -> SafeString:
    """A description as harmless markup: HTML by an allow-list, plain text with its lines and links.

    Show it inside an element with `hx-disable`.
    """
    return _shown(text) if is_markup(text) else linked_text(text)


def linked_text(text: str) -> SafeString:
    """Plain text with its lines, and with its addresses as links that open safely."""
    return _shown(urlize(escape(text)).replace("\n", "<br>"))


def _shown(markup: str) -> SafeString:
    return mark_safe(
        nh3.clean(
            markup,
            tags=TAGS,
            attributes={"a": {"href"}},
            set_tag_attribute_values={"a": {"target": "_blank"}},
            url_schemes=SCHEMES,
            link_rel="noopener noreferrer nofollow",
        )
    )


def plain_text(text: str) -> str:
    """A description as plain text for mails, files and excerpts; a link keeps its address behind its words."""
    if not is_markup(text):
        return text.strip()
    cleaned = LINK.sub(lambda link: _with_address(link[2], link[1]), cleaned_markup(text))
    cleaned = NEW_LINE.sub("\n", NEW_ITEM.sub("- ", cleaned))
    lines = html.unescape(nh3.clean(cleaned, tags=set())).splitlines()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.strip() for line in lines)).strip()


def _with_address(words: str, address: str) -> str:
    target = address.removeprefix("mailto:").removeprefix("tel:")
    return words if target in words else f"{words} ({target})"
