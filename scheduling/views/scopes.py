"""Which part of a series a change is meant for: this event, it and all that follow, or all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scheduling import services
from scheduling.core import wording
from scheduling.core.event import EventValues, format_moment
from scheduling.core.zones import wall_time
from scheduling.htmx import SignedInRequest, page_or_fragment, wants_fragment
from scheduling.models import Calendar, CalendarEvent, UserProfile
from scheduling.queries import profile_of
from scheduling.series import SeriesOccurrence, find_occurrence, reach_of
from scheduling.services import Actor, InvalidEvent, UnknownOccurrence
from scheduling.views.replies import event_or_404

THIS, FOLLOWING, ALL = "this", "following", "all"
SCOPES = (THIS, FOLLOWING, ALL)
UNSENT = ("csrfmiddlewaretoken", "scope", "back", "show_dates")
CHANGE, MOVE, DELETE = "Change", "Move", "Delete"  # the template words its sentences by them


def occurrence_of(event: CalendarEvent, original_start: str) -> SeriesOccurrence | None:
    """The occurrence that is meant (the first one when none is named); None for an event that does not repeat.

    Raises `UnknownOccurrence`.
    """
    if not event.recurrence:
        return None
    found = find_occurrence(event, original_start or format_moment(event.start))
    if found is None:
        raise UnknownOccurrence(event)
    return found


def addressed(request: SignedInRequest, event_id: UUID) -> tuple[CalendarEvent, SeriesOccurrence | None]:
    """The event of an address; or the series and the occurrence that `?occurrence=` names, or that the row overrides.

    What names no occurrence means the series.
    """
    event = event_or_404(request, event_id)
    series, key = event, request.GET.get("occurrence", "")
    if event.series is not None:
        series, key = event.series, event.original_start
    found = find_occurrence(series, key) if key and series.recurrence and not series.is_deleted else None
    return (series, found) if found else (event, None)


def update_part(
    event: CalendarEvent,
    occurrence: SeriesOccurrence | None,
    scope: str,
    values: EventValues,
    *,
    calendar: Calendar | None,
    actor: Actor,
    expected_revision: int | None,
    keeps_rule: bool = True,
) -> CalendarEvent:
    """Give the event, or the part of its series that is meant, these values; returns the row that says them."""
    how: dict[str, Any] = {"origin": "web", "actor": actor, "expected_revision": expected_revision}
    if occurrence is None:
        return services.update_event(event=event, values=values, calendar=calendar, **how)
    place: dict[str, Any] = {"series": event, "occurrence": occurrence.key, **how}
    if scope == THIS:
        if calendar is not None and calendar.pk != event.calendar_id:
            raise InvalidEvent({"calendar": _("One event of a series stays in the calendar of its series.")})
        if not keeps_rule and values.recurrence != event.values.recurrence:
            raise InvalidEvent({"recurrence": _("One event of a series cannot repeat by a rule of its own.")})
        return services.update_occurrence(values=replace(values, recurrence=()), **place)
    change = services.update_following if scope == FOLLOWING else services.update_series
    if keeps_rule:
        values = replace(values, recurrence=event.values.recurrence)
    return change(values=values, calendar=calendar, **place)


def undo_of(event: CalendarEvent, changed: CalendarEvent) -> dict[str, Any]:
    """What Undo posts. Of a series that goes on as another one, the old one comes back and is spoken of."""
    is_division = not changed.series_id and changed.pk != event.pk
    spoken_of = event if is_division else changed
    return {"url": reverse("event-undo", args=[spoken_of.pk]), "values": {"revision": changed.revision}}


def delete_part(
    event: CalendarEvent, occurrence: SeriesOccurrence | None, scope: str, *, actor: Actor
) -> CalendarEvent:
    if occurrence is None or scope == ALL:
        return services.delete_event(event=event, origin="web", actor=actor)
    change = services.delete_occurrence if scope == THIS else services.delete_following
    return change(series=event, occurrence=occurrence.key, origin="web", actor=actor)


def named(title: str, scope: str) -> str:
    """`every “Stand-up”`, `“Stand-up” and all that follow`, `“Stand-up”`."""
    if scope == ALL:
        return _("every “%(title)s”") % {"title": title}
    words = _("“%(title)s” and all that follow") if scope == FOLLOWING else _("“%(title)s”")
    return words % {"title": title}


@dataclass(frozen=True)
class Option:
    """One answer to the question: `label` and `words` beside its button, `number` in the one that saves."""

    scope: str
    label: str
    words: str
    number: str


def ask(
    request: SignedInRequest,
    event: CalendarEvent,
    occurrence: SeriesOccurrence,
    said: Mapping[str, str],
    *,
    verb: str,
    address: str,
    values: EventValues | None = None,
    can_be_alone: bool = True,
    can_go_back: bool = False,
) -> HttpResponse:
    """The question which part is meant; its form sends again what was `said`, to the same address.

    `values` are what the occurrence is to say. An edit that one event cannot have alone has only the other answers.
    """
    profile = profile_of(request.user)
    can_be_alone &= said.get("calendar") in (None, str(event.calendar_id))
    context = {
        "event": event,
        "verb": verb,
        "address": address,
        "fields": [(name, value) for name, value in _pairs(said) if value and name not in UNSENT],
        "in_dialog": wants_fragment(request),
        "options": _options(occurrence, profile, verb)[0 if can_be_alone else 1 :],
        "can_go_back": can_go_back,
    }
    old, new = occurrence.values, values or occurrence.values
    if (old.start, old.end) != (new.start, new.end):
        context |= _times(old, new, profile)
    response = page_or_fragment(
        request, "scheduling/event_scope.html", "scheduling/_event_scope.html", context
    )
    if wants_fragment(request):
        response["HX-Retarget"], response["HX-Reswap"] = "#dialog-body", "innerHTML"
    return response


def span_text(values: EventValues, profile: UserProfile) -> str:
    """`Thursday 19 November, 09:15–09:45` in this person's zone."""
    return ", ".join(filter(None, _span(values, profile)))


