"""The search index: kept by triggers, so that no way of writing an event can miss it.

SQLite has an FTS5 table without content of its own, keyed by `SearchEntry`; PostgreSQL a `tsvector` on `SearchEntry`.
`install` runs after every migrate: on SQLite a migration that rebuilds the event's table drops its triggers.

Invariants:
- whatever is typed is looked for as words, never read as the database's query language
- an event is found by what it says now, however it was written
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q
from django.db.models.expressions import RawSQL

from scheduling.models import CalendarEvent

EVENTS, ENTRIES, INDEX = "scheduling_calendarevent", "scheduling_searchentry", "scheduling_search"


def matching(words: Sequence[str], people: Sequence[str] = ()) -> Q:
    """Events that have every one of `words` anywhere, and every one of `people` among their people; none without words.

    Words come from `core.search.words_of`.
    """
    if not words and not people:
        return Q(pk__in=())
    vendor = connections[router.db_for_read(CalendarEvent)].vendor
    sql, wanted = _on_postgresql(words, people) if vendor == "postgresql" else _on_sqlite(words, people)
    return Q(pk__in=RawSQL(sql, wanted))


def install(connection: BaseDatabaseWrapper) -> bool:
    """Make the index what it should be; returns whether it was built anew."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        return (_install_on_postgresql if connection.vendor == "postgresql" else _install_on_sqlite)(cursor)


# --- SQLite ------------------------------------------------------------------------------------
def _on_sqlite(words: Sequence[str], people: Sequence[str]) -> tuple[str, list[str]]:
    def phrases(wanted: Sequence[str]) -> list[str]:
        # In quotes nothing is an operator, and the index parts the word as it parts what it holds.
        return ['"{}"*'.format(word.replace('"', '""')) for word in wanted]

    parts = phrases(words) + [f"people : {phrase}" for phrase in phrases(people)]
    return (
        f"SELECT e.event_id FROM {INDEX} f JOIN {ENTRIES} e ON e.id = f.rowid WHERE {INDEX} MATCH %s",
        [" AND ".join(f"({part})" for part in parts)],
    )


def _columns_on_sqlite(row: str) -> str:
    name = "coalesce(json_extract({0}, {1} || '.displayName'), '') || ' ' || coalesce(json_extract({0}, {1} || '.email'), '')"
    host = name.format(f"{row}.organizer", "'$'")
    guest = name.format(f"{row}.attendees", "fullkey")
    guests = f"(SELECT group_concat({guest}, ' ') FROM json_each({row}.attendees) WHERE type = 'object')"
    return f"{row}.title, {row}.location, {host} || ' ' || coalesce({guests}, ''), {row}.description"


def _triggers_on_sqlite() -> dict[str, str]:
    columns = "title, location, people, description"
    watched = ("title", "location", "organizer", "attendees", "description")
    has_changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in watched)
    # An index without content must be told what it holds to forget it.
    forget = (
        f"INSERT INTO {INDEX}({INDEX}, rowid, {columns}) "
        f"SELECT 'delete', id, {_columns_on_sqlite('OLD')} FROM {ENTRIES} WHERE event_id = OLD.id;"
    )
    learn = (
        f"INSERT INTO {INDEX}(rowid, {columns}) "
        f"SELECT id, {_columns_on_sqlite('NEW')} FROM {ENTRIES} WHERE event_id = NEW.id;"
    )
    return {
        f"{INDEX}_insert": f"CREATE TRIGGER {INDEX}_insert AFTER INSERT ON {EVENTS} BEGIN "
        f"INSERT INTO {ENTRIES}(event_id) VALUES (NEW.id); {learn} END",
        f"{INDEX}_update": f"CREATE TRIGGER {INDEX}_update AFTER UPDATE OF {', '.join(watched)} ON {EVENTS} "
        f"WHEN {has_changed} BEGIN {forget} {learn} END",
        f"{INDEX}_delete": f"CREATE TRIGGER {INDEX}_delete BEFORE DELETE ON {EVENTS} BEGIN "
        f"{forget} DELETE FROM {ENTRIES} WHERE event_id = OLD.id; END",
    }


