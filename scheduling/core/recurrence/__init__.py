"""Series: from recurrence lines to the spans in which they happen (RFC 5545 3.8.5).

`rule` knows one RRULE on the wall clock, `lines` reads the lines of an event, `expansion` puts both on the time
line in the series' own zone.
"""

from scheduling.core.recurrence.errors import RecurrenceError
from scheduling.core.recurrence.expansion import (
    MOST_OCCURRENCES,
    OccurrenceSpan,
    check_recurrence,
    expand,
    last_end,
)
from scheduling.core.recurrence.lines import LONGEST_LINE, MOST_LINES

__all__ = [
    "LONGEST_LINE",
    "MOST_LINES",
    "MOST_OCCURRENCES",
    "OccurrenceSpan",
    "RecurrenceError",
    "check_recurrence",
    "expand",
    "last_end",
]
