"""The fields of the repeat editor, between what is posted and the recurrence lines of the event.

`repeat` is a frequency, empty, or recurrence lines verbatim (what the editor cannot say is one more choice). Fields
that the chosen frequency does not ask for are not read.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from scheduling.core import wording
from scheduling.core.repeat import (
    FREQUENCIES,
    MONTH_DAYS,
    MOST_COUNT,
    MOST_EVERY,
    Place,
    Repeat,
    read_repeat,
    repeat_lines,
)
from scheduling.written import WrittenDate

CHOICES = (
    ("", _("Does not repeat")),
    ("daily", _("Daily")),
    ("weekly", _("Weekly on chosen days")),
    ("monthly", _("Monthly")),
    ("yearly", _("Yearly")),
)
START, DAY, WEEKDAY = "start", "day", "weekday"
NEVER, AFTER, ON = pgettext_lazy("repeat", "never"), pgettext_lazy("repeat", "after"), "on"
ASKED = {
    "weekly": {"repeat_days"},
    "monthly": {"repeat_by", "repeat_day", "repeat_ordinal", "repeat_weekday"},
    "yearly": {"repeat_by", "repeat_ordinal", "repeat_weekday"},
}


ORDINALS = (
    (1, pgettext_lazy("which weekday", "the first")),
    (2, pgettext_lazy("which weekday", "the second")),
    (3, pgettext_lazy("which weekday", "the third")),
    (4, pgettext_lazy("which weekday", "the fourth")),
    (5, pgettext_lazy("which weekday", "the fifth")),
    (-1, pgettext_lazy("which weekday", "the last")),
)


def _weekdays() -> list[tuple[str, str]]:
    return list(zip(wording.CODES, wording.weekday_names(), strict=True))


def _month_day(day: int) -> str:
    return gettext("the last day") if day < 0 else gettext("day %(day)d") % {"day": day}


def _number(label: Any, most: int, missing: str) -> forms.IntegerField:
    fault = _("Give a whole number from 1 to %(most)d.") % {"most": most}
    words = {"required": missing, "invalid": fault, "min_value": fault, "max_value": fault}
    attributes = {"inputmode": "numeric"}
    return forms.IntegerField(
        label=label,
        min_value=1,
        max_value=most,
        required=False,
        error_messages=words,
        widget=forms.NumberInput(attrs=attributes),
    )


def _choice(label: Any, choices: Any, **options: Any) -> forms.TypedChoiceField:
    words = {"invalid_choice": _("Choose one of the list.")}
    return forms.TypedChoiceField(
        label=label, choices=choices, required=False, error_messages=words, **options
    )


class RepeatFields(forms.Form):
    """Part of the event's form; `prepare_repeat` fills it, `read_repeat_lines` reads it."""

    repeat = forms.CharField(label=_("Repeat"), required=False)
    repeat_every = _number(pgettext_lazy("repeat", "Every"), MOST_EVERY, "")
    repeat_days = forms.MultipleChoiceField(
        label=pgettext_lazy("repeat", "On"),
        choices=lambda: _weekdays(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose weekdays of the list.")},
    )
    repeat_by = _choice(
        pgettext_lazy("repeat", "On"),
        [
            (START, _("the day it starts on")),
            (DAY, _("a day of the month")),
            (WEEKDAY, _("a weekday of the month")),
        ],
    )
    repeat_day = _choice(
        _("Day of the month"),
        lambda: [(day, _month_day(day)) for day in MONTH_DAYS],
        coerce=int,
        empty_value=None,
    )
    repeat_ordinal = _choice(
        _("Which one"),
        ORDINALS,
        coerce=int,
        empty_value=None,
    )
    repeat_weekday = _choice(_("Weekday"), lambda: _weekdays())
    repeat_ends = _choice(
        pgettext_lazy("repeat", "Ends"),
        [
            (NEVER, pgettext_lazy("repeat", "never")),
            (AFTER, pgettext_lazy("repeat", "after")),
            (ON, pgettext_lazy("repeat", "on a date")),
        ],
    )
    repeat_count = _number(_("Number of times"), MOST_COUNT, "")
    repeat_until = WrittenDate(label=_("Last date"), required=False)
    repeat_was = forms.CharField(required=False, widget=forms.HiddenInput, strip=False)

    can_repeat = True

    def prepare_repeat(self, lines: tuple[str, ...], place: Place) -> None:
        """Show these lines of a series that lives at `place`."""
        if not self.can_repeat:
            for name in [name for name in self.fields if name.startswith("repeat")]:
                del self.fields[name]
            return
        repeat = read_repeat(lines, place)
        self.initial.update(_initial(repeat or Repeat(), place), repeat_was="\n".join(lines))
        self.initial["repeat"] = "\n".join(lines) if repeat is None else repeat.frequency
        self.fields["repeat"].widget = forms.Select(choices=self._repeat_choices(lines, repeat))

    def _repeat_choices(self, lines: tuple[str, ...], repeat: Repeat | None) -> list[tuple[str, Any]]:
        own = {"\n".join(lines)} if repeat is None else set()
        if self.is_bound:
            own.add(str(self.data.get("repeat") or ""))
        known = {value for value, _label in CHOICES}
        words = ((text, wording.repeats(text.splitlines(), date.today())) for text in sorted(own - known))
        return [
            *CHOICES,
            *(
                (text, gettext("Custom: %(rule)s") % {"rule": said or gettext("a rule of its own")})
                for text, said in words
            ),
        ]

    def read_repeat_lines(self, place: Place) -> tuple[str, ...]:
        """What the editor says, as lines; of an event whose rule was left alone the very same lines."""
        data = self.cleaned_data
        was = tuple(str(data.get("repeat_was") or "").splitlines())
        if "repeat" not in self.data:
            return self.initial_lines()
        frequency = data.get("repeat", "")
        self._forget_unasked(frequency)
        if frequency not in FREQUENCIES:
            return tuple(frequency.splitlines())
        before = read_repeat(was, place) or Repeat()
        typed = self._typed(frequency, data)
        typed = replace(typed, kept=before.kept)
        if frequency == before.frequency == "weekly":
            typed = replace(typed, week_start=before.week_start)
        if typed == before and was == self.initial_lines():
            return was
        if typed.until and typed.until < place.start:
            self.add_error("repeat_until", _("The last date is before the event starts."))
            typed = replace(typed, until=None)
        return repeat_lines(typed, place)

    def initial_lines(self) -> tuple[str, ...]:
        """The lines that the event had before."""
        return ()

    def _typed(self, frequency: str, data: dict[str, Any]) -> Repeat:
        ends = data.get("repeat_ends")
        if ends == AFTER and data.get("repeat_count") is None and "repeat_count" not in self.errors:
            self.add_error("repeat_count", _("Say how many times."))
        if ends == ON and data.get("repeat_until") is None and "repeat_until" not in self.errors:
            self.add_error("repeat_until", _("Give the last date."))
        repeat = Repeat(
            frequency,
            every=data.get("repeat_every") or 1,
            count=data.get("repeat_count") if ends == AFTER else None,
            until=data.get("repeat_until") if ends == ON else None,
        )
        if frequency == "weekly":
            chosen = data.get("repeat_days") or ()
            return replace(repeat, weekdays=tuple(code for code in wording.CODES if code in chosen))
        if frequency == "monthly" and data.get("repeat_by") == DAY:
            return replace(repeat, month_day=data.get("repeat_day"))
        if (
            frequency in ("monthly", "yearly")
            and data.get("repeat_by") == WEEKDAY
            and data.get("repeat_weekday")
        ):
            return replace(repeat, ordinal=data.get("repeat_ordinal") or 1, weekday=data["repeat_weekday"])
        return repeat

    def _forget_unasked(self, frequency: str) -> None:
        """What the chosen frequency does not ask for is not answered wrongly."""
        unasked = set[str]().union(*ASKED.values()) - ASKED.get(frequency, set())
        if frequency not in FREQUENCIES:
            unasked |= {"repeat_every", "repeat_ends", "repeat_count", "repeat_until"}
        ends = self.cleaned_data.get("repeat_ends")
        unasked |= {"repeat_count"} if ends != AFTER else set()
        unasked |= {"repeat_until"} if ends != ON else set()
        for name in unasked:
            self.errors.pop(name, None)


def _initial(repeat: Repeat, place: Place) -> dict[str, Any]:
    by = DAY if repeat.month_day is not None else WEEKDAY if repeat.ordinal is not None else START
    ends = AFTER if repeat.count is not None else ON if repeat.until is not None else NEVER
    start = place.start
    return {
        "repeat_every": repeat.every,
        "repeat_days": list(repeat.weekdays),
        "repeat_by": by,
        "repeat_day": repeat.month_day if repeat.month_day is not None else start.day,
        "repeat_ordinal": repeat.ordinal if repeat.ordinal is not None else (start.day - 1) // 7 + 1,
        "repeat_weekday": repeat.weekday or wording.CODES[start.weekday()],
        "repeat_ends": ends,
        "repeat_count": repeat.count,
        "repeat_until": repeat.until,
    }
