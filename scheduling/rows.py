"""Many new rows in few statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

from django.db import connections, router
from django.db.models import Field, Model


def insert_rows(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """INSERT rows of {attribute: value}; `vars(instance)` is one, other keys are left alone.

    What a row does not name is the field's default, the same one in all rows. This is `bulk_create` for thousands:
    that asks every field of every object anew how it is written, which takes longer than the database does. No
    `pre_save`, no signals, no keys handed back.
    """
    if not rows:
        return
    connection = connections[router.db_for_write(model)]
    named = set[str]().union(*rows)
    fields = [
        field
        for field in model._meta.concrete_fields
        if field is not model._meta.auto_field or rows[0].get(field.attname) is not None
    ]
    columns = [_column(field, rows, connection, field.attname in named) for field in fields]
    written = list(zip(*columns, strict=True))
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    insert = f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({names}) VALUES "
    row = f"({', '.join(['%s'] * len(fields))})"
    size = connection.ops.bulk_batch_size(fields, rows)
    with connection.cursor() as cursor:
        for start in range(0, len(written), size):
            part = written[start : start + size]
            cursor.execute(insert + ", ".join([row] * len(part)), list(chain.from_iterable(part)))


def _column(
    field: Field[Any, Any], rows: Sequence[Mapping[str, Any]], connection: Any, is_named: bool
) -> Iterable[Any]:
    """The values of one field, as the database takes them."""
    name, prepare, default = field.attname, field.get_db_prep_save, field.get_default()
    if not is_named:
        return repeat(prepare(default, connection), len(rows))
    column, last, prepared = [], object(), None
    for row in rows:
        value = row.get(name, default)
        if value is not last:  # many columns say the same over and over
            last, prepared = value, prepare(value, connection)
        column.append(prepared)
    return column
