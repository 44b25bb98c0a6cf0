"""The forms of a person's tokens and webhooks, and of leaving."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from scheduling.models import ApiToken, Webhook

LIVES = (("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("", "No end"))


class TokenForm(forms.Form):
    name = forms.CharField(
        label="What it is for",
        max_length=100,
        widget=forms.TextInput(attrs={"class": "form-control", "placeholder": "Backup script"}),
    )
    scope = forms.ChoiceField(
        label="It may",
        choices=[(ApiToken.Scope.READ, "read"), (ApiToken.Scope.WRITE, "read and write")],
        initial=ApiToken.Scope.READ,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    days = forms.ChoiceField(
        label="It works for",
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
        label="Address",
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
        label="Tell it when",
        choices=Webhook.Kind.choices,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": "Choose at least one."},
    )


class LeaveForm(forms.Form):
    """Typing one's address is the last step that no slip of the hand takes."""

    email = forms.CharField(
        label="Your e-mail address",
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"]
        if typed.strip().lower() != (self.user.email or self.user.username).lower():
            raise forms.ValidationError(f"Write {self.user.email or self.user.username} to confirm.")
        return typed
