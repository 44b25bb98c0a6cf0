"""What `sync.provider` promises, asked of both implementations: Google's over HTTP, and the one in memory."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.db.models import Model

from scheduling.core.event import EventValues
from scheduling.models import CalendarEvent
from sync.core.remote import CalendarRef, RemoteEvent, RemoteItem, Tokens
from sync.core.wire import to_google
from sync.engine import run_account
from sync.google import GoogleCalendarService
from sync.models import GoogleAccount
from sync.provider import (
    AlreadyDeleted,
    AlreadyExists,
    CalendarProvider,
    FullSyncRequired,
    NeedsReauth,
    NotFound,
    Outdated,
    connect,
)
from tests.make import make_event, make_values
from tests.sync.google_side import GoogleSide
from tests.sync.memory_provider import MemoryCalendar, MemoryProvider

BERLIN = "Europe/Berlin"


@dataclass
class Side:
    """A provider, the calendar it is asked about, and a person's hand on the other side."""

    name: str
    tokens: Tokens
    calendar: CalendarRef
    make_calendar: Callable[[], str]
    add: Callable[[EventValues], str]
    change: Callable[[str, EventValues], Any]
    delete: Callable[[str], None]
    expire: Callable[[], None]
    revoke: Callable[[], None]
    provider: CalendarProvider


@pytest.fixture(params=["google", "memory"])
def side(request: pytest.FixtureRequest, settings: Any) -> Iterator[Side]:
    if request.param == "google":
        yield google_side(request.getfixturevalue("google"))
        return
    settings.CALENDAR_PROVIDER = "tests.sync.memory_provider.MemoryProvider"
    yield memory_side()
    MemoryProvider.accounts.clear()


def google_side(google: GoogleSide) -> Side:
    tokens = Tokens(google.tokens["access_token"], google.tokens["refresh_token"], None)
    google.control.fault({"page_size": 3}, times=None, path="/events$")
    return Side(
        name="google",
        tokens=tokens,
        calendar=CalendarRef(google.email, BERLIN),
        make_calendar=lambda: str(google.control.calendar(google.email)["id"]),
        add=lambda values: google.add(to_google(values))[0]["id"],
        change=lambda event_id, values: google.change(event_id, **to_google(values)),
        delete=google.delete,
        expire=google.expire_sync_tokens,
        revoke=google.revoke,
        provider=GoogleCalendarService(tokens),
    )


def memory_side() -> Side:
    stored = MemoryCalendar()
    calendars = MemoryProvider.accounts["secret"] = {"primary": stored}

    def make_calendar() -> str:
        calendars["second"] = MemoryCalendar()
        return "second"

    tokens = Tokens("secret", "refresh", None)
    return Side(
        name="memory",
        tokens=tokens,
        calendar=CalendarRef("primary", BERLIN),
        make_calendar=make_calendar,
        add=lambda values: stored.put(uuid.uuid4().hex, values).id,
        change=stored.put,
        delete=stored.delete,
        expire=stored.expire_sync_tokens,
        revoke=MemoryProvider.accounts.clear,
        provider=MemoryProvider(tokens),
    )


def listing(side: Side, sync_token: str = "") -> tuple[list[RemoteItem], str]:
    """Every item of a listing, and its sync token."""
    items: list[RemoteItem] = []
    page_token = ""
    while True:
        page = side.provider.list_events(side.calendar, sync_token, page_token)
        assert bool(page.next_page_token) != bool(page.sync_token)
        items += page.items
        page_token = page.next_page_token
        if not page_token:
            return items, page.sync_token


def insert(side: Side, **over: Any) -> RemoteEvent:
    local_id = uuid.uuid4()
    event_id = side.provider.new_event_id(local_id)
    return side.provider.insert_event(side.calendar, event_id, make_values(**over), local_id)


def test_the_factory_makes_the_provider_of_the_settings(side: Side) -> None:
    assert type(connect(side.tokens)) is type(side.provider)


def test_a_full_listing_names_every_living_event_over_its_pages(side: Side) -> None:
    made = [side.add(make_values(title=str(number))) for number in range(7)]
    side.delete(made.pop())
    items, token = listing(side)
    assert sorted(item.id for item in items) == sorted(made)
    assert token and all(isinstance(item, RemoteEvent) and item.values for item in items)


def test_a_sync_token_brings_only_what_changed_and_names_what_was_deleted(side: Side) -> None:
    kept, changed, deleted = (side.add(make_values(title=name)) for name in "ABC")
    _, token = listing(side)
    side.change(changed, make_values(title="B2"))
    side.delete(deleted)
    added = side.add(make_values(title="D"))
    items, later = listing(side, token)
    found = {item.id: item.values and item.values.title for item in items if isinstance(item, RemoteEvent)}
    assert found == {changed: "B2", deleted: None, added: "D"}
    assert kept not in found
    assert listing(side, later)[0] == []


def test_a_dead_sync_token_says_so(side: Side) -> None:
    _, token = listing(side)
    side.expire()
    with pytest.raises(FullSyncRequired):
        side.provider.list_events(side.calendar, token)
    assert listing(side)[1]


def test_what_is_inserted_is_answered_listed_and_known_as_ours(side: Side) -> None:
    local_id = uuid.uuid4()
    event_id = side.provider.new_event_id(local_id)
    values = make_values(title="Ours", location="Here", description="two\nlines")
    answer = side.provider.insert_event(side.calendar, event_id, values, local_id)
    assert (answer.id, answer.values, answer.local_id) == (event_id, values, str(local_id))
    found = side.provider.get_event(side.calendar, event_id)
    assert isinstance(found, RemoteEvent)
    assert (found.values, found.etag) == (values, answer.etag)
    assert [item.id for item in listing(side)[0]] == [event_id]


