"""The queue of background tasks in the database: where it lies without Redis, and while Redis does not answer."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Min
from django.utils import timezone
from django_q.brokers.orm import ORM


class DatabaseBroker(ORM):  # type: ignore[misc]
    """A task is queued with the change that wants it, in its transaction, and is delivered again when it was cut short."""

    def waiting_since(self) -> datetime | None:
        """Since when the oldest task waits that no worker has taken; None when there is none."""
        waiting = self.get_connection().filter(key=self.list_key, lock__lte=timezone.now())
        oldest: datetime | None = waiting.aggregate(oldest=Min("lock"))["oldest"]
        return oldest
