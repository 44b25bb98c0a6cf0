"""The hosts who take an appointment type together: who they are, who is next, and who got what and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from scheduling import availability, booking_queries, queries, rates, services
from scheduling.htmx import SignedInRequest
from scheduling.models import AppointmentType, AppointmentTypeHost
from scheduling.presentation.booking import Reader
from scheduling.presentation_names import display_name

INVITATIONS_A_MINUTE = 10
LEDGER_SHOWN = 50


@dataclass(frozen=True)
class Member:
    """A row of the team."""

    member: AppointmentTypeHost
    name: str
    is_owner: bool
    count: int


@require_http_methods(["GET", "POST"])
def team(request: SignedInRequest, type_id: UUID) -> HttpResponse:
    """POST with `assignment` says who takes the appointments; with `email` asks somebody to join."""
    found = get_object_or_404(booking_queries.types_of(request.user), pk=type_id)
    problem, email = "", request.POST.get("email", "").strip()[:254]
    if request.POST.get("assignment") in AppointmentType.Assignment.values:
        services.choose_assignment(appointment_type=found, assignment=request.POST["assignment"])
        messages.success(request, _("Saved."))
        return redirect("team", type_id=type_id)
    if email and (wait := rates.seconds_to_wait(f"team-{request.user.pk}", INVITATIONS_A_MINUTE)):
        words = ngettext(
            "That was often. Ask again in %(count)d second.",
            "That was often. Ask again in %(count)d seconds.",
            wait,
        )
        problem = words % {"count": wait}
    elif email:
        try:
            services.invite_by_mail(appointment_type=found, email=email)
        except ValidationError as error:
            problem = error.messages[0]
        else:
            messages.success(
                request,
                _("If %(email)s has an account here, its owner is asked now, and shows here once they agree.")
                % {"email": email},
            )
            return redirect("team", type_id=type_id)
    context = _shown(request.user, found) | {"problem": problem, "email": email}
    return render(request, "scheduling/team.html", context, status=422 if problem else 200)


@require_POST
def change_member(request: SignedInRequest, type_id: UUID, member_id: int) -> HttpResponse:
    """The owner takes somebody out, or has them stand one place earlier."""
    found = get_object_or_404(booking_queries.types_of(request.user), pk=type_id)
    member = get_object_or_404(booking_queries.team_of(found), pk=min(member_id, 2**63 - 1))
    if request.POST.get("do") == "up":
        services.move_up(member=member)
    elif request.POST.get("do") == "remove":
        services.leave_team(member=member)
        messages.success(
            request, _("%(name)s is out. Their bookings stay theirs.") % {"name": display_name(member.user)}
        )
    return redirect("team", type_id=type_id)


@require_POST
def answer(request: SignedInRequest, member_id: int) -> HttpResponse:
    """Whoever was asked accepts or declines; a member leaves."""
    member = get_object_or_404(booking_queries.memberships_of(request.user), pk=min(member_id, 2**63 - 1))
    if request.POST.get("do") == "accept":
        services.accept_invitation(member=member)
        messages.success(request, _("You take appointments of “%(type)s” now.") % {"type": member.type.name})
    elif request.POST.get("do") == "leave":
        services.leave_team(member=member)
        messages.success(
            request, _("You take no new appointments of “%(type)s”.") % {"type": member.type.name}
        )
    return redirect("types")


def _shown(user: User, found: AppointmentType) -> dict[str, Any]:
    profile, now = queries.profile_of(user), timezone.now()
    reader = Reader.of(profile, now)
    hosts = availability.hosts_of(found)
    had = {share.host.pk: share.count for share in services.team_shares(found, hosts)}
    is_turn_based = found.assignment == AppointmentType.Assignment.ROUND_ROBIN
    return {
        "type": found,
        "choices": AppointmentType.Assignment.choices,
        "is_team": found.assignment != AppointmentType.Assignment.OWNER,
        "is_turn_based": is_turn_based,
        "members": [
            Member(each, display_name(each.user), each.user_id == found.user_id, had.get(each.user_id, 0))
            for each in booking_queries.team_of(found)
        ],
        "next": [
            (display_name(host), why)
            for host, why in (services.preview_turns(found, hosts, now) if is_turn_based else [])
        ],
        "ledger": [
            (reader.short(row.booking.start), row, display_name(row.host), not row.booking.is_active)
            for row in booking_queries.ledger_of(found)[:LEDGER_SHOWN]
        ],
        "zone": profile.timezone,
    }
