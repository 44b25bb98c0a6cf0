"""The only place where text from outside becomes markup.

What is stored stays as it came (sync sends it back unchanged); it is cleaned each time it is shown.
"""

from __future__ import annotations

import re

import nh3
from django.utils.html import escape, urlize
from django.utils.safestring import SafeString, mark_safe

TAGS = {"a", "b", "i", "u", "em", "strong", "br", "p", "ul", "ol", "li", "span"}
SCHEMES = {"http", "https", "mailto", "tel"}
MARKUP = re.compile(rf"</?(?:{'|'.join(sorted(TAGS))})\b[^>]*>", re.IGNORECASE)


def description_html(text: str) -> SafeString:
    """A description as harmless markup: HTML by an allow-list, plain text with its lines and links.

    Show it inside an element with `hx-disable`.
    """
    markup = text if MARKUP.search(text) else urlize(escape(text)).replace("\n", "<br>")
    return mark_safe(
        nh3.clean(
            markup,
            tags=TAGS,
            attributes={"a": {"href"}},
            url_schemes=SCHEMES,
            link_rel="noopener noreferrer nofollow",
        )
    )
