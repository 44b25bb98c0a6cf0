"""Bars and chips: what stands in lanes, in the month and above the hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from scheduling.core import grid, wording
from scheduling.core.zones import DAY
from scheduling.presentation.items import Item
from scheduling.presentation.viewer import Viewer


class Piece(NamedTuple):
    """A bar or a chip. `place` and the item's state are its classes, `label` what is read after its title.

    In the month its day has an `id` and it has none: a hundred of them are a tenth of what goes over the wire.
    """

    item: Item
    id: str
    place: str
    time: str
    label: str


def bar_piece(item: Item, bar: grid.Bar, days: Sequence[date], viewer: Viewer, *, with_column: bool) -> Piece:
    touched = item.entry.days(viewer.place)
    if item.starts and item.ends:
        first, last = (
            f"{viewer.long_day(wall.date())} {viewer.time(wall)}" for wall in (item.starts, item.ends)
        )
        when = pgettext("moments", "%(first)s to %(last)s") % {"first": first, "last": last}
    else:
        when = _all_day(touched.start, touched.end - DAY, viewer.language)
    classes = [f"d-{bar.column}"] * with_column + [f"w-{bar.width}"] * (bar.width > 1) + [f"l-{bar.lane}"]
    classes += ["from"] * bar.before + ["to"] * bar.after
    return Piece(
        item,
        id=f"ev-{item.key}-{days[bar.column - 1]:%Y%m%d}" if with_column else "",
        place=" ".join(classes),
        time=viewer.time(item.starts) if item.starts and not bar.before else "",
        label=f", {when}, {item.calendar}{item.spoken}",
    )


@lru_cache(maxsize=1024)
def _all_day(first: date, last: date, language: str) -> str:
    days = wording.long_day(first, language)
    if last > first:
        days = pgettext("days", "%(first)s to %(last)s") % {
            "first": days,
            "last": wording.long_day(last, language),
        }
    return _("all day, %(days)s") % {"days": days}
