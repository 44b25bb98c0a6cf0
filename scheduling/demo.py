"""Demo content: two people and a lively week around today, made once.

Each person's content is made in the run that makes the person. A later run therefore neither doubles it nor
brings back what someone has changed or deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.db import transaction

from scheduling import queries, services
from scheduling.core.event import EventValues
from scheduling.core.zones import instant, week_start
from scheduling.models import Calendar, EventRevision

PASSWORD = "appointment-demo"
ZONE = "Europe/Berlin"
MONDAY = 1
BLUEBERRY, SAGE, TANGERINE = 9, 2, 6


@dataclass(frozen=True)
class Plan:
    """An event by its day from this week's Monday on: with a `start` it is timed, without it lasts whole days."""

    calendar: str
    title: str
    day: int
    start: str = ""
    minutes: int = 60
    days: int = 1
    location: str = ""
    description: str = ""
    recurrence: tuple[str, ...] = ()
    status: str = "confirmed"
    availability: str = "busy"
    color: int | None = None


ANA = [
    Plan("Work", "Stand-up", -14, "09:15", 15, recurrence=("RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",)),
    Plan(
        "Work", "Planning", 0, "10:00", 90, location="Room 3", description="What goes into the next release."
    ),
    Plan("Work", "Design review", 1, "11:00", 60, description="Month view, then the booking page."),
    Plan("Work", "Call with Ines", 1, "11:30", 45, location="+49 30 5550 1234"),
    Plan("Work", "Write the report", 1, "13:00", 180, availability="free"),
    Plan("Work", "Interview: Jonas", 2, "14:00", 60, status="tentative", location="Room 1"),
    Plan("Work", "One to one with Bo", 3, "10:00", 30),
    Plan("Work", "Workshop: accessible forms", 3, "10:00", 120, location="Kantine"),
    Plan("Work", "Demo", 4, "15:00", 60, color=11),
    Plan("Work", "Conference in Leipzig", 8, days=3, location="Leipzig"),
    Plan("Work", "Quarterly numbers", 7, "09:45", 45),
    Plan("Work", "Release day", -3, days=1, availability="free"),
    Plan("Personal", "Yoga", -13, "18:30", 75, location="Studio Mitte", recurrence=("RRULE:FREQ=WEEKLY",)),
    Plan("Personal", "Lunch with Priya", 3, "12:30", 60, location="Café Luise"),
    Plan("Personal", "Dentist", 2, "08:30", 30, location="Dr. Behrens, Torstr. 12"),
    Plan("Personal", "Night train to Vienna", 4, "21:40", 640, location="Berlin Hbf, platform 8"),
    Plan("Personal", "Vienna", 5, days=2, color=5),
    Plan("Personal", "Concert?", 9, "20:00", 150, status="tentative"),
    Plan("Family", "Pick up Mila", 0, "16:00", 30, recurrence=("RRULE:FREQ=WEEKLY;BYDAY=MO,WE",)),
    Plan("Family", "Grandpa's birthday", 6, days=1, recurrence=("RRULE:FREQ=YEARLY",)),
    Plan("Family", "Dinner at Nora's", 6, "19:00", 180),
    Plan("Family", "School holidays", 12, days=9, availability="free"),
]
BO = [
    Plan("Personal", "One to one with Ana", 3, "10:00", 30),
    Plan(
        "Personal", "Football", 2, "19:00", 90, location="Tempelhofer Feld", recurrence=("RRULE:FREQ=WEEKLY",)
    ),
    Plan("Personal", "Moving house", 5, days=2),
]
HOURS = [(day, time(9), time(17), True) for day in range(5)]
TYPES: list[dict[str, Any]] = [
    {
        "slug": "intro",
        "name": "Introduction",
        "description": "Half an hour to get to know each other.",
        "duration": 30,
        "place_kind": "link",
        "place": "https://meet.example.com/ana",
    },
    {
        "slug": "consult",
        "name": "Consultation",
        "description": "An hour for one question, with a written summary afterwards.",
        "duration": 60,
        "increment": 30,
        "buffer_after": 15,
        "place": "Studio, Torstr. 12, Berlin",
        "color": TANGERINE,
        "questions": [
            {
                "key": "topic",
                "label": "What is it about?",
                "kind": "text",
                "choices": [],
                "is_required": False,
            }
        ],
    },
]
CALENDARS = {"Work": BLUEBERRY, "Family": TANGERINE}


@transaction.atomic
def make_demo() -> int:
    """Make what is missing; returns how many events were made."""
    made = 0
    ana = _make_person("ana@example.com", "Ana", handle="ana", public_page=True)
    if ana is not None:
        calendars = {"Personal": queries.primary_calendar_of(ana)}
        services.update_calendar(calendar=calendars["Personal"], color=SAGE, time_zone=ZONE)
        for name, color in CALENDARS.items():
            calendars[name] = services.create_calendar(user=ana, name=name, color=color, time_zone=ZONE)
        made += _make_events(calendars, ANA)
        services.replace_available_slots(user=ana, slots=HOURS)
        for fields in TYPES:
            services.create_type(user=ana, calendar=calendars["Work"], **fields)
    bo = _make_person("bo@example.com", "Bo")
    if bo is not None:
        made += _make_events({"Personal": queries.primary_calendar_of(bo)}, BO)
    return made


def _make_person(email: str, first_name: str, **profile: Any) -> Any | None:
    """The new person, None when there is one with that address."""
    people = get_user_model().objects
    if people.filter(email__iexact=email).exists():
        return None
    user = people.create_user(
        username=email, email=email, password=PASSWORD, first_name=first_name, last_name="Example"
    )
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    services.update_profile(profile=user.profile, timezone=ZONE, **profile)
    return user


def _make_events(calendars: dict[str, Calendar], plans: list[Plan]) -> int:
    today = datetime.now(UTC).astimezone(ZoneInfo(ZONE)).date()
    monday = week_start(today, MONDAY)
    for plan in plans:
        services.create_event(
            calendar=calendars[plan.calendar],
            values=_values(plan, monday + timedelta(days=plan.day)),
            origin=EventRevision.Origin.SYSTEM,
        )
    return len(plans)


def _values(plan: Plan, day: date) -> EventValues:
    said = {
        name: getattr(plan, name)
        for name in ("title", "location", "description", "recurrence", "status", "availability", "color")
    }
    if not plan.start:
        return EventValues(start=day, end=day + timedelta(days=plan.days), is_all_day=True, **said)
    start = instant(datetime.combine(day, time.fromisoformat(plan.start)), ZoneInfo(ZONE))
    return EventValues(start=start, end=start + timedelta(minutes=plan.minutes), time_zone=ZONE, **said)
