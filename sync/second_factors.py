"""The seeds of second factors, encrypted at rest like Google's tokens."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ImproperlyConfigured

from sync.encryption import Unreadable, decrypt, encrypt


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Raises where no key opens it: an empty seed would let everybody in who knows that it is empty."""
        text = decrypt(encrypted_text)
        if isinstance(text, Unreadable) or not text:
            raise ImproperlyConfigured("A second factor cannot be opened with TOKEN_KEYS. Put its key back.")
        return text
