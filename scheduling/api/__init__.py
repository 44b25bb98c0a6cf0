"""The REST API: parse, call a service or query, represent. Mounted under `/appointment/api/`."""

from scheduling.api.application import api

__all__ = ["api"]
