"""What a guest tells, checked: it goes into mails, calendar files and other people's calendars."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from scheduling.core.event import clean_text, is_zone
from scheduling.models import AppointmentType
from scheduling.services.errors import InvalidBooking

NAME_LIMIT, EMAIL_LIMIT, NOTES_LIMIT, ANSWER_LIMIT = 100, 254, 2000, 1000
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Guest:
    """Who books. `answers` are by the key of the type's question; `time_zone` is where they read their clock, `language` what
    mails to them are written in."""

    name: str
    email: str
    time_zone: str = "UTC"
    notes: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    language: str = "en"


def checked_guest(guest: Guest, appointment_type: AppointmentType) -> Guest:
    """The guest in canonical form. Raises `InvalidBooking` with every fault.

    Names and answers of one line may hold no control characters: a line end could begin a mail header, and marks of
    writing direction could make a name read as something else.
    """
    faults: dict[str, str] = {}
    name = guest.name.strip()
    if not name:
        faults["name"] = _("Write your name.")
    elif len(name) > NAME_LIMIT:
        faults["name"] = _("At most %(count)d characters fit.") % {"count": NAME_LIMIT}
    elif CONTROL.search(name):
        faults["name"] = _("The name can have no line breaks or control characters.")
    email = guest.email.strip()
    try:
        validate_email(email)
        email.encode("ascii")
    except (ValidationError, UnicodeError):
        faults["email"] = _("Write an e-mail address such as name@example.com.")
    if len(email) > EMAIL_LIMIT:
        faults["email"] = _("At most %(count)d characters fit.") % {"count": EMAIL_LIMIT}
    if not is_zone(guest.time_zone):
        faults["time_zone"] = _("This is not a time zone. Write a name such as Europe/Berlin.")
    notes = clean_text(guest.notes)
    if len(notes) > NOTES_LIMIT:
        faults["notes"] = _("At most %(count)d characters fit.") % {"count": NOTES_LIMIT}
    answers = _checked_answers(guest.answers, appointment_type, faults)
    if faults:
        raise InvalidBooking(faults)
    return Guest(name, email, guest.time_zone, notes, answers, guest.language)


def _checked_answers(
    answers: Mapping[str, Any], appointment_type: AppointmentType, faults: dict[str, str]
) -> dict[str, str]:
    kept: dict[str, str] = {}
    questions = {question["key"]: question for question in appointment_type.questions}
    for key in answers.keys() - questions.keys():
        faults[f"answers.{str(key)[:40]}"] = _("There is no such question.")
    for key, question in questions.items():
        given = answers.get(key, "")
        text = clean_text(given) if isinstance(given, str) else None
        if text is None:
            faults[f"answers.{key}"] = _("Write text.")
        elif not text:
            if question.get("is_required"):
                faults[f"answers.{key}"] = _("This question needs an answer.")
        elif len(text) > ANSWER_LIMIT:
            faults[f"answers.{key}"] = _("At most %(count)d characters fit.") % {"count": ANSWER_LIMIT}
        elif question["kind"] == "choice" and text not in question["choices"]:
            faults[f"answers.{key}"] = _("Choose one of the answers.")
        else:
            kept[key] = text
    return kept
