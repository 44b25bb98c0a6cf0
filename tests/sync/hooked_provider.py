"""Google's service with a hook after every answer: where tests kill a run or let another one overtake it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

from django.db import connection
from django.test import override_settings

from sync.google import GoogleCalendarService


class Killed(BaseException):
    """The process is no more: nothing of ours may catch it."""


class HookedProvider(GoogleCalendarService):
    after_call: ClassVar[Callable[[int], None] | None] = None
    """Called with the number of the call, once Google has done its part and before we know."""

    def _execute(self, request: Any, *args: Any, **options: Any) -> Any:
        answer = super()._execute(request, *args, **options)
        if HookedProvider.after_call is not None:
            HookedProvider.after_call(self.calls)
        return answer


@contextmanager
def after_calls(hook: Callable[[int], None]) -> Iterator[None]:
    """Runs in this block call `hook` after each answer of Google."""
    HookedProvider.after_call = hook
    try:
        with override_settings(CALENDAR_PROVIDER="tests.sync.hooked_provider.HookedProvider"):
            yield
    finally:
        HookedProvider.after_call = None


@contextmanager
def killed_at_call(number: int) -> Iterator[None]:
    """The run dies when Google has answered its call of this number (from 1)."""

    def die(calls: int) -> None:
        if calls >= number:
            raise Killed

    with suppress(Killed), after_calls(die):
        yield


@contextmanager
def killed_at_statement(number: int) -> Iterator[None]:
    """The run dies before its statement of this number (from 1) reaches the database."""
    left = number

    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        # The database itself rolls back what a dead process had begun.
        if not sql.startswith(("SAVEPOINT", "ROLLBACK", "RELEASE")):
            left -= 1
            if left <= 0:
                raise Killed
        return run(sql, params, many, context)

    with suppress(Killed), connection.execute_wrapper(execute):
        yield
