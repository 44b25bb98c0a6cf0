"""What the database would do for a query."""

from __future__ import annotations

from typing import Any

from django.db import connection


def plan_of(queryset: Any) -> str:
    """The plan in the database's words; PostgreSQL is kept from reading small tables whole."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    return str(queryset.explain())
