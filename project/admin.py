"""Workers, to look at."""

from __future__ import annotations

from django.contrib import admin

from project.admin_words import give_names
from project.models import WorkerHeartbeat
from scheduling.admin import ReadOnlyAdmin


@admin.register(WorkerHeartbeat)
class WorkerHeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("worker", "started_at", "seen_at")


give_names()
