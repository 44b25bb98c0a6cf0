"""Numbers about sync for machines that watch the machine. None of them names anybody."""

from __future__ import annotations

from django.db.models import Count, Min
from django.utils import timezone

from sync.models import CalendarLink, GoogleAccount, WatchChannel


def measure() -> dict[str, tuple[str, str, float | dict[str, float]]]:
    """name → (kind, description, value, or values by state); NaN where there is nothing to measure."""
    accounts = GoogleAccount.objects.values_list("status").annotate(count=Count("pk"))
    channels = WatchChannel.objects.values_list("state").annotate(count=Count("pk"))
    links = CalendarLink.objects.filter(is_enabled=True, account__status=GoogleAccount.Status.ACTIVE)
    oldest = links.aggregate(oldest=Min("last_ok_at"))["oldest"]
    return {
        "appointment_google_accounts": (
            "gauge",
            "Connected Google accounts by state.",
            _by_state(GoogleAccount.Status.values, dict(accounts)),
        ),
        "appointment_google_channels": (
            "gauge",
            "Push channels by state.",
            _by_state(WatchChannel.State.values, dict(channels)),
        ),
        "appointment_google_oldest_answer_seconds": (
            "gauge",
            "Since Google last answered well, of the synced calendar that waits longest.",
            (timezone.now() - oldest).total_seconds() if oldest else float("nan"),
        ),
    }


def _by_state(states: list[str], counted: dict[str, int]) -> dict[str, float]:
    return {state: float(counted.get(state, 0)) for state in states}
