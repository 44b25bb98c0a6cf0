"""The editor of an appointment type. The form reads; `services.create_type` and `update_type` check the rest."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from scheduling.core.wording import color_names
from scheduling.models import AppointmentType, Calendar

SPARE_QUESTIONS = 2
DATE = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
LIMITS = ("daily_cap", "weekly_cap", "monthly_cap")


class TypeForm(forms.ModelForm):  # type: ignore[type-arg]
    """The type's own fields, its lengths as text, and a few rows of questions (`question-N`, `choices-N`, `required-N`)."""

    other_durations = forms.CharField(
        label=_("Other lengths"), required=False, help_text=_("Minutes, parted by commas: 15, 60.")
    )
    color = forms.TypedChoiceField(label=_("Colour"), choices=lambda: list(color_names().items()), coerce=int)

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
            "slug": pgettext_lazy("web", "Address"),
            "duration": _("Length"),
            "place_kind": _("Where"),
            "place": _("Place"),
            "is_active": _("Can be booked"),
            "is_secret": _("By secret link only"),
            "requires_approval": _("You confirm each request"),
            "seats": _("Places"),
            "buffer_before": _("Buffer before"),
            "buffer_after": _("Buffer after"),
            "minimum_notice": _("Earliest notice"),
            "increment": _("A slot begins every"),
            "grid": _("Counted"),
            "window_kind": _("Booking window"),
            "window_days": _("Days ahead"),
            "window_start": _("First day"),
            "window_end": _("Last day"),
            "daily_cap": _("At most a day"),
            "weekly_cap": _("At most a week"),
            "monthly_cap": _("At most a month"),
            "calendar": _("Write bookings to"),
            "calendars_to_check": _("Busy in"),
        }
        help_texts = {"window_end": "", "seats": _("More than one: a group shares the time.")}
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
        own["calendar"].empty_label = _("Primary calendar")
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
            raise ValidationError(_("Write minutes, parted by commas.")) from None

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
        spare = [{"key": next(free), "label": "", "choices": []} for number in range(SPARE_QUESTIONS)]
        return [*self.questions, *spare]

    def values(self) -> dict[str, Any]:
        return {**self.cleaned_data, "questions": self.questions}

    def refuse(self, error: ValidationError) -> None:
        for name, words in error.message_dict.items():
            self.add_error(name if name in self.fields else None, words)
