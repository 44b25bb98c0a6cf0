"""What the processes of one installation tell each other through the database."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone


class ChannelMessage(models.Model):
    """One message of the channel layer, kept for minutes; see `project.channel_layer`."""

    group = models.CharField(max_length=100)
    origin = models.CharField(
        max_length=32, help_text="The layer that sent it, which need not hear it again."
    )
    payload = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.group} #{self.pk}"


class WorkerHeartbeat(models.Model):
    """A running worker says every `BEAT` that it is alive; its row goes when it stops in an orderly way."""

    BEAT = timedelta(seconds=10)
    STALE_AFTER = timedelta(seconds=45)

    worker = models.CharField(max_length=255, primary_key=True, help_text="Host and process id.")
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-seen_at"]

    def __str__(self) -> str:
        return self.worker

    @classmethod
    def beat(cls, worker: str) -> None:
        """Say that `worker` lives, and forget workers that have been silent for a day."""
        now = timezone.now()
        cls.objects.update_or_create(worker=worker, defaults={"seen_at": now})
        cls.objects.filter(seen_at__lt=now - timedelta(days=1)).delete()

    @classmethod
    def age(cls) -> timedelta | None:
        """How long ago any worker was last seen; None when none ever was."""
        seen_at = cls.objects.order_by("-seen_at").values_list("seen_at", flat=True).first()
        return None if seen_at is None else timezone.now() - seen_at

    @classmethod
    def is_alive_on(cls, host: str) -> bool:
        """Whether a worker of this host was seen lately."""
        since = timezone.now() - cls.STALE_AFTER
        return cls.objects.filter(worker__startswith=f"{host}:", seen_at__gte=since).exists()
