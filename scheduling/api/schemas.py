"""What travels: the shapes of requests and answers, from which the OpenAPI document is made."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, model_validator

from scheduling.core.event import DESCRIPTION_LIMIT, LOCATION_LIMIT, TITLE_LIMIT
from scheduling.core.recurrence import LONGEST_LINE, MOST_LINES

MOST_ITEMS = 1000
MOST_DAYS = 750
MOST_SLOTS = 200
LARGEST_REVISION = 2**63 - 1
ABSENT: Any = None  # a field that may be left out but cannot be null

Moment = Annotated[
    str,
    Field(
        max_length=40,
        description="ISO 8601 with an offset; without one the time is read in `time_zone`. "
        "For `is_all_day` a date `YYYY-MM-DD`, the end exclusive.",
        examples=["2026-11-24T09:00:00+01:00"],
    ),
]
Title = Annotated[str, Field(min_length=1, max_length=TITLE_LIMIT)]
Description = Annotated[str, Field(max_length=DESCRIPTION_LIMIT)]
Location = Annotated[str, Field(max_length=LOCATION_LIMIT)]
Zone = Annotated[
    str,
    Field(max_length=64, description="IANA name, for example Europe/Berlin. Left out: the profile's zone."),
]
Recurrence = Annotated[
    list[Annotated[str, Field(max_length=LONGEST_LINE)]],
    Field(
        max_length=MOST_LINES,
        description="RRULE, RDATE and EXDATE lines (RFC 5545).",
        examples=[["RRULE:FREQ=WEEKLY;BYDAY=TU"]],
    ),
]
Status = Literal["confirmed", "tentative"]
Availability = Literal["busy", "free"]
CalendarId = Annotated[UUID, Field(description="One of `GET calendars/`.")]
ClockTime = Annotated[
    str,
    Field(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$",
        description="Wall-clock time `HH:MM`.",
        examples=["09:00"],
    ),
]

END_TIME = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)(:00)?$"
EndTime = Annotated[
    str,
    BeforeValidator(lambda text: "00:00" if text in ("24:00", "24:00:00") else text),
    Field(
        pattern=END_TIME,
        description="Wall-clock time `HH:MM`; 24:00 is written 00:00.",
        examples=["17:00"],
        json_schema_extra={"pattern": END_TIME},  # the validator before it hides the other
    ),
]


class Body(BaseModel):
    """A request body: unknown fields are refused; what only the server writes is passed over."""

    model_config = ConfigDict(extra="forbid")
    server_fields: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _pass_over_server_fields(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        return {name: value for name, value in content.items() if name not in cls.server_fields}

    def given(self) -> dict[str, Any]:
        """The fields that the request names, with their values."""
        return self.model_dump(exclude_unset=True)


class EventBody(Body):
    server_fields = frozenset(
        [
            "id",
            "series",
            "original_start",
            "google_event_id",
            "read_only",
            "revision",
            "created_at",
            "updated_at",
        ]
    )


class EventIn(EventBody):
    """An event as a whole: for POST and PUT. What is left out has its default."""

    calendar: CalendarId = Field(default=ABSENT)
    title: Title
    description: Description = ""
    location: Location = ""
    start_time: Moment
    end_time: Moment
    is_all_day: StrictBool = False
    time_zone: Zone = ""
    recurrence: Recurrence = Field(default=[])
    status: Status = "confirmed"
    availability: Availability = "busy"


class EventPatch(EventBody):
    """The fields to change; all others stay. `time_zone` left out: the event's own."""

    calendar: CalendarId = Field(default=ABSENT)
    title: Title = Field(default=ABSENT)
    description: Description = Field(default=ABSENT)
    location: Location = Field(default=ABSENT)
    start_time: Moment = Field(default=ABSENT)
    end_time: Moment = Field(default=ABSENT)
    is_all_day: StrictBool = Field(default=ABSENT)
    time_zone: Zone = Field(default=ABSENT)
    recurrence: Recurrence = Field(default=ABSENT)
    status: Status = Field(default=ABSENT)
    availability: Availability = Field(default=ABSENT)


class EventOut(BaseModel):
    """An event, a series, or one occurrence of a series.

    An occurrence has the series' id as `id` and `series`, its rule as `recurrence`, and `original_start` says which
    one it is: give that as `occurrence`. Its `revision` is that of what it shows.
    """

    id: UUID
    calendar: UUID
    title: str
    description: str
    location: str
    start_time: str
    end_time: str
    is_all_day: bool
    time_zone: str
    recurrence: list[str]
    series: UUID | None
    original_start: str | None
    status: Literal["confirmed", "tentative"]
    availability: Literal["busy", "free"]
    google_event_id: str
    read_only: bool
    revision: int
    created_at: str
    updated_at: str


class DeletedOut(BaseModel):
    """What `since` tells of a deleted event, or, with `original_start`, of a cancelled occurrence."""

    id: UUID
    status: Literal["cancelled"]
    revision: int
    series: UUID | None = None
    original_start: str | None = None


class EventPage(BaseModel):
    """`next` is the cursor of the following page, null on the last; give `revision` to `since` next time."""

    items: list[EventOut | DeletedOut]
    next: str | None
    revision: int