def test_an_id_is_inserted_once_also_after_its_deletion(side: Side) -> None:
    local_id = uuid.uuid4()
    first, second = side.provider.new_event_id(local_id), side.provider.new_event_id(local_id, 1)
    assert first != second
    side.provider.insert_event(side.calendar, first, make_values(), local_id)
    with pytest.raises(AlreadyExists):
        side.provider.insert_event(side.calendar, first, make_values(), local_id)
    side.delete(first)
    with pytest.raises(AlreadyExists):
        side.provider.insert_event(side.calendar, first, make_values(), local_id)
    side.provider.insert_event(side.calendar, second, make_values(), local_id)


def test_a_patch_changes_the_named_groups_alone_and_the_etag(side: Side) -> None:
    made = insert(side, title="Before", location="Here")
    wanted = make_values(title="After", location="There")
    answer = side.provider.patch_event(side.calendar, made.id, wanted, ["title"], etag=made.etag)
    assert answer.values is not None and answer.etag != made.etag
    assert (answer.values.title, answer.values.location) == ("After", "Here")


def test_a_write_with_an_old_etag_is_refused(side: Side) -> None:
    made = insert(side)
    side.change(made.id, make_values(title="Theirs"))
    with pytest.raises(Outdated):
        side.provider.patch_event(
            side.calendar, made.id, make_values(title="Ours"), ["title"], etag=made.etag
        )
    with pytest.raises(Outdated):
        side.provider.delete_event(side.calendar, made.id, made.etag)
    found = side.provider.get_event(side.calendar, made.id)
    assert isinstance(found, RemoteEvent) and found.values and found.values.title == "Theirs"


def test_a_deleted_event_has_a_tombstone_and_comes_back_with_all_its_groups(side: Side) -> None:
    made = insert(side, title="Gone")
    side.provider.delete_event(side.calendar, made.id, made.etag)
    with pytest.raises(AlreadyDeleted):
        side.provider.delete_event(side.calendar, made.id)
    found = side.provider.get_event(side.calendar, made.id)
    assert isinstance(found, RemoteEvent) and found.is_cancelled
    answer = side.provider.patch_event(side.calendar, made.id, make_values(title="Back"))
    assert answer.values is not None and answer.values.title == "Back"


def test_an_event_moves_to_another_calendar_once_and_keeps_its_id(side: Side) -> None:
    made = insert(side, title="Plan")
    second = CalendarRef(side.make_calendar(), BERLIN)
    moved = side.provider.move_event(side.calendar, made.id, second)
    assert (moved.id, moved.values, moved.local_id) == (made.id, made.values, made.local_id)
    found = side.provider.get_event(second, made.id)
    assert isinstance(found, RemoteEvent) and found.etag == moved.etag
    with pytest.raises((AlreadyDeleted, NotFound)):
        side.provider.move_event(side.calendar, made.id, second)


def test_a_kept_resource_reads_the_same_again(side: Side) -> None:
    made = insert(side, title="Kept")
    calls = side.provider.calls
    again = side.provider.read_event(side.calendar, made.raw)
    assert isinstance(again, RemoteEvent)
    assert (again.id, again.etag, again.values) == (made.id, made.etag, made.values)
    assert side.provider.calls == calls


def test_what_is_not_there_is_not_found(side: Side) -> None:
    nowhere = replace(side.calendar, id="nowhere@example.com")
    with pytest.raises(NotFound):
        side.provider.list_events(nowhere)
    with pytest.raises(NotFound):
        side.provider.get_calendar(nowhere.id)
    with pytest.raises(NotFound):
        side.provider.get_event(side.calendar, "0" * 32)


def test_the_list_of_calendars_has_one_primary(side: Side) -> None:
    (calendar,) = side.provider.list_calendars().calendars
    assert (calendar.id, calendar.is_primary) == (side.calendar.id, True)
    assert calendar.access_role == side.provider.get_calendar(calendar.id).access_role == "owner"
    assert calendar.time_zone == BERLIN


def test_a_connection_that_was_ended_says_so(side: Side) -> None:
    side.revoke()
    with pytest.raises(NeedsReauth):
        side.provider.list_calendars()


@pytest.mark.django_db
def test_the_engine_keeps_both_sides_equal_through_any_provider(alice: Any, side: Side) -> None:
    account = GoogleAccount.objects.create(
        user=alice,
        google_sub="1",
        email=side.calendar.id,
        access_token=side.tokens.access_token,
        refresh_token=side.tokens.refresh_token,
        is_rehearsed=True,
    )
    theirs = side.add(make_values(title="Theirs"))
    run(account)
    ours = make_event(alice, title="Ours")
    side.change(theirs, make_values(title="Theirs, changed"))
    run(account)
    side.delete(theirs)
    run(account)
    assert [event.title for event in CalendarEvent.objects.of(alice).live()] == ["Ours"]
    (item,) = listing(side)[0]
    assert item.id == side.provider.new_event_id(pk_of(ours))


def run(account: GoogleAccount) -> None:
    result = run_account(account.pk, in_foreground=True)
    assert (result.error, result.failed) == ("", 0)


def pk_of(row: Model) -> uuid.UUID:
    assert isinstance(row.pk, uuid.UUID)
    return row.pk
