"""Run inside a product, by `tests.pages.plant_in`: rows for every page, and the addresses they are seen at."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse
from django.utils import timezone
from django.views.defaults import page_not_found, permission_denied
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

from project.views import server_error
from scheduling import services
from scheduling.models import Booking, CalendarEvent
from scheduling.services.booking import link_address
from scheduling.unsubscribe import NOTIFICATIONS, unsubscribe_url
from sync.models import CalendarLink, GoogleAccount
from tests.browser import PASSWORD
from tests.make import make_user
from tests.pages import FACTOR_EMAIL, GUEST, OWNER, OWNER_EMAIL, Table
from tests.test_addresses_guard_ids import address_of, make_everything

NEVER = datetime(2100, 1, 1, tzinfo=UTC)  # when the worker would look after what was planted


@transaction.atomic
def plant() -> dict[str, Any]:
    """A row of each kind for Bo; ids by parameter and the other names of the tables."""
    people = get_user_model().objects
    owner = people.get(email=OWNER_EMAIL)
    people.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
    ids = make_everything(owner)
    GoogleAccount.objects.filter(user=owner).update(
        next_run_at=NEVER, last_ok_at=timezone.now(), is_rehearsed=False
    )
    services.update_profile(profile=owner.profile, google_calendar_connected=True)
    CalendarLink.objects.filter(account__user=owner).update(
        deletions_held=1, summary="Bo’s calendar", is_enabled=True, is_primary=True
    )
    deleted = CalendarEvent.objects.filter(calendar__user=owner, title="Moving house").get()
    services.delete_event(event=deleted, origin="web", actor=owner)
    for person in (owner, make_user(FACTOR_EMAIL, password=PASSWORD)):
        TOTP.activate(person, generate_totp_secret())
        RecoveryCodes.activate(person)

    Authenticator.objects.filter(pk=ids["pk"]).update(data={"name": "Key", "credential": a_key()})
    booking = Booking.objects.get(pk=ids["booking_id"])
    services.choose_assignment(appointment_type=booking.type, assignment="round_robin")
    links = {f"{action}_path": link_address(booking, action) for action in ("view", "cancel", "reschedule")}
    key = {"uidb36": user_pk_to_url_str(owner), "key": default_token_generator.make_token(owner)}
    today = timezone.now().date()
    return ids | {
        **{name: "/" + address.split("/", 3)[3] for name, address in links.items()},
        "unsubscribe_path": "/" + unsubscribe_url(owner, NOTIFICATIONS).split("/", 3)[3],
        "reset_path": reverse("account_reset_password_from_key", kwargs=key),
        "handle": owner.profile.handle,
        "type": booking.type.slug,
        "user": owner.pk,
        "free_time": f"{today + timedelta(days=9)}T15:00:00Z",
        "day": booking.start.date(),
        "since": today - timedelta(days=14),
        "until": today + timedelta(days=14),
    }


def a_key() -> dict[str, Any]:
    """What a browser sends of a new passkey."""
    public = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    name = b"planted key of some length"
    known = AuthenticatorData.create(
        sha256(b"localhost").digest(),
        AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT,
        0,
        AttestedCredentialData.create(Aaguid.NONE, name, public),
    )
    return {
        "id": websafe_encode(name),
        "rawId": websafe_encode(name),
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(
                b'{"type":"webauthn.create","challenge":"","origin":"http://localhost"}'
            ),
            "attestationObject": websafe_encode(AttestationObject.create("none", known, {})),
        },
        "clientExtensionResults": {"credProps": {"rk": True}},
    }


def addresses_of(table: Table, names: dict[str, Any]) -> dict[str, list[str]]:
    return {
        route: [address.format(**names) for address in addresses] or [address_of(route, names)]
        for route, addresses in table.items()
    }


def failures() -> dict[str, str]:
    """The pages that Django keeps for itself while DEBUG is on."""
    request = RequestFactory(SERVER_NAME="localhost").get("/")
    request.user = AnonymousUser()
    with override_settings(DEBUG=False):
        without_token = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
        return {
            "403": permission_denied(request, PermissionDenied()).content.decode(),
            "403-csrf": without_token.post(reverse("account_login")).content.decode(),
            "404": page_not_found(request, Http404()).content.decode(),
            "500": server_error(request).content.decode(),
        }


def tell() -> None:
    names = plant()
    tables = {"guest": addresses_of(GUEST, names), "owner": addresses_of(OWNER, names)}
    print(json.dumps({**tables, "failures": failures()}))
