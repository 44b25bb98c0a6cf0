"""The words of a VEVENT: title, place, people, status."""

from __future__ import annotations

import quopri
import re
from typing import Any
from urllib.parse import unquote

from scheduling.core.event import LOCATION_LIMIT, TITLE_LIMIT, clean_text
from scheduling.core.ical.lines import Component, Property, unescape
from scheduling.core.language import gettext as _

LONGEST_DESCRIPTION = 50_000
MOST_PEOPLE = 300
ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative"}


def read_fields(component: Component) -> tuple[dict[str, Any], list[str]]:
    """Fields of `EventValues` but the times, and notes on what had to be shortened."""
    notes: list[str] = []
    fields: dict[str, Any] = {
        "title": _shortened(
            _text(component, "SUMMARY"),
            TITLE_LIMIT,
            _("Its title has %(length)s characters; the first %(limit)s are kept."),
            notes,
        ),
        "location": _shortened(
            _text(component, "LOCATION"),
            LOCATION_LIMIT,
            _("Its place has %(length)s characters; the first %(limit)s are kept."),
            notes,
        ),
        "description": _shortened(
            _description(component),
            LONGEST_DESCRIPTION,
            _("Its description has %(length)s characters; the first %(limit)s are kept."),
            notes,
        ),
        "status": "tentative" if component.text("STATUS").strip().upper() == "TENTATIVE" else "confirmed",
        "availability": _availability(component),
        "visibility": _visibility(component),
    }
    color = component.text("X-APPOINTMENT-COLOR").strip()
    if re.fullmatch(r"[1-9]|1[01]", color):
        fields["color"] = int(color)
    return fields, notes


def details_of(component: Component, sequence: int) -> dict[str, Any]:
    """What people here only read, in the form in which events keep it."""
    organizer = component.first("ORGANIZER")
    people = [_person(found) for found in component.all("ATTENDEE")[:MOST_PEOPLE]]
    return {
        "sequence": sequence,
        "organizer": _identity(organizer) if organizer else {},
        "attendees": [person for person in people if person.get("email") or person.get("displayName")],
        "conference_url": _conference(component),
    }


def _text(component: Component, name: str) -> str:
    found = component.first(name)
    if found is None:
        return ""
    if found.parameters.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":  # vCalendar 1.0
        return clean_text(quopri.decodestring(found.value.encode()).decode("utf-8", "replace"))
    return clean_text(unescape(found.value))


def _description(component: Component) -> str:
    """Our own files carry the formatted text beside the plain one."""
    rich = component.first("X-ALT-DESC")
    if rich and rich.parameters.get("X-APPOINTMENT") == "1":
        return clean_text(unescape(rich.value))
    return _text(component, "DESCRIPTION")


def _shortened(text: str, limit: int, note: str, notes: list[str]) -> str:
    if len(text) <= limit:
        return text
    notes.append(note % {"length": f"{len(text):,}", "limit": f"{limit:,}"})
    return f"{text[: limit - 1].rstrip()}…"


def _availability(component: Component) -> str:
    busy = component.text("X-MICROSOFT-CDO-BUSYSTATUS").strip().upper()
    transparent = component.text("TRANSP").strip().upper() == "TRANSPARENT"
    return "free" if transparent or (busy == "FREE" and not component.first("TRANSP")) else "busy"


def _visibility(component: Component) -> str:
    given = component.text("CLASS").strip().lower()
    return given if given in ("public", "private", "confidential") else "default"


def _identity(found: Property) -> dict[str, str]:
    """`{"email", "displayName"}`, as far as given."""
    address = found.value.strip()
    if address.lower().startswith("mailto:"):
        address = unquote(address[7:])
    elif "@" not in address:
        address = found.parameters.get("EMAIL", "")
    person = {
        "email": clean_text(address)[:254],
        "displayName": clean_text(found.parameters.get("CN", ""))[:200],
    }
    return {key: value for key, value in person.items() if value}


def _person(found: Property) -> dict[str, Any]:
    answer = ANSWERS.get(found.parameters.get("PARTSTAT", "").upper(), "needsAction")
    person: dict[str, Any] = {**_identity(found), "responseStatus": answer}
    if found.parameters.get("ROLE", "").upper() == "OPT-PARTICIPANT":
        person["optional"] = True
    return person


def _conference(component: Component) -> str:
    for name in ("CONFERENCE", "X-GOOGLE-CONFERENCE"):
        address = component.text(name).strip()
        if re.fullmatch(r"https?://[^\s\"<>]{1,1900}", address):
            return address
    return ""
