"""Look before it happens: what was here before the connection, and what becomes of each event.

What never was in Google is sent, stays here, or is joined with its double there (the same title at the same time).
What was there before and changed here meanwhile is sent, or gives way to Google's version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy

from scheduling import services
from scheduling.core.event import EventValues, from_json
from scheduling.details import details_of
from scheduling.models import CalendarEvent, EventRevision, UserProfile
from scheduling.services import Actor
from sync.connection import confirm_rehearsal, waiting_from_before
from sync.models import EventLink, GoogleAccount

SEND, STAY, JOIN, THEIRS = "send", "stay", "join", "theirs"
CHOICES: dict[str, tuple[tuple[str, Any], ...]] = {
    "new": ((SEND, gettext_lazy("Send")), (STAY, gettext_lazy("Keep here only"))),
    "double": (
        (JOIN, gettext_lazy("Link as one")),
        (SEND, gettext_lazy("Keep both")),
        (STAY, gettext_lazy("Keep here only")),
    ),
    "changed": ((SEND, gettext_lazy("Send")), (THEIRS, gettext_lazy("Take Google’s"))),
    "deleted": ((SEND, gettext_lazy("Delete in Google")), (THEIRS, gettext_lazy("Bring back here"))),
}
MOST_SHOWN = 200
# What an event's row says of its twin in Google, besides the values.
TWIN_DETAILS = (
    "google_event_id",
    "ical_uid",
    "sequence",
    "event_type",
    "organizer",
    "attendees",
    "conference_url",
    "is_read_only",
    "read_only_reason",
)


@dataclass(frozen=True)
class Candidate:
    """An event that waits for its owner's word. `kind` is a key of `CHOICES`; `twin` its double from Google."""

    event: CalendarEvent
    kind: str
    twin: EventLink | None = None

    @property
    def choices(self) -> tuple[tuple[str, Any], ...]:
        return CHOICES[self.kind]

    @property
    def default(self) -> str:
        return self.choices[0][0]


@dataclass(frozen=True)
class Row:
    candidate: Candidate
    when: str


@dataclass(frozen=True)
class Rehearsal:
    imported: int
    to_send: int
    doubles: tuple[Row, ...]
    others: tuple[Row, ...]
    not_shown: int


def rehearsal_of(account: GoogleAccount, profile: UserProfile) -> Rehearsal:
    """What the page says. Doubles come first; what is too much for one page gets its default."""
    found = candidates(account)
    doubles = [one for one in found if one.kind == "double"]
    others = [one for one in found if one.kind != "double"]
    shown = (doubles + others)[:MOST_SHOWN]
    rows = [Row(one, _when(one.event, profile)) for one in shown]
    return Rehearsal(
        imported=EventLink.objects.filter(link__account=account, event__isnull=False)
        .exclude(event__status=CalendarEvent.Status.CANCELLED)
        .exclude(event__in=[one.event.pk for one in found])
        .count(),
        to_send=len(others),
        doubles=tuple(row for row in rows if row.candidate.kind == "double"),
        others=tuple(row for row in rows if row.candidate.kind != "double"),
        not_shown=len(found) - len(shown),
    )


def candidates(account: GoogleAccount) -> list[Candidate]:
    waiting = list(
        waiting_from_before(account)
        .select_related("calendar", "series", "google_link")
        .order_by("start_time", "start_date", "pk")
    )
    known = [event for event in waiting if hasattr(event, "google_link") and event.google_link.base]
    agreed = {event.pk for event in known}
    new = [event for event in waiting if event.pk not in agreed and not event.is_deleted]
    twins = _twins(account, [event for event in new if event.series_id is None])
    return [
        Candidate(event, "double" if event.pk in twins else "new", twins.get(event.pk)) for event in new
    ] + [Candidate(event, "deleted" if event.is_deleted else "changed") for event in known]


