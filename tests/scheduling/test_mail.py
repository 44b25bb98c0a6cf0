"""The way out for mail, through a real SMTP server on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from scheduling import services, tasks
from scheduling.models import OutgoingMail
from scheduling.services import InvalidMail
from scheduling.services.mail import _claim
from tests.plans import plan_of
from tests.smtp import MailSink

NOW = datetime(2026, 11, 24, 8, 45, tzinfo=UTC)
WORDS = {
    "title": "Tea & <b>cake</b>",
    "days": "Tuesday 24 November",
    "times": "10:00–11:00",
    "calendar": "Home",
    "link": "http://localhost:8000/calendar/events/1/",
}


@pytest.fixture
def post(settings: Any) -> Iterator[MailSink]:
    with MailSink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", sink.port, 5
        yield sink


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def queue(user: Any, **over: Any) -> OutgoingMail | None:
    fields = {"template": "reminder", "to": user.email, "context": WORDS, "user": user}
    return services.queue_mail(services.compose_mail(**{**fields, **over}))


def test_mail_goes_out_as_text_and_html_with_a_way_to_leave(alice: Any, post: MailSink) -> None:
    queue(
        alice, unsubscribe="notifications", attachments=[("invite.ics", "BEGIN:VCALENDAR", "text/calendar")]
    )
    assert services.send_due_mails() == 1
    [message] = post.messages
    assert message["To"] == "alice@example.com"
    assert str(message["Subject"]).strip() == "Tea & <b>cake</b>: Tuesday 24 November, 10:00–11:00"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = (message.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert "Tea & <b>cake</b>" in text and "Tea &amp; &lt;b&gt;cake&lt;/b&gt;" in html
    link = str(message["List-Unsubscribe"]).strip(" <>")
    assert link in text and link in html
    assert [part.get_filename() for part in message.iter_attachments()] == ["invite.ics"]


def test_a_mail_that_was_sent_keeps_none_of_its_words(alice: Any, post: MailSink) -> None:
    queue(alice)
    services.send_due_mails()
    mail = OutgoingMail.objects.get()
    assert (mail.state, mail.subject, mail.text, mail.html) == ("sent", "", "", "")
    assert services.send_due_mails() == 0 and len(post.messages) == 1


def test_the_same_key_is_never_queued_twice(alice: Any) -> None:
    assert queue(alice, key="reminder 1") is not None
    assert queue(alice, key="reminder 1") is None
    assert OutgoingMail.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_queued_in_a_transaction_that_is_rolled_back_is_never_sent(
    alice: Any, post: MailSink
) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue(alice)
        raise ZeroDivisionError
    assert services.send_due_mails() == 0 and post.messages == []


def test_a_line_end_in_a_title_begins_no_header(alice: Any, post: MailSink) -> None:
    queue(alice, context=WORDS | {"title": "Tea\r\nBcc: everyone@example.com\r\n\r\nHello"})
    services.send_due_mails()
    [message] = post.messages
    assert message["Bcc"] is None
    assert str(message["Subject"]).strip().startswith("Tea Bcc: everyone@example.com Hello")


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@example.com\nBcc: b@example.com", "a@b@c", "a b@example.com"]
)
def test_what_is_no_address_is_refused_when_it_is_queued(alice: Any, address: str) -> None:
    with pytest.raises(InvalidMail):
        queue(alice, to=address or " ")
    assert not OutgoingMail.objects.exists()


def test_a_mail_waits_for_its_time_and_is_not_sent_after_it_has_expired(
    alice: Any, post: MailSink, clock: Any
) -> None:
    queue(alice, due_at=NOW + timedelta(minutes=5))
    queue(alice, expires_at=NOW + timedelta(minutes=1), due_at=NOW + timedelta(minutes=5))
    assert services.send_due_mails() == 0
    clock.shift(300)
    assert services.send_due_mails() == 1
    assert sorted(OutgoingMail.objects.values_list("state", flat=True)) == ["dropped", "sent"]


def test_a_mail_that_was_refused_for_now_goes_out_later_and_once(
    alice: Any, post: MailSink, clock: Any
) -> None:
    post.refusals = ["451 try later"]
    queue(alice)
    assert services.send_due_mails() == 0
    assert OutgoingMail.objects.get().error == "SMTPSenderRefused: the mail server answered 451"
    assert services.send_due_mails() == 0  # not at once
    clock.shift(61)
    assert services.send_due_mails() == 1 and len(post.messages) == 1


def test_a_server_that_is_not_there_costs_one_attempt_and_loses_nothing(
    alice: Any, settings: Any, post: MailSink, clock: Any
) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    for n in range(3):
        queue(alice, key=str(n))
    assert services.send_due_mails() == 0
    assert sorted(OutgoingMail.objects.values_list("attempts", flat=True)) == [0, 0, 1]
    settings.EMAIL_PORT = port
    clock.shift(61)
    assert services.send_due_mails() == 3


def test_a_mail_is_given_up_when_the_server_never_takes_it(alice: Any, post: MailSink, clock: Any) -> None:
    post.refusals = ["550 no"] * 20
    queue(alice)
    for _ in range(12):
        services.send_due_mails()
        clock.shift(86400)
    mail = OutgoingMail.objects.get()
    assert (mail.state, mail.attempts, mail.text) == ("dropped", 9, "")


def test_a_crash_leaves_at_most_one_duplicate_under_the_same_message_id(
    alice: Any, post: MailSink, clock: Any
) -> None:
    post.hang_ups = 5
    queue(alice)
    for _ in range(5):
        services.send_due_mails()
        clock.shift(3600)
    assert len(post.messages) == 2
    assert len({message["Message-ID"] for message in post.messages}) == 1
    assert OutgoingMail.objects.get().state == "dropped"


def test_a_sender_that_died_after_its_claim_is_taken_over_when_the_lease_ends(
    alice: Any, post: MailSink, clock: Any
) -> None:
    mail = queue(alice)
    assert mail is not None
    # What a sender killed between claim and delivery leaves behind.
    OutgoingMail.objects.update(due_at=NOW + timedelta(minutes=2), attempts=1, open_attempts=1)
    assert services.send_due_mails() == 0
    clock.shift(121)
    assert services.send_due_mails() == 1 and len(post.messages) == 1


def test_two_senders_share_the_work(alice: Any, post: MailSink) -> None:
    """The second begins while the first holds the list that it has read."""
    queue(alice)
    first, second = OutgoingMail.objects.get(), OutgoingMail.objects.get()
    assert _claim(first) is True
    assert _claim(second) is False


def test_a_sending_is_queued_once_for_what_is_due(alice: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert not tasks.enqueue_due_mails()
    queue(alice)
    assert services.claim_due_mails()
    assert not services.claim_due_mails()


def test_looking_for_due_mail_reads_its_index(alice: Any) -> None:
    due = OutgoingMail.objects.filter(state="waiting", due_at__lte=NOW, queued_until__lte=NOW)
    assert "mail_waiting_by_due" in plan_of(due)


def test_rows_of_old_mails_are_forgotten(alice: Any, post: MailSink, clock: Any) -> None:
    queue(alice)
    services.send_due_mails()
    queue(alice)
    clock.shift(timedelta(days=61))
    assert services.forget_old_mails() == 1
    assert OutgoingMail.objects.get().state == "waiting"


# --- leaving -----------------------------------------------------------------------------------
def link_of(alice: Any) -> str:
    mail = queue(alice, unsubscribe="notifications")
    assert mail is not None
    found = re.search(r"<http://localhost:8000(/\S+)>", mail.headers["List-Unsubscribe"])
    assert found
    return found.group(1)


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_the_link_changes_nothing(alice: Any, client: Client, method: str) -> None:
    answer = getattr(client, method)(link_of(alice))
    alice.profile.refresh_from_db()
    assert answer.status_code == 200 and alice.profile.email_notifications
    assert answer["Referrer-Policy"] == "no-referrer"
    assert alice.email not in answer.content.decode()


def test_one_click_switches_the_mails_off_without_signing_in(alice: Any, bob: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(link_of(alice), {"List-Unsubscribe": "One-Click"})
    alice.profile.refresh_from_db()
    assert answer.status_code == 200 and "Switched off" in answer.content.decode()
    assert not alice.profile.email_notifications and bob.profile.email_notifications


def test_a_link_that_was_tampered_with_is_not_found(alice: Any, client: Client) -> None:
    link = link_of(alice)
    for broken in (f"{link[:-3]}x/", "/mail/unsubscribe/x/", f"/mail/unsubscribe/{'a' * 3000}/"):
        assert client.post(broken).status_code == 404
    alice.profile.refresh_from_db()
    assert alice.profile.email_notifications