def _times(old: EventValues, new: EventValues, profile: UserProfile) -> dict[str, str]:
    """Both times in words, without the day when it stays."""
    (old_day, old_clock), (new_day, new_clock) = _span(old, profile), _span(new, profile)
    if old_day == new_day and old_clock and new_clock:
        return {"new_time": new_clock, "old_time": old_clock}
    return {"new_time": span_text(new, profile), "old_time": span_text(old, profile)}


def _span(values: EventValues, profile: UserProfile) -> tuple[str, str]:
    twelve = profile.clock == UserProfile.Clock.HOURS_12
    return wording.span_words(values.start, values.end, ZoneInfo(profile.timezone), date.today(), twelve)


def _pairs(said: Mapping[str, str]) -> list[tuple[str, str]]:
    if isinstance(said, QueryDict):
        return [(name, str(value)) for name, values in said.lists() for value in values]
    return list(said.items())


def _options(occurrence: SeriesOccurrence, profile: UserProfile, verb: str) -> list[Option]:
    reach = reach_of(occurrence)
    here, since = (
        wording.full_day(_day(start, profile), date.today())
        for start in (occurrence.values.start, occurrence.series.start)
    )
    divided, kept = _("The series is divided here."), ""
    if verb == DELETE:
        divided, kept = _("The series ends before it."), _("They stay in the trash for 30 days.")
    elif reach.of_their_own:
        kept = ngettext(
            "The one that was changed by hand keeps what is its own.",
            "%(count)d that were changed by hand keep what is their own.",
            reach.of_their_own,
        ) % {"count": reach.of_their_own}
    return [
        Option(THIS, _("Only %(day)s") % {"day": here}, _("The others stay as they are."), _events(1)),
        Option(
            FOLLOWING,
            _("This and all that follow, from %(day)s") % {"day": here},
            f"{_count(reach.following)} {divided}",
            _events(reach.following) if reach.following is not None else _("all that follow"),
        ),
        Option(
            ALL,
            _("All, since %(day)s") % {"day": since},
            f"{_count(reach.whole)} {kept}".rstrip(),
            _events(reach.whole) if reach.whole is not None else _("all events"),
        ),
    ]


def _day(start: datetime | date, profile: UserProfile) -> date:
    return wall_time(start, ZoneInfo(profile.timezone)).date() if isinstance(start, datetime) else start


def _count(number: int | None) -> str:
    if number is None:
        return _("A series without an end.")
    return ngettext("%(count)d event.", "%(count)d events.", number) % {"count": number}


def _events(number: int) -> str:
    return ngettext("%(count)d event", "%(count)d events", number) % {"count": number}
