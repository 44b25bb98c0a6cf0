"""The forms of a person's tokens and webhooks, and of leaving."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from scheduling.models import ApiToken, Webhook

LIVES = (("30", _("30 days")), ("90", _("90 days")), ("365", _("A year")), ("", _("No end")))


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("What it is for"),
        max_length=100,
        widget=forms.TextInput(attrs={"class": "form-control", "placeholder": _("Backup script")}),
    )
    scope = forms.ChoiceField(
        label=_("It may"),
        choices=[
            (ApiToken.Scope.READ, pgettext_lazy("token", "read")),
            (ApiToken.Scope.WRITE, pgettext_lazy("token", "read and write")),
        ],
        initial=ApiToken.Scope.READ,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    days = forms.ChoiceField(
        label=_("It works for"),
        choices=LIVES,
        required=False,
        initial="90",
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def values(self) -> dict[str, Any]:
        days = self.cleaned_data["days"]
        ends: datetime | None = timezone.now() + timedelta(days=int(days)) if days else None
        return {"name": self.cleaned_data["name"], "scope": self.cleaned_data["scope"], "expires_at": ends}


class WebhookForm(forms.Form):
    url = forms.CharField(
        label=pgettext_lazy("web", "Address"),
        max_length=2000,
        widget=forms.TextInput(
            attrs={
                "class": "form-control",
                "inputmode": "url",
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": "https://example.com/hook",
            }
        ),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Tell it when"),
        choices=Webhook.Kind.choices,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": _("Choose at least one.")},
    )


class LeaveForm(forms.Form):
    """Typing one's address is the last step that no slip of the hand takes."""

    email = forms.CharField(
        label=_("Your e-mail address"),
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"]
        if typed.strip().lower() != (self.user.email or self.user.username).lower():
            raise forms.ValidationError(
                _("Write %(name)s to confirm.") % {"name": self.user.email or self.user.username}
            )
        return typed
