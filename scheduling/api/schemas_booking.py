"""What travels about availability, appointment types and bookings."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool, StrictInt, model_validator

from scheduling.api.schemas import ABSENT, Body, ClockTime, Problem

MOST_SLOT_DAYS = 62
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
Day = Annotated[str, Field(pattern=DATE, json_schema_extra={"format": "date"}, examples=["2026-12-24"])]
Instant = Annotated[
    str, Field(max_length=40, description="ISO 8601.", examples=["2026-11-24T09:00:00+01:00"])
]
Minutes = Annotated[StrictInt, Field(ge=0, le=1440, description="Minutes.")]
Cap = Annotated[StrictInt | None, Field(ge=0, le=10000, description="0 or null: without limit.")]
Slug = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[-a-zA-Z0-9_]+$")]


class SlotOut(BaseModel):
    start: str
    end: str


class OpenSlot(SlotOut):
    seats_left: int


class AvailabilityOut(BaseModel):
    """`available` and `reasons` speak of `time` when it was given; `slots` are the free ones of the day."""

    date: str
    time_zone: str
    available: bool | None
    reasons: list[str]
    slots: list[SlotOut]


class AvailabilityQuery(BaseModel):
    date: str = Field(
        max_length=10,
        description="`YYYY-MM-DD`, a day of the profile's zone.",
        json_schema_extra={"format": "date"},
        examples=["2026-12-24"],
    )
    time: str = Field(
        default=ABSENT,
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="`HH:MM`: whether an appointment can begin then.",
    )
    duration: int = Field(
        default=ABSENT, ge=5, le=1440, description="Minutes; left out: the profile's default duration."
    )


class OverrideIn(Body):
    """Without times the days are closed; with times and `is_available` these hours replace the weekly ones."""

    server_fields = frozenset({"id"})

    date: Day
    last_date: Day | None = Field(default=None, description="Inclusive; left out: the one day.")
    start_time: ClockTime | None = None
    end_time: ClockTime | None = None
    is_available: StrictBool = Field(default=ABSENT, description="Left out: whether times are given.")
    note: Annotated[str, Field(max_length=200)] = ""


class OverrideOut(BaseModel):
    id: int
    date: str
    last_date: str
    start_time: str | None
    end_time: str | None
    is_available: bool
    note: str


class Question(BaseModel):
    """What guests are asked; `key` names the answer."""

    model_config = {"extra": "forbid"}

    key: Annotated[str, Field(min_length=1, max_length=40)]
    label: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Literal["text", "choice"] = "text"
    choices: list[Annotated[str, Field(min_length=1, max_length=200)]] = []
    is_required: StrictBool = False


class TypePatch(Body):
    """The fields to change; all others stay."""

    server_fields = frozenset({"id", "url"})

    slug: Slug = Field(default=ABSENT)
    name: Annotated[str, Field(min_length=1, max_length=100)] = Field(default=ABSENT)
    description: Annotated[str, Field(max_length=4000)] = Field(default=ABSENT)
    duration: Annotated[StrictInt, Field(ge=5, le=1440)] = Field(default=ABSENT)
    other_durations: Annotated[list[Annotated[StrictInt, Field(ge=5, le=1440)]], Field(max_length=8)] = Field(
        default=ABSENT
    )
    increment: Annotated[StrictInt | None, Field(ge=5, le=1440, description="Null: the duration.")] = Field(
        default=ABSENT
    )
    buffer_before: Minutes = Field(default=ABSENT)
    buffer_after: Minutes = Field(default=ABSENT)
    minimum_notice: Annotated[StrictInt, Field(ge=0, le=527040, description="Minutes.")] = Field(
        default=ABSENT
    )
    window_kind: Literal["days", "bookable_days", "dates"] = Field(default=ABSENT)
    window_days: Annotated[StrictInt, Field(ge=1, le=730)] = Field(default=ABSENT)
    window_start: Day | None = Field(default=ABSENT)
    window_end: Day | None = Field(default=ABSENT)
    daily_cap: Cap = Field(default=ABSENT)
    weekly_cap: Cap = Field(default=ABSENT)
    monthly_cap: Cap = Field(default=ABSENT)
    seats: Annotated[StrictInt, Field(ge=1, le=1000)] = Field(default=ABSENT)
    requires_approval: StrictBool = Field(default=ABSENT)
    is_active: StrictBool = Field(default=ABSENT)
    is_secret: StrictBool = Field(default=ABSENT)
    place_kind: Literal["in_person", "phone", "link"] = Field(default=ABSENT)
    place: Annotated[str, Field(max_length=200)] = Field(default=ABSENT)
    color: Annotated[StrictInt, Field(ge=1, le=11)] = Field(default=ABSENT)
    grid: Literal["range", "clock"] = Field(default=ABSENT)
    questions: Annotated[list[Question], Field(max_length=20)] = Field(default=ABSENT)
    calendar: UUID | None = Field(default=ABSENT)
    calendars_to_check: Annotated[list[UUID], Field(max_length=100)] = Field(default=ABSENT)


class TypeIn(TypePatch):
    """An appointment type as a whole: for POST and PUT. What is left out has its default."""

    slug: Slug
    name: Annotated[str, Field(min_length=1, max_length=100)]


class TypeOut(BaseModel):
    id: UUID
    slug: str
    name: str
    description: str
    duration: int
    other_durations: list[int]
    increment: int
    buffer_before: int
    buffer_after: int
    minimum_notice: int
    window_kind: str
    window_days: int
    window_start: str | None
    window_end: str | None
    daily_cap: int | None
    weekly_cap: int | None
    monthly_cap: int | None
    seats: int
    requires_approval: bool
    is_active: bool
    is_secret: bool
    place_kind: str
    place: str
    color: int
    grid: str
    questions: list[Question]
    calendar: UUID | None
    calendars_to_check: list[UUID]
    url: str


class BookingOut(BaseModel):
    """A booking as its host sees it."""

    id: UUID
    type: str
    type_id: UUID
    status: Literal["pending", "confirmed", "declined", "cancelled"]
    start: str
    end: str
    proposed_start: str | None
    proposed_end: str | None
    name: str
    email: str
    time_zone: str
    notes: str
    answers: dict[str, str]
    event: UUID | None
    is_no_show: bool
    reason: str
    created_at: str


class BookingQuery(BaseModel):
    start: str = Field(default=ABSENT, max_length=40, description="A time, or a date. Left out: now.")
    end: str = Field(default=ABSENT, max_length=40, description="Exclusive. Left out: without end.")
    status: Literal["pending", "confirmed", "declined", "cancelled"] = Field(default=ABSENT)


class PublicSlotsQuery(BaseModel):
    start: str = Field(default=ABSENT, max_length=40, description="A time, or a date of `tz`. Left out: now.")
    end: str = Field(
        default=ABSENT,
        max_length=40,
        description=f"Exclusive; at most {MOST_SLOT_DAYS} days after `start`. Left out: a week after it.",
    )
    tz: str = Field(default=ABSENT, max_length=64, description="IANA zone of the times in the answer.")
    duration: int = Field(default=ABSENT, ge=5, le=1440, description="One of the type's durations.")


class PublicSlotsOut(BaseModel):
    """Free times, nothing else. `notice` says that none can be shown at present."""

    time_zone: str
    duration: int
    slots: list[OpenSlot]
    notice: str


class PublicBookingIn(Body):
    start: Instant
    duration: Annotated[StrictInt, Field(ge=5, le=1440)] = Field(default=ABSENT)
    name: Annotated[str, Field(max_length=1000)]
    email: Annotated[str, Field(max_length=1000)]
    notes: Annotated[str, Field(max_length=10000)] = ""
    answers: dict[str, Any] = {}
    time_zone: Annotated[str, Field(max_length=64)] = Field(
        default=ABSENT, description="The guest's zone; left out: the host's."
    )
    hold: Annotated[str, Field(max_length=100)] = Field(default="", description="Token of a hold.")

    @model_validator(mode="after")
    def _few_answers(self) -> Self:
        if len(self.answers) > 50:
            raise ValueError("At most 50 answers")
        return self


class PublicBookingOut(BaseModel):
    """The guest's booking. The addresses give their holder the right to what they say: keep them."""

    id: UUID
    status: Literal["pending", "confirmed", "declined", "cancelled"]
    type: str
    host: str
    start: str
    end: str
    time_zone: str
    name: str
    email: str
    view_url: str
    cancel_url: str
    reschedule_url: str


class Taken(Problem):
    """Somebody was faster; `alternatives` are free times, the nearest first."""

    alternatives: list[SlotOut]
