"""Limits against abuse of what strangers may do, and the two tests that tell a form's sender from a robot.

Counted in the cache, which all processes share (`project.cache`, or Redis). `settings.BOOKING_LIMITS` maps what is
counted (attempts to book by `address`, `email` and `page`, times to `hold`) to (how many, in how many seconds).
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core import signing
from django.http import HttpRequest

from scheduling import rates
from scheduling.services.errors import TooMany

HONEYPOT = "website"  # a field that people do not see and robots fill in
STAMP_SALT = "scheduling.booking.form"
FASTEST, SLOWEST = timedelta(seconds=2), timedelta(hours=2)


def client_address(request: HttpRequest) -> str:
    """Where the request came from; of `X-Forwarded-For` only what TRUSTED_PROXIES put there is believed."""
    address: str = get_adapter().get_client_ip(request)
    return address


def count_booking_attempt(*, address: str, email: str, page: Any) -> None:
    """Count an attempt to book, whatever becomes of it. Raises `TooMany`."""
    for kind, value in (("address", address), ("email", email.strip().lower()), ("page", page)):
        most, seconds = settings.BOOKING_LIMITS[kind]
        _count(f"{kind} {value}", most, seconds)


def count_hold(*, address: str) -> None:
    """Count a time that somebody wants kept. Raises `TooMany`."""
    _count(f"hold {address}", *settings.BOOKING_LIMITS["hold"])


def form_stamp(page: Any) -> str:
    """What a form carries: when it was drawn, and for which page, signed."""
    return signing.TimestampSigner(salt=STAMP_SALT).sign(str(page))


def is_from_a_person(*, stamp: str, page: Any, honeypot: str) -> bool:
    """Whether the form was drawn by us for this page, was open as long as a person needs, and the trap is empty."""
    if honeypot:
        return False
    signer = signing.TimestampSigner(salt=STAMP_SALT)
    try:
        drawn_for = signer.unsign(stamp, max_age=SLOWEST)
    except signing.BadSignature:
        return False
    return drawn_for == str(page) and not _is_younger_than(FASTEST, stamp, signer)


def _is_younger_than(age: timedelta, stamp: str, signer: signing.TimestampSigner) -> bool:
    try:
        signer.unsign(stamp, max_age=age)
    except signing.SignatureExpired:
        return False
    return True


def _count(what: str, most: int, seconds: int) -> None:
    # Names of people and addresses do not belong into a cache that others can look into.
    used, wait = rates.count(f"booking-limit-{sha256(what.encode()).hexdigest()}", seconds)
    if used > most:
        raise TooMany(wait)
