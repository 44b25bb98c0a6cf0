class RecurrenceError(ValueError):
    """The lines cannot be expanded; the text says why, for people."""
