"""What the pages share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from scheduling.core.event import is_zone


class ZoneField(forms.CharField):
    """The name of a time zone."""

    def clean(self, value: Any) -> Any:
        name = super().clean(value)
        if name and not is_zone(name):
            raise forms.ValidationError(_("This is not a time zone. Write a name such as Europe/Berlin."))
        return name


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To look at; what it shows is written elsewhere."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
