"""Numbers about sync for machines that watch the machine. None of them names anybody."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Min
from django.utils import timezone

from scheduling.core.statistics import percentile
from sync.models import CalendarLink, Conflict, EventLink, GoogleAccount, WatchChannel
from sync.outbox import waiting_anywhere
from sync.statistics import recent_seconds
from sync.usage import usage


def measure() -> dict[str, tuple[str, str, float | dict[str, float]]]:
    """name → (kind, description, value, or values by state); NaN where there is nothing to measure."""
    accounts = GoogleAccount.objects.values_list("status").annotate(count=Count("pk"))
    channels = WatchChannel.objects.values_list("state").annotate(count=Count("pk"))
    links = CalendarLink.objects.filter(is_enabled=True, account__status=GoogleAccount.Status.ACTIVE)
    used, lags = usage(), recent_seconds(timedelta(hours=1), timezone.now())
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
        "appointment_google_waiting": (
            "gauge",
            "Changes here that Google is not known to have.",
            waiting_anywhere().count(),
        ),
        "appointment_google_conflicts": (
            "gauge",
            "Conflicts that wait for somebody's choice.",
            Conflict.objects.filter(resolved_at=None).count(),
        ),
        "appointment_google_refused_events": (
            "gauge",
            "Events that Google does not take as they are.",
            EventLink.objects.filter(state=EventLink.State.PARKED, event__isnull=False).count(),
        ),
        "appointment_google_calls_minute": ("gauge", "Calls of the last two minutes.", used.minute),
        "appointment_google_calls_day": ("gauge", "Calls of the last 24 hours.", used.day),
        "appointment_google_slowed_day": (
            "gauge",
            "How often Google asked to slow down in the last 24 hours.",
            used.refused_day,
        ),
        "appointment_google_lag_seconds": (
            "gauge",
            "From a change here until Google had it, of the last hour's: the middle one and the slowest twentieth.",
            {name: _or_nan(percentile(lags, share)) for name, share in (("p50", 0.5), ("p95", 0.95))},
        ),
    }


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _by_state(states: list[str], counted: dict[str, int]) -> dict[str, float]:
    return {state: float(counted.get(state, 0)) for state in states}
