"""Sessions in the database, their content encrypted with TOKEN_KEYS.

While somebody sets up a second factor its seed waits in the session, and so do the parts of a Google sign-in that is
under way: neither is to be read from a stolen database. A content that no key opens reads as empty: signed out.
"""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from sync.encryption import decrypt, encrypt


class SessionStore(DatabaseStore):
    def encode(self, session_dict: dict[str, Any]) -> str:
        return encrypt(super().encode(session_dict))

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        stored = session_data if isinstance(session_data, str) else session_data.decode()
        content: dict[str, Any] = super().decode(decrypt(stored))
        return content
