"""The hosts of an appointment type that several people take. Whoever is asked agrees first, or nothing happens.

Invariants:
- nobody takes appointments of a team that they have not agreed to join
- nothing of somebody who was asked shows to guests before they agree
- whoever was asked is told once
- asking tells nobody whether an address has an account here, nor does anything until its owner agrees
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from scheduling import availability
from scheduling.live import announce_free_time
from scheduling.models import AppointmentType, AppointmentTypeHost
from scheduling.presentation_names import display_name
from scheduling.services.booking import rotation
from scheduling.services.mail import InvalidMail, compose_mail, queue_mail

MOST_MEMBERS = 50


@transaction.atomic
def choose_assignment(*, appointment_type: AppointmentType, assignment: str) -> AppointmentType:
    """Who takes its appointments, one of `AppointmentType.Assignment`; the owner is the first of a new team."""
    appointment_type.assignment = AppointmentType.Assignment(assignment)
    appointment_type.save(update_fields=["assignment", "updated_at"])
    if assignment != AppointmentType.Assignment.OWNER and not appointment_type.hosts.exists():
        invite_host(appointment_type=appointment_type, user=appointment_type.user)
    _announce(appointment_type)
    return appointment_type


def invite_by_mail(*, appointment_type: AppointmentType, email: str) -> AppointmentTypeHost | None:
    """Ask whoever has this address here; None when nobody has, which is not for the one who asks to know.

    Raises Django's `ValidationError` with what is wrong, of what they know anyway.
    """
    email = email.strip()
    validate_email(email)
    members = appointment_type.hosts.exclude(accepted_at=None)
    if members.filter(user__email__iexact=email).exists():
        raise ValidationError(_("They are in the team already."))
    if members.count() >= MOST_MEMBERS:
        raise ValidationError(_("A team has at most %(count)d people.") % {"count": MOST_MEMBERS})
    found = get_user_model().objects.filter(email__iexact=email, is_active=True).first()
    return None if found is None else invite_host(appointment_type=appointment_type, user=found)


@transaction.atomic
def invite_host(*, appointment_type: AppointmentType, user: User) -> AppointmentTypeHost:
    """Ask somebody to join the team, who gets a mail; the owner joins at once."""
    last = appointment_type.hosts.order_by("position").last()
    member, is_new = AppointmentTypeHost.objects.get_or_create(
        type=appointment_type, user=user, defaults={"position": last.position + 1 if last else 0}
    )
    if user.pk == appointment_type.user_id:
        return accept_invitation(member=member)
    if is_new:
        _mail(member)
    return member


@transaction.atomic
def accept_invitation(*, member: AppointmentTypeHost) -> AppointmentTypeHost:
    """Join: from now on the member's free time is offered. They count as having had the fewest of the others."""
    if member.accepted_at is None:
        team = availability.hosts_of(member.type)
        member.accepted_at = timezone.now()
        member.baseline = min((share.count for share in rotation.shares(member.type, team)), default=0)
        member.save(update_fields=["accepted_at", "baseline"])
        _announce(member.type)
    return member


@transaction.atomic
def leave_team(*, member: AppointmentTypeHost) -> None:
    """Leave, decline, or take somebody out; their bookings stay theirs."""
    _announce(member.type)
    member.delete()


@transaction.atomic
def move_up(*, member: AppointmentTypeHost) -> None:
    """Change places with the one before. The order decides among equals, and whose hours count of a whole team."""
    team = list(member.type.hosts.exclude(accepted_at=None).select_for_update())
    place = [each.pk for each in team].index(member.pk)
    if place:
        team[place - 1], team[place] = team[place], team[place - 1]
    for position, each in enumerate(team):
        each.position = position
    AppointmentTypeHost.objects.bulk_update(team, ["position"])


def _announce(appointment_type: AppointmentType) -> None:
    announce_free_time(host.pk for host in availability.hosts_of(appointment_type))


def _mail(member: AppointmentTypeHost) -> None:
    try:
        queue_mail(
            compose_mail(
                template="team_invitation",
                to=member.user.email,
                user=member.user,
                context={
                    "owner": display_name(member.type.user),
                    "name": member.type.name,
                    "link": f"{settings.SITE_URL}{reverse('types')}",
                },
                key=f"team {member.type_id} {member.user_id} {member.pk}",
                reply_to=member.type.user.email,
            )
        )
    except InvalidMail:
        return  # the page of appointment types says it
