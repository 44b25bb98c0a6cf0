"""Web origins as people type them: `https://www.example.org`."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from scheduling.core.language import gettext as _

LOCAL = {"localhost", "127.0.0.1"}
HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")


def clean_origin(text: str) -> str:
    """The origin in the form that browsers compare. Only https, except on this very machine; no wildcards.

    Raises ValueError with words for people.
    """
    parts = urlsplit(text.strip())
    try:
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port
    except (UnicodeError, ValueError):
        raise ValueError(_("“%(text)s” is not an address of a site.") % {"text": text}) from None
    if parts.scheme not in ("http", "https") or not HOST.fullmatch(host) or "@" in parts.netloc:
        raise ValueError(
            _("“%(text)s” is not an address of a site, such as https://www.example.org.") % {"text": text}
        )
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(_("“%(text)s”: leave out what comes after the name of the site.") % {"text": text})
    if parts.scheme == "http" and host not in LOCAL:
        raise ValueError(_("“%(text)s” has to begin with https://.") % {"text": text})
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")
