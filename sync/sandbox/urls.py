"""Addresses as Google has them, below the place where the sandbox is mounted."""

from django.urls import include, path

from sync.sandbox.views import calendar, control, oauth, page

app_name = "google_sandbox"

_events = "calendars/<str:calendar_id>/events"
calendar_v3 = [
    path("users/me/calendarList", calendar.calendar_list, name="calendar_list"),
    path("users/me/calendarList/watch", calendar.list_watch),
    path("users/me/calendarList/<str:calendar_id>", calendar.calendar_list_entry),
    path("users/me/settings", calendar.settings_all),
    path("users/me/settings/<str:name>", calendar.settings_one),
    path("calendars/<str:calendar_id>", calendar.calendars),
    path(_events, calendar.events, name="events"),
    path(f"{_events}/import", calendar.imports),
    path(f"{_events}/quickAdd", calendar.quick_add),
    path(f"{_events}/watch", calendar.watch),
    path(f"{_events}/<str:event_id>", calendar.event, name="event"),
    path(f"{_events}/<str:event_id>/move", calendar.move),
    path(f"{_events}/<str:event_id>/instances", calendar.instances),
    path("channels/stop", calendar.stop),
    path("colors", calendar.colors),
]

control_urls = [
    path("health", control.control(get=control.health)),
    path("reset", control.control(post=control.reset)),
    path("accounts", control.control(post=control.create_account)),
    path("calendars", control.control(post=control.create_calendar, patch=control.change_calendar)),
    path("events", control.control(get=control.list_events, post=control.create_events)),
    path(
        "events/<str:event_id>",
        control.control(get=control.read_event, patch=control.change_event, delete=control.delete_event),
    ),
    path("events/<str:event_id>/split", control.control(post=control.split_event)),
    path("expire_sync_tokens", control.control(post=control.expire_sync_tokens)),
    path("expire_access_tokens", control.control(post=control.expire_access_tokens)),
    path("revoke", control.control(post=control.revoke)),
    path(
        "faults",
        control.control(get=control.list_faults, post=control.create_fault, delete=control.delete_faults),
    ),
    path("log", control.control(get=control.read_log, delete=control.clear_log)),
    path("channels", control.control(get=control.list_channels)),
    path("notices", control.control(post=control.send_notice)),
]

urlpatterns = [
    path("", page.home, name="home"),
    path("accounts/new/", page.create_account, name="create_account"),
    path("events/new/", page.new_event, name="new_event"),
    path("events/edit/", page.edit_event, name="edit_event"),
    path("events/delete/", page.delete_event, name="delete_event"),
    path("event", page.event_link, name="event_link"),
    path("switch/", page.switch, name="switch"),
    path("o/oauth2/v2/auth", oauth.authorize, name="authorize"),
    path("token", oauth.token, name="token"),
    path("revoke", oauth.revoke, name="revoke"),
    path("oauth2/v2/userinfo", oauth.userinfo, name="userinfo"),
    path("oauth2/v1/certs", oauth.certs, name="certs"),
    path("calendar/v3/", include(calendar_v3)),
    path("_control/", include(control_urls)),
]
