"""Every address with an id is tried with another person's (S-09), every change without a CSRF token (S-11).

The tables are complete by test: a new address whose id is not in `IDS` fails here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.db import transaction
from django.test import Client

from scheduling import services
from scheduling.core.event import to_json
from scheduling.models import ApiToken, Calendar, EventRevision
from sync.models import CalendarLink, Conflict, EventLink, GoogleAccount, JournalEntry
from tests.addresses import addresses, filled
from tests.make import make_event, make_guest, make_type, make_user

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Addresses whose parameter is a secret or a public name, not the id of somebody's row.
NAMES_NO_ROW = (
    "sandbox/",
    "feeds/",
    "setup/",
    "mail/unsubscribe/",
    "book/",
    "bookings/",
    "appointment/api/public/",
    "admin/",
)
NOT_IDS = {"view", "date"}
# POST without a token is let in: who calls has no session, or proves the call by something else.
WITHOUT_CSRF = (
    "sync/google/webhook/",  # the secret of its channel
    "sandbox/",  # plays Google
    "appointment/api/",  # bearer tokens; with a session the API checks the token itself (tested beside it)
    "mail/unsubscribe/",  # one-click of RFC 8058: the signature in the address is the permission
    "book/",  # guests have no session: the form carries a signed moment of its own
    "bookings/",  # the secret address is the permission
)


def with_id(route: str) -> bool:
    names = {part.split(">")[0].split(":")[-1] for part in route.split("<")[1:]}
    return bool(names - NOT_IDS) and not route.startswith(NAMES_NO_ROW)


WITH_ID = sorted({route for route in addresses() if with_id(route)})
ALL = sorted({filled(route) for route in addresses() if not route.startswith("admin/")})


def make_everything(user: Any) -> dict[str, Any]:
    """One row of each kind that an address can name: parameter (with the start of the route, where it matters) → id."""
    start = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=7)
    calendar = Calendar.objects.get(user=user, is_primary=True)
    services.update_profile(profile=user.profile, handle=f"page-{user.pk}", public_page=True)
    midnight = datetime.min.time()
    services.replace_available_slots(user=user, slots=[(day, midnight, midnight, True) for day in range(7)])
    kind = make_type(user)
    others = make_type(make_user("carol@example.com"))
    booking, _ = services.book(appointment_type=kind, start=start, guest=make_guest())
    event = make_event(user, title="Private matter")
    services.update_event(event=event, values=replace(event.values, title="Other"), origin="web", actor=user)
    account = GoogleAccount.objects.create(user=user, google_sub=f"sub-{user.pk}", email=user.email)
    link = CalendarLink.objects.create(
        account=account, google_id=user.email, calendar=calendar, access_role="owner"
    )
    event_link = EventLink.objects.create(link=link, event=event, google_id="abc", base={})
    conflict = Conflict.objects.create(
        event_link=event_link,
        groups=["title"],
        ours=to_json(replace(event.values, title="Ours")),
        theirs=to_json(event.values),
    )
    entry = JournalEntry.objects.create(
        account=account,
        event=event,
        direction="in",
        action="edit",
        text="x",
        before={"title": "a"},
        after={"title": "b"},
    )
    ics = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261124T090000Z\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    subscription = services.subscribe(user=user, url="https://calendars.invalid/a.ics")
    hook = services.create_webhook(user=user, url="https://hooks.invalid/hook", kinds=["events.changed"])
    return {
        "webhook_id": hook.pk,
        "delivery_id": services.ping_webhook(webhook=hook).pk,
        "pk": Authenticator.objects.create(
            user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Key"}
        ).pk,
        "event_id": event.pk,
        "calendar_id": calendar.pk,
        "calendar/subscriptions/ calendar_id": subscription.calendar_id,
        "token_id": ApiToken.objects.create(user=user, name="x", digest="d").pk,
        "session_id": UserSession.objects.create(
            user=user, ip="::1", session_key="k", user_agent="Firefox"
        ).pk,
        "member_id": services.invite_host(appointment_type=kind, user=user).pk,
        "calendar/teams/ member_id": services.invite_host(appointment_type=others, user=user).pk,
        "feed_id": services.open_feed(calendar=calendar, is_busy_only=False).pk,
        "import_id": services.start_import(calendar=calendar, file_name="x.ics", data=ics).pk,
        "override_id": services.add_override(user=user, date=start.date() + timedelta(days=1)).pk,
        "type_id": kind.pk,
        "booking_id": booking.pk,
        "change_id": EventRevision.objects.filter(event=event).first().pk,
        "link_id": link.pk,
        "conflict_id": conflict.pk,
        "entry_id": entry.pk,
    }


def address_of(route: str, ids: dict[str, Any]) -> str:
    """The route with the ids of these rows. A new kind of id needs a row in `make_everything`."""
    for start, name in (key.split(" ") for key in ids if " " in key):
        if route.startswith(start):
            ids = {**ids, name: ids[f"{start} {name}"]}
    for name, value in ids.items():
        for kind in ("uuid", "int", "uuidstr"):
            route = route.replace(f"<{kind}:{name}>", str(value))
    return "/" + filled(route) if "<" not in route or with_id(route) is False else f"/UNKNOWN {route}"


def everything_stored() -> dict[str, list[Any]]:
    models = [*apps.get_app_config("scheduling").get_models(), *apps.get_app_config("sync").get_models()]
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def asked(client: Client, method: str, address: str, **headers: str) -> int:
    """The status of the answer; what the request wrote is undone."""
    with transaction.atomic():
        answer = client.generic(method, address, "{}", content_type="application/json", headers=headers)
        transaction.set_rollback(True)
    return answer.status_code


@pytest.fixture
def bobs(db: None) -> tuple[Any, dict[str, Any]]:
    bob = make_user("bob@example.com")
    return bob, make_everything(bob)


def test_every_kind_of_id_has_a_row(bobs: Any) -> None:
    bob, ids = bobs
    assert [address for route in WITH_ID if "UNKNOWN" in (address := address_of(route, ids))] == []
    # The ids are real: their owner gets past the look-up.
    client = Client(raise_request_exception=False)
    client.force_login(bob)
    answers = {r: {asked(client, m, address_of(r, ids)) for m in METHODS} for r in WITH_ID}
    assert {r: found for r, found in answers.items() if not found - {404, 405} or max(found) >= 500} == {}


@pytest.mark.parametrize("who", ["another person", "staff without rights", "a stranger"])
def test_an_id_of_another_person_is_not_found(bobs: Any, who: str) -> None:
    _, ids = bobs
    nobodys = {name: uuid4() if isinstance(value, UUID) else 10**9 for name, value in ids.items()}
    client = Client(raise_request_exception=False)
    if who != "a stranger":
        client.force_login(make_user("alice@example.com", is_staff=who.startswith("staff")))
    before = everything_stored()
    answers = {}
    for route in WITH_ID:
        for method in METHODS:
            status = asked(client, method, address_of(route, ids))
            # 422, 302 to sign in and the like must be what an id gets that nobody has.
            if not 300 <= status < 500 or status != asked(client, method, address_of(route, nobodys)):
                answers[method, route] = status
    assert answers == {}
    assert everything_stored() == before


def test_a_token_opens_no_row_of_another_person(bobs: Any) -> None:
    _, ids = bobs
    alice = make_user("alice@example.com")
    token = services.create_api_token(user=alice, name="x")
    client = Client(raise_request_exception=False)
    routes = [route for route in WITH_ID if route.startswith("appointment/api/")]
    found = {
        (method, route): status
        for route in routes
        for method in METHODS
        if (status := asked(client, method, address_of(route, ids), authorization=f"Bearer {token}"))
        not in (404, 405, 422)  # an incomplete body is refused before anything is looked up
    }
    assert found == {} and len(routes) >= 4


def test_no_change_is_taken_without_a_csrf_token(bobs: Any) -> None:
    bob, ids = bobs
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(bob)
    before = everything_stored()
    routes = sorted({route for route in addresses() if not route.startswith(WITHOUT_CSRF)})
    answers = {}
    for route in routes:
        address = address_of(route, ids) if route in WITH_ID else f"/{filled(route)}"
        for headers in ({}, {"origin": "https://evil.example"}):
            status = client.post(address, headers=headers).status_code
            if status not in (403, 404, 405):
                answers[route] = status
    assert answers == {}
    assert everything_stored() == before


def test_the_api_takes_no_change_of_a_session_without_a_csrf_token(bobs: Any) -> None:
    bob, ids = bobs
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(bob)
    before = everything_stored()
    routes = {
        r
        for r in addresses()
        if r.startswith("appointment/api/") and not r.startswith("appointment/api/public/")
    }
    answers = {
        (method, route): status
        for route in sorted(routes)
        for method in METHODS[1:]
        if (
            status := asked(
                client, method, address_of(route, ids) if route in WITH_ID else f"/{filled(route)}"
            )
        )
        not in (403, 405, 415)
    }
    assert answers == {}
    assert everything_stored() == before