def _install_on_sqlite(cursor: Any) -> bool:
    table = (
        f"CREATE VIRTUAL TABLE {INDEX} USING fts5(title, location, people, description, content='', "
        "tokenize='unicode61 remove_diacritics 2', prefix='2 3')"
    )
    wanted = {INDEX: table, **_triggers_on_sqlite()}
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE name IN (%s, %s, %s, %s)", list(wanted))
    there = dict(cursor.fetchall())
    if there == wanted:
        return False
    for name in wanted.keys() & there.keys():
        cursor.execute(f"DROP {'TABLE' if name == INDEX else 'TRIGGER'} {name}")
    for statement in wanted.values():
        cursor.execute(statement)
    cursor.execute(f"DELETE FROM {ENTRIES}")
    cursor.execute(f"INSERT INTO {ENTRIES}(event_id) SELECT id FROM {EVENTS}")
    cursor.execute(
        f"INSERT INTO {INDEX}(rowid, title, location, people, description) "
        f"SELECT entry.id, {_columns_on_sqlite('event')} FROM {ENTRIES} entry JOIN {EVENTS} event ON event.id = entry.event_id"
    )
    return True


# --- PostgreSQL --------------------------------------------------------------------------------
# What `core.search.fold` does, in the database; runs of anything but letters and digits part the words.
FOLD = (
    "btrim(regexp_replace(normalize(regexp_replace(normalize(lower({}), NFD), "
    "'([a-z])[\\u0300-\\u036f]+', '\\1', 'g'), NFC), '[^[:alnum:]]+', ' ', 'g'))"
)


def _on_postgresql(words: Sequence[str], people: Sequence[str]) -> tuple[str, list[str]]:
    def phrase(weight: str = "") -> str:
        parts = f"replace(nullif({FOLD.format('%s')}, ''), ' ', ':*{weight} <-> ')"
        return f"document @@ to_tsquery('simple', {parts} || ':*{weight}')"

    wanted = [phrase() for _ in words] + [phrase("C") for _ in people]
    return f"SELECT event_id FROM {ENTRIES} WHERE {' AND '.join(wanted)}", [*words, *people]


def _install_on_postgresql(cursor: Any) -> bool:
    def vector(column: str, weight: str) -> str:
        return f"setweight(to_tsvector('simple', {FOLD.format(column)}), '{weight}')"

    name = "coalesce({0}->>'displayName', '') || ' ' || coalesce({0}->>'email', '')"
    guests = (
        f"(SELECT string_agg({name.format('guest')}, ' ') FROM jsonb_array_elements("
        "CASE jsonb_typeof(event.attendees) WHEN 'array' THEN event.attendees ELSE '[]' END) guest)"
    )
    people = f"{name.format('event.organizer')} || ' ' || coalesce({guests}, '')"
    document = " || ".join(
        [
            vector("event.title", "A"),
            vector("event.location", "B"),
            vector(people, "C"),
            # A vector holds at most a megabyte.
            vector("left(regexp_replace(event.description, '<[^>]+>', ' ', 'g'), 50000)", "D"),
        ]
    )
    source = (
        f"BEGIN INSERT INTO {ENTRIES}(event_id, document) SELECT event.id, {document} FROM (SELECT NEW.*) event "
        "ON CONFLICT (event_id) DO UPDATE SET document = EXCLUDED.document; RETURN NULL; END"
    )
    forget = f"BEGIN DELETE FROM {ENTRIES} WHERE event_id = OLD.id; RETURN OLD; END"
    wanted = {f"{INDEX}_learn": source, f"{INDEX}_forget": forget}
    cursor.execute(
        "SELECT proname, prosrc FROM pg_proc JOIN pg_trigger ON tgfoid = pg_proc.oid WHERE proname IN (%s, %s)",
        list(wanted),
    )
    if dict(cursor.fetchall()) == wanted:
        return False
    cursor.execute(f"ALTER TABLE {ENTRIES} ADD COLUMN IF NOT EXISTS document tsvector")
    cursor.execute(f"CREATE INDEX IF NOT EXISTS {INDEX}_document ON {ENTRIES} USING gin (document)")
    for name, body in wanted.items():
        cursor.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body${body}$body$"
        )
    cursor.execute(
        f"CREATE OR REPLACE TRIGGER {INDEX}_write AFTER INSERT OR UPDATE OF "
        f"title, location, organizer, attendees, description ON {EVENTS} "
        f"FOR EACH ROW EXECUTE FUNCTION {INDEX}_learn()"
    )
    cursor.execute(
        f"CREATE OR REPLACE TRIGGER {INDEX}_delete BEFORE DELETE ON {EVENTS} "
        f"FOR EACH ROW EXECUTE FUNCTION {INDEX}_forget()"
    )
    cursor.execute(f"DELETE FROM {ENTRIES}")
    cursor.execute(
        f"INSERT INTO {ENTRIES}(event_id, document) SELECT event.id, {document} FROM {EVENTS} event"
    )
    return True
