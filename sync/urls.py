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
    path("calendars/<int:link_id>/", calendars.calendar_switch, name="sync-calendar"),
    path("events/<uuid:event_id>/send/", events.send, name="sync-event-send"),
    path("events/<uuid:event_id>/retry/", events.retry, name="sync-event-retry"),
]
