"""Form fields for dates and times as people type them; what is none is said with the way to write it."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class WrittenDate(forms.DateField):
    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(widget=widget, error_messages={"required": _("Give a date.")}, **options)

    def to_python(self, value: Any) -> date | None:
        try:
            return super().to_python(value)
        except forms.ValidationError:
            raise forms.ValidationError(
                _("“%(text)s” is not a date. Write it as 2026-11-24.") % {"text": value}
            ) from None


class WrittenTime(forms.TimeField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}), required=False, **options
        )

    def to_python(self, value: Any) -> time | None:
        try:
            return super().to_python(value)
        except forms.ValidationError:
            raise forms.ValidationError(
                _("“%(text)s” is not a time. Write 0:00 to 23:59.") % {"text": value}
            ) from None
