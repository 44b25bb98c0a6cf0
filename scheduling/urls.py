from django.urls import path

from scheduling.views import (
    calendar,
    calendars,
    events,
    feeds,
    history,
    imports,
    mail,
    moving,
    reminders,
    search,
)

urlpatterns = [
    path("", calendar.home, name="home"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/settings/", calendar.settings_page, name="settings"),
    path(
        "calendar/calendars/<uuid:calendar_id>/visibility/", calendar.visibility, name="calendar-visibility"
    ),
    path("calendar/search/", search.search_page, name="search"),
    path("calendar/calendars/show-all/", calendar.show_all, name="calendar-show-all"),
    path("calendar/reminders/", reminders.page_reminders, name="page-reminders"),
    path("calendar/trash/", events.trash, name="trash"),
    path("calendar/quick-add/", events.quick_add, name="quick-add"),
    path("calendar/events/new/", events.new, name="event-new"),
    path("calendar/events/<uuid:event_id>/", events.detail, name="event"),
    path("calendar/events/<uuid:event_id>/edit/", events.edit, name="event-edit"),
    path("calendar/events/<uuid:event_id>/delete/", events.delete, name="event-delete"),
    path("calendar/events/<uuid:event_id>/restore/", events.restore, name="event-restore"),
    path("calendar/events/<uuid:event_id>/move/", moving.move, name="event-move"),
    path("calendar/events/<uuid:event_id>/undo/", events.undo, name="event-undo"),
    path("calendar/events/<uuid:event_id>/history/", history.history, name="event-history"),
    path(
        "calendar/events/<uuid:event_id>/history/<int:change_id>/restore/",
        history.restore,
        name="event-history-restore",
    ),
    path("mail/unsubscribe/<str:token>/", mail.unsubscribe, name="unsubscribe"),
    path("calendar/events/<uuid:event_id>/export/", feeds.export_event, name="event-export"),
    path("calendar/calendars/", calendars.index, name="calendars"),
    path("calendar/calendars/<uuid:calendar_id>/sharing/", calendars.sharing, name="calendar-sharing"),
    path("calendar/calendars/<uuid:calendar_id>/export/", feeds.export_calendar, name="calendar-export"),
    path("calendar/calendars/<uuid:calendar_id>/feeds/", feeds.open_feed, name="feed-open"),
    path("calendar/feeds/<uuid:feed_id>/renew/", feeds.renew_feed, name="feed-renew"),
    path("calendar/feeds/<uuid:feed_id>/close/", feeds.close_feed, name="feed-close"),
    path("calendar/subscriptions/", calendars.subscribe, name="subscribe"),
    path("calendar/subscriptions/<uuid:calendar_id>/", calendars.subscription, name="subscription"),
    path(
        "calendar/subscriptions/<uuid:calendar_id>/refresh/", calendars.refresh, name="subscription-refresh"
    ),
    path("calendar/subscriptions/<uuid:calendar_id>/end/", calendars.unsubscribe, name="subscription-end"),
    path("calendar/import/", imports.new, name="import-new"),
    path("calendar/import/<uuid:import_id>/", imports.show, name="import"),
    path("feeds/<str:secret>.ics", feeds.feed, name="feed"),
    path("calendar/<str:view>/<str:date>/", calendar.calendar_view, name="calendar-view"),
]
