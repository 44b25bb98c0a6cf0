"""Every address that the product answers, read off its URL patterns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from django.urls import URLPattern, URLResolver, get_resolver

ANSWERS = {"uuid": str(uuid4()), "int": "1", "str": "month", "slug": "x", "path": "x"}


def addresses(resolver: Any = None, prefix: str = "") -> Iterator[str]:
    """Every pattern as an address with made-up ids."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern).lstrip("^").replace("\\Z", "").rstrip("$")
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route)
        elif isinstance(pattern, URLPattern) and "(" not in route:
            yield route


def filled(route: str) -> str:
    while "<" in route:
        head, _, rest = route.partition("<")
        kind, _, tail = rest.partition(">")
        route = head + ANSWERS.get(kind.partition(":")[0] if ":" in kind else "str", ANSWERS["uuid"]) + tail
    return route
