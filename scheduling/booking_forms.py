"""What a guest fills in. The form keeps what was typed; `services.book` checks it, and its words are shown here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from scheduling.models import AppointmentType
from scheduling.services.booking.guests import ANSWER_LIMIT, EMAIL_LIMIT, NAME_LIMIT, NOTES_LIMIT


class GuestForm(forms.Form):
    """`name`, `email`, `notes`, and one field for each question of the type."""

    name = forms.CharField(
        label=pgettext_lazy("person", "Name"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name", "maxlength": NAME_LIMIT}),
    )
    email = forms.CharField(
        label=_("E-mail"),
        required=False,
        help_text=_("The confirmation goes there."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "maxlength": EMAIL_LIMIT}),
    )
    notes = forms.CharField(
        label=_("Anything to know before?"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": NOTES_LIMIT}),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        appointment_type: AppointmentType,
        faults: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(data)
        self.names = {"name": "name", "email": "email", "notes": "notes"}
        needed = {"name", "email"}
        for number, question in enumerate(appointment_type.questions):
            field = f"answer-{number}"
            self.names[f"answers.{question['key']}"] = field
            self.fields[field] = _question_field(question)
            if question.get("is_required"):
                needed.add(field)
        self.order_fields(["name", "email", *(n for n in self.fields if n.startswith("answer-")), "notes"])
        for name, found in self.fields.items():
            is_choice = isinstance(found.widget, forms.Select)
            found.widget.attrs["class"] = "form-select" if is_choice else "form-control"
            found.is_needed = name in needed  # type: ignore[attr-defined]
            if name in needed:
                found.widget.attrs["aria-required"] = "true"
        self.refuse(faults or {})

    def refuse(self, faults: Mapping[str, str]) -> None:
        """Show what the service said against what was typed."""
        for name, words in faults.items():
            field = self.names.get(name)
            self.errors  # noqa: B018  # Django cleans first, and would forget what is added before
            self.add_error(field, words)
            if field:
                self.fields[field].widget.attrs["class"] += " is-invalid"

    def answers(self, appointment_type: AppointmentType) -> dict[str, str]:
        """What was answered, by the key of the question."""
        return {
            question["key"]: self.data.get(f"answer-{number}", "")
            for number, question in enumerate(appointment_type.questions)
        }


def _question_field(question: Mapping[str, Any]) -> forms.Field:
    if question["kind"] == "choice":
        choices = [("", _("Choose")), *((choice, choice) for choice in question["choices"])]
        return forms.CharField(label=question["label"], required=False, widget=forms.Select(choices=choices))
    return forms.CharField(
        label=question["label"],
        required=False,
        widget=forms.TextInput(attrs={"maxlength": ANSWER_LIMIT}),
    )
