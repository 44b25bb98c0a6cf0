"""Seeds of second factors are encrypted at rest, survive a change of keys, and never open without their key."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from cryptography.fernet import Fernet
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import Client

pytestmark = pytest.mark.django_db
SEED = "JBSWY3DPEHPK3PXP"


def code() -> str:
    return format_hotp_value(hotp_value(SEED, next(yield_hotp_counters_from_time())))


def test_seeds_are_unreadable_in_the_database_and_survive_new_keys(alice: Any, settings: Any) -> None:
    TOTP.activate(alice, SEED)
    RecoveryCodes.activate(alice)
    stored = [row.data for row in Authenticator.objects.filter(user=alice)]
    assert all(SEED not in str(data) for data in stored)
    old = settings.TOKEN_KEYS
    settings.TOKEN_KEYS = [Fernet.generate_key().decode(), *old]
    codes = Authenticator.objects.get(user=alice, type="recovery_codes").wrap().get_unused_codes()
    call_command("rotate_token_keys")
    settings.TOKEN_KEYS = settings.TOKEN_KEYS[:1]
    app, recovery = (Authenticator.objects.get(user=alice, type=kind) for kind in ("totp", "recovery_codes"))
    assert app.wrap().validate_code(code())
    assert recovery.wrap().get_unused_codes() == codes


def test_a_seed_without_its_key_opens_for_nobody(alice: Any, settings: Any) -> None:
    TOTP.activate(alice, SEED)
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(ImproperlyConfigured):
        Authenticator.objects.get(user=alice).wrap().validate_code("000000")


def test_a_seed_that_waits_to_be_confirmed_is_unreadable_too(
    alice: Any, client: Client, settings: Any
) -> None:
    """It stands in the session meanwhile; a session that no key opens is that of nobody."""
    client.force_login(alice)
    session = client.session
    session["mfa.totp.secret"] = SEED
    session.save()
    stored = Session.objects.get().session_data
    assert stored.startswith("fernet:")  # and what follows opens with TOKEN_KEYS alone, as seen below
    assert client.session["mfa.totp.secret"] == SEED
    assert client.get("/calendar/settings/").status_code == 200
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    assert client.get("/calendar/settings/").status_code == 302
