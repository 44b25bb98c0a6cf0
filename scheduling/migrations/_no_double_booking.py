"""The database itself refuses two sessions of a host that are too close: a trigger on SQLite, an exclusion constraint
on PostgreSQL. Of two sessions the core of one must not meet the buffered span of the other.

Trap: Django's SQLite editor rebuilds a table when a column is altered, and the triggers of the old one are gone.
A migration that alters `Reservation` has to run `guard` again at its end (a test looks for the triggers).
"""

from typing import Any

SQLITE = """
CREATE TRIGGER reservation_no_overlap_{name} BEFORE {event} ON scheduling_reservation
WHEN EXISTS (
    SELECT 1 FROM scheduling_reservation other
    WHERE other.host_id = NEW.host_id AND other.kind <> NEW.kind AND other.session <> NEW.session
      AND other."start" < NEW."end" AND NEW."start" < other."end"
)
BEGIN SELECT RAISE(ABORT, 'reservation_no_overlap'); END
"""
POSTGRESQL = """
ALTER TABLE scheduling_reservation ADD CONSTRAINT reservation_no_overlap EXCLUDE USING gist (
    host_id WITH =, kind WITH <>, session WITH <>, tstzrange("start", "end", '[)') WITH &&
)
"""


def guard(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        for name, event in (("insert", "INSERT"), ("update", "UPDATE")):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS reservation_no_overlap_{name}")
            schema_editor.execute(SQLITE.format(name=name, event=event))
    else:
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        schema_editor.execute(
            "ALTER TABLE scheduling_reservation DROP CONSTRAINT IF EXISTS reservation_no_overlap"
        )
        schema_editor.execute(POSTGRESQL)


def unguard(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        for name in ("insert", "update"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS reservation_no_overlap_{name}")
    else:
        schema_editor.execute(
            "ALTER TABLE scheduling_reservation DROP CONSTRAINT IF EXISTS reservation_no_overlap"
        )
