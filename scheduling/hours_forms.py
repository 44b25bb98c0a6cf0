"""What a host fills in about their time: the week as rows of plain fields, dates that differ, the public page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from scheduling.core.origins import clean_origin
from scheduling.core.slots.hours import without
from scheduling.core.wording import capital, hours_words, weekday_names
from scheduling.models import AvailableTimeSlot, UserProfile

MOST_RANGES = 12  # a day
MOST_ORIGINS = 20
DAY_MINUTES = 24 * 60


@dataclass
class Range:
    """A row as typed. `24:00`, or an end before the start, lies in the following day."""

    start: str
    end: str
    fault: str = ""

    @property
    def is_overnight(self) -> bool:
        return bool(self.start and self.end) and "00:00" < self.end < self.start


@dataclass
class WeekDay:
    number: int
    name: str
    rows: list[Range]
    breaks: list[Range]

    @property
    def is_open(self) -> bool:
        return bool(self.rows)

    @property
    def has_room(self) -> bool:
        return len(self.rows) + len(self.breaks) < MOST_RANGES

    @property
    def minutes(self) -> int:
        """What the rows come to without the breaks."""
        left = without(_pairs(self.rows), _pairs(self.breaks))
        return sum(end - start for start, end in left)


class WeekForm:
    """Fields `start-N` and `end-N`, as often as day N (0 = Monday) has hours, `break-start-N` and `break-end-N` for its
    breaks; empty rows are none.

    `on` names the days that are switched on, `was` those that were when the page was drawn: a day switched off is
    closed whatever its rows say, one switched on without rows gets `usual` hours.
    """

    def __init__(self, data: Any, usual: Range | None = None) -> None:
        self.days = [
            WeekDay(
                number,
                name,
                _rows(data, f"start-{number}", f"end-{number}"),
                _rows(data, f"break-start-{number}", f"break-end-{number}"),
            )
            for number, name in enumerate(map(capital, weekday_names()))
        ]
        on, was = set(data.getlist("on")), set(data.getlist("was"))
        for day in self.days:
            key = str(day.number)
            if key in was - on:
                day.rows, day.breaks = [], []
            elif key in on - was and not day.rows and usual is not None:
                day.rows = [usual]
        self.ranges: list[tuple[int, time, time, bool]] = []

    @classmethod
    def of(cls, slots: Iterable[AvailableTimeSlot]) -> WeekForm:
        form = cls(_Nothing())
        for slot in slots:
            day = form.days[slot.day_of_week]
            end = "24:00" if slot.end_time == time(0) else f"{slot.end_time:%H:%M}"
            (day.rows if slot.is_available else day.breaks).append(Range(f"{slot.start_time:%H:%M}", end))
        return form

    @property
    def length(self) -> str:
        minutes = sum(day.minutes for day in self.days)
        return hours_words(timedelta(minutes=minutes)) if minutes else "0 h"

    def copy(self, day: str, to: Iterable[int]) -> None:
        """Give these days the rows and breaks of that one."""
        for source in [each for each in self.days if str(each.number) == day]:
            rows, breaks = source.rows, source.breaks
            for number in to:
                self.days[number].rows = [Range(row.start, row.end) for row in rows]
                self.days[number].breaks = [Range(row.start, row.end) for row in breaks]

    def is_valid(self) -> bool:
        self.ranges = []
        for day in self.days:
            seen: set[time] = set()
            for row in day.rows:
                row.fault = self._check(day, row, seen, is_available=True)
            for row in day.breaks:
                row.fault = self._check(day, row, seen, is_available=False)
        return not self.faults

    @property
    def faults(self) -> list[str]:
        return [f"{day.name}: {row.fault}" for day in self.days for row in day.rows + day.breaks if row.fault]

    def _check(self, day: WeekDay, row: Range, seen: set[time], *, is_available: bool) -> str:
        try:
            start, end = _clock(row.start), _clock(row.end)
        except ValueError:
            return _("Enter both times, such as 09:00 and 17:00.")
        if row.start.startswith("24"):
            return _("Hours begin before 24:00.")
        if start == end and start != time(0):
            return _("The end is the same as the start.")
        if start in seen:
            return _("Another range begins at the same time.")
        seen.add(start)
        self.ranges.append((day.number, start, end, is_available))
        return ""


def _rows(data: Any, start: str, end: str) -> list[Range]:
    typed = zip(data.getlist(start), data.getlist(end), strict=False)
    return [
        Range(first.strip()[:5], last.strip()[:5]) for first, last in typed if first.strip() or last.strip()
    ][:MOST_RANGES]


def _pairs(rows: Iterable[Range]) -> list[tuple[int, int]]:
    """The rows that can be read, in minutes."""
    pairs = []
    for row in rows:
        try:
            first, last = _clock(row.start), _clock(row.end)
        except ValueError:
            continue
        start, end = first.hour * 60 + first.minute, last.hour * 60 + last.minute
        pairs.append((start, end if end > start else end + DAY_MINUTES))
    return pairs


class _Nothing:
    def getlist(self, name: str) -> list[str]:
        return []


def _clock(text: str) -> time:
    """24:00 is the midnight that ends the day."""
    if text == "24:00":
        return time(0)
    hours, _colon, minutes = text.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2):
        raise ValueError(text)
    return time(int(hours), int(minutes))


class DateForm(forms.Form):
    """Other hours on one day or several, or none at all."""

    date = forms.DateField(label=gettext_lazy("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    last_date = forms.DateField(
        label=gettext_lazy("Last day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Hours"),
        choices=[
            ("closed", gettext_lazy("Closed, time off")),
            ("open", gettext_lazy("These hours instead")),
            ("break", gettext_lazy("Not in these hours")),
        ],
    )
    start_time = forms.CharField(label=gettext_lazy("From"), required=False)
    end_time = forms.CharField(label=gettext_lazy("Until"), required=False)
    note = forms.CharField(label=gettext_lazy("Note for yourself"), required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "auto_id": "date_%s"})
        for field in self.fields.values():
            is_select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if is_select else "form-control"
        for name in ("start_time", "end_time"):
            self.fields[name].widget.attrs |= {"placeholder": "hh:mm", "maxlength": 5, "inputmode": "numeric"}

    def clean_date(self) -> Any:
        return _kept(self.cleaned_data["date"])

    def clean_last_date(self) -> Any:
        day = self.cleaned_data["last_date"]
        return _kept(day) if day else None

    def clean_start_time(self) -> time | None:
        return self._time("start_time")

    def clean_end_time(self) -> time | None:
        return self._time("end_time")

    def _time(self, name: str) -> time | None:
        text = self.cleaned_data[name].strip()
        if not text or self.cleaned_data.get("kind") == "closed":
            return None
        try:
            return _clock(text)
        except ValueError:
            raise ValidationError(_("Enter a time such as 09:00.")) from None

    def values(self) -> Mapping[str, Any]:
        values = dict(self.cleaned_data)
        return values | {"is_available": values.pop("kind") == "open"}

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("kind") in ("open", "break") and not self.errors and not cleaned["start_time"]:
            self.add_error("start_time", _("Enter the hours of these days."))
        return cleaned

    def refuse(self, error: ValidationError) -> None:
        for name, words in error.message_dict.items():
            self.add_error(name if name in self.fields else None, words)


def _kept(day: Any) -> Any:
    if not 1970 <= day.year <= 2199:
        raise ValidationError(_("Dates from 1970 to 2199 are kept."))
    return day


class PageForm(forms.Form):
    """Whether guests find a page, and under which address."""

    public_page = forms.BooleanField(label=gettext_lazy("Public booking page"), required=False)
    handle = forms.CharField(label=pgettext_lazy("web", "Address"), required=False, max_length=40)
    embed_origins = forms.CharField(
        label=gettext_lazy("Sites that may embed it"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, data: Any = None, *, profile: UserProfile) -> None:
        initial = {
            "public_page": profile.public_page,
            "handle": profile.handle or "",
            "embed_origins": "\n".join(profile.embed_origins),
        }
        super().__init__(data, initial=initial)
        self.profile = profile
        self.fields["public_page"].widget.attrs |= {"class": "form-check-input", "role": "switch"}
        for name in ("handle", "embed_origins"):
            self.fields[name].widget.attrs |= {"class": "form-control", "spellcheck": "false"}

    def clean_handle(self) -> str:
        handle: str = self.cleaned_data["handle"].strip().lower()
        if handle:
            try:
                validate_slug(handle)
            except ValidationError:
                raise ValidationError(_("Letters, digits and hyphens only.")) from None
        if handle and UserProfile.objects.filter(handle=handle).exclude(pk=self.profile.pk).exists():
            raise ValidationError(_("This address is taken."))
        return handle

    def clean_embed_origins(self) -> list[str]:
        try:
            origins = [clean_origin(text) for text in self.cleaned_data["embed_origins"].split()]
        except ValueError as error:
            raise ValidationError(str(error)) from None
        if len(origins) > MOST_ORIGINS:
            raise ValidationError(_("At most %(count)d sites.") % {"count": MOST_ORIGINS})
        return list(dict.fromkeys(origins))

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("public_page") and not self.cleaned_data.get("handle") and not self.errors:
            self.add_error("handle", _("The page needs an address."))
        return self.cleaned_data

    def values(self) -> dict[str, Any]:
        return {
            "public_page": self.cleaned_data["public_page"],
            "handle": self.cleaned_data["handle"] or None,
            "embed_origins": self.cleaned_data["embed_origins"],
        }
