"""What a person may choose. The form checks; `services.update_profile` writes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from scheduling.core.zones import UnknownZone, zone, zone_names
from scheduling.models import UserProfile


class ProfileForm(forms.Form):
    timezone = forms.CharField(
        label=_("Time zone"),
        max_length=64,
        help_text=_("All times move when you change this. All-day events stay on their day."),
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
    )
    second_time_zone = forms.CharField(
        label=_("Second time zone"),
        max_length=64,
        required=False,
        help_text=_("A second column of hours beside the week and day."),
        widget=forms.TextInput(
            attrs={
                "list": "zones",
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": pgettext_lazy("time zone", "None"),
            }
        ),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As the browser asks")), *settings.LANGUAGES],
        help_text=_("Of pages and mails. Guests read your booking pages in theirs."),
        widget=forms.Select,
    )
    first_day_of_week = forms.TypedChoiceField(
        label=_("First day of the week"),
        choices=[(6, _("Saturday")), (0, _("Sunday")), (1, _("Monday"))],
        coerce=int,
        widget=forms.RadioSelect,
    )
    clock = forms.ChoiceField(
        label=pgettext_lazy("clock", "Hours"),
        choices=[("24", "14:00"), ("12", _("2:00 pm"))],
        widget=forms.RadioSelect,
    )
    show_weekends = forms.BooleanField(label=_("Show weekends"), required=False)
    working_hours_start = forms.TimeField(
        label=_("Working hours"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    working_hours_end = forms.TimeField(
        label=_("Working hours end"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    default_event_duration = forms.IntegerField(label=_("Length of a new event"), min_value=5, max_value=1440)
    reminder_minutes = forms.IntegerField(
        label=_("Reminder"),
        min_value=0,
        max_value=40320,
        help_text=_(
            "For events without reminders of their own. All-day events count back from your working hours."
        ),
        error_messages={
            "min_value": _("A reminder cannot come after the start. Enter 0 to 40320."),
            "max_value": _("Enter 0 to 40320."),
        },
    )
    email_notifications = forms.BooleanField(
        label=_("Reminders and notices by mail"),
        required=False,
        help_text=_("What guests book is mailed in any case."),
    )
    page_notifications = forms.BooleanField(
        label=_("Reminders on the page"),
        required=False,
        help_text=_("A line at the foot of whichever page is open."),
    )
    agenda_time = forms.TimeField(
        label=_("Agenda of the day by mail"),
        required=False,
        help_text=_("At this time, on days with events. Leave it empty for none."),
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )
    quiet_from = forms.TimeField(
        label=_("Quiet hours"),
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )
    quiet_until = forms.TimeField(
        label=_("Quiet hours end"),
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )
    google_calendar_sync_enabled = forms.BooleanField(
        label=_("Sync with Google Calendar"),
        required=False,
        help_text=_("Turn off to pause reading and sending. Nothing is lost; it goes on where it stopped."),
    )
    theme = forms.ChoiceField(
        label=_("Theme"),
        choices=[
            ("system", pgettext_lazy("theme", "System")),
            ("light", pgettext_lazy("theme", "Light")),
            ("dark", pgettext_lazy("theme", "Dark")),
        ],
        help_text=_("System follows your device, day and night."),
        widget=forms.RadioSelect,
    )
    density = forms.ChoiceField(
        label=_("Density"),
        choices=UserProfile.Density.choices,
        help_text=_("Height of an hour in the day and week."),
        widget=forms.RadioSelect,
    )
    shortcuts_enabled = forms.BooleanField(
        label=_("Single-key shortcuts"),
        required=False,
        help_text=_("Turn off if they clash with a screen reader or voice control."),
    )

    zones = zone_names()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field.widget, forms.RadioSelect):
                continue
            is_check = isinstance(field.widget, forms.CheckboxInput)
            classes = "form-check-input" if is_check else "form-control"
            if isinstance(field.widget, forms.Select):
                classes = "form-select"
            if isinstance(field.widget, forms.TimeInput):
                classes += " w-clock"
            elif isinstance(field.widget, forms.NumberInput):
                classes += " w-number"
            faulty = self.is_bound and name in self.errors
            field.widget.attrs["class"] = f"{classes} is-invalid" if faulty else classes
            if is_check:
                field.widget.attrs["role"] = "switch"

    @classmethod
    def values_of(cls, profile: UserProfile) -> dict[str, Any]:
        return {name: getattr(profile, name) for name in cls.base_fields}

    def clean_timezone(self) -> str:
        return _zone_name(self.cleaned_data["timezone"])

    def clean_second_time_zone(self) -> str:
        name = self.cleaned_data["second_time_zone"]
        return _zone_name(name) if name else ""

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        start, end = cleaned.get("working_hours_start"), cleaned.get("working_hours_end")
        if start and end and end <= start:
            self.add_error("working_hours_end", _("Working hours end before they start."))
        if not self.errors and (cleaned["quiet_from"] is None) != (cleaned["quiet_until"] is None):
            self.add_error("quiet_until", _("Quiet hours need both times, or none."))
        return cleaned


def _zone_name(name: str) -> str:
    try:
        return zone(name).key
    except UnknownZone as error:
        raise forms.ValidationError(
            _("“%(name)s” is not a time zone. Write a name such as Europe/Berlin.") % {"name": name}
        ) from error
