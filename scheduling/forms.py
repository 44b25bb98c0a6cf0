"""Forms: they read what people typed, in their zone, and say what is wrong. They write nothing."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scheduling.core import wording
from scheduling.core.event import EventValues, InvalidEvent, canonical, check, is_zone
from scheduling.core.reminders import lead_words
from scheduling.core.repeat import Place
from scheduling.core.zones import exists, instant, wall_time, zone_names
from scheduling.initial import initial_of
from scheduling.models import Calendar, CalendarEvent, UserProfile
from scheduling.repeat_fields import RepeatFields
from scheduling.written import WrittenDate, WrittenTime

WHEN = {"start_date", "start_time", "end_date", "end_time", "time_zone"}
LEADS = (0, 5, 10, 15, 30, 60, 120, 1440, 2880, 10080)  # minutes that are offered
ANY_DAY = (date(2000, 1, 1), date(2000, 1, 2))
# Where a fault of the values is shown: (timed, all-day).
SHOWN_AT = {
    "start": ("start_time", "start_date"),
    "end": ("end_time", "end_date"),
    "end_time_zone": ("time_zone", "time_zone"),
    "recurrence": ("repeat", "repeat"),
}


class EventForm(RepeatFields):
    """One event as people write it: wall times in its own zone, the last day of an all-day event included.

    After `is_valid()`, `values` is what to hand to a service. `revision` is what the person saw when the form
    was drawn; `accepted_shift` names the wall times in a clock change that the person has been told about.
    """

    title = forms.CharField(
        label=gettext_lazy("Title"), error_messages={"required": gettext_lazy("Give the event a title.")}
    )
    start_date = WrittenDate(label=gettext_lazy("Start date"))
    start_time = WrittenTime(label=gettext_lazy("Start time"))
    end_date = WrittenDate(label=gettext_lazy("End date"), required=False)
    end_time = WrittenTime(label=gettext_lazy("End time"))
    is_all_day = forms.BooleanField(label=gettext_lazy("All day"), required=False)
    time_zone = forms.CharField(label=gettext_lazy("Time zone"), required=False)
    location = forms.CharField(label=gettext_lazy("Location"), required=False)
    description = forms.CharField(
        label=gettext_lazy("Description"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    calendar = forms.ModelChoiceField(
        label=gettext_lazy("Calendar"),
        queryset=Calendar.objects.none(),
        empty_label=None,
        error_messages={
            "required": gettext_lazy("Choose a calendar."),
            "invalid_choice": gettext_lazy("Choose one of your own calendars."),
        },
    )
    color = forms.TypedChoiceField(
        label=gettext_lazy("Colour"),
        choices=lambda: [("", _("The calendar’s colour")), *wording.color_names().items()],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    availability = forms.ChoiceField(
        label=gettext_lazy("Show me as"),
        choices=CalendarEvent.Availability.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    own_reminders = forms.BooleanField(label=gettext_lazy("Reminders of its own"), required=False)
    reminders = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Reminders"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)
    accepted_shift = forms.CharField(required=False, widget=forms.HiddenInput)

    values: EventValues
    span: tuple[Any, Any] | None = None  # None while it is not known when the event is

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        profile: UserProfile,
        calendars: QuerySet[Calendar],
        event: CalendarEvent | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        self.profile, self.event = profile, event
        super().__init__(data, initial={**(initial or {}), **(initial_of(event, profile) if event else {})})
        self.fields["calendar"].queryset = calendars  # type: ignore[attr-defined]
        self.fields["title"].widget.attrs |= {
            "autofocus": True,
            "placeholder": _("Title"),
            "autocomplete": "off",
        }
        self.fields["location"].widget.attrs |= {"placeholder": _("Place or video link")}
        self.fields["description"].widget.attrs |= {"placeholder": _("Description")}
        self.fields["time_zone"].widget.attrs |= {"list": "zones", "autocomplete": "off"}
        known = {*LEADS, *(event.reminders or () if event else ())}
        self.fields["reminders"].choices = [(n, lead_words(n)) for n in sorted(known)]  # type: ignore[attr-defined]
        # One event of a series has no rule of its own.
        self.can_repeat = event is None or not event.series_id or bool(event.recurrence)
        self.prepare_repeat(self.initial_lines(), self._initial_place())

    @property
    def zones(self) -> tuple[str, ...]:
        return zone_names()

    @property
    def zone_name(self) -> str:
        """The zone as it stands in the form, for the line that says which one counts."""
        return str(self["time_zone"].value() or self.profile.timezone)

    @property
    def usual_reminder(self) -> str:
        return wording.small(lead_words(self.profile.reminder_minutes))

    def initial_lines(self) -> tuple[str, ...]:
        if self.event is not None:
            return tuple(self.event.recurrence)
        return tuple(str(self.initial.get("repeat") or "").splitlines())

    def _initial_place(self) -> Place:
        is_all_day = self.initial.get("is_all_day")
        zone = "" if is_all_day else self.initial.get("time_zone") or self.profile.timezone
        return Place(self.initial.get("start_date") or date.today(), zone)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        zone_name = data.get("time_zone") or self.profile.timezone
        if data.get("is_all_day"):
            for name in ("start_time", "end_time", "time_zone"):  # not asked, so not answered wrongly
                self.errors.pop(name, None)
        elif not is_zone(zone_name):
            self.add_error(
                "time_zone",
                _("“%(name)s” is not a time zone. Write a name such as Europe/Berlin.") % {"name": zone_name},
            )
        self.span = span = None if self.errors.keys() & WHEN else self._span(data, zone_name)
        start, end = span or ANY_DAY
        zone = "" if data["is_all_day"] or not span else zone_name
        values = self._values(data, start, end, zone)
        if self.can_repeat:
            values = replace(
                values, recurrence=self.read_repeat_lines(Place(data.get("start_date") or start, zone))
            )
        if span is None:  # the rest can still be checked, so that every fault is said at once
            values = replace(values, is_all_day=True)
        try:
            check(canonical(values), zero_length=self.event is not None and span == self._stored_span())
        except InvalidEvent as error:
            self.refuse(error)
        self.values = values
        return data

    def _span(self, data: dict[str, Any], zone_name: str) -> tuple[Any, Any] | None:
        return self._dates(data) if data["is_all_day"] else self._instants(data, ZoneInfo(zone_name))

    def refuse(self, error: InvalidEvent) -> None:
        """Show at the fields what the values break; a field that already says something keeps its words."""
        for name, message in error.fields.items():
            shown = SHOWN_AT.get(name, (name, name))[bool(self.cleaned_data.get("is_all_day"))]
            if shown not in self.fields:
                shown = "title"
            if shown not in self.errors:
                self.add_error(shown, message)

    def _values(self, data: dict[str, Any], start: Any, end: Any, zone_name: str) -> EventValues:
        before = self.event.values if self.event else None
        keeps_zone = before is not None and before.time_zone == zone_name
        return EventValues(
            title=data.get("title", ""),
            description=data["description"],
            location=data["location"],
            start=start,
            end=end,
            is_all_day=data["is_all_day"],
            time_zone=zone_name,
            end_time_zone=before.end_time_zone if before and keeps_zone else "",
            recurrence=before.recurrence if before else (),
            status=before.status if before else "confirmed",
            visibility=before.visibility if before else "default",
            availability=data.get("availability") or "busy",
            color=data.get("color"),
            reminders=tuple(data.get("reminders", ())) if data.get("own_reminders") else None,
        )

    def _stored_span(self) -> tuple[Any, Any] | None:
        return (self.event.start, self.event.end) if self.event else None

    def _dates(self, data: dict[str, Any]) -> tuple[date, date] | None:
        first, last = data["start_date"], data["end_date"] or data["start_date"]
        if last < first:
            meant = wording.full_day(first, date.today())
            self.add_error(
                "end_date", _("The end is before the start. Did you mean %(meant)s?") % {"meant": meant}
            )
            return None
        return first, last + timedelta(days=1)

    def _instants(self, data: dict[str, Any], place: ZoneInfo) -> tuple[datetime, datetime] | None:
        for name in ("start_time", "end_time"):
            if data.get(name) is None:
                self.add_error(name, _("Give a time, or choose all day."))
        if self.errors.keys() & {"start_time", "end_time"}:
            return None
        start = datetime.combine(data["start_date"], data["start_time"])
        end = datetime.combine(data["end_date"] or data["start_date"], data["end_time"])
        if end < start:
            self.add_error("end_time", _end_before_start(start, end.time(), self.profile))
            return None
        if not self._knows_of_shift(place, start_time=start, end_time=end):
            return None
        return self._instant("start", start, place), self._instant("end", end, place)

    def _knows_of_shift(self, place: ZoneInfo, **walls: datetime) -> bool:
        """Whether no time falls into a clock change, or the person has already read what becomes of it."""
        lost = {name: wall for name, wall in walls.items() if not exists(wall, place)}
        mark = " ".join(f"{wall:%Y-%m-%dT%H:%M}" for wall in lost.values())
        if not lost or self.cleaned_data.get("accepted_shift") == mark:
            return True
        for name, wall in lost.items():
            stored = wording.clock(wall_time(instant(wall, place), place))
            day = wording.day_month(wall.date(), date.today())
            self.add_error(
                name,
                _(
                    "Clocks go forward on %(day)s: %(time)s does not exist in %(zone)s. "
                    "Save again and it becomes %(stored)s."
                )
                % {"day": day, "time": wording.clock(wall), "zone": place.key, "stored": stored},
            )
        self._retype("accepted_shift", mark)
        return False

    def _instant(self, name: str, wall: datetime, place: ZoneInfo) -> datetime:
        """The instant of a wall time; the stored one as long as the form shows the same minute of it.

        Seconds and the second pass of a repeated hour cannot be typed and would be lost otherwise.
        """
        stored = getattr(self.event, name) if self.event and not self.event.is_all_day else None
        if stored is not None and wall_time(stored, place).replace(second=0, microsecond=0) == wall:
            return stored  # type: ignore[no-any-return]
        return instant(wall, place)

    def _retype(self, name: str, value: Any) -> None:
        typed: Any = copy(self.data)  # what was posted cannot be changed, its copy can
        typed[name] = value
        self.data = typed

    # --- an edit that meets another one ---
    def meet(self, current: CalendarEvent) -> list[Difference]:
        """What differs between the event as it stands now and what was typed; the next save knows of it."""
        theirs = initial_of(current, self.profile)
        self._retype("revision", current.revision)
        found = []
        for name in theirs:
            if name in self.fields and name not in ("revision", "accepted_shift"):
                there, here = self._shown(name, theirs[name]), self._shown(name, self.cleaned_data.get(name))
                if there != here:
                    found.append(Difference(str(self[name].label), there, here))
        rules = [
            wording.repeats(lines, date.today(), zone)
            for lines, zone in (
                (current.recurrence, current.time_zone),
                (self.values.recurrence, self.values.time_zone),
            )
        ]
        if self.can_repeat and rules[0] != rules[1]:
            found.append(Difference(_("Repeat"), rules[0] or "—", rules[1] or "—"))
        return found

    def _shown(self, name: str, value: Any) -> str:
        if name == "reminders":
            return ", ".join(lead_words(int(minutes)) for minutes in value) or "—"
        if name in ("is_all_day", "own_reminders"):
            return _("yes") if value else _("no")
        if name == "color":
            return wording.color_names().get(int(value), "") if value else _("the calendar’s")
        if name == "availability":
            return str(CalendarEvent.Availability(value or "busy").label)
        if isinstance(value, time):
            return wording.clock(value, self.profile.clock == UserProfile.Clock.HOURS_12)
        if isinstance(value, date):
            return wording.full_day(value, date.today())
        return "—" if value in (None, "") else str(value)


@dataclass(frozen=True)
class Difference:
    """One field, as it is now and as it was typed."""

    label: str
    there: str
    here: str


def _end_before_start(start: datetime, end: time, profile: UserProfile) -> str:
    meant = datetime.combine(start.date(), end)
    if meant <= start:
        meant += timedelta(days=1)
    hour = wording.clock(meant, profile.clock == UserProfile.Clock.HOURS_12)
    return _("The end is before the start. Did you mean %(meant)s?") % {
        "meant": f"{wording.weekday(meant)} {hour}"
    }
