"""The dashboard, and the lists of what its numbers counted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_GET

from scheduling import queries, statistics
from scheduling.core import wording
from scheduling.core.spans import Span, total
from scheduling.core.statistics import busy_in
from scheduling.core.zones import DAY, window
from scheduling.htmx import SignedInRequest
from scheduling.models import CalendarEvent
from scheduling.presentation import Viewer, hits_of
from scheduling.presentation.insights import SPANS, Periods, insights

NEXT = 5
PER_PAGE = 50
LONGEST = 800  # days of one list
EVENT_WORDS = {
    "": gettext_lazy("Events"),
    "own": gettext_lazy("Events of your own"),
    "booked": gettext_lazy("Events booked by guests"),
    "busy": gettext_lazy("What takes your time"),
    "ahead": gettext_lazy("Events to come"),
}
BOOKING_WORDS = {
    "made": gettext_lazy("Bookings made"),
    "cancelled": gettext_lazy("Bookings cancelled"),
    "no-show": gettext_lazy("Guests who did not come"),
}


class DaysForm(forms.Form):
    since = forms.DateField()
    until = forms.DateField()

    def days(self) -> Span[Any]:
        """The asked days. Raises a 404 where a number of ours would not lead."""
        if not self.is_valid():
            raise Http404
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        if not 0 <= (until - since).days < LONGEST or not 1900 < since.year < 2200:
            raise Http404
        return Span(since, until + DAY)


class EventsForm(DaysForm):
    kind = forms.ChoiceField(choices=list(EVENT_WORDS.items()), required=False)
    weekday = forms.IntegerField(min_value=0, max_value=6, required=False)
    hour = forms.IntegerField(min_value=0, max_value=23, required=False)


class BookingsForm(DaysForm):
    kind = forms.ChoiceField(choices=list(BOOKING_WORDS.items()))
    type = forms.UUIDField(required=False)


@require_GET
def dashboard(request: SignedInRequest) -> HttpResponse:
    viewer = _viewer(request)
    wanted = request.GET.get("weeks", "")
    count = int(wanted) if wanted in set(map(str, SPANS)) else 8
    periods = Periods.of(viewer, count)
    seen = statistics.seen_between(request.user, periods.all, viewer.place)
    by_type = statistics.bookings_by_type(request.user, periods.shown, viewer.place)
    coming = [
        one
        for one in seen
        if not one.occurrence.is_all_day and statistics.is_ahead(one, viewer.place, viewer.now)
    ]
    context = {
        "insights": insights(seen, by_type, periods, viewer),
        "next": _hits(coming[:NEXT], viewer),
        "today": viewer.long_day(viewer.today),
        "viewer": viewer,
        "count": count,
        "spans": [(weeks, _span_name(weeks)) for weeks in SPANS],
    }
    return render(request, "scheduling/dashboard.html", context)


@require_GET
def events(request: SignedInRequest) -> HttpResponse:
    """The events of some days, narrowed by kind or to an hour of the week."""
    viewer, form = _viewer(request), EventsForm(request.GET)
    days, values = form.days(), form.cleaned_data
    has_cell = values["weekday"] is not None and values["hour"] is not None
    wanted = statistics.Asked(
        days=days, kind=values["kind"], cell=(values["weekday"], values["hour"]) if has_cell else None
    )
    seen = statistics.seen_between(request.user, days, viewer.place)
    found = statistics.asked(seen, wanted, viewer.place, viewer.now)
    taken = busy_in((one.appearance for one in found), window(days.start, days.end, viewer.place))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    heading = (
        _("%(weekdays)s from %(hour)d:00")
        % {"weekdays": _weekdays()[values["weekday"]], "hour": values["hour"]}
        if has_cell
        else EVENT_WORDS[values["kind"]]
    )
    context = {
        "heading": heading,
        "days": _days_in_words(days),
        "page": page,
        "taken": wording.hours_words(total(taken)),
        "hits": _hits(page.object_list, viewer),
    }
    return render(request, "scheduling/dashboard_events.html", context)


@require_GET
def bookings(request: SignedInRequest) -> HttpResponse:
    """The bookings made, cancelled or missed by their guests in some days."""
    viewer, form = _viewer(request), BookingsForm(request.GET)
    days, values = form.days(), form.cleaned_data
    found = statistics.bookings_counted(request.user, values["kind"], days, viewer.place, values["type"])
    context = {
        "heading": BOOKING_WORDS[values["kind"]],
        "days": _days_in_words(days),
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "zone": viewer.place.key,
    }
    return render(request, "scheduling/dashboard_bookings.html", context)


def _viewer(request: SignedInRequest) -> Viewer:
    return Viewer.of(queries.profile_of(request.user), queries.utc_now())


def _hits(seen: Any, viewer: Viewer) -> Any:
    """As lines of a search; for the few that are shown the events are read in full."""
    whole = CalendarEvent.objects.in_bulk({one.occurrence.event_id for one in seen})
    shown = []
    for one in seen:
        occurrence = one.occurrence
        event = whole.get(occurrence.event_id)
        if event is not None:
            event.calendar = occurrence.event.calendar
            shown.append(type(occurrence)(event, occurrence.start, occurrence.end, occurrence.original_start))
    return hits_of(shown, (), viewer)


def _days_in_words(days: Span[Any]) -> str:
    first, last = days.start, days.end - DAY
    if first == last:
        return wording.long_day(first)
    return pgettext("days", "%(first)s to %(last)s") % {
        "first": wording.date_words(first),
        "last": wording.date_words(last),
    }


def _span_name(weeks: int) -> str:
    if weeks == SPANS[-1]:
        return _("Year")
    return ngettext("%(count)d week", "%(count)d weeks", weeks) % {"count": weeks}


def _weekdays() -> tuple[str, ...]:
    return (
        _("Mondays"),
        _("Tuesdays"),
        _("Wednesdays"),
        _("Thursdays"),
        _("Fridays"),
        _("Saturdays"),
        _("Sundays"),
    )
