"""Tokens, activity, sessions, export and the end of an account."""

from __future__ import annotations

import io
import json
import time
import zipfile
from contextlib import suppress
from datetime import timedelta
from typing import Any

import icalendar
import pytest
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from scheduling import services
from scheduling.models import ApiToken, AuditEntry, Booking, CalendarFeed, OutgoingMail
from scheduling.reauthentication import PURPOSE, recent_confirmation_required, take_confirmation
from tests.make import make_event, make_type, make_user

PASSWORD = "correct horse"
Action = AuditEntry.Action


def sign_in(user: Any, client: Client | None = None) -> Client:
    """By the form, as people do."""
    client = client or Client()
    EmailAddress.objects.get_or_create(user=user, email=user.email, verified=True, primary=True)
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return client


def deeds(user: Any) -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(user=user).order_by("pk").values_list("action", "about"))


# --- tokens ------------------------------------------------------------------------------------
def test_a_token_is_shown_once_and_works_as_far_as_its_scope_and_end(alice: Any, client: Client) -> None:
    client.force_login(alice)
    page = client.post("/calendar/settings/tokens/", {"name": "Backup", "scope": "read", "days": "30"})
    token = page.context["made"]
    assert token in page.content.decode() and "no-store" in page["Cache-Control"]
    assert token not in client.get("/calendar/settings/tokens/").content.decode()
    header = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    assert Client().get("/appointment/api/profile/", **header).status_code == 200
    refused = Client().patch("/appointment/api/profile/", "{}", content_type="application/json", **header)
    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
    stored = ApiToken.objects.get()
    assert stored.last_used_at is not None and stored.expires_at is not None
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get("/appointment/api/profile/", **header).status_code == 401
    assert "has ended" in client.get("/calendar/settings/tokens/").content.decode()
    assert client.post(f"/calendar/settings/tokens/{stored.pk}/revoke/").status_code == 302
    assert not ApiToken.objects.exists()
    assert deeds(alice)[-3:] == [
        (Action.TOKEN_MADE, "Backup (read)"),
        (Action.TOKEN_REFUSED, "Backup"),
        (Action.TOKEN_REVOKED, "Backup"),
    ]


def test_a_token_of_another_person_cannot_be_seen_nor_revoked(alice: Any, bob: Any, client: Client) -> None:
    services.create_api_token(user=alice, name="Secret plan")
    client.force_login(bob)
    assert "Secret plan" not in client.get("/calendar/settings/tokens/").content.decode()
    assert client.post(f"/calendar/settings/tokens/{ApiToken.objects.get().pk}/revoke/").status_code == 404
    assert ApiToken.objects.exists()


@pytest.mark.parametrize(
    "data", [{}, {"name": "x", "scope": "all"}, {"name": "x", "scope": "read", "days": "9"}]
)
def test_a_token_that_cannot_be_made_is_explained(data: dict[str, str], alice: Any, client: Client) -> None:
    client.force_login(alice)
    assert client.post("/calendar/settings/tokens/", data).status_code == 422
    assert not ApiToken.objects.exists()


# --- sessions and activity ---------------------------------------------------------------------
def test_another_browser_can_be_signed_out(alice: Any, bob: Any) -> None:
    here, there, of_bob = sign_in(alice), sign_in(alice), sign_in(bob)
    page = here.get("/accounts/sessions/").content.decode()
    assert page.count("Sign out<span") == 1 and "This one" in page
    other = UserSession.objects.get(session_key=there.session.session_key)
    assert of_bob.post(f"/calendar/settings/sessions/{other.pk}/end/").status_code == 404
    assert there.get("/dashboard/").status_code == 200
    assert here.post(f"/calendar/settings/sessions/{other.pk}/end/").status_code == 302
    assert there.get("/dashboard/").status_code == 302
    assert (here.get("/dashboard/").status_code, of_bob.get("/dashboard/").status_code) == (200, 200)


