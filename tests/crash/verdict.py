"""What must hold once it is quiet. Each check returns what is wrong, in words."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ

from project import redis_broker
from scheduling import services
from scheduling.models import Booking, CalendarEvent, Occurrence, OutgoingMail, SentReminder, UserProfile
from scheduling.services.mail import LEASE as MAIL_LEASE
from sync.engine import request_run
from sync.models import CalendarLink, EventLink, GoogleAccount
from sync.outbox import waiting_anywhere
from sync.tasks import QUEUED_FOR
from tests.booking.sold import check_sold
from tests.crash.ledger import Item, Ledger
from tests.sync.google_side import GoogleSide
from tests.sync.shown import shown_here, shown_there

QUIET_SECONDS = 300
LONGEST_TASK = timedelta(seconds=5)  # one that takes longer is handed out twice, which it must stand
LONGEST_MAIL = timedelta(seconds=15)  # one that takes longer would be sent once more than a crash explains
RETRY = timedelta(seconds=settings.Q_CLUSTER["retry"])


def wait_until_quiet() -> str:
    """Returns when nothing is left to do and one more look at Google brings nothing new; what is left, in words,
    when that does not come."""
    begun = time.monotonic()
    while True:
        revisions, asked = _revisions(), timezone.now()
        request_run(list(GoogleAccount.objects.values_list("pk", flat=True)), pull_now=True)
        while left := what_is_left(asked):
            if time.monotonic() > begun + QUIET_SECONDS:
                return left
            _let_pauses_end(timedelta(seconds=time.monotonic() - begun))
            time.sleep(0.2)
        if _revisions() == revisions:
            return ""


def _revisions() -> dict[Any, int]:
    return dict(UserProfile.objects.values_list("pk", "revision"))


def _let_pauses_end(passed: timedelta) -> None:
    """Minutes would go by otherwise. Whoever took a task or a mail long ago, `passed` since the last kill, is no more;
    it would be handed out again two minutes after it was taken."""
    now = timezone.now()
    GoogleAccount.objects.filter(backoff_until__gt=now).update(backoff_until=None, next_run_at=now)
    EventLink.objects.filter(next_attempt_at__gt=now).update(next_attempt_at=now)
    if not waiting_anywhere().exists():  # what is unread are echoes of what was sent; they are read late
        unread = CalendarLink.objects.filter(quiet_until__gt=now)
        GoogleAccount.objects.filter(calendar_links__in=unread).update(next_run_at=now)
        unread.update(quiet_until=now)
    if passed > LONGEST_TASK:
        OrmQ.objects.filter(lock__gt=now, lock__lt=now + RETRY - LONGEST_TASK).update(lock=now)
        GoogleAccount.objects.filter(
            queued_until__gt=now, queued_until__lt=now + QUEUED_FOR - LONGEST_TASK
        ).update(queued_until=now)
        if settings.REDIS_URL:
            _deliver_again()
    if passed > LONGEST_MAIL:
        claimed = OutgoingMail.objects.filter(due_at__gt=now, due_at__lt=now + MAIL_LEASE - LONGEST_MAIL)
        services.send_soon(claimed)


def _deliver_again() -> None:
    """What was taken out of the stream in Redis long ago, as if it had been for `RETRY`."""
    client, stream = redis_broker.redis(), f"{settings.Q_CLUSTER['name']}:{redis_broker.STREAM}"
    long_ago, retry = (int(span.total_seconds() * 1000) for span in (LONGEST_TASK, RETRY))
    for entry in client.xpending_range(stream, redis_broker.GROUP, "-", "+", 100, idle=long_ago):
        client.xclaim(
            stream, redis_broker.GROUP, redis_broker.WORKER, 0, [entry["message_id"]], idle=retry, justid=True
        )


def what_is_left(since: datetime) -> str:
    """Accounts must have been read after `since`."""
    broker = get_broker()
    counts = {
        "tasks in the queue": broker.queue_size() + broker.lock_size(),
        "mails waiting": OutgoingMail.objects.filter(state=OutgoingMail.State.WAITING).count(),
        "events to be sent": waiting_anywhere().count(),
        "accounts in trouble": GoogleAccount.objects.exclude(
            status=GoogleAccount.Status.ACTIVE, last_error=""
        ).count(),
        "accounts not read": GoogleAccount.objects.exclude(last_ok_at__gt=since).count(),
        "notices unread": CalendarLink.objects.filter(is_enabled=True, notify_sequence__gt=0)
        .exclude(notify_sequence=F("pulled_sequence"))
        .count(),
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def check_events(ledger: Ledger) -> list[str]:
    found: dict[str, list[CalendarEvent]] = defaultdict(list)
    for event in CalendarEvent.objects.live().filter(description__startswith="made "):
        found[event.description].append(event)
    wrong = [problem for item in ledger.all() for problem in _check_item(item, found[item.name])]
    known = {item.name for item in ledger.all()}
    return wrong + [
        f"{name}: nobody made it" for name, events in found.items() if events and name not in known
    ]


def _check_item(item: Item, events: list[CalendarEvent]) -> Iterable[str]:
    if len(events) > 1:
        yield f"{item.name} is there {len(events)} times"
    title = events[0].title if events else None
    # What was given a place in Google while it was deleted here comes back: an edit beats a delete.
    if title not in item.possible and not (events and item.location and None in item.possible):
        yield f"{item.name} is {title!r}, not one of {item.possible}"
    if events and item.location and events[0].location != item.location:
        yield f"{item.name}: its place from Google is lost ({events[0].location!r}, not {item.location!r})"


def check_bookings(ledger: Ledger, handle: str) -> list[str]:
    sold = check_sold(handle)
    wrong = [f"sold twice: {start}" for start in sold["too_close"]]
    if not sold["active"] == sold["reserved"] == sold["events"]:
        wrong.append(f"bookings, reservations and events differ: {sold}")
    for sale in ledger.sales:
        booked = Booking.objects.filter(
            guest_email=sale.email, start=datetime.fromisoformat(sale.start), status__in=Booking.ACTIVE
        )
        if booked.count() != 1:
            wrong.append(f"{sale.email} was told of a booking at {sale.start}; there are {booked.count()}")
    return wrong


def check_both_sides(sides: dict[str, GoogleSide]) -> list[str]:
    now = datetime.now(UTC)
    window = now - timedelta(days=30), now + timedelta(days=90)
    wrong = []
    for email, google in sides.items():
        calendar = CalendarLink.objects.get(account__email=google.email, is_primary=True).calendar
        here = shown_here(Occurrence.objects.filter(calendar=calendar), window)
        there = shown_there(google, window)
        wrong += [f"{email}: only here: {row}" for row in (here - there)]
        wrong += [f"{email}: only in Google: {row}" for row in (there - here)]
    aside = EventLink.objects.exclude(state=EventLink.State.CLEAN)
    return wrong + [f"set aside: {link.google_id} {link.state} {link.error}" for link in aside]


def check_mails(ledger: Ledger, messages: list[EmailMessage]) -> list[str]:
    """Every mail at most twice, under one name; whoever was to be told was told."""
    wrong = []
    for name, count in Counter(str(message["Message-ID"]) for message in messages).items():
        if count > 2:
            wrong.append(f"{name} was sent {count} times")
    dropped = OutgoingMail.objects.filter(state=OutgoingMail.State.DROPPED)
    wrong += [f"given up: {mail.template}: {mail.error}" for mail in dropped]
    guests = Counter(message["To"] for message in _once(messages))
    for sale in ledger.sales:
        if guests[sale.email] != 1:
            wrong.append(f"{sale.email} got {guests[sale.email]} different mails")
    subjects = Counter(str(message["Subject"]) for message in _once(messages))
    for item in ledger.all():
        if item.reminder:
            wrong += _check_reminder(item, subjects)
    return wrong


def _check_reminder(item: Item, subjects: Counter[str]) -> Iterable[str]:
    (title,) = item.possible
    event = CalendarEvent.objects.get(description=item.name)
    mails = sum(count for subject, count in subjects.items() if str(title) in subject)
    claims = SentReminder.objects.filter(subject=event.pk, channel=SentReminder.Channel.MAIL).count()
    wanted = {1} if item.reminder == item.SURE else {0, 1}
    if mails not in wanted or claims not in wanted:
        yield f"{item.name}: {mails} different reminders, {claims} claims"


def _once(messages: list[EmailMessage]) -> list[EmailMessage]:
    return list({str(message["Message-ID"]): message for message in messages}.values())
