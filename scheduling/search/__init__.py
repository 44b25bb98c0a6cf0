"""Full text search over a person's events: the index that the database keeps, and what is read from it."""

from scheduling.search.index import ENTRIES, install, matching
from scheduling.search.reading import Found, Wanted, find

__all__ = ["ENTRIES", "Found", "Wanted", "find", "install", "matching"]
