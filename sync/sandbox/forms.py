"""The form of "Google's side": an event as a person writes it, turned into Google's JSON."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms

from sync.sandbox.models import Event, ListEntry

Json = dict[str, Any]
SCOPES = (("this", "This event"), ("following", "This and following events"), ("all", "The whole series"))


def _zones() -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(available_timezones()) if "/" in name or name == "UTC"]


class EventForm(forms.Form):
    summary = forms.CharField(label="Title", required=False, max_length=1024)
    is_all_day = forms.BooleanField(label="All day", required=False)
    start_date = forms.DateField(
        label="Start date", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    start_time = forms.TimeField(
        label="Start time", required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )
    end_date = forms.DateField(
        label="End date",
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text="For an all-day event its last day.",
    )
    end_time = forms.TimeField(
        label="End time", required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )
    zone = forms.ChoiceField(label="Time zone", choices=_zones)
    recurrence = forms.CharField(
        label="Repeats",
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text="Optional lines such as RRULE:FREQ=WEEKLY;BYDAY=MO. Empty: once.",
    )
    location = forms.CharField(label="Location", required=False, max_length=1024)
    description = forms.CharField(label="Description", required=False, widget=forms.Textarea({"rows": 3}))

    def clean(self) -> Json:
        data = super().clean() or {}
        if not data.get("is_all_day"):
            for name in ("start_time", "end_time"):
                if name not in self.errors and data.get(name) is None:
                    self.add_error(name, "Give a time, or tick all day.")
        return data

    def to_google(self, *, is_instance: bool = False) -> Json:
        """The body for a PATCH: what is empty is removed."""
        data = self.cleaned_data
        body: Json = {name: data[name] or None for name in ("summary", "location", "description")}
        if not is_instance:
            body["recurrence"] = [
                line.strip() for line in data["recurrence"].splitlines() if line.strip()
            ] or None
        for name in ("start", "end"):
            day: date = data[f"{name}_date"]
            if data["is_all_day"]:
                exclusive = day + timedelta(days=1) if name == "end" else day
                body[name] = {"date": exclusive.isoformat(), "dateTime": None, "timeZone": None}
            else:
                wall = datetime.combine(day, data[f"{name}_time"])
                body[name] = {"dateTime": wall.isoformat(), "timeZone": data["zone"], "date": None}
        return body


def initial_of(event: Event) -> Json:
    """The form's values for an event."""
    body = event.body
    initial: Json = {name: body.get(name, "") for name in ("summary", "location", "description")}
    initial["recurrence"] = "\n".join(body.get("recurrence", []))
    initial["is_all_day"] = "date" in body["start"]
    initial["zone"] = body["start"].get("timeZone", "UTC")
    for name in ("start", "end"):
        if initial["is_all_day"]:
            day = date.fromisoformat(body[name]["date"]) - timedelta(days=name == "end")
            initial[f"{name}_date"] = day
        else:
            local = datetime.fromisoformat(body[name]["dateTime"]).astimezone(ZoneInfo(initial["zone"]))
            initial[f"{name}_date"], initial[f"{name}_time"] = local.date(), local.time()
    return initial


def initial_for_new(entry: ListEntry, now: datetime) -> Json:
    """The next full hour, for one hour, in the calendar's zone."""
    local = now.astimezone(ZoneInfo(entry.calendar.time_zone)).replace(minute=0, second=0, microsecond=0)
    start, end = local + timedelta(hours=1), local + timedelta(hours=2)
    return {
        "zone": entry.calendar.time_zone,
        "start_date": start.date(),
        "start_time": time(start.hour),
        "end_date": end.date(),
        "end_time": time(end.hour),
    }
