"""What a guest's mail program gets, through a real SMTP server on this machine."""

from __future__ import annotations

from typing import Any

import icalendar
import pytest

from scheduling import services
from scheduling.models import AppointmentType
from tests.booking.moments import berlin
from tests.make import make_guest
from tests.smtp import MailSink

pytestmark = pytest.mark.django_db


def test_the_invitation_is_one_that_calendars_understand(settings: Any, intro: AppointmentType) -> None:
    with MailSink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", sink.port, 5
        guest = make_guest(name="Zoë Ångström, Jr.", notes="Grüße\nfrom Łódź")
        booking, _ = services.book(appointment_type=intro, start=berlin(24, 10), guest=guest)
        assert services.send_due_mails() == 2 and services.send_due_mails() == 0
    [message] = [m for m in sink.messages if m["To"] == "greta@example.com"]
    text, html = (message.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert "Grüße" in text and "/cancel/" in text and "/cancel/" in html
    [file] = message.iter_attachments()
    assert (file.get_content_type(), file.get_param("method"), file.get_filename()) == (
        "text/calendar",
        "REQUEST",
        "invite.ics",
    )
    [event] = icalendar.Calendar.from_ical(file.get_content()).walk("VEVENT")
    assert str(event["UID"]) == booking.uid and event.start == booking.start
    assert event["ATTENDEE"].params["CN"] == "Zoë Ångström, Jr."
