"""Two people and one calendar, one here and one in Google, with faults, crashes and clocks that differ.

`python -m tests.sync.converge --operations 10000` runs it long; `test_converge.py` a bounded part of it. Whenever it
is quiet: both sides show the same, nothing is there twice, and no edit is lost without a recorded conflict.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import django

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ["APPOINTMENT_VAR_DIR"] = tempfile.mkdtemp(prefix="appointment-converge-")
    django.setup()

import httpx
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from scheduling import services
from scheduling.core.event import EventValues
from scheduling.models import CalendarEvent, EventRevision, Occurrence
from scheduling.series import SeriesOccurrence, find_occurrence
from sync.engine import run_account
from sync.models import CalendarLink, Conflict, EventLink, GoogleAccount
from tests.make import make_event, make_user
from tests.sandbox.client import SandboxControl
from tests.sandbox.fixtures import run_sandbox
from tests.sync.conftest import connect
from tests.sync.google_side import GoogleSide
from tests.sync.hooked_provider import after_calls, killed_at_call, killed_at_statement

FIRST_DAY = date(2026, 12, 1)
WINDOW = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
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

Item = TypeVar("Item")


def told(step: Callable[..., None]) -> Callable[..., None]:
    """Keep what was done, and what did not hold: times and ids differ in each telling, so Hypothesis may be unable to
    tell a failing story twice."""

    @wraps(step)
    def telling(self: TwoSides, **arguments: Any) -> None:
        words = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        self.story_told.append(f"{step.__name__}({words})")
        try:
            step(self, **arguments)
        except Exception as error:
            self.is_failing = True
            told_so_far = "\n".join(self.story_told)
            raise StoryFailed(f"{type(error).__name__}: {error}\n{told_so_far}") from error

    return telling


class StoryFailed(AssertionError):
    last: ClassVar[StoryFailed | None] = None

    def __init__(self, text: str) -> None:
        super().__init__(text)
        StoryFailed.last = StoryFailed.last or self


@dataclass
class Story:
    """What people did to one event since both sides were last equal. Moves do not count: two may cancel out."""

    here: dict[str, str] = field(default_factory=dict)
    there: dict[str, str] = field(default_factory=dict)
    deleted_here: bool = False
    deleted_there: bool = False
    was_synced_meanwhile: bool = False
    is_divided: bool = False


class TwoSides(RuleBasedStateMachine):
    control: ClassVar[SandboxControl]
    operations: ClassVar[int] = 0
    quiets: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.control.reset()
        get_user_model().objects.all().delete()  # what a story that failed has left
        for name in ("GOOGLE_CALENDAR_ENDPOINT", "GOOGLE_TOKEN_URL", "GOOGLE_REVOKE_URL"):
            self._set(name, self.control.addresses[name])
        self.google = GoogleSide(self.control)
        self.user = make_user("alice@example.com")
        self.account = connect(self.user, self.google)
        self.number = self.clock_offset = 0
        self.story_told: list[str] = []
        self.stories: dict[str, Story] = {}
        self.is_failing = False
        assert run_account(self.account.pk, in_foreground=True).error == ""

    def _set(self, name: str, value: str) -> None:
        override = override_settings(**{name: value})
        override.enable()
        self._overrides = [*getattr(self, "_overrides", []), override]

    def teardown(self) -> None:
        try:
            if not self.is_failing:
                self.quiet()
        finally:
            for override in reversed(self._overrides):
                override.disable()

    # --- here ----------------------------------------------------------------------------------------

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
        event = _pick(self._ours(), at)
        if event is None:
            return
        token = self._token()
        services.update_event(event=event, values=replace(event.values, **{name: token}), origin="web")
        if not event.series_id:
            self._story(event.description).here[name] = token

    @rule(at=ANY, hours=st.integers(-30, 30))
    @told
    def move_here(self, at: int, hours: int) -> None:
        event = _pick([e for e in self._ours() if not e.recurrence], at)
        if event is None:
            return
        services.update_event(event=event, values=_shifted(event.values, hours=hours), origin="web")

    @rule(at=ANY)
    @told
    def delete_here(self, at: int) -> None:
        event = _pick(self._ours(), at)
        if event is None:
            return
        services.delete_event(event=event, origin="web")
        if not event.series_id:
            self._story(event.description).deleted_here = True

    @rule(at=ANY, which=st.integers(0, 4), what=st.sampled_from(["edit", "move", "cancel"]))
    @told
    def change_an_occurrence_here(self, at: int, which: int, what: str) -> None:
        series = _pick([event for event in self._ours() if event.recurrence], at)
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
        series = _pick([event for event in self._ours() if event.recurrence], at)
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
        series = _pick([event for event in self._ours() if event.recurrence], at)
        if series is not None:
            services.update_event(event=series, values=_shifted(series.values, hours=hours), origin="web")

    # --- in Google -------------------------------------------------------------------------------------

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
        item = _pick(self._theirs(), at)
        if item is None:
            return
        token = self._token()
        self.google.change(item["id"], **{name: token})
        self._story(item["description"]).there["title" if name == "summary" else name] = token

    @rule(at=ANY)
    @told
    def delete_there(self, at: int) -> None:
        item = _pick(self._theirs(), at)
        if item is None:
            return
        self.google.delete(item["id"])
        self._story(item["description"]).deleted_there = True

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

    # --- sync and trouble ------------------------------------------------------------------------------

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

    # --- what must hold --------------------------------------------------------------------------------

    @rule()
    @told
    def quiet(self) -> None:
        """Faults end, runs go on until nothing moves: then both sides are one."""
        self.control.clear_faults()
        for _ in range(15):
            self._let_pauses_end()
            result = run_account(self.account.pk, in_foreground=True)
            if result.is_ok and not result.pulled and not result.sent:
                break
        else:
            raise AssertionError(f"It never came to rest: {result}")
        aside = EventLink.objects.exclude(state=EventLink.State.CLEAN).values_list(
            "google_id", "state", "error"
        )
        assert not aside, f"set aside: {list(aside)}"
        here, there = self._shown_here(), self._shown_there()
        assert here == there, f"only here: {here - there}, only there: {there - here}"
        self._check_stories()
        self.stories = {}
        type(self).quiets += 1

    @invariant()
    def count(self) -> None:
        type(self).operations += 1

    def _check_stories(self) -> None:
        found: dict[str, list[CalendarEvent]] = {}
        for event in CalendarEvent.objects.of(self.user).filter(series=None).live():
            found.setdefault(event.description, []).append(event)
        assert all(len(events) == 1 for events in found.values()), f"twice: {found}"
        for name, story in self.stories.items():
            (event,) = found.get(name, [None])
            if story.is_divided:
                continue  # its parts have names of their own; both sides show the same
            edited_here, edited_there = bool(story.here), bool(story.there)
            if event is None:
                assert story.deleted_here or story.deleted_there, f"{name} is lost"
                if not story.was_synced_meanwhile:
                    assert not (story.deleted_here and not story.deleted_there and edited_there), name
                    assert not (story.deleted_there and not story.deleted_here and edited_here), name
                continue
            for group in ("title", "location"):
                wanted = {side[group] for side in (story.here, story.there) if group in side}
                value = getattr(event, group)
                assert not wanted or value in wanted, f"{name}: {group} is {value}, not one of {wanted}"
                ours = story.here.get(group)
                if ours and value != ours:
                    assert self._is_kept(event, group, ours), f"{name}: {ours} went without a trace"

    def _is_kept(self, event: CalendarEvent, group: str, value: str) -> bool:
        conflicts = Conflict.objects.filter(event_link__event=event)
        return (
            any(conflict.ours.get(group) == value for conflict in conflicts)
            or EventRevision.objects.filter(event=event, **{f"before__{group}": value}).exists()
        )

    def _shown_here(self) -> Counter[tuple[Any, ...]]:
        rows = Occurrence.objects.filter(
            calendar__user=self.user, start__lt=WINDOW[1], end__gt=WINDOW[0]
        ).select_related("event")
        return Counter(_shown(row.event.values, row.start, row.end, row.is_all_day) for row in rows)

    def _shown_there(self) -> Counter[tuple[Any, ...]]:
        shown: Counter[tuple[Any, ...]] = Counter()
        for item in self._instances():
            is_all_day = "date" in item["start"]
            start, end = (_instant(item[key]) for key in ("start", "end"))
            text = [item.get(name, "") for name in ("summary", "location", "description")]
            shown[(*text, start, end, is_all_day)] += 1
        return shown

    def _instances(self) -> list[dict[str, Any]]:
        fresh = self.control.account(self.google.email)["access_token"]
        answer = httpx.get(
            f"{self.control.addresses['GOOGLE_CALENDAR_ENDPOINT']}calendars/primary/events",
            params={
                "singleEvents": "true",
                "maxResults": "2500",
                "timeMin": WINDOW[0].isoformat(),
                "timeMax": WINDOW[1].isoformat(),
            },
            headers={"Authorization": f"Bearer {fresh}"},
        )
        items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return items

    # --- parts -----------------------------------------------------------------------------------------

    def _token(self) -> str:
        self.number += 1
        return f"t{self.number}"

    def _story(self, name: str) -> Story:
        return self.stories.setdefault(name, Story())

    def _ours(self) -> list[CalendarEvent]:
        events = CalendarEvent.objects.of(self.user).live().select_related("calendar", "series")
        return [e for e in events.order_by("created_at", "pk") if not (e.series and e.series.is_deleted)]

    def _theirs(self) -> list[dict[str, Any]]:
        return [item for item in self.google.events() if not item.get("recurringEventId")]

    def _instance(self, at: int) -> dict[str, Any] | None:
        instances = [item for item in self._instances() if item.get("recurringEventId")]
        instances.sort(key=lambda item: item["id"])
        return _pick(instances, at)

    def _occurrence(self, series: CalendarEvent, which: int) -> SeriesOccurrence | None:
        rows = Occurrence.objects.filter(master=series).order_by("start")
        keys = sorted({row.original_start for row in rows})
        return find_occurrence(series, keys[which % len(keys)]) if keys else None

    def _sync(self) -> None:
        for story in self.stories.values():
            story.was_synced_meanwhile = True
        self._let_pauses_end()
        if self.clock_offset:
            self.control.fault({"clock_offset": self.clock_offset}, times=None, label="clock")
        try:
            run_account(self.account.pk)
        finally:
            self.control.clear_faults(label="clock")

    def _bury(self) -> None:
        """The dead do not give their lease back: it ends."""
        GoogleAccount.objects.update(lease_until=datetime.now(UTC) - timedelta(seconds=1))

    def _let_pauses_end(self) -> None:
        now = datetime.now(UTC)
        GoogleAccount.objects.update(backoff_until=None)
        CalendarLink.objects.update(next_poll_at=now)
        EventLink.objects.exclude(next_attempt_at=None).update(next_attempt_at=now, attempts=0)


def _pick(items: Sequence[Item], at: int) -> Item | None:
    """Drawn without regard to what there is: Hypothesis wants to draw the same again."""
    return items[at % len(items)] if items else None


def _shifted(values: EventValues, *, hours: int) -> EventValues:
    step = timedelta(days=hours // 24) if values.is_all_day else timedelta(hours=hours)
    return replace(values, start=values.start + step, end=values.end + step)


def _shown(values: EventValues, start: datetime, end: datetime, is_all_day: bool) -> tuple[Any, ...]:
    return values.title, values.location, values.description, start, end, is_all_day


def _instant(said: dict[str, str]) -> datetime:
    if "date" in said:
        return datetime.combine(date.fromisoformat(said["date"]), datetime.min.time(), UTC)
    return datetime.fromisoformat(said["dateTime"]).astimezone(UTC)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=40, help="operations of one story")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    started = time.monotonic()
    with run_sandbox(Path(tempfile.mkdtemp(prefix="sandbox-"))) as control:
        while TwoSides.operations < options.operations:
            left = options.operations - TwoSides.operations
            converge(control, examples=max(1, left // options.steps), steps=options.steps)
    seconds = time.monotonic() - started
    print(f"{TwoSides.operations} operations in {seconds:.0f} s, quiet {TwoSides.quiets} times:")
    print("both sides equal each time, nothing twice, no edit lost without a trace")


if __name__ == "__main__":
    main()