@transaction.atomic
def decide(*, account: GoogleAccount, choices: Mapping[str, str], actor: Actor) -> None:
    """Do as chosen (event id → choice; the default where nothing fitting is), and let the sync begin to send."""
    GoogleAccount.objects.select_for_update().get(pk=account.pk)
    stay = []
    for one in candidates(account):
        chosen = choices.get(str(one.event.pk), "")
        chosen = chosen if chosen in dict(one.choices) else one.default
        if chosen == STAY:
            stay.append(one.event)
        elif chosen == THEIRS:
            take_googles(one.event)
        elif chosen == JOIN and one.twin is not None:
            _join(one.event, one.twin, actor)
    services.set_local_only(events=stay, is_local_only=True)
    confirm_rehearsal(account=account)


def take_googles(event: CalendarEvent) -> CalendarEvent:
    """What both sides last agreed on stands again; the version from here stays in the history."""
    assert event.google_link.base is not None
    base = from_json(event.google_link.base)
    if base != event.values:
        services.keep_displaced(event=event, values=event.values, origin=EventRevision.Origin.GOOGLE)
    return services.apply_remote(calendar=event.calendar, event=event, values=base, details={})


def _twins(account: GoogleAccount, events: list[CalendarEvent]) -> dict[Any, EventLink]:
    """Event id → its double from Google, each double once."""
    wanted = {_sameness(event): event.pk for event in reversed(events)}
    starts = sorted({event.start_time for event in events if event.start_time})
    days = sorted({event.start_date for event in events if event.start_date})
    if not wanted:
        return {}
    found = (
        EventLink.objects.filter(
            Q(event__start_time__range=(starts[0], starts[-1])) if starts else Q(pk__in=[]),
            link__account=account,
        )
        | EventLink.objects.filter(
            Q(event__start_date__range=(days[0], days[-1])) if days else Q(pk__in=[]), link__account=account
        )
    ).exclude(event__status=CalendarEvent.Status.CANCELLED)
    own_exceptions = set(
        CalendarEvent.objects.filter(pk__in=wanted.values())
        .annotate(exceptions=Count("overrides"))
        .filter(exceptions__gt=0)
        .values_list("pk", flat=True)
    )
    twins: dict[Any, EventLink] = {}
    for known in found.filter(event__series=None).select_related("event__calendar", "link").order_by("pk"):
        assert known.event is not None
        event_id = wanted.pop(_sameness(known.event), None)
        if event_id is not None and event_id not in own_exceptions and not known.event.calendar.is_read_only:
            twins[event_id] = known
    return twins


def _sameness(event: CalendarEvent) -> tuple[Any, ...]:
    return event.title.casefold(), event.start, event.end, event.is_all_day, bool(event.recurrence)


def _join(event: CalendarEvent, known: EventLink, actor: Actor) -> None:
    """The event from here becomes the one in Google and keeps its id; what only it says is sent."""
    twin = known.event
    assert twin is not None
    theirs, ours = twin.values, event.values
    merged = _filled(theirs, ours)
    known.event = event
    known.save(update_fields=["event"])
    services.absorb_event(event=event, other=twin)
    if event.calendar_id != twin.calendar_id:
        event = services.update_event(
            event=event, values=ours, calendar=twin.calendar, origin=EventRevision.Origin.WEB, actor=actor
        )
    if merged != ours:
        services.keep_displaced(event=event, values=ours, origin=EventRevision.Origin.GOOGLE)
    services.apply_remote(
        calendar=event.calendar,
        event=event,
        values=merged,
        details={name: getattr(twin, name) for name in TWIN_DETAILS},
        in_step=merged == theirs,
    )


def _filled(theirs: EventValues, ours: EventValues) -> EventValues:
    """Google's values, with ours where it says nothing."""
    return replace(
        theirs,
        description=theirs.description or ours.description,
        location=theirs.location or ours.location,
        color=theirs.color or ours.color,
    )


def _when(event: CalendarEvent, profile: UserProfile) -> str:
    details = details_of(event, profile)
    return " · ".join(filter(None, (details["days"], details["times"], details["repeats"])))