def test_activity_shows_a_person_what_was_done_with_their_account_and_nothing_of_others(
    alice: Any, bob: Any
) -> None:
    client = sign_in(alice)
    Client().post("/accounts/login/", {"login": alice.email, "password": "wrong"})
    client.post("/calendar/settings/tokens/", {"name": "Backup", "scope": "read"})
    services.update_profile(profile=alice.profile, clock="12")
    feed = services.open_feed(calendar=alice.calendars.get(), is_busy_only=True)  # fmt: skip
    services.close_feed(feed=feed)
    services.create_api_token(user=bob, name="Bob’s own")
    client.post("/accounts/logout/")
    actions = [action for action, _ in deeds(alice)]
    assert actions[-7:] == [
        Action.SIGNED_IN,
        Action.SIGN_IN_FAILED,
        Action.TOKEN_MADE,
        Action.SETTINGS,
        Action.SHARED,
        Action.UNSHARED,
        Action.SIGNED_OUT,
    ]
    page = sign_in(alice).get("/calendar/settings/activity/").content.decode()
    assert "Backup (read)" in page and "clock" in page and "127.0.0.1" in page
    assert "Bob’s own" not in page


def test_an_audit_entry_cannot_be_written_over(alice: Any) -> None:
    entry = services.record(user=alice, action=Action.EXPORTED)
    entry.action = Action.SIGNED_IN
    with pytest.raises(Exception, match="(?i)unique"):
        entry.save()


def test_password_and_email_changes_are_noted(alice: Any) -> None:
    client = sign_in(alice)
    new = {
        "oldpassword": PASSWORD,
        "password1": "another battery staple",
        "password2": "another battery staple",
    }
    assert client.post("/accounts/password/change/", new).status_code == 302
    client.post("/accounts/email/", {"email": "second@example.com", "action_add": ""})
    assert [action for action, _ in deeds(alice)][-2:] == [Action.PASSWORD, Action.EMAIL]


