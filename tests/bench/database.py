"""Benchmarks that call our code in their own process: Django on a fresh SQLite file, and one form of table."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable

import django
from django.core.management import call_command


def use_own_database() -> None:
    """Set Django up on an empty database in a temporary folder; call it before the models are imported."""
    folder = tempfile.mkdtemp(prefix="appointment-bench-")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
    django.setup()
    call_command("migrate", verbosity=0)


def print_table(rows: Iterable[tuple[str, float, float, str]]) -> None:
    """Rows are (what, our milliseconds, theirs, who they are)."""
    print(f"{'milliseconds of the processor':<50} {'ours':>9} {'theirs':>9}  ratio")
    for name, ours, theirs, who in rows:
        print(f"{name:<50} {ours:9.2f} {theirs:9.2f} {ours / theirs:6.3f}  {who}")
