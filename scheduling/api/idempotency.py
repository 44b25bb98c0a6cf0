"""A repeated POST with the same `Idempotency-Key` gets the first answer and does nothing else.

The answer is stored in the transaction of the work itself, so a crash keeps both or neither. A repeat that
arrives while the first is still running waits for that transaction and then gets its answer. A refused
request stores nothing: it changed nothing, so asking again is harmless.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from scheduling.api.errors import ApiError, invalid
from scheduling.models import IdempotentAnswer

KEPT = timedelta(days=7)
CREATED = 201


def checked_key(request: HttpRequest) -> str | None:
    """The request's key, None without one; raises 422 for one that cannot be kept."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch(r"[\x20-\x7e]{1,255}", key):
        raise invalid({"Idempotency-Key": "Use 1 to 255 printable ASCII characters."})
    return key


@transaction.atomic
def answer_once(request: HttpRequest, user: User, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `work` returns, done at most once for the request's key (without a key: done).

    Raises 422 when the key was used for another request.
    """
    key = checked_key(request)
    if key is None:
        return work()
    IdempotentAnswer.objects.filter(user=user, created_at__lt=timezone.now() - KEPT).delete()
    digest = sha256(f"{request.method} {request.path}\n".encode() + request.body).hexdigest()
    stored, is_new = IdempotentAnswer.objects.get_or_create(
        user=user, key=key, defaults={"request_digest": digest, "status": CREATED, "body": {}}
    )
    if not is_new:
        if stored.request_digest != digest:
            raise ApiError(422, "key_reused", "This Idempotency-Key was used for another request.")
        return stored.body
    stored.body = work()
    stored.save(update_fields=["body"])
    return stored.body