class EventQuery(BaseModel):
    start: Annotated[
        str, Field(max_length=40, description="First moment of the window: a time, or a date.")
    ] = Field(default=ABSENT)
    end: Annotated[
        str,
        Field(
            max_length=40,
            description=f"End of the window, exclusive; at most {MOST_DAYS} days after `start`.",
        ),
    ] = Field(default=ABSENT)
    expand: bool = Field(default=True, description="`false`: series as they are written, not as occurrences.")
    since: int = Field(
        default=ABSENT,
        ge=0,
        le=LARGEST_REVISION,
        description="Only what changed after this revision, deleted events too; series are not expanded, "
        "their changed and cancelled occurrences are items of their own.",
    )
    limit: int = Field(default=MOST_ITEMS, ge=1, le=MOST_ITEMS)
    cursor: str = Field(default=ABSENT, max_length=500, description="`next` of the page before.")


class ScopeQuery(BaseModel):
    scope: Literal["this", "following", "all"] = Field(
        default=ABSENT,
        description="How much of a series is meant: `this` occurrence, it and all `following`, or `all`. "
        "Needed to change or delete by an `occurrence`.",
    )
    occurrence: str = Field(
        default=ABSENT,
        max_length=40,
        description="`original_start` of the occurrence meant, in any offset; without one in the zone of the series.",
    )


class CalendarOut(BaseModel):
    id: UUID
    name: str
    color: Annotated[int, Field(ge=1, le=11, description="Google's event colour number.")]
    time_zone: str
    is_primary: bool
    is_visible: bool
    read_only: bool
    is_synced: bool
    account_name: str
    revision: int


class ProfileOut(BaseModel):
    email: str
    google_calendar_id: str
    google_calendar_connected: bool
    google_calendar_sync_enabled: bool
    default_event_duration: int
    working_hours_start: ClockTime
    working_hours_end: ClockTime
    timezone: str
    second_time_zone: str
    show_weekends: bool
    first_day_of_week: int
    email_notifications: bool
    reminder_minutes: int
    page_notifications: bool
    agenda_time: ClockTime | None
    quiet_from: ClockTime | None
    quiet_until: ClockTime | None
    theme: str
    density: str
    clock: str
    language: str
    shortcuts_enabled: bool
    handle: str | None
    public_page: bool


class ProfilePatch(Body):
    """The fields to change; all others stay."""

    server_fields = frozenset(["email", "google_calendar_id", "google_calendar_connected"])

    google_calendar_sync_enabled: StrictBool = Field(default=ABSENT)
    default_event_duration: Annotated[StrictInt, Field(ge=5, le=1440)] = Field(default=ABSENT)
    working_hours_start: ClockTime = Field(default=ABSENT)
    working_hours_end: ClockTime = Field(default=ABSENT)
    timezone: Annotated[str, Field(min_length=1, max_length=64)] = Field(default=ABSENT)
    second_time_zone: Annotated[str, Field(max_length=64)] = Field(default=ABSENT)
    show_weekends: StrictBool = Field(default=ABSENT)
    first_day_of_week: Annotated[Literal[0, 1, 6], Field(description="0 Sunday, 1 Monday, 6 Saturday")] = (
        Field(default=ABSENT)
    )
    email_notifications: StrictBool = Field(default=ABSENT)
    reminder_minutes: Annotated[StrictInt, Field(ge=0, le=40320)] = Field(default=ABSENT)
    page_notifications: StrictBool = Field(default=ABSENT)
    agenda_time: ClockTime | None = Field(default=ABSENT)
    quiet_from: ClockTime | None = Field(default=ABSENT)
    quiet_until: ClockTime | None = Field(default=ABSENT)
    theme: Literal["system", "light", "dark"] = Field(default=ABSENT)
    density: Literal["compact", "comfortable", "roomy"] = Field(default=ABSENT)
    clock: Literal["24", "12"] = Field(default=ABSENT)
    language: Annotated[
        str,
        Field(
            max_length=8,
            description="Of pages and mails: `en`, `de`, `es` or `fr`; empty as the browser asks",
        ),
    ] = Field(default=ABSENT)
    shortcuts_enabled: StrictBool = Field(default=ABSENT)
    handle: Annotated[str | None, Field(max_length=40, pattern=r"^[-a-zA-Z0-9_]*$")] = Field(default=ABSENT)
    public_page: StrictBool = Field(default=ABSENT)


class Slot(Body):
    """A weekly range. An `end_time` at or before the start lies in the following day: 22:00 to 02:00.

    00:00 (24:00 is taken too) is the midnight that ends the day. Not available: a break in the others.
    """

    server_fields = frozenset({"id"})

    day_of_week: Annotated[StrictInt, Field(ge=0, le=6, description="0 Monday to 6 Sunday")]
    start_time: ClockTime
    end_time: EndTime
    is_available: StrictBool = True

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if self.end_time[:5] == self.start_time[:5] != "00:00":
            raise ValueError("The end is the same as the start")
        return self


class Problem(BaseModel):
    """`error` is a fixed code, `message` a sentence for people, `fields` names what was wrong where."""

    error: str
    message: str
    fields: dict[str, str]
