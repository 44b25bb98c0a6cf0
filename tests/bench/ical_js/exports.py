"""Prints {name: export} of every file of the corpus, each brought into a calendar of its own and taken out again.

Runs inside a product's environment: `manage.py shell -c "from tests.bench.ical_js.exports import main; main()"`.
"""

from __future__ import annotations

import json

from scheduling import services
from tests.ical_corpus import FILES, bring_in, content, take_out
from tests.make import make_user


def main() -> None:
    user = make_user()
    exports = {}
    for name in FILES:
        calendar = services.create_calendar(user=user, name=name, time_zone="Europe/Berlin")
        bring_in(content(name), calendar)
        exports[name] = take_out(calendar).decode()
    print(json.dumps(exports))
