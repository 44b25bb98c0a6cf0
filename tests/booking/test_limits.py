"""How a form tells people from robots."""

from __future__ import annotations

from typing import Any

from scheduling import services


def test_a_person_takes_some_seconds_and_not_all_day(clock: Any) -> None:
    stamp = services.form_stamp("page-1")

    def person(**over: Any) -> bool:
        return services.is_from_a_person(**{"stamp": stamp, "page": "page-1", "honeypot": "", **over})

    clock.shift(1)
    assert not person()
    clock.shift(4)
    assert person()
    assert not person(honeypot="https://spam.example")
    assert not person(page="page-2")
    assert not person(stamp=stamp + "x") and not person(stamp="")
    clock.shift(2 * 3600)
    assert not person()
