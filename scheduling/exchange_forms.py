"""What people fill in to bring a file in or to subscribe; services check and write."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from scheduling.core.ical import LARGEST_FILE
from scheduling.models import Calendar


def _dress(form: forms.Form) -> None:
    """Bootstrap's classes, and the mark of a field that is at fault."""
    for name, field in form.fields.items():
        css = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
        faulty = form.is_bound and name in form.errors
        field.widget.attrs["class"] = f"{css} is-invalid" if faulty else css


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("An .ics file, at most 10 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".ics,.ical,.ifb,text/calendar"}),
        allow_empty_file=True,  # the reader says what is wrong with it
        error_messages={"required": _("Choose a file.")},
    )
    calendar = forms.ModelChoiceField(
        label=_("Into the calendar"), queryset=Calendar.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, calendars: QuerySet[Calendar], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["calendar"].queryset = calendars  # type: ignore[attr-defined]
        _dress(self)

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_FILE:
            raise forms.ValidationError(
                _("The file is larger than %(size)d MB.") % {"size": LARGEST_FILE // 1024 // 1024}
            )
        return file

    def refuse(self, words: str) -> None:
        self.add_error("file", words)
        _dress(self)


class SubscriptionForm(forms.Form):
    url = forms.CharField(
        label=pgettext_lazy("web", "Address"),
        max_length=2000,
        help_text=_("Ends in .ics as a rule, and begins with https:// or webcal://."),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Enter the address of the calendar.")},
    )
    name = forms.CharField(
        label=pgettext_lazy("calendar", "Name"),
        max_length=200,
        required=False,
        help_text=_("Left empty, it is the calendar’s own."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self)

    def refuse(self, words: str) -> None:
        self.add_error("url", words)
        _dress(self)
