"""Events, with their history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from scheduling import services
from scheduling.admin.common import ZoneField
from scheduling.core.event import EventValues, InvalidEvent, canonical, check
from scheduling.core.recurrence import RecurrenceError, check_recurrence
from scheduling.models import Calendar, CalendarEvent, EventRevision

ADMIN = EventRevision.Origin.ADMIN


class CalendarField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of the calendars that can be written, each with its owner."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Calendar.objects.filter(is_read_only=False).select_related("user"), **kwargs)

    def label_from_instance(self, obj: Calendar) -> str:
        return f"{obj.name} ({obj.user.email or obj.user})"


class EventForm(forms.ModelForm):  # type: ignore[type-arg]
    """An event's values. Times are UTC here, whatever zone the event is thought in."""

    calendar = CalendarField(help_text=gettext_lazy("An event stays with its owner."))
    time_zone = ZoneField(max_length=64, required=False, help_text=gettext_lazy("Not for all-day events."))
    end_time_zone = ZoneField(
        max_length=64, required=False, help_text=gettext_lazy("Only when it ends in another zone.")
    )
    recurrence = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text=gettext_lazy("RRULE, RDATE and EXDATE lines."),
    )
    status = forms.ChoiceField(
        choices=[choice for choice in CalendarEvent.Status.choices if choice[0] != "cancelled"],
        initial="confirmed",
        help_text=gettext_lazy("To cancel an event, delete it: it goes to its owner's trash."),
    )

    class Meta:
        model = CalendarEvent
        fields = (
            "calendar",
            "title",
            "description",
            "location",
            "is_all_day",
            "start_time",
            "end_time",
            "start_date",
            "end_date",
            "time_zone",
            "end_time_zone",
            "recurrence",
            "status",
            "availability",
            "visibility",
            "color",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before = None if self.instance._state.adding else self.instance.values
        if self.before is not None:
            choice = self.fields["calendar"]
            assert isinstance(choice, CalendarField) and choice.queryset is not None
            choice.queryset = choice.queryset.filter(user=self.instance.user_id)
        self.initial["recurrence"] = "\n".join(self.instance.recurrence)
        self.values: EventValues | None = None

    def clean_recurrence(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["recurrence"].splitlines() if line.strip()]
        if lines and self.instance.series_id:
            raise forms.ValidationError(_("One occurrence of a series cannot repeat by itself."))
        return lines

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        start_field, end_field = (
            ("start_date", "end_date") if cleaned.get("is_all_day") else ("start_time", "end_time")
        )
        for name in (start_field, end_field):
            if name not in self.errors and not cleaned.get(name):
                self.add_error(name, _("This field is required."))
        if self.errors:
            return cleaned
        self.instance.user_id = cleaned["calendar"].user_id
        unused = {"start_time", "end_time", "start_date", "end_date"} - {start_field, end_field}
        cleaned |= dict.fromkeys(unused)
        plain = {"start_time", "end_time", "start_date", "end_date", "calendar", "recurrence"}
        values = canonical(
            EventValues(
                **{name: value for name, value in cleaned.items() if name not in plain},
                start=cleaned[start_field],
                end=cleaned[end_field],
                recurrence=tuple(cleaned["recurrence"]),
                reminders=self.before.reminders if self.before else None,
            )
        )
        self._check(values, {"start": start_field, "end": end_field})
        cleaned |= {"time_zone": values.time_zone, "end_time_zone": values.end_time_zone}
        self.values = values
        return cleaned

    def _check(self, values: EventValues, field_names: dict[str, str]) -> None:
        """The same checks as the service's, here where their words reach the fields."""
        before = self.before
        same_time = before is not None and (before.start, before.end) == (values.start, values.end)
        try:
            check(values, zero_length=same_time)
            if before is None or before.recurrence != values.recurrence:
                check_recurrence(values)
        except InvalidEvent as error:
            for name, text in error.fields.items():
                self.add_error(field_names.get(name, name), text)
        except RecurrenceError as error:
            self.add_error("recurrence", str(error))


class RevisionInline(admin.TabularInline):  # type: ignore[type-arg]
    """Who changed the event, when and from where."""

    model = EventRevision
    fields = readonly_fields = ("at", "action", "origin", "actor", "revision")
    extra = 0
    can_delete = False
    verbose_name_plural = gettext_lazy("history")

    def get_queryset(self, request: HttpRequest) -> QuerySet[EventRevision]:
        return super().get_queryset(request).select_related("actor")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(CalendarEvent)
class CalendarEventAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = EventForm
    list_display = ("title", "when", "user", "calendar", "status", "sync_state", "updated_at")
    list_filter = (
        "status",
        "is_all_day",
        "availability",
        "sync_state",
        ("calendar", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("user", "calendar")
    search_fields = ("title", "location", "user__email", "calendar__name", "google_event_id")
    ordering = ("-updated_at",)
    show_full_result_count = False
    inlines = (RevisionInline,)
    actions = ("restore",)
    readonly_fields = (
        "user",
        "series",
        "original_start",
        "recurrence_error",
        "ical_uid",
        "google_event_id",
        "sync_state",
        "revision",
        "synced_revision",
        "is_read_only",
        "read_only_reason",
        "deleted_at",
        "created_at",
        "updated_at",
    )
    fieldsets = (
        (None, {"fields": ("calendar", "title", "description", "location")}),
        (
            pgettext_lazy("administration", "When (UTC)"),
            {
                "fields": (
                    "is_all_day",
                    ("start_time", "end_time"),
                    ("start_date", "end_date"),
                    ("time_zone", "end_time_zone"),
                    "recurrence",
                )
            },
        ),
        (
            pgettext_lazy("administration", "How"),
            {"fields": ("status", "availability", "visibility", "color")},
        ),
        (
            pgettext_lazy("administration", "Kept by the server"),
            {"classes": ("collapse",), "fields": readonly_fields},
        ),
    )

    @admin.display(description=gettext_lazy("when (UTC)"), ordering="start_time")
    def when(self, event: CalendarEvent) -> str:
        return f"{event.start:%Y-%m-%d}" if event.is_all_day else f"{event.start:%Y-%m-%d %H:%M}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CalendarEvent]:
        return super().get_queryset(request).select_related("user", "calendar", "series")

    def has_change_permission(self, request: HttpRequest, obj: CalendarEvent | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or (obj.is_editable and not obj.is_deleted))

    def has_delete_permission(self, request: HttpRequest, obj: CalendarEvent | None = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or (obj.is_editable and not obj.is_deleted))

    def save_model(self, request: HttpRequest, obj: CalendarEvent, form: Any, change: bool) -> None:
        calendar, values = form.cleaned_data["calendar"], form.values
        if change:
            saved = services.update_event(
                event=obj, values=values, calendar=calendar, origin=ADMIN, actor=request.user
            )
        else:
            saved = services.create_event(
                event_id=obj.pk, calendar=calendar, values=values, origin=ADMIN, actor=request.user
            )
        obj.__dict__.update(saved.__dict__)

    def delete_model(self, request: HttpRequest, obj: CalendarEvent) -> None:
        services.delete_event(event=obj, origin=ADMIN, actor=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CalendarEvent]) -> None:
        kept = [str(event) for event in queryset if not event.is_editable]
        for event in queryset:
            if event.is_editable:
                self.delete_model(request, event)
        if kept:
            self.message_user(
                request,
                _("Read only, so still there: %(events)s") % {"events": ", ".join(kept)},
                messages.WARNING,
            )

    def get_deleted_objects(self, objs: Iterable[CalendarEvent], request: HttpRequest) -> Any:
        """Deleting cancels the event and keeps its row and its history."""
        names = [
            _("%(event)s goes to the trash of %(user)s") % {"event": event, "user": event.user}
            for event in objs
        ]
        return names, {"events": len(names)}, set(), []

    @admin.action(description=gettext_lazy("Restore from the trash"), permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[CalendarEvent]) -> None:
        deleted = [event for event in queryset if event.is_deleted and event.is_editable]
        for event in deleted:
            services.restore_event(event=event, origin=ADMIN, actor=request.user)
        self.message_user(request, _("Restored %(count)d of the chosen events.") % {"count": len(deleted)})
