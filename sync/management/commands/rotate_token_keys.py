"""Re-encrypt stored Google tokens and the seeds of second factors with the first of TOKEN_KEYS."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
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
SEEDS = ("secret", "seed")  # of authenticator apps and of recovery codes


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
        for pk in Authenticator.objects.values_list("pk", flat=True):
            done, failed = self._rotate_factor(pk)
            rotated, lost = rotated + done, lost + failed
        self.stdout.write(f"{rotated} tokens re-encrypted.")
        if lost:
            self.stdout.write(
                f"{lost} cannot be opened by any key: their owners must reconnect on the Sync page."
            )
            raise SystemExit(1)

    def _rotate_factor(self, pk: Any) -> tuple[int, int]:
        """The seed of a second factor; passkeys have none."""
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
            found = [name for name in SEEDS if factor is not None and factor.data.get(name)]
            if factor is None or not found:
                return 0, 0
            try:
                factor.data |= {name: rotate(factor.data[name]) for name in found}
            except InvalidToken:
                return 0, 1
            factor.save(update_fields=["data"])
        return 1, 0

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
