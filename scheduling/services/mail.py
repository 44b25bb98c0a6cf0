"""The one way mail leaves: queued in the transaction of what it speaks of, sent by the worker.

A template `emails/<name>/` has `subject.txt`, `body.txt` and `body.html`; besides its context it knows `site_url` and
`unsubscribe_url`. A sender that dies between handing a mail over and noting it leaves an attempt of unknown outcome;
such a mail is tried once more and then given up.

Invariants:
- the same key is never queued twice
- what is queued in a transaction that is rolled back is never sent
- a crash leaves at most one duplicate, under the same Message-ID
- a mail is not sent after it has expired
- a mail that was sent or given up keeps none of its words
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import override

from scheduling.languages import language_of
from scheduling.models import OutgoingMail
from scheduling.unsubscribe import unsubscribe_url

logger = logging.getLogger(__name__)

BATCH = 50
BATCH_SECONDS = 30  # a task may take 60
QUEUED_FOR = timedelta(seconds=30)  # a queue entry that vanished with its worker is missed no longer
LEASE = timedelta(minutes=2)  # far more than one delivery takes
MOST_OPEN_ATTEMPTS = 2
RETRY_AFTER = [timedelta(minutes=minutes) for minutes in (1, 3, 10, 30, 60, 180, 360, 720)]
KEPT_FOR = timedelta(days=60)


class InvalidMail(ValueError):
    """It cannot be sent to this address; the text says why."""


def compose_mail(
    *,
    template: str,
    to: str,
    context: Mapping[str, Any],
    user: User | None = None,
    language: str = "",
    key: str | None = None,
    unsubscribe: str = "",
    reply_to: str = "",
    attachments: Sequence[tuple[str, str, str]] = (),
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> OutgoingMail:
    """The mail `emails/<template>/` to one address, not stored yet: rendering takes long, and a transaction that
    waits for it has all who write wait.

    It is written in `language`, or in what `user` reads; words in the context that are lazy follow it.
    `unsubscribe` names what `user` can switch off by one click (`scheduling.unsubscribe`); a mail that somebody asked
    for has none. Attachments are (file name, text, media type). Raises `InvalidMail`.
    """
    for address in filter(None, (to, reply_to)):
        try:
            validate_email(address)
        except ValidationError:
            raise InvalidMail(f"{address!r} is not a mail address.") from None
    leave = unsubscribe_url(user, unsubscribe) if user is not None and unsubscribe else ""
    words = {"site_url": settings.SITE_URL, "unsubscribe_url": leave, **context}
    headers = {"Auto-Submitted": "auto-generated"}
    if leave:
        headers |= {"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    folder = f"emails/{template}"
    with override(language or (language_of(user) if user is not None else settings.LANGUAGE_CODE)):
        # A line end in a subject could begin another header; titles come from strangers.
        subject = " ".join(render_to_string(f"{folder}/subject.txt", words, using="text").split())[:300]
        text = render_to_string(f"{folder}/body.txt", words, using="text").strip() + "\n"
        html = render_to_string(f"{folder}/body.html", words)
    return OutgoingMail(
        key=key,
        user=user,
        template=template,
        to=to,
        reply_to=reply_to,
        subject=subject,
        text=text,
        html=html,
        headers=headers,
        attachments=[list(attachment) for attachment in attachments],
        due_at=due_at or timezone.now(),
        expires_at=expires_at,
    )


def queue_mail(mail: OutgoingMail) -> OutgoingMail | None:
    """Have the worker send it once this transaction commits; None when its key was queued before."""
    try:
        with transaction.atomic():
            mail.save(force_insert=True)
    except IntegrityError:
        if mail.key is None or not OutgoingMail.objects.filter(key=mail.key).exists():
            raise
        return None
    return mail


def claim_due_mails() -> bool:
    """Whether a sending must be queued: something is due, and none was queued for it in the last half minute."""
    now = timezone.now()
    due = OutgoingMail.objects.filter(
        state=OutgoingMail.State.WAITING, due_at__lte=now, queued_until__lte=now
    )
    # Looking first: twice a second an UPDATE would ask for the write lock.
    return due.exists() and bool(due.update(queued_until=now + QUEUED_FOR))


def send_due_mails() -> int:
    """Send what is due, for at most half a minute; returns how many went out. Safe to run twice at once."""
    begun, sent = monotonic(), 0
    waiting = OutgoingMail.objects.filter(state=OutgoingMail.State.WAITING, due_at__lte=timezone.now())
    connection = get_connection()
    is_open = False
    try:
        for mail in waiting.order_by("due_at")[:BATCH]:
            if monotonic() - begun > BATCH_SECONDS:
                break
            if not _claim(mail):
                continue
            try:
                if not is_open:
                    connection.open()
                    is_open = True
            except Exception as error:
                _postpone(mail, error)
                break  # the others would meet the same
            sent += _send(mail, connection)
    finally:
        if is_open:
            connection.close()
    return sent


def send_soon(mails: QuerySet[OutgoingMail]) -> int:
    """Have those that wait tried at once; returns how many."""
    now = timezone.now()
    return mails.filter(state=OutgoingMail.State.WAITING).update(due_at=now, queued_until=now)


def forget_old_mails() -> int:
    """Delete the rows of mails that were done with long ago."""
    old = OutgoingMail.objects.exclude(state=OutgoingMail.State.WAITING)
    return old.filter(done_at__lt=timezone.now() - KEPT_FOR).delete()[0]


def _claim(mail: OutgoingMail) -> bool:
    """Take the mail for this sender by UPDATE and row count; give it up where that is all there is to do."""
    now = timezone.now()
    if mail.expires_at and mail.expires_at <= now:
        _finish(mail, OutgoingMail.State.DROPPED, "It came too late to be of use.")
        return False
    if mail.open_attempts >= MOST_OPEN_ATTEMPTS:
        _finish(mail, OutgoingMail.State.DROPPED, "Twice nobody knows whether it went out.")
        return False
    claimed = OutgoingMail.objects.filter(pk=mail.pk, state=OutgoingMail.State.WAITING, due_at=mail.due_at)
    if not claimed.update(
        due_at=now + LEASE, attempts=F("attempts") + 1, open_attempts=F("open_attempts") + 1
    ):
        return False
    mail.attempts += 1
    mail.open_attempts += 1
    return True


def _send(mail: OutgoingMail, connection: BaseEmailBackend) -> bool:
    try:
        _message(mail, connection).send()
    except (SMTPResponseException, SMTPRecipientsRefused, SMTPSenderRefused) as error:
        _postpone(mail, error)  # the server said no: it has not gone out
        return False
    except Exception as error:
        _postpone(mail, error, is_open=True)
        return False
    _finish(mail, OutgoingMail.State.SENT)
    return True


def _message(mail: OutgoingMail, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        to=[mail.to],
        reply_to=[mail.reply_to] if mail.reply_to else None,
        # The same name at each attempt: mail programs show a duplicate once.
        headers={**mail.headers, "Message-ID": f"<{mail.pk}@{urlsplit(settings.SITE_URL).hostname}>"},
        connection=connection,
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    for name, content, media_type in mail.attachments:
        message.attach(name, content, media_type)
    return message


def _postpone(mail: OutgoingMail, error: Exception, *, is_open: bool = False) -> None:
    reason = f"{type(error).__name__}: {_without_addresses(error)}"[:200]
    if mail.attempts > len(RETRY_AFTER):
        _finish(mail, OutgoingMail.State.DROPPED, reason)
        return
    logger.warning("mail %s (%s) was not sent, it is tried again: %s", mail.pk, mail.template, reason)
    OutgoingMail.objects.filter(pk=mail.pk).update(
        due_at=timezone.now() + RETRY_AFTER[mail.attempts - 1],
        queued_until=timezone.now(),
        open_attempts=mail.open_attempts if is_open else mail.open_attempts - 1,
        error=reason,
    )


def _finish(mail: OutgoingMail, state: str, reason: str = "") -> None:
    if state == OutgoingMail.State.DROPPED:
        logger.error("mail %s (%s) was given up: %s", mail.pk, mail.template, reason)
    OutgoingMail.objects.filter(pk=mail.pk).update(
        state=state, done_at=timezone.now(), error=reason, subject="", text="", html="", attachments=[]
    )


def _without_addresses(error: Exception) -> str:
    """What a server answered; the addresses in it belong into no log."""
    if isinstance(error, SMTPRecipientsRefused):
        return "the recipient was refused"
    if isinstance(error, SMTPResponseException):
        return f"the mail server answered {error.smtp_code}"
    return str(error) if isinstance(error, OSError) else ""
