"""One example of every shape that people send, and of the answers they read most. Tests send each of them."""

from __future__ import annotations

from typing import Any

_ID = "7d3f1a52-96c3-4b0a-8f64-2f6a1f0c9a11"
_CALENDAR = "0c1d9b0e-55b5-4f0e-9a36-3c1f3d0a7b22"
_TYPE = "b5a7c3de-3f6c-4b52-8a0a-5f0f4f1f6d33"

BODIES: dict[str, Any] = {
    "EventIn": {
        "title": "Dentist",
        "location": "Harbour Street 4",
        "start_time": "2027-03-16T09:00:00+01:00",
        "end_time": "2027-03-16T09:30:00+01:00",
        "time_zone": "Europe/Berlin",
        "recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=4"],
    },
    "EventPatch": {"title": "Dentist, second visit", "availability": "busy"},
    "ProfilePatch": {"reminder_minutes": 10, "timezone": "Europe/Berlin", "first_day_of_week": 1},
    "Slot": {"day_of_week": 0, "start_time": "09:00", "end_time": "17:00", "is_available": True},
    "OverrideIn": {"date": "2027-12-24", "last_date": "2027-12-31", "note": "Closed"},
    "TypePatch": {"duration": 45, "buffer_after": 15},
    "TypeIn": {
        "slug": "first-talk",
        "name": "First talk",
        "duration": 30,
        "minimum_notice": 120,
        "window_days": 60,
        "daily_cap": 4,
        "questions": [{"key": "about", "label": "What is it about?", "kind": "text", "is_required": False}],
    },
    "PublicBookingIn": {
        "start": "2027-03-16T10:00:00+01:00",
        "name": "Greta Guest",
        "email": "greta@example.com",
        "notes": "I bring a friend.",
        "time_zone": "Europe/Berlin",
    },
}
ANSWERS: dict[str, Any] = {
    "EventOut": {
        **BODIES["EventIn"],
        "id": _ID,
        "calendar": _CALENDAR,
        "description": "",
        "is_all_day": False,
        "series": _ID,
        "original_start": "2027-03-16T08:00:00Z",
        "status": "confirmed",
        "availability": "busy",
        "google_event_id": "",
        "read_only": False,
        "revision": 41,
        "created_at": "2027-03-01T12:00:00Z",
        "updated_at": "2027-03-01T12:00:00Z",
    },
    "DeletedOut": {"id": _ID, "status": "cancelled", "revision": 42, "series": None, "original_start": None},
    "CalendarOut": {
        "id": _CALENDAR,
        "name": "Personal",
        "color": 9,
        "time_zone": "Europe/Berlin",
        "is_primary": True,
        "is_visible": True,
        "read_only": False,
        "is_synced": True,
        "account_name": "ana@gmail.com",
        "revision": 41,
    },
    "AvailabilityOut": {
        "date": "2027-03-16",
        "time_zone": "Europe/Berlin",
        "available": False,
        "reasons": ["“Dentist” takes 09:00–09:30."],
        "slots": [{"start": "2027-03-16T10:00:00+01:00", "end": "2027-03-16T11:00:00+01:00"}],
    },
    "BookingOut": {
        "id": _ID,
        "type": "first-talk",
        "type_id": _TYPE,
        "status": "confirmed",
        "start": "2027-03-16T10:00:00+01:00",
        "end": "2027-03-16T10:30:00+01:00",
        "proposed_start": None,
        "proposed_end": None,
        "name": "Greta Guest",
        "email": "greta@example.com",
        "time_zone": "Europe/Berlin",
        "notes": "",
        "answers": {"about": "A new kitchen"},
        "event": _ID,
        "is_no_show": False,
        "reason": "",
        "created_at": "2027-03-01T12:00:00Z",
    },
    "Problem": {
        "error": "invalid",
        "message": "title: This field is required.",
        "fields": {"title": "This field is required."},
    },
}


def add_examples(document: dict[str, Any]) -> None:
    """Into the shapes of an OpenAPI 3.1 document, as JSON Schema's `examples`."""
    shapes = document["components"]["schemas"]
    for name, example in {**BODIES, **ANSWERS}.items():
        shapes[name]["examples"] = [example]
