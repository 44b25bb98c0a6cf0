from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from project import health
from project.models import WorkerHeartbeat


class DeafLayer(InMemoryChannelLayer):
    """A layer whose other side is gone."""

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        raise ConnectionRefusedError("redis://:secret@cache")


def test_healthz_answers_without_login_or_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.django_db
def test_readyz_names_the_missing_worker_and_a_stale_one(client: Client) -> None:
    for age in (None, WorkerHeartbeat.STALE_AFTER + timedelta(seconds=1)):
        if age is not None:
            WorkerHeartbeat.objects.create(worker="a:1", seen_at=timezone.now() - age)
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"] == {
            "database": "ok",
            "migrations": "ok",
            "worker": "no worker is running",
            "channel_layer": "ok",
            "disk": "ok",
        }
    WorkerHeartbeat.beat("a:2")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


@pytest.mark.django_db
def test_readyz_names_a_broken_channel_layer_without_its_secrets(client: Client, settings: Any) -> None:
    WorkerHeartbeat.beat("a:1")
    settings.REDIS_URL = ""  # also where the suite runs with Redis
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.DeafLayer"}}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["channel_layer"] == "failed"
    assert "secret" not in answer.text


@pytest.mark.django_db
def test_readyz_names_whatever_else_is_broken(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    WorkerHeartbeat.beat("a:1")
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", 2**63)
    MigrationRecorder.Migration.objects.filter(app="usersessions").delete()
    health.check_migrations.cache_clear()
    answer = client.get("/readyz")
    health.check_migrations.cache_clear()
    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert checks["disk"] == "the disk is almost full"
    assert "not applied" in checks["migrations"] and checks["worker"] == "ok"


@pytest.mark.django_db
def test_metrics_need_the_key_and_are_closed_without_one(client: Client, settings: Any) -> None:
    settings.METRICS_KEY = ""
    assert client.get("/metrics", headers={"X-Metrics-Key": ""}).status_code == 403
    settings.METRICS_KEY = "a long key"
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"X-Metrics-Key": "a long kez"}).status_code == 403
    for headers in ({"X-Metrics-Key": "a long key"}, {"Authorization": "Bearer a long key"}):
        answer = client.get("/metrics", headers=headers)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert "\nappointment_up 1\n" in answer.text
        assert "\nappointment_queue_tasks 0\n" in answer.text
        assert '\nappointment_google_accounts{state="needs_reauth"} 0\n' in answer.text
        assert '\nappointment_google_channels{state="active"} 0\n' in answer.text
        assert "\nappointment_google_oldest_answer_seconds nan\n" in answer.text
        assert "\nappointment_google_waiting 0\n" in answer.text
        assert '\nappointment_google_lag_seconds{state="p95"} nan\n' in answer.text
        assert "\nappointment_mails_waiting 0\n" in answer.text


@pytest.mark.django_db
def test_heartbeat_forgets_workers_that_were_silent_for_a_day() -> None:
    WorkerHeartbeat.objects.create(worker="gone:1", seen_at=timezone.now() - timedelta(hours=25))
    WorkerHeartbeat.beat("here:1")
    WorkerHeartbeat.beat("here:1")
    assert [row.worker for row in WorkerHeartbeat.objects.all()] == ["here:1"]
