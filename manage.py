#!/usr/bin/env python
"""Django's command-line utility."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    try:
        from django.core.management import execute_from_command_line
        from django.db.utils import OperationalError
    except ImportError as error:
        raise SystemExit(f"{error}. Run `make run` once, then use .venv/bin/python manage.py …") from error
    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise SystemExit(
            f"The database does not answer: {reason}. Start it or correct DATABASE_URL."
        ) from error


if __name__ == "__main__":
    main()
