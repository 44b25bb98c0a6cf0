"""Web origins as people type them: `https://www.example.org`."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

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
        raise ValueError(f"“{text}” is not an address of a site.") from None
    if parts.scheme not in ("http", "https") or not HOST.fullmatch(host) or "@" in parts.netloc:
        raise ValueError(f"“{text}” is not an address of a site, such as https://www.example.org.")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"“{text}”: leave out what comes after the name of the site.")
    if parts.scheme == "http" and host not in LOCAL:
        raise ValueError(f"“{text}” has to begin with https://.")
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")