# --- export ------------------------------------------------------------------------------------
def test_export_holds_everything_of_the_person_and_no_secret(alice: Any, bob: Any, client: Client) -> None:
    make_event(alice, title="Dentist")
    make_event(bob, title="Bob’s secret")
    kind = make_type(alice)
    start = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    Booking.objects.create(
        type=kind, host=alice, start=start, end=start + timedelta(minutes=30), session=kind.pk, uid="b@x",
        guest_name="Greta", guest_email="greta@example.com",
    ).participations.create(user=alice)  # fmt: skip
    calendar = alice.calendars.get()
    feed = services.open_feed(calendar=calendar, is_busy_only=False)
    token = services.create_api_token(user=alice, name="Backup")
    hook = services.create_webhook(user=alice, url="https://8.8.8.8/hook", kinds=["events.changed"])
    client.force_login(alice)
    answer = client.post("/calendar/settings/export/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    packed = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        content = {name: archive.read(name).decode() for name in archive.namelist()}
    text = "".join(content.values())
    (calendar_file,) = [name for name in content if name.startswith("calendars/")]
    events = icalendar.Calendar.from_ical(content[calendar_file]).walk("VEVENT")
    assert [str(event["SUMMARY"]) for event in events] == ["Dentist"]
    assert json.loads(content["settings.json"])["timezone"] == "Europe/Berlin"
    assert json.loads(content["bookings.json"])[0]["guest_email"] == "greta@example.com"
    assert json.loads(content["appointment_types.json"])[0]["slug"] == "intro"
    assert json.loads(content["webhooks.json"])[0]["url"] == hook.url
    assert Action.EXPORTED in {entry["action"] for entry in json.loads(content["activity.json"])}
    for secret in (
        token,
        hook.secret,
        hook.nonce,
        feed.secret,
        feed.nonce,
        feed.digest,
        ApiToken.digest_of(token),
        kind.secret,
        alice.password,
    ):
        assert secret not in text
    assert "Bob" not in text


# --- leaving -----------------------------------------------------------------------------------
def rows_per_table() -> dict[str, int]:
    """Of every table, but for what stays on purpose."""
    stays = {"auditentry", "outgoingmail", "session", "migration", "contenttype", "permission"}
    return {
        model._meta.label: model._default_manager.count()
        for model in apps.get_models()
        if model._meta.model_name not in stays and model._meta.managed
    }


def test_leaving_takes_every_row_along_and_tells_the_guests(alice: Any) -> None:
    before = rows_per_table()
    carol = make_user("carol@example.com", first_name="Carol")
    client = sign_in(carol)
    services.update_profile(profile=carol.profile, handle="carol", public_page=True)
    make_event(carol, recurrence=("RRULE:FREQ=DAILY;COUNT=5",))
    kind = make_type(carol)
    offers = (
        Client()
        .get("/appointment/api/public/carol/intro/slots/", {"tz": "UTC", **_next_days()})
        .json()["slots"]
    )
    body = {"start": offers[-1]["start"], "name": "Greta", "email": "greta@example.com"}
    booked = Client().post(
        "/appointment/api/public/carol/intro/bookings/", body, content_type="application/json"
    )
    assert booked.status_code == 201
    services.open_feed(calendar=carol.calendars.get(), is_busy_only=False)
    services.create_api_token(user=carol, name="Backup")
    OutgoingMail.objects.all().delete()
    assert rows_per_table() != before

    asked = client.get("/calendar/settings/leave/")
    again = client.post(asked["Location"], {"password": PASSWORD})
    assert again["Location"] == "/calendar/settings/leave/"
    page = client.get("/calendar/settings/leave/").content.decode()
    assert "1 booking to come is cancelled" in page
    assert client.post("/calendar/settings/leave/", {"email": "alice@example.com"}).status_code == 422
    answer = client.post("/calendar/settings/leave/", {"email": " Carol@Example.com"})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert rows_per_table() == before
    assert {mail.to for mail in OutgoingMail.objects.all()} == {"greta@example.com"}
    assert client.get("/dashboard/").status_code == 302
    left = AuditEntry.objects.filter(user=None).values_list("action", "actor", "about", "address")
    assert (Action.DELETED, None, "", None) in set(left)
    assert {row[1:] for row in left} == {(None, "", None)}
    assert kind.pk and not CalendarFeed.objects.exists()


def _next_days() -> dict[str, str]:
    today = timezone.now()
    return {"start": today.isoformat(), "end": (today + timedelta(days=10)).isoformat()}


def test_leaving_asks_who_is_there_once_more(alice: Any, client: Client) -> None:
    client.force_login(alice)  # a session whose sign-in is not of this hour
    answer = client.post("/calendar/settings/leave/", {"email": alice.email})
    assert answer.status_code == 302 and answer["Location"].startswith("/accounts/reauthenticate/")
    alice.refresh_from_db()


@pytest.mark.parametrize(
    ("seconds_ago", "counts"),
    [(None, True), (10, True), (3600, False)],
    ids=["unsaid", "just now", "an hour ago"],
)
def test_a_confirmation_counts_unless_its_provider_says_that_it_is_an_old_sign_in(
    seconds_ago: int | None, counts: bool, alice: Any
) -> None:
    alice.set_unusable_password()
    alice.save()
    claims = {"email": alice.email} | ({"auth_time": time.time() - seconds_ago} if seconds_ago else {})
    account = SocialAccount.objects.create(user=alice, provider="google", uid="1", extra_data=claims)
    request = RequestFactory().get("/accounts/google/login/callback/")
    request.user, request.session = alice, Client().session
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    login = SocialLogin(account=account)
    login.state = {"process": "redirect", "data": {"purpose": PURPOSE}}
    view = recent_confirmation_required(lambda request: HttpResponse("in"))
    with suppress(ImmediateHttpResponse):
        take_confirmation(request=request, sociallogin=login)
    assert (view(request).status_code == 200) is counts


# --- settings ----------------------------------------------------------------------------------
def test_settings_lead_to_everything_and_pause_sync(alice: Any, client: Client) -> None:
    client.force_login(alice)
    page = client.get("/calendar/settings/").content.decode()
    for address in (
        "/sync/", "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/sessions/",
        "/calendar/settings/activity/", "/calendar/settings/tokens/", "/calendar/calendars/", "/calendar/settings/leave/",
    ):  # fmt: skip
        assert f'href="{address}"' in page
        assert client.get(address).status_code in (200, 302)
    from_page = {
        name: value for name, value in client.get("/calendar/settings/").context["form"].initial.items() if value is not None
    }  # fmt: skip
    data = {name: value for name, value in from_page.items() if value is not False}
    del data["google_calendar_sync_enabled"]
    assert client.post("/calendar/settings/", data).status_code == 302
    alice.profile.refresh_from_db()
    assert alice.profile.google_calendar_sync_enabled is False
