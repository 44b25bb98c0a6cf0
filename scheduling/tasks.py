"""Background work of the calendar; each is a thin call of a service and safe to run twice."""

from scheduling import services


def extend_occurrences() -> int:
    return services.extend_occurrences()
