from django.urls import path

from sync import views

urlpatterns = [
    path("", views.status, name="sync"),
    path("freshness/", views.freshness, name="sync-freshness"),
    path("now/", views.sync_now, name="sync-now"),
    path("confirm/", views.confirm, name="sync-confirm"),
    path("google/connect/", views.connect, name="sync-connect"),
    path("google/disconnect/", views.disconnect, name="sync-disconnect"),
    path("calendars/<int:link_id>/", views.calendar_switch, name="sync-calendar"),
    path("events/<uuid:event_id>/", views.event_state, name="sync-event-state"),
    path("events/<uuid:event_id>/retry/", views.retry, name="sync-event-retry"),
]
