"""Addresses that are keys do not belong into logs: Django writes the path of every answer from 400 on."""

from __future__ import annotations

import logging
import re

SECRET = re.compile(r"(/(?:bookings|feeds|mail/unsubscribe|accounts/password/reset/key)/)[^/\s]+")


class HideSecrets(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        hidden = SECRET.sub(r"\1…", said)
        if hidden != said:
            record.msg, record.args = hidden, ()
        return True
