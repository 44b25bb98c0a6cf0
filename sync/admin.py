"""Administration of the Google side: states and counts to read, never a token."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialToken
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from sync.models import CalendarLink, EventLink, GoogleAccount, JournalEntry
from sync.tasks import run_now

if admin.site.is_registered(SocialToken):
    admin.site.unregister(SocialToken)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To look at; what it shows is written by sync alone."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CalendarLinkInline(admin.TabularInline):  # type: ignore[type-arg]
    model = CalendarLink
    fields = ("summary", "google_id", "access_role", "is_enabled", "direction", "last_ok_at", "last_error")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(GoogleAccount)
class GoogleAccountAdmin(ReadOnlyAdmin):
    list_display = ("email", "user", "status", "last_ok_at", "next_run_at", "backoff_level", "last_error")
    list_filter = ("status",)
    list_select_related = ("user",)
    search_fields = ("email", "user__email")
    exclude = ("access_token", "refresh_token", "calendar_list_sync_token", "lease_owner")
    inlines = (CalendarLinkInline,)
    actions = ("sync_now",)

    @admin.action(description="Sync now", permissions=["view"])
    def sync_now(self, request: HttpRequest, accounts: QuerySet[GoogleAccount]) -> None:
        identifiers = list(accounts.values_list("pk", flat=True))
        self.message_user(request, f"{run_now(identifiers)} of {len(identifiers)} accounts are queued.")


@admin.register(EventLink)
class EventLinkAdmin(ReadOnlyAdmin):
    list_display = ("google_id", "event", "link", "state", "error", "synced_at")
    list_filter = ("state",)
    list_select_related = ("event", "link")
    search_fields = ("google_id", "event__title")
    fields = (
        "link",
        "event",
        "google_id",
        "etag",
        "state",
        "error",
        "attempts",
        "next_attempt_at",
        "synced_at",
    )


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "account", "direction", "action", "text")
    list_filter = ("direction", "action")
    list_select_related = ("account",)
    date_hierarchy = "at"
