from django.urls import path

from sync.views import calendars, conflicts, connection, events, status
from sync.webhook import webhook

urlpatterns = [
    path("", status.status, name="sync"),
    path("freshness/", status.freshness, name="sync-freshness"),
    path("tray/", conflicts.tray, name="sync-tray"),
    path("conflicts/<int:conflict_id>/", conflicts.resolve, name="sync-conflict"),
    path("now/", status.sync_now, name="sync-now"),
    path("rehearsal/", connection.rehearsal, name="sync-rehearsal"),
    path("confirm/", connection.confirm, name="sync-confirm"),
    path("google/connect/", connection.connect, name="sync-connect"),
    path("google/disconnect/", connection.disconnect, name="sync-disconnect"),
    path("google/webhook/", webhook, name="sync-webhook"),
    path("calendars/<int:link_id>/", calendars.calendar, name="sync-calendar"),
    path("calendars/<int:link_id>/gone/", calendars.gone, name="sync-gone"),
    path("pause/", connection.pause, name="sync-pause"),
    path("resync/", connection.resync, name="sync-resync"),
    path("journal/<int:entry_id>/restore/", status.restore, name="sync-journal-restore"),
    path("events/<uuid:event_id>/send/", events.send, name="sync-event-send"),
    path("events/<uuid:event_id>/theirs/", events.take_theirs, name="sync-event-theirs"),
    path("events/<uuid:event_id>/retry/", events.retry, name="sync-event-retry"),
]
