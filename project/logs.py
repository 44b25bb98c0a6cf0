"""What a line of the log says, and what it never says.

Each line names the request that it was written for (`-` outside of one). Addresses that are keys do not belong into
logs: Django writes the path of every answer from 400 on.
"""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

from django.views.debug import SafeExceptionReporterFilter

SECRET = re.compile(r"(/(?:bookings|feeds|setup|mail/unsubscribe|accounts/password/reset/key)/)[^/\s]+")
request_id: ContextVar[str] = ContextVar("request_id", default="-")
# Confirmations of addresses; and an appointment type may have a secret in the place of its name.
ALSO_SECRET = re.compile(r"(/(?:accounts/confirm-email|book/[^/\s]+|appointment/api/public/[^/\s]+)/)[^/\s]+")


class HideInReports(SafeExceptionReporterFilter):
    """On the technical page of a failure, while DEBUG is on: addresses of servers may have a password in them."""

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern + "|REDIS|DSN|CACHES|CHANNEL_LAYERS|Q_CLUSTER",
        re.IGNORECASE,
    )


class HideSecrets(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        hidden = ALSO_SECRET.sub(r"\1…", SECRET.sub(r"\1…", said))
        if hidden != said:
            record.msg, record.args = hidden, ()
        return True


class NameRequest(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        # Django writes of an answer from 400 on when the request is done with, and passes it along.
        record.request_id = getattr(getattr(record, "request", None), "id", None) or request_id.get()
        return True


class JsonLines(logging.Formatter):
    """One JSON object a line, for programs that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
