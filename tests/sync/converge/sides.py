"""The two sides, what people may touch on each, and what must hold whenever it is quiet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth import get_user_model
from django.test import override_settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from scheduling.models import CalendarEvent, EventRevision, Occurrence
from scheduling.series import SeriesOccurrence, find_occurrence
from sync.engine import run_account
from sync.models import CalendarLink, Conflict, EventLink, GoogleAccount
from tests.make import make_user
from tests.sandbox.client import SandboxControl
from tests.sync.conftest import connect
from tests.sync.converge.story import Story, pick, told
from tests.sync.google_side import GoogleSide
from tests.sync.shown import instances, shown_here, shown_there

WINDOW = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)


class Sides(RuleBasedStateMachine):
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
        here = shown_here(Occurrence.objects.filter(calendar__user=self.user), WINDOW)
        there = shown_there(self.google, WINDOW)
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
        found = [item for item in instances(self.google, WINDOW) if item.get("recurringEventId")]
        found.sort(key=lambda item: item["id"])
        return pick(found, at)

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
