"""The editor of an appointment type. The form reads; `services.create_type` and `update_type` check the rest."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from scheduling.core.wording import COLORS
from scheduling.models import AppointmentType, Calendar

SPARE_QUESTIONS = 2
DATE = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
LIMITS = ("daily_cap", "weekly_cap", "monthly_cap")


class TypeForm(forms.ModelForm):  # type: ignore[type-arg]
    """The type's own fields, its lengths as text, and a few rows of questions (`question-N`, `choices-N`, `required-N`)."""

    other_durations = forms.CharField(
        label="Other lengths", required=False, help_text="Minutes, parted by commas: 15, 60."
    )
    color = forms.TypedChoiceField(label="Colour", choices=list(COLORS.items()), coerce=int)

    class Meta:
        model = AppointmentType
        fields = [
            "name",
            "slug",
            "description",
            "duration",
            "other_durations",
            "place_kind",
            "place",
            "color",
            "is_active",
            "is_secret",
            "requires_approval",
            "seats",
            "buffer_before",
            "buffer_after",
            "minimum_notice",
            "increment",
            "grid",
            "window_kind",
            "window_days",
            "window_start",
            "window_end",
            *LIMITS,
            "calendar",
            "calendars_to_check",
        ]
        labels = {
            "slug": "Address",
            "duration": "Length",
            "place_kind": "Where",
            "place": "Place",
            "is_active": "Can be booked",
            "is_secret": "By secret link only",
            "requires_approval": "You confirm each request",
            "seats": "Places",
            "buffer_before": "Buffer before",
            "buffer_after": "Buffer after",
            "minimum_notice": "Earliest notice",
            "increment": "A slot begins every",
            "grid": "Counted",
            "window_kind": "Booking window",
            "window_days": "Days ahead",
            "window_start": "First day",
            "window_end": "Last day",
            "daily_cap": "At most a day",
            "weekly_cap": "At most a week",
            "monthly_cap": "At most a month",
            "calendar": "Write bookings to",
            "calendars_to_check": "Busy in",
        }
        help_texts = {"window_end": "", "seats": "More than one: a group shares the time."}
        widgets = {
            "description": forms.Textarea(attrs={"rows": 3}),
            "calendars_to_check": forms.CheckboxSelectMultiple,
            "window_start": DATE,
            "window_end": DATE,
        }

    def __init__(self, *args: Any, calendars: QuerySet[Calendar], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own: Any = self.fields
        own["calendar"].queryset = calendars.filter(is_read_only=False)
        own["calendar"].empty_label = "Primary calendar"
        own["calendars_to_check"].queryset = calendars
        if not self.is_bound:
            lengths = self.instance.other_durations
            self.initial["other_durations"] = ", ".join(str(minutes) for minutes in lengths)
        for field in self.fields.values():
            widget = field.widget
            if isinstance(widget, forms.CheckboxSelectMultiple | forms.CheckboxInput):
                widget.attrs["class"] = "form-check-input"
                if isinstance(widget, forms.CheckboxInput):
                    widget.attrs["role"] = "switch"
            else:
                widget.attrs["class"] = "form-select" if isinstance(widget, forms.Select) else "form-control"
            if isinstance(widget, forms.NumberInput):
                widget.attrs["class"] += " w-number"

    def clean_other_durations(self) -> list[int]:
        parts = re.split(r"[,;\s]+", self.cleaned_data["other_durations"].strip())
        try:
            return [int(part) for part in parts if part]
        except ValueError:
            raise ValidationError("Write minutes, parted by commas.") from None

    def _post_clean(self) -> None:
        """The service writes and checks; Django's own check of the model would say it in other words, and twice."""

    @property
    def questions(self) -> list[dict[str, Any]]:
        """What the rows say; a key stays with its question, so that answers given before keep theirs."""
        if not self.is_bound:
            return list(self.instance.questions)
        found, used = [], set()
        for number in range(50):
            label = self.data.get(f"question-{number}", "").strip()
            if not label:
                continue
            key = self.data.get(f"key-{number}", "") or f"q{number + 1}"
            while key in used:
                key += "x"
            used.add(key)
            choices = [c.strip() for c in self.data.get(f"choices-{number}", "").splitlines() if c.strip()]
            found.append(
                {
                    "key": key,
                    "label": label,
                    "kind": "choice" if choices else "text",
                    "choices": choices,
                    "is_required": f"required-{number}" in self.data,
                }
            )
        return found

    @property
    def question_rows(self) -> list[dict[str, Any]]:
        """The questions, and empty rows for more."""
        taken = {question["key"] for question in self.questions}
        free = (f"q{n}" for n in range(1, 99) if f"q{n}" not in taken)
        spare = [{"key": next(free), "label": "", "choices": []} for _ in range(SPARE_QUESTIONS)]
        return [*self.questions, *spare]

    def values(self) -> dict[str, Any]:
        return {**self.cleaned_data, "questions": self.questions}

    def refuse(self, error: ValidationError) -> None:
        for name, words in error.message_dict.items():
            self.add_error(name if name in self.fields else None, words)
