"""Runs in the oracle's environment: expand one window of one calendar, parsed before the clock starts."""

import json
import statistics
import sys
import time
from datetime import UTC, datetime

import icalendar
import recurring_ical_events

case = json.load(sys.stdin)
start, end = (datetime.fromisoformat(moment) for moment in case["window"])
calendar = icalendar.Calendar.from_ical(case["ical"])
times, found = [], []
for _ in range(3):
    began = time.process_time()
    found = recurring_ical_events.of(calendar).between(start, end)
    times.append(1000 * (time.process_time() - began))
starts = sorted(event["DTSTART"].dt.astimezone(UTC).isoformat() for event in found)
json.dump({"milliseconds": statistics.median(times), "starts": starts}, sys.stdout)
