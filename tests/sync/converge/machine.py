"""What may happen: the rules of the Hypothesis state machine."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from scheduling import services
from scheduling.core.event import EventValues
from sync.engine import run_account
from tests.make import make_event
from tests.sandbox.client import SandboxControl
from tests.sync.converge.sides import Sides
from tests.sync.converge.story import Story, StoryFailed, pick, told
from tests.sync.hooked_provider import after_calls, killed_at_call, killed_at_statement

FIRST_DAY = date(2026, 12, 1)
FAULTS: list[dict[str, Any]] = [
    {"drop_before": True},
    {"process_then_drop": True},
    {"truncated_json": True},
    {"status": 500},
    {"error": "backendError"},
    {"error": "rateLimitExceeded"},
    {"error": "conditionNotMet"},
    {"page_size": 1},
    {"page_size": 0},
]
ANY = st.integers(0, 10_000)
PLACES = [{"method": "POST"}, {"method": "PATCH"}, {"method": "DELETE"}, {"method": "GET"}, {}]


class TwoSides(Sides):
    @rule(day=st.integers(0, 40), kind=st.sampled_from(["timed", "days", "weekly", "daily"]))
    @told
    def create_here(self, day: int, kind: str) -> None:
        name = self._token()
        over: dict[str, Any] = {"title": name, "description": f"made {name}"}
        start = datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(days=day, hours=9)
        over |= {"start": start, "end": start + timedelta(hours=1)}
        if kind == "days":
            over = over | {"is_all_day": True, "start": start.date(), "end": start.date() + timedelta(days=2)}
        if kind in ("weekly", "daily"):
            over |= {"recurrence": (f"RRULE:FREQ={kind.upper()};COUNT=5",)}
        make_event(self.user, **over)
        self.stories[f"made {name}"] = Story(here={"title": name})

    @rule(at=ANY, name=st.sampled_from(["title", "location"]))
    @told
    def edit_here(self, at: int, name: str) -> None:
        event = pick(self._ours(), at)
        if event is None:
            return
        token = self._token()
        services.update_event(event=event, values=replace(event.values, **{name: token}), origin="web")
        if not event.series_id:
            self._story(event.description).here[name] = token

    @rule(at=ANY, hours=st.integers(-30, 30))
    @told
    def move_here(self, at: int, hours: int) -> None:
        event = pick([e for e in self._ours() if not e.recurrence], at)
        if event is None:
            return
        services.update_event(event=event, values=_shifted(event.values, hours=hours), origin="web")

    @rule(at=ANY)
    @told
    def delete_here(self, at: int) -> None:
        event = pick(self._ours(), at)
        if event is None:
            return
        services.delete_event(event=event, origin="web")
        if not event.series_id:
            self._story(event.description).deleted_here = True

    @rule(at=ANY, which=st.integers(0, 4), what=st.sampled_from(["edit", "move", "cancel"]))
    @told
    def change_an_occurrence_here(self, at: int, which: int, what: str) -> None:
        series = pick([event for event in self._ours() if event.recurrence], at)
        if series is None:
            return
        occurrence = self._occurrence(series, which)
        if occurrence is None or occurrence.is_deleted:
            return
        named: dict[str, Any] = {"series": series, "occurrence": occurrence.key, "origin": "web"}
        if what == "cancel":
            services.delete_occurrence(**named)
        elif what == "edit":
            services.update_occurrence(**named, values=replace(occurrence.values, location=self._token()))
        else:
            services.update_occurrence(**named, values=_shifted(occurrence.values, hours=2))

    @rule(at=ANY, which=st.integers(1, 4), what=st.sampled_from(["edit", "move", "end"]))
    @told
    def change_what_follows_here(self, at: int, which: int, what: str) -> None:
        series = pick([event for event in self._ours() if event.recurrence], at)
        occurrence = series and self._occurrence(series, which)
        if series is None or occurrence is None or occurrence.is_deleted:
            return
        named: dict[str, Any] = {"series": series, "occurrence": occurrence.key, "origin": "web"}
        if what == "end":
            # Of what nothing is shown before, that is all of it.
            self._story(series.description).deleted_here |= services.delete_following(**named).is_deleted
            return
        rule_lines = tuple(series.recurrence)
        values = replace(occurrence.values, recurrence=rule_lines, description=f"made {self._token()}")
        if what == "move":
            values = _shifted(values, hours=1)
        services.update_following(**named, values=values)
        self._story(series.description).is_divided = True

    @rule(at=ANY, hours=st.sampled_from([-2, 1, 26]))
    @told
    def move_a_series_here(self, at: int, hours: int) -> None:
        series = pick([event for event in self._ours() if event.recurrence], at)
        if series is not None:
            services.update_event(event=series, values=_shifted(series.values, hours=hours), origin="web")

    @rule(day=st.integers(0, 40), kind=st.sampled_from(["timed", "days", "weekly"]))
    @told
    def create_there(self, day: int, kind: str) -> None:
        name = self._token()
        start = FIRST_DAY + timedelta(days=day)
        body: dict[str, Any] = {"summary": name, "description": f"made {name}"}
        if kind == "days":
            body |= {
                "start": {"date": start.isoformat()},
                "end": {"date": (start + timedelta(days=1)).isoformat()},
            }
        else:
            for key, hour in (("start", 14), ("end", 15)):
                body[key] = {"dateTime": f"{start}T{hour}:00:00+01:00", "timeZone": "Europe/Berlin"}
        if kind == "weekly":
            body["recurrence"] = ["RRULE:FREQ=WEEKLY;COUNT=5"]
        self.google.add(body)
        self.stories[f"made {name}"] = Story(there={"title": name})

    @rule(at=ANY, name=st.sampled_from(["summary", "location"]))
    @told
    def edit_there(self, at: int, name: str) -> None:
        item = pick(self._theirs(), at)
        if item is None:
            return
        token = self._token()
        self.google.change(item["id"], **{name: token})
        self._story(item["description"]).there["title" if name == "summary" else name] = token

    @rule(at=ANY)
    @told
    def delete_there(self, at: int) -> None:
        item = pick(self._theirs(), at)
        if item is None:
            return
        self.google.delete(item["id"])
        story = self._story(item["description"])
        # Who deletes takes back the own edits; a tombstone does not tell them, should the event come back.
        story.deleted_there, story.there = True, {}

    @rule(at=ANY, what=st.sampled_from(["edit", "move", "cancel"]))
    @told
    def change_an_occurrence_there(self, at: int, what: str) -> None:
        instance = self._instance(at)
        if instance is None:
            return
        if what == "edit":
            self.google.change(instance["id"], location=self._token())
        elif what == "cancel":
            self.google.delete(instance["id"])
        elif "dateTime" in instance["start"]:
            times = {key: datetime.fromisoformat(instance[key]["dateTime"]) for key in ("start", "end")}
            shifted = {
                key: {"dateTime": (moment + timedelta(hours=3)).isoformat(), "timeZone": "Europe/Berlin"}
                for key, moment in times.items()
            }
            self.google.change(instance["id"], **shifted)

    @rule(at=ANY)
    @told
    def divide_a_series_there(self, at: int) -> None:
        instance = self._instance(at)
        if instance is None:
            return
        master = self.google.control.event(self.google.email, instance["recurringEventId"])
        stamp = instance["id"].removeprefix(master["id"] + "_")
        changes = {"description": f"made {self._token()}"}
        self.control.split_series(self.google.email, master["id"], stamp, changes)
        self._story(master.get("description", "")).is_divided = True

    @rule()
    @told
    def sync(self) -> None:
        self._sync()

    @rule(fault=st.sampled_from(FAULTS), place=st.sampled_from(PLACES), times=st.integers(1, 3))
    @told
    def sync_with_a_fault(self, fault: dict[str, Any], place: dict[str, Any], times: int) -> None:
        self.control.fault(fault, times=times, path="/calendars/", **place)
        self._sync()
        self.control.clear_faults()

    @rule(at=st.integers(1, 12))
    @told
    def sync_killed_after_a_call(self, at: int) -> None:
        with killed_at_call(at):
            self._sync()
        self._bury()

    @rule(at=st.integers(1, 80))
    @told
    def sync_killed_before_a_statement(self, at: int) -> None:
        with killed_at_statement(at):
            self._sync()
        self._bury()

    @rule(at=st.integers(1, 6))
    @told
    def sync_overtaken_by_another_worker(self, at: int) -> None:
        is_first = True

        def overtake(calls: int) -> None:
            nonlocal is_first
            if is_first and calls == at:
                is_first = False
                self._bury()
                run_account(self.account.pk)

        with after_calls(overtake):
            self._sync()

    @rule()
    @told
    def sync_tokens_die(self) -> None:
        self.google.expire_sync_tokens()

    @rule()
    @told
    def access_token_dies(self) -> None:
        self.google.expire_access_tokens()

    @rule(hours=st.sampled_from([-2, 2]))
    @told
    def googles_clock_is_off(self, hours: int) -> None:
        self.clock_offset = hours * 3600


def _shifted(values: EventValues, *, hours: int) -> EventValues:
    step = timedelta(days=hours // 24) if values.is_all_day else timedelta(hours=hours)
    return replace(values, start=values.start + step, end=values.end + step)


def converge(control: SandboxControl, *, examples: int, steps: int, same: bool = False) -> None:
    """So many stories of so many operations, the `same` ones each time or others; raises what did not hold, with the shortest story found."""
    TwoSides.control, StoryFailed.last = control, None
    options = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=same,
        print_blob=False,
        phases=[Phase.generate],  # a story of HTTP calls takes too long to shrink
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(TwoSides, settings=options)
    except Exception as error:
        raise StoryFailed.last or error from error


def retell(control: SandboxControl, story: str) -> None:
    """One story again, from its steps as they were printed: `edit_here(at=3, name='title')`, one a line."""
    TwoSides.control = control
    machine = TwoSides()
    for line in filter(None, story.splitlines()):
        call = ast.parse(line.strip(), mode="eval").body
        assert isinstance(call, ast.Call) and isinstance(call.func, ast.Name), line
        arguments = {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg}
        getattr(machine, call.func.id)(**arguments)
