"""People, what they chose, their keys, and what was done with their accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from scheduling import services
from scheduling.admin.common import ReadOnlyAdmin, ZoneField
from scheduling.models import ApiToken, AuditEntry, UserProfile, Webhook, WebhookDelivery

User = get_user_model()


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    timezone = ZoneField(label=gettext_lazy("Time zone"), max_length=64)

    class Meta:
        model = UserProfile
        exclude = ("google_calendar_id", "google_calendar_connected")  # noqa: DJ006


class ProfileInline(admin.StackedInline):  # type: ignore[type-arg]
    model = UserProfile
    form = ProfileForm
    can_delete = False
    readonly_fields = ("google_calendar_id", "google_calendar_connected", "revision")


if admin.site.is_registered(User):
    admin.site.unregister(User)


RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    list_display = (
        "email",
        "first_name",
        "last_name",
        "is_active",
        "is_staff",
        "last_login",
        "time_zone",
        "is_connected",
    )
    list_filter = ("is_active", "is_staff", "is_superuser", "profile__google_calendar_connected")
    list_select_related = ("profile",)
    ordering = ("email",)
    more_inlines: list[Any] = []  # other apps add what they keep of a person

    @admin.display(description=gettext_lazy("time zone"))
    def time_zone(self, user: Any) -> str:
        return str(user.profile.timezone)

    @admin.display(description="Google", boolean=True)
    def is_connected(self, user: Any) -> bool:
        return bool(user.profile.google_calendar_connected)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    def _may_touch(self, request: HttpRequest, obj: Any) -> bool:
        """Whoever sets the password of a superuser is one."""
        return obj is None or not obj.is_superuser or request.user.is_superuser

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Rights are given by those who have all of them, else anybody who edits people could take them."""
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *RIGHTS)

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        # A new person gets the profile on being saved.
        return [ProfileInline, *self.more_inlines] if obj else []

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        for profile_form in formset.forms:
            if profile_form.has_changed():
                changes = {name: profile_form.cleaned_data[name] for name in profile_form.changed_data}
                services.update_profile(profile=profile_form.instance, actor=request.user, **changes)
                formset.changed_objects.append((profile_form.instance, profile_form.changed_data))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """A person goes with all they have; that single rows may not be deleted does not stand in the way."""
        _, counts, _, protected = super().get_deleted_objects(objs, request)
        missing = set() if all(self._may_touch(request, person) for person in objs) else {"superuser"}
        return [str(person) for person in objs], counts, missing, protected


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Tokens to review, rename, end or revoke; `manage.py api_token` makes them."""

    list_display = ("name", "user", "scope", "created_at", "last_used_at", "expires_at")
    list_filter = ("scope",)
    list_select_related = ("user",)
    search_fields = ("name", "user__email")
    fields = ("name", "user", "scope", "expires_at", "created_at", "last_used_at")
    readonly_fields = ("user", "scope", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """What was done with accounts: only added to, by the deeds themselves."""

    list_display = ("at", "action", "user", "actor", "about", "address")
    list_filter = ("action",)
    list_select_related = ("user", "actor")
    search_fields = ("user__email", "actor__email", "about")
    date_hierarchy = "at"


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    """Addresses may be keys of their owners: only how telling them goes is shown."""

    list_display = ("id", "user", "is_active", "failures", "created_at")
    list_filter = ("is_active",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = ("user", "kinds", "is_active", "failures", "created_at")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "kind", "webhook", "state", "status", "attempts", "milliseconds", "error")
    list_filter = ("state", "kind")
    list_select_related = ("webhook",)
    date_hierarchy = "created_at"
