"""Administration of the Google side: states and counts to read, never a token."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext

from scheduling import services
from scheduling.admin import ReadOnlyAdmin, UserAdmin
from scheduling.models import AuditEntry
from sync.connection import disconnect, read_all_again
from sync.models import ApiUsage, CalendarLink, Conflict, EventLink, GoogleAccount, JournalEntry
from sync.states import STATE_NAMES, in_state, state_of
from sync.tasks import run_now

# Their forms would show what is secret: tokens, a client's secret, the seeds of second factors, keys of sessions.
for model in (SocialToken, SocialApp, Authenticator, UserSession):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class CalendarLinkInline(admin.TabularInline):  # type: ignore[type-arg]
    model = CalendarLink
    fields = ("summary", "google_id", "access_role", "is_enabled", "direction", "last_ok_at", "last_error")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AccountInline(admin.TabularInline):  # type: ignore[type-arg]
    """The connection of a person, to look at; the account's own page has the actions."""

    model = GoogleAccount
    fields = readonly_fields = ("email", "status", "last_ok_at", "next_run_at", "backoff_level", "last_error")
    extra = 0
    can_delete = False
    show_change_link = True
    verbose_name_plural = "Google Calendar"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


UserAdmin.more_inlines.append(AccountInline)


class StateFilter(admin.SimpleListFilter):
    """Where an account stands, as its owner sees it on the Sync page."""

    title, parameter_name = gettext_lazy("state"), "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(STATE_NAMES.items())

    def queryset(
        self, request: HttpRequest, accounts: QuerySet[GoogleAccount]
    ) -> QuerySet[GoogleAccount] | None:
        name = self.value()
        return accounts.filter(in_state(name)) if name in STATE_NAMES else accounts


@admin.register(GoogleAccount)
class GoogleAccountAdmin(ReadOnlyAdmin):
    list_display = ("email", "user", "state", "last_ok_at", "next_run_at", "backoff_until", "last_error")
    list_filter = (StateFilter,)
    list_select_related = ("user__profile",)
    search_fields = ("email", "user__email")
    exclude = ("access_token", "refresh_token", "calendar_list_sync_token", "lease_owner")
    inlines = (CalendarLinkInline,)
    actions = ("sync_now", "full_resync", "pause", "resume", "disconnect")

    @admin.display(description=gettext_lazy("state"))
    def state(self, account: GoogleAccount) -> str:
        return str(STATE_NAMES[state_of(account)])

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may act on accounts, whose rows nobody changes by hand."""
        return request.user.has_perm("sync.change_googleaccount")

    @admin.action(description=gettext_lazy("Sync now"), permissions=["operate"])
    def sync_now(self, request: HttpRequest, accounts: QuerySet[GoogleAccount]) -> None:
        queued = run_now([account.pk for account in self._noted(request, accounts, "sync now")])
        self.message_user(request, _queued(queued))

    @admin.action(description=gettext_lazy("Read everything anew"), permissions=["operate"])
    def full_resync(self, request: HttpRequest, accounts: QuerySet[GoogleAccount]) -> None:
        chosen = self._noted(request, accounts, "full resync")
        for account in chosen:
            read_all_again(account=account)
        self.message_user(request, _queued(run_now([account.pk for account in chosen])))

    @admin.action(description=gettext_lazy("Pause"), permissions=["operate"])
    def pause(self, request: HttpRequest, accounts: QuerySet[GoogleAccount]) -> None:
        self._switch(request, accounts, is_on=False)

    @admin.action(description=gettext_lazy("Go on after a pause"), permissions=["operate"])
    def resume(self, request: HttpRequest, accounts: QuerySet[GoogleAccount]) -> None:
        run_now(self._switch(request, accounts, is_on=True))

    @admin.action(description=gettext_lazy("Disconnect (events stay on both sides)"), permissions=["operate"])
    def disconnect(self, request: HttpRequest, accounts: QuerySet[GoogleAccount]) -> None:
        connected = accounts.exclude(status=GoogleAccount.Status.DISCONNECTED)
        chosen = self._noted(request, connected, "disconnect")
        for account in chosen:
            disconnect(account=account, actor=request.user)
        self.message_user(
            request,
            ngettext(
                "%(count)d account is disconnected.", "%(count)d accounts are disconnected.", len(chosen)
            )
            % {"count": len(chosen)},
        )

    def _switch(self, request: HttpRequest, accounts: QuerySet[GoogleAccount], *, is_on: bool) -> list[int]:
        chosen = self._noted(request, accounts, "resume" if is_on else "pause")
        for account in chosen:
            services.update_profile(
                profile=account.user.profile, actor=request.user, google_calendar_sync_enabled=is_on
            )
        on = ngettext("%(count)d account goes on.", "%(count)d accounts go on.", len(chosen))
        off = ngettext("%(count)d account is paused.", "%(count)d accounts are paused.", len(chosen))
        words = on if is_on else off
        self.message_user(request, words % {"count": len(chosen)})
        return [account.pk for account in chosen]

    def _noted(
        self, request: HttpRequest, accounts: QuerySet[GoogleAccount], deed: str
    ) -> list[GoogleAccount]:
        """The chosen accounts, each deed in the audit log of its owner."""
        chosen = list(accounts.select_related("user__profile"))
        for account in chosen:
            services.record(
                user=account.user, actor=request.user, action=AuditEntry.Action.ADMIN, about=f"Google: {deed}"
            )
        return chosen


@admin.register(ApiUsage)
class ApiUsageAdmin(ReadOnlyAdmin):
    list_display = ("minute", "account", "calls", "refused")
    list_select_related = ("account",)
    search_fields = ("account__email",)
    date_hierarchy = "minute"
    ordering = ("-minute",)


@admin.register(Conflict)
class ConflictAdmin(ReadOnlyAdmin):
    list_display = ("found_at", "event_link", "group_names", "resolved_at", "kept")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter),)
    list_select_related = ("event_link",)
    fields = ("event_link", "group_names", "found_at", "resolved_at", "kept")
    ordering = ("-found_at",)

    @admin.display(description=gettext_lazy("fields"))
    def group_names(self, conflict: Conflict) -> str:
        return ", ".join(conflict.groups)


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


def _queued(count: int) -> str:
    return ngettext("%(count)d account is queued.", "%(count)d accounts are queued.", count) % {
        "count": count
    }
