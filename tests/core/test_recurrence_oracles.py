"""Our recurrence beside two others, on generated series: equal wherever these agree.

`CASES=20000 pytest tests/core/test_recurrence_oracles.py` for a longer run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import UTC, date, datetime, timedelta
from itertools import islice, takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr

from scheduling.core.recurrence import OccurrenceSpan, expand
from scheduling.core.recurrence.rule import parse_rule
from tests.oracle.rules import Case, as_text, generate

CASES = int(os.environ.get("CASES", "2000"))
ROOT = Path(__file__).resolve().parent.parent.parent
ORACLE = ROOT / ".venv" / "oracle" / "bin" / "python"
DISAGREEMENTS_SHOWN = 5


def test_a_rule_names_the_times_that_dateutil_names() -> None:
    different = []
    for seed in range(CASES):
        case = generate(seed, only_rule=True)
        text = case.lines[0].removeprefix("RRULE:")
        rule = parse_rule(text)
        # dateutil walks a rule that never happens up to the year 9999, a second each: some of them are enough.
        if seed > 200 and next(rule.starts(case.first, case.first), None) is None:
            continue
        limit = case.first + timedelta(days=1500)
        if rule.until:
            limit = min(limit, datetime.strptime(rule.until.rstrip("Z"), "%Y%m%dT%H%M%S"))
            text = text.replace(f";UNTIL={rule.until}", "")
        # An end instead of the count keeps dateutil from walking a sparse rule up to the year 9999.
        text = re.sub(";COUNT=[0-9]+", "", text) + f";UNTIL={limit:%Y%m%dT%H%M%S}"
        theirs = islice(rrulestr(text, dtstart=case.first), rule.count)
        ours = takewhile(lambda wall: wall <= limit, rule.starts(case.first, case.first))  # noqa: B023
        if list(islice(theirs, 100)) != list(islice(ours, 100)):
            different.append((seed, text, case.first))
    assert different[:DISAGREEMENTS_SHOWN] == []


def test_a_rule_entered_late_names_what_it_names_from_the_start() -> None:
    for seed in range(CASES):
        case = generate(seed, only_rule=True)
        rule = parse_rule(case.lines[0].removeprefix("RRULE:"))
        after = case.first + timedelta(days=seed % 1500, hours=seed % 24)
        limit = after + timedelta(days=800)
        whole = takewhile(lambda wall: wall <= limit, rule.starts(case.first, case.first))  # noqa: B023
        late = takewhile(lambda wall: wall <= limit, rule.starts(case.first, after))  # noqa: B023
        assert [wall for wall in whole if wall >= after] == list(late), (seed, case.lines)


def test_series_are_those_of_recurring_ical_events_in_every_zone() -> None:
    cases = [generate(seed) for seed in range(CASES // 4)]  # they take about 30 ms each
    different = []
    for seed, (case, theirs) in enumerate(zip(cases, ask_recurring_ical_events(cases), strict=True)):
        assert isinstance(theirs, list), (theirs, case)
        # Where a gap leaves nothing between start and end they have an occurrence of no length, we keep its length.
        theirs = [span for span in theirs if span[0] < span[1]]
        kept = {span[0] for span in theirs}
        spans = [
            span
            for span in expand(case.values, start=case.window[0], end=case.window[1])
            if as_text(span.start) in kept or not is_pressed_by_a_gap(span, case)
        ]
        ours = sorted([as_text(span.start), as_text(span.end)] for span in spans)
        if ours != theirs:
            different.append((seed, case.zone, case.lines, case.first, differences(ours, theirs)))
    assert different[:DISAGREEMENTS_SHOWN] == []


def ask_recurring_ical_events(cases: list[Case]) -> list[list[list[str]]]:
    if not ORACLE.exists():
        pytest.fail("recurring-ical-events is not set up: run `make test`, which does it.")
    lines = "".join(
        json.dumps({"ical": case.ical, "window": [moment.isoformat() for moment in case.window]}) + "\n"
        for case in cases
    )
    done = subprocess.run(
        [ORACLE, ROOT / "tests" / "oracle" / "recurring_ical_events_main.py"],
        input=lines,
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def is_pressed_by_a_gap(span: OccurrenceSpan, case: Case) -> bool:
    if not isinstance(span.start, datetime):
        return False
    wall = span.start.astimezone(ZoneInfo(case.zone)).replace(tzinfo=None)
    before = (span.start - timedelta(hours=3)).astimezone(ZoneInfo(case.zone)).replace(tzinfo=None)
    return wall - before > timedelta(hours=3)


def differences(ours: list[list[str]], theirs: list[list[str]]) -> dict[str, list[list[str]]]:
    return {
        "only ours": [span for span in ours if span not in theirs][:3],
        "only theirs": [span for span in theirs if span not in ours][:3],
    }


@pytest.mark.parametrize(
    "first", [date(2020, 12, 28), date(2021, 1, 1), date(2024, 12, 30), date(2026, 1, 1)]
)
def test_weeks_are_numbered_as_iso_8601_numbers_them(first: date) -> None:
    """Also at the turn of the year, where dateutil looks at the wrong year's length."""
    start = datetime(first.year, first.month, first.day, 9)
    for week in (1, 2, 52, 53):
        rule = parse_rule(f"FREQ=YEARLY;BYWEEKNO={week};BYDAY=MO,TU,WE,TH,FR,SA,SU")
        found = [wall.date() for wall in islice(rule.starts(start, start), 60)]
        days = (first + timedelta(days=n) for n in range((found[-1] - first).days + 1))
        assert found == [day for day in days if day.isocalendar().week == week]


def test_the_engines_are_asked_about_many_zones_and_both_kinds_of_events() -> None:
    cases = [generate(seed) for seed in range(CASES)]
    assert len({case.zone for case in cases}) == 16
    assert all(case.values.start.tzinfo is UTC for case in cases if isinstance(case.values.start, datetime))
