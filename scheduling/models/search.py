"""The keys of the full text index."""

from __future__ import annotations

from django.db import models


class SearchEntry(models.Model):
    """The number under which an event stands in the index; triggers write it (`scheduling.search.index`)."""

    event = models.OneToOneField(
        "scheduling.CalendarEvent", on_delete=models.DO_NOTHING, related_name="+", editable=False
    )

    def __str__(self) -> str:
        return f"{self.event_id}"
