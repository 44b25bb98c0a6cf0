from django.urls import path

from scheduling.views import calendar, events, history, mail, moving, search

urlpatterns = [
    path("", calendar.home, name="home"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/settings/", calendar.settings_page, name="settings"),
    path(
        "calendar/calendars/<uuid:calendar_id>/visibility/", calendar.visibility, name="calendar-visibility"
    ),
    path("calendar/search/", search.search_page, name="search"),
    path("calendar/calendars/show-all/", calendar.show_all, name="calendar-show-all"),
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
    path("calendar/<str:view>/<str:date>/", calendar.calendar_view, name="calendar-view"),
]
