"""What the calendar templates draw: rows become words, classes and addresses in the viewer's zone and clock.

Nothing here queries. Positions come from `core.grid`; their class names (`r-N s-N c-IofN x-K d-N w-N l-N`) are
made by `build_assets`; `e-N` and `is-…` are in static/app.css.
"""

from scheduling.presentation.agenda import agenda, day_list
from scheduling.presentation.hits import Hit, hits_of
from scheduling.presentation.items import Item, items_of
from scheduling.presentation.month import month, month_limits
from scheduling.presentation.period import VIEWS, Period, period_of
from scheduling.presentation.side import accounts_of, mini_month
from scheduling.presentation.times import times
from scheduling.presentation.viewer import Viewer

__all__ = [
    "VIEWS",
    "Hit",
    "Item",
    "Period",
    "Viewer",
    "accounts_of",
    "agenda",
    "day_list",
    "hits_of",
    "items_of",
    "mini_month",
    "month",
    "month_limits",
    "period_of",
    "times",
]
