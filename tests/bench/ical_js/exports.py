"""Prints {name: export} of every file of the corpus, each brought into a calendar of its own and taken out again.

Runs inside the product's environment: `manage.py shell -c "from tests.bench.ical_js.exports import main; main()"`.
"""

from __future__ import annotations

import json
from pathlib import Path

from django.contrib.auth import get_user_model

from scheduling import services
from scheduling.core.ical import read_calendar
from scheduling.exporting import calendar_text
from scheduling.services.importing import apply_import

FOLDER = Path(__file__).parents[2] / "data" / "ics"


def main() -> None:
    user = get_user_model().objects.get(email="bo@example.com")
    exports = {}
    for path in sorted(FOLDER.glob("*.ics")):
        calendar = services.create_calendar(user=user, name=path.stem, time_zone="Europe/Berlin")
        apply_import(calendar=calendar, events=read_calendar(path.read_bytes(), zone="Europe/Berlin").events)
        exports[path.stem] = "".join(calendar_text(calendar))
    print(json.dumps(exports))
