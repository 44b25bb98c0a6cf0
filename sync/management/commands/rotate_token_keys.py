"""Re-encrypt stored Google tokens with the first of TOKEN_KEYS."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialToken
from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand
from django.db import models, transaction
from django.db.models import F, TextField
from django.db.models.functions import Cast

from sync.encryption import rotate
from sync.models import GoogleAccount

COLUMNS: list[tuple[type[models.Model], tuple[str, ...]]] = [
    (GoogleAccount, ("access_token", "refresh_token")),
    (SocialToken, ("token", "token_secret")),
]


class Command(BaseCommand):
    help = "Re-encrypt stored Google tokens with the first of TOKEN_KEYS; the others may go afterwards."

    def handle(self, *args: Any, **options: Any) -> None:
        rotated = lost = 0
        for model, names in COLUMNS:
            # Cast to plain text: the column itself would decrypt what it reads.
            raw = {f"raw_{name}": Cast(F(name), TextField()) for name in names}
            for row in model._default_manager.annotate(**raw).values("pk", *raw):
                for name in names:
                    done, failed = self._rotate(model, row["pk"], name, row[f"raw_{name}"])
                    rotated, lost = rotated + done, lost + failed
        self.stdout.write(f"{rotated} tokens re-encrypted.")
        if lost:
            self.stdout.write(
                f"{lost} cannot be opened by any key: their owners must reconnect on the Sync page."
            )
            raise SystemExit(1)

    def _rotate(self, model: type[models.Model], pk: Any, name: str, stored: str) -> tuple[int, int]:
        if not stored:
            return 0, 0
        try:
            fresh = rotate(stored)
        except InvalidToken:
            return 0, 1
        with transaction.atomic():
            current = model._default_manager.select_for_update().filter(pk=pk)
            current.update(**{name: fresh})
        return 1, 0
