"""Benchmarks that call our code in their own process: Django on a fresh SQLite file."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

import django
from django.core.management import call_command


def use_own_database() -> None:
    """Set Django up on an empty database in a temporary folder; call it before the models are imported."""
    folder = tempfile.mkdtemp(prefix="appointment-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
    django.setup()
    call_command("migrate", verbosity=0)
