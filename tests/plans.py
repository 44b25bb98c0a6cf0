"""What the database would do for a query."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


def plan_of(queryset: Any) -> str:
    """The plan in the database's words; PostgreSQL is kept from reading small tables whole."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    return str(queryset.explain())


@contextmanager
def plans() -> Iterator[list[str]]:
    """Collects the plan of every SELECT that runs inside, in the database's words."""
    found: list[str] = []
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"

    def execute_and_explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT"):
            execute(f"{explain} {sql}", params, many, context)
            found.append("\n".join(str(row[-1]) for row in context["cursor"].fetchall()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(execute_and_explain):
        yield found
