"""Text that is encrypted at rest (MultiFernet over `TOKEN_KEYS`; the first key encrypts, all decrypt).

Invariants:
- what is stored begins with the prefix and is not readable without a key
- a value that no key opens reads as `Unreadable`, which is empty, and is written back as it was: a mistake in
  the keys ends no connection
"""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

PREFIX = "fernet:"


class Unreadable(str):
    """Looks empty; `stored` is the ciphertext that no key of `TOKEN_KEYS` opens."""

    stored: str

    @classmethod
    def of(cls, stored: str) -> Unreadable:
        value = cls("")
        value.stored = stored
        return value


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.TOKEN_KEYS])


def encrypt(text: str) -> str:
    return PREFIX + _keys().encrypt(text.encode()).decode() if text else ""


def decrypt(stored: str) -> str:
    """The plain text, or `Unreadable` when no key opens it. Text without the prefix was never encrypted."""
    if not stored.startswith(PREFIX):
        return stored
    try:
        return _keys().decrypt(stored.removeprefix(PREFIX).encode()).decode()
    except InvalidToken:
        return Unreadable.of(stored)


def rotate(stored: str) -> str:
    """The same secret under the first key; raises `InvalidToken` when no key opens it."""
    if not stored:
        return stored
    if not stored.startswith(PREFIX):
        return encrypt(stored)
    return PREFIX + _keys().rotate(stored.removeprefix(PREFIX).encode()).decode()


class EncryptedTextField(models.TextField):
    """A text column that holds ciphertext. It cannot be searched."""

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Unreadable):
            return value.stored
        text = super().get_prep_value(value)
        return text if text is None or text.startswith(PREFIX) else encrypt(text)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return None if value is None else decrypt(value)

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs
