"""Runs in an environment of its own (requirements/oracle.txt): iCalendar and windows in, starts out, as JSON lines."""

import json
import sys
from datetime import UTC, datetime

import icalendar
import recurring_ical_events


def write(value):
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return value.strftime("%Y%m%d")


for line in sys.stdin:
    case = json.loads(line)
    start, end = (datetime.fromisoformat(moment) for moment in case["window"])
    try:
        calendar = icalendar.Calendar.from_ical(case["ical"])
        found = recurring_ical_events.of(calendar, skip_bad_series=False).between(start, end)
        answer = sorted([write(event["DTSTART"].dt), write(event["DTEND"].dt)] for event in found)
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"
    print(json.dumps(answer), flush=True)
