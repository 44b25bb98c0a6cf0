"""Calendars and weekly hours."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from scheduling import services
from scheduling.admin.common import ReadOnlyAdmin, ZoneField
from scheduling.models import AvailableTimeSlot, Calendar, CalendarSubscription, DateOverride


class CalendarForm(forms.ModelForm):  # type: ignore[type-arg]
    time_zone = ZoneField(max_length=64, initial="UTC")

    class Meta:
        model = Calendar
        fields = ("user", "name", "color", "time_zone", "is_visible", "position")


@admin.register(Calendar)
class CalendarAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = CalendarForm
    list_display = ("name", "user", "color", "is_primary", "is_visible", "is_read_only", "is_synced")
    list_filter = ("is_primary", "is_read_only", "is_synced")
    list_select_related = ("user",)
    search_fields = ("name", "user__email", "account_name")
    autocomplete_fields = ("user",)
    fields = (
        ("user", "account_name"),
        ("name", "color", "time_zone"),
        ("is_visible", "position"),
        ("is_primary", "is_read_only", "is_synced"),
        ("revision", "created_at", "updated_at"),
    )
    readonly_fields = (
        "account_name",
        "is_primary",
        "is_read_only",
        "is_synced",
        "revision",
        "created_at",
        "updated_at",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # Whose calendar it is decides whose every event in it is.
        return (*self.readonly_fields, "user") if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # would take the events and their history along, past the trash

    def save_model(self, request: HttpRequest, obj: Calendar, form: Any, change: bool) -> None:
        if not change:
            chosen = {name: value for name, value in form.cleaned_data.items() if name != "position"}
            obj.__dict__.update(services.create_calendar(**chosen).__dict__)
            return
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        services.update_calendar(calendar=Calendar.objects.get(pk=obj.pk), **changes)


@admin.register(AvailableTimeSlot)
class AvailableTimeSlotAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("user", "day_of_week", "start_time", "end_time", "is_available")
    list_filter = ("day_of_week", "is_available")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    autocomplete_fields = ("user",)


@admin.register(DateOverride)
class DateOverrideAdmin(ReadOnlyAdmin):
    list_display = ("date", "last_date", "user", "start_time", "end_time", "is_available")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    date_hierarchy = "date"
    exclude = ("note",)  # for its owner only


@admin.register(CalendarSubscription)
class CalendarSubscriptionAdmin(ReadOnlyAdmin):
    """Addresses may be keys of their owners: only how reading them goes is shown."""

    list_display = ("calendar", "next_poll_at", "last_ok_at", "failures", "last_error")
    list_filter = (("last_ok_at", admin.EmptyFieldListFilter),)
    list_select_related = ("calendar",)
    fields = ("calendar", "next_poll_at", "last_tried_at", "last_ok_at", "failures", "last_error")
