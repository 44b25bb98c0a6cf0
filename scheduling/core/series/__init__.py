"""Series as people handle them: one occurrence by its name, a series cut in two, a series moved as a whole.

Pure. What the lines mean is `scheduling.core.recurrence`'s to say; here they are only written anew.
"""

from scheduling.core.series.lines import YEAR, occurrence_at, read_key, read_line
from scheduling.core.series.move import Moved, moved
from scheduling.core.series.split import continue_from, names_start, trim_before

__all__ = [
    "YEAR",
    "Moved",
    "continue_from",
    "moved",
    "names_start",
    "occurrence_at",
    "read_key",
    "read_line",
    "trim_before",
]
