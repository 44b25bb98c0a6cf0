"""Example content for a sandbox account: three calendars with lively events around today."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.easter import easter
from django.db import transaction

from sync.sandbox import clock, directory, recurrence, store
from sync.sandbox.models import READER, Account, Event

Json = dict[str, Any]

DEFAULT_ACCOUNTS = {"nora.feldt@gmail.com": "Nora Feldt", "jonas.hein@gmail.com": "Jonas Hein"}
HOLIDAYS_ID = f"en.german#holiday@{directory.HOLIDAYS_SUFFIX}"

# (day from today, start, minutes, title, more). Days are from the Monday of this week for `_WEEK`.
_TODAY: list[tuple[int, str, int, str, Json]] = [
    (0, "09:30", 45, "Coffee with Mara", {"location": "Café Hilde", "colorId": "5"}),
    (0, "10:00", 90, "Design review: booking page", {"description": "Bring the printed screens."}),
    (0, "10:30", 30, "Call the landlord", {}),
    (0, "13:00", 60, "Lunch with Tom", {"location": "Markthalle Neun"}),
    (0, "16:00", 60, "Dentist", {"location": "Dr. Sommer, Oranienstraße 12", "colorId": "11"}),
    (1, "08:00", 30, "Run along the canal", {"colorId": "10"}),
    (1, "11:00", 60, "Interview: backend candidate", {"visibility": "private"}),
    (1, "18:30", 150, "Choir rehearsal", {"location": "Gemeindesaal"}),
    (2, "09:00", 120, "Deep work: release notes", {"transparency": "transparent"}),
    (2, "14:00", 45, "Parent-teacher meeting", {}),
    (3, "20:00", 180, "Concert: Ensemble Resonanz", {"location": "Pierre Boulez Saal", "colorId": "3"}),
    (
        4,
        "22:30",
        240,
        "Night train to Wien",
        {"location": "Berlin Hbf, track 7", "description": "Seats 41 and 42"},
    ),
    (-1, "15:00", 60, "Budget talk", {}),
    (-2, "12:00", 30, "Pick up the parcel", {}),
    (-3, "19:00", 120, "Book club", {"description": "Chapters 5 to 9 📚"}),
    (9, "10:00", 60, "Quarterly review", {"location": "Room Spree"}),
]
_ALL_DAY = [
    (0, 1, "Release day", {"colorId": "10"}),
    (6, 3, "Wien with Jonas", {"location": "Wien", "colorId": "7"}),
    (12, 1, "Tax return due", {}),
]
_FIXED_HOLIDAYS = [
    (1, 1, "New Year's Day"), (5, 1, "Labour Day"), (10, 3, "Day of German Unity"),
    (12, 24, "Christmas Eve"), (12, 25, "Christmas Day"), (12, 26, "Boxing Day"), (12, 31, "New Year's Eve"),
]  # fmt: skip
_EASTER_HOLIDAYS = [(-2, "Good Friday"), (1, "Easter Monday"), (39, "Ascension Day"), (50, "Whit Monday")]


@transaction.atomic
def seed_account(email: str, name: str = "") -> Account:
    """The account with its calendars and events; nothing is added twice."""
    account = directory.ensure_account(email, name or DEFAULT_ACCOUNTS.get(email.strip().lower(), ""))
    own = directory.entry_for(account, "primary")
    if Event.objects.filter(calendar=own.calendar).exists():
        return account
    zone = ZoneInfo(account.time_zone)
    today = clock.now().astimezone(zone).date()
    store.insert_many(own, _own_events(account, today))
    _weekly_series(account, today)
    family_id = f"family{hashlib.sha256(account.email.encode()).hexdigest()[:26]}@group.calendar.google.com"
    family = directory.add_calendar(
        account, "Family", google_id=family_id, color_id="6", description="Who is where"
    )
    store.insert_many(family, _family_events(account, today))
    _add_holidays(account, today)
    return account


def _timed(day: date, start: str, minutes: int, zone: str, summary: str, more: Json) -> Json:
    begin = datetime.combine(day, datetime.strptime(start, "%H:%M").time(), ZoneInfo(zone))
    return {
        "summary": summary,
        "start": {"dateTime": begin.isoformat(), "timeZone": zone},
        "end": {"dateTime": (begin + timedelta(minutes=minutes)).isoformat(), "timeZone": zone},
        **more,
    }


def _all_day(day: date, days: int, summary: str, more: Json) -> Json:
    end = day + timedelta(days=days)
    return {"summary": summary, "start": {"date": f"{day}"}, "end": {"date": f"{end}"}, **more}


def _own_events(account: Account, today: date) -> list[Json]:
    zone = account.time_zone
    events = [_timed(today + timedelta(days=d), start, m, zone, s, more) for d, start, m, s, more in _TODAY]
    events += [_all_day(today + timedelta(days=d), days, s, more) for d, days, s, more in _ALL_DAY]
    # In a zone other than the account's.
    events.append(
        _timed(
            today + timedelta(days=2), "09:30", 45, "America/New_York", "Call with the New York office", {}
        )
    )
    guests = [
        {"email": account.email, "responseStatus": "accepted", "organizer": True},
        {"email": "mara.lind@example.com", "displayName": "Mara Lind", "responseStatus": "accepted"},
        {"email": "tom.okafor@example.com", "displayName": "Tom Okafor", "responseStatus": "needsAction"},
        {
            "email": "li.wen@example.com",
            "displayName": "Li Wen",
            "responseStatus": "declined",
            "optional": True,
        },
    ]
    events.append(
        _timed(
            today + timedelta(days=1),
            "14:00",
            60,
            zone,
            "Project kick-off",
            {
                "attendees": guests,
                "conferenceData": {"createRequest": {"requestId": "kick-off"}},
                "description": "Agenda:\n1. Goals\n2. Who does what\n3. Dates",
            },
        )
    )
    # Somebody else's: this account is only invited, so shared fields cannot be changed.
    invitation = {
        "organizer": {"email": "mara.lind@example.com", "displayName": "Mara Lind"},
        "attendees": [
            {"email": "mara.lind@example.com", "responseStatus": "accepted", "organizer": True},
            {"email": account.email, "responseStatus": "needsAction"},
        ],
    }
    events.append(_timed(today + timedelta(days=3), "17:00", 60, zone, "Mara's farewell", invitation))
    return events


def _weekly_series(account: Account, today: date) -> None:
    """A weekly series that began four weeks ago, with one moved and one cancelled instance."""
    own = directory.entry_for(account, "primary")
    monday = today - timedelta(days=today.weekday())
    first = _timed(
        monday - timedelta(weeks=4),
        "09:00",
        30,
        account.time_zone,
        "Team meeting",
        {"location": "Room Havel"},
    )
    master = store.insert(own, first | {"recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=MO,TH"]})
    after = clock.now()
    upcoming = list(
        recurrence.slots(
            master.body["start"], master.body["recurrence"], after=after, before=after + timedelta(weeks=3)
        )
    )
    moved, cancelled = (f"{master.event_id}_{recurrence.stamp(slot)}" for slot in upcoming[1:3])
    instance = store.find(own, moved)
    later = {
        name: {
            "dateTime": (
                datetime.fromisoformat(instance.body[name]["dateTime"]) + timedelta(hours=5)
            ).isoformat(),
            "timeZone": account.time_zone,
        }
        for name in ("start", "end")
    }
    store.update(own, moved, later | {"summary": "Team meeting (moved)"}, replace=False)
    store.delete(own, cancelled)


def _family_events(account: Account, today: date) -> list[Json]:
    zone = account.time_zone
    return [
        _timed(today, "17:30", 60, zone, "Swimming lesson (Ida)", {"location": "Stadtbad"}),
        _timed(today + timedelta(days=4), "15:00", 180, zone, "Birthday party (Emil)", {"colorId": "4"}),
        _all_day(today + timedelta(days=10), 5, "Grandma visits", {}),
        _timed(today + timedelta(days=1), "07:30", 20, zone, "Bring glass to the container", {})
        | {"recurrence": ["RRULE:FREQ=WEEKLY;INTERVAL=2"]},
    ]


def _add_holidays(account: Account, today: date) -> None:
    """The read-only calendar that every account shares."""
    entry = directory.add_calendar(
        account,
        "Holidays in Germany",
        google_id=HOLIDAYS_ID,
        role=READER,
        color_id="8",
        time_zone=account.time_zone,
    )
    if Event.objects.filter(calendar=entry.calendar).exists():
        return
    days: dict[date, str] = {}
    for year in (today.year, today.year + 1):
        days |= {date(year, month, day): name for month, day, name in _FIXED_HOLIDAYS}
        days |= {easter(year) + timedelta(days=n): name for n, name in _EASTER_HOLIDAYS}
    more = {"transparency": "transparent", "visibility": "public", "description": "Public holiday"}
    store.insert_many(entry, [_all_day(day, 1, name, more) for day, name in sorted(days.items())])
