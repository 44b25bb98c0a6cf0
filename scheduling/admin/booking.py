"""Appointment types, bookings and the mails about them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scheduling import services
from scheduling.admin.common import ReadOnlyAdmin
from scheduling.models import (
    AppointmentType,
    AppointmentTypeHost,
    Assignment,
    Booking,
    Hold,
    OutgoingMail,
)
from scheduling.services import BookingOver


class TeamInline(admin.TabularInline):  # type: ignore[type-arg]
    """Who takes it together; only they themselves agree to that."""

    model = AppointmentTypeHost
    fields = readonly_fields = ("user", "position", "accepted_at", "baseline")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AppointmentType)
class AppointmentTypeAdmin(ReadOnlyAdmin):
    """To look at, without the secret of secret links; their owners write them."""

    list_display = ("name", "user", "duration", "seats", "requires_approval", "is_active", "deleted_at")
    list_filter = ("is_active", "assignment", "requires_approval")
    list_select_related = ("user",)
    search_fields = ("name", "slug", "user__email")
    exclude = ("secret",)
    inlines = (TeamInline,)


@admin.register(Booking)
class BookingAdmin(ReadOnlyAdmin):
    list_display = (
        "start",
        "type",
        "host",
        "guest_name",
        "guest_email",
        "status",
        "is_no_show",
        "created_at",
    )
    list_filter = ("status", "is_no_show")
    list_select_related = ("type", "host")
    search_fields = ("guest_name", "guest_email", "host__email", "uid")
    date_hierarchy = "start"
    exclude = ("request_key", "request_digest", "session")
    actions = ("cancel",)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("scheduling.change_booking")

    @admin.action(description=gettext_lazy("Cancel (the guests are mailed)"), permissions=["operate"])
    def cancel(self, request: HttpRequest, bookings: QuerySet[Booking]) -> None:
        cancelled = 0
        for booking in bookings.filter(status__in=Booking.ACTIVE):
            try:
                services.cancel_booking(booking=booking, by=Booking.By.HOST)
                cancelled += 1
            except BookingOver as error:
                self.message_user(request, str(error), messages.WARNING)
        self.message_user(request, _("Cancelled %(count)d of the chosen bookings.") % {"count": cancelled})


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    """The ledger of teams: who got which booking, and why."""

    list_display = ("at", "type", "host", "reason", "free_hosts", "booking")
    list_select_related = ("type", "host", "booking")
    search_fields = ("host__email", "type__name")
    date_hierarchy = "at"


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """Times kept for guests who are filling in the form; never by which token, nor for which address."""

    list_display = ("start", "end", "type", "created_at", "expires_at")
    list_select_related = ("type",)
    exclude = ("digest", "holder")


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    """How mail goes out; what it says is its reader's, and links in it are keys."""

    list_display = ("created_at", "template", "to", "state", "due_at", "attempts", "error")
    list_filter = ("state", "template")
    search_fields = ("to",)
    date_hierarchy = "created_at"
    fields = ("template", "to", "state", "created_at", "due_at", "expires_at", "done_at", "attempts", "error")
    actions = ("send_again",)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("scheduling.change_outgoingmail")

    @admin.action(description=gettext_lazy("Try again now"), permissions=["operate"])
    def send_again(self, request: HttpRequest, mails: QuerySet[OutgoingMail]) -> None:
        count = services.send_soon(mails)
        self.message_user(request, _("%(count)d waiting mails are tried again now.") % {"count": count})
