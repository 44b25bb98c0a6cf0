"""What the log does not say."""

from __future__ import annotations

import io
import logging

import pytest
from django.test import Client

from project.logs import HideSecrets


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["/bookings/s3cret/cancel/", "/feeds/s3cret.ics", "/mail/unsubscribe/s3cret/"]
)
def test_addresses_that_are_keys_are_not_logged(address: str) -> None:
    [handler] = [
        found
        for found in logging.getLogger().handlers
        if isinstance(found, logging.StreamHandler) and any(isinstance(f, HideSecrets) for f in found.filters)
    ]
    log = io.StringIO()
    before = handler.setStream(log)
    try:
        assert Client().get(address).status_code == 404
    finally:
        handler.setStream(before)
    assert "Not Found" in log.getvalue() and "s3cret" not in log.getvalue()
