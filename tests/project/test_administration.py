"""The administration: its overview, its lists, its actions on accounts, and what it never shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin as django_admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Field, Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django_q.models import OrmQ

from project.models import WorkerHeartbeat
from project.overview import overview
from scheduling import services
from scheduling.models import (
    AuditEntry,
    Booking,
    Calendar,
    CalendarSubscription,
    DateOverride,
)
from sync.models import (
    CalendarLink,
    Conflict,
    EventLink,
    GoogleAccount,
    JournalEntry,
)
from sync.usage import count_calls
from tests.make import make_event, make_type, make_user

pytestmark = pytest.mark.django_db

CANARY = "canary-7f3b"
Status = GoogleAccount.Status


@pytest.fixture
def admin(client: Client) -> Client:
    root = get_user_model().objects.create_superuser("root", "root@example.com", "correct horse")
    client.force_login(root)
    return client


def make_account(user: Any, **fields: Any) -> GoogleAccount:
    return GoogleAccount.objects.create(
        user=user, google_sub=user.email, email=user.email, access_token=f"{CANARY}-access",
        refresh_token=f"{CANARY}-refresh", last_ok_at=timezone.now(), **fields,
    )  # fmt: skip


def make_everything(name: str) -> None:
    """One row of every kind, with something secret wherever there is a place for it."""
    user, now = make_user(f"{name}@example.com"), timezone.now()
    account = make_account(user, calendar_list_sync_token=f"{CANARY}-list")
    calendar = Calendar.objects.get(user=user)
    link = CalendarLink.objects.create(
        account=account, google_id=name, calendar=calendar, is_enabled=True, sync_token=f"{CANARY}-sync"
    )
    event = make_event(user, title="Lunch")
    known = EventLink.objects.create(link=link, event=event, google_id=event.pk.hex)
    Conflict.objects.create(event_link=known, groups=["title"], ours={}, theirs={})
    JournalEntry.objects.create(account=account, direction="out", action="sent", text="Sent")
    count_calls(account_id=account.pk, calls=3, refused=0)
    kind = make_type(user)
    type(kind).objects.filter(pk=kind.pk).update(secret=f"{CANARY}-type")
    Booking.objects.create(
        type=kind, host=user, start=now, end=now + timedelta(hours=1), session=kind.pk, uid=name,
        guest_name="Greta", guest_email="greta@example.com", request_key=f"{CANARY}-{name}",
    )  # fmt: skip
    services.create_api_token(user=user, name="Backup")
    services.replace_available_slots(user=user, slots=[(0, now.time().replace(hour=1), now.time().replace(hour=2), True)])  # fmt: skip
    DateOverride.objects.create(user=user, date=now.date(), last_date=now.date())
    outside = services.create_calendar(user=user, name="Club")
    CalendarSubscription.objects.create(calendar=outside, url=f"https://example.com/{CANARY}.ics")
    hook = services.create_webhook(user=user, url=f"https://example.com/{CANARY}", kinds=["events.changed"])
    services.ping_webhook(webhook=hook)
    mail = services.compose_mail(template="google_setup", to=user.email, context={"error": f"{CANARY}-mail"})
    services.queue_mail(mail)
    social = SocialAccount.objects.create(user=user, provider="google", uid=name)
    SocialToken.objects.create(account=social, token=f"{CANARY}-token", token_secret=f"{CANARY}-secret")
    SocialApp.objects.create(provider="google", name=name, client_id=name, secret=f"{CANARY}-client")
    Authenticator.objects.create(user=user, type="totp", data={"secret": f"{CANARY}-totp"})
    UserSession.objects.create(user=user, session_key=f"{CANARY}-{name}", ip="127.0.0.1", user_agent="x")
    WorkerHeartbeat.beat(f"{name}:1")
    OrmQ.objects.create(key="appointment", payload="", lock=now)


def lists() -> dict[str, str]:
    """The list pages of whatever has rows, by model."""
    return {
        model._meta.label: reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in django_admin.site._registry
        if model._default_manager.exists() and model is not OrmQ  # its rows are django-q2's pickles
    }


def queries_of(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200, address
    return len(captured)


def test_list_pages_take_as_many_queries_for_three_rows_as_for_one(admin: Client) -> None:
    make_everything("ada")
    addresses = {**lists(), "overview": reverse("admin:index")}
    for address in addresses.values():
        admin.get(address)  # what is remembered from then on
    one = {label: queries_of(admin, address) for label, address in addresses.items()}
    make_everything("bea")
    make_everything("cleo")
    assert {label: queries_of(admin, address) for label, address in addresses.items()} == one
    assert len(one) >= 20


def test_no_page_of_the_administration_shows_a_secret(admin: Client) -> None:
    make_everything("ada")
    shown = []
    for model, model_admin in django_admin.site._registry.items():
        if model is OrmQ:
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages = [reverse(f"{name}_changelist")]
        pages += [
            reverse(f"{name}_change", args=[row.pk]) for row in model_admin.model._default_manager.all()[:3]
        ]
        shown += [page for page in pages if CANARY in admin.get(page, follow=True).content.decode()]
    assert shown == []


def test_overview_says_who_needs_someone_and_whether_the_worker_lives(
    admin: Client, alice: Any, bob: Any
) -> None:
    make_account(alice, status=Status.NEEDS_REAUTH)
    make_account(bob)
    with time_machine.travel(timezone.now(), tick=False):
        WorkerHeartbeat.objects.create(worker="a:1", seen_at=timezone.now() - timedelta(seconds=60))
        page = admin.get(reverse("admin:index")).content.decode()
    assert "alice@example.com" in page and "bob@example.com" not in page
    assert "Needs its owner to reconnect" in page and "0 workers, heartbeat 60 s ago" in page
    WorkerHeartbeat.beat("a:1")
    assert "1 worker, heartbeat 0 s ago" in admin.get(reverse("admin:index")).content.decode()


def test_overview_counts_calls_against_the_quota(alice: Any, settings: Any) -> None:
    settings.GOOGLE_QUOTA_PER_USER_MINUTE = 10
    account = make_account(alice)
    count_calls(account_id=account.pk, calls=4, refused=0)
    calls = {number.name: number for number in overview().numbers}["Google calls a minute"]
    assert (calls.value, calls.asks) == ("4", False)
    count_calls(account_id=account.pk, calls=5, refused=0)
    calls = {number.name: number for number in overview().numbers}["Google calls a minute"]
    assert (calls.value, calls.asks) == ("9", True)


def test_accounts_are_filtered_by_their_state(admin: Client, alice: Any, bob: Any) -> None:
    make_account(alice)
    make_account(bob, backoff_until=timezone.now() + timedelta(minutes=5))
    carol = make_user("carol@example.com")
    services.update_profile(profile=carol.profile, google_calendar_sync_enabled=False)
    make_account(carol)
    make_account(make_user("dora@example.com"), status=Status.DISCONNECTED)
    address = reverse("admin:sync_googleaccount_changelist")
    found = {
        state: {account.email.split("@")[0] for account in admin.get(f"{address}?state={state}").context["cl"].result_list}
        for state in ("ok", "backing_off", "paused", "disconnected", "reconnect", "nonsense")
    }  # fmt: skip
    assert found == {
        "ok": {"alice"},
        "backing_off": {"bob"},
        "paused": {"carol"},
        "disconnected": {"dora"},
        "reconnect": set(),
        "nonsense": {"alice", "bob", "carol", "dora"},
    }


def act(client: Client, action: str, account: GoogleAccount) -> int:
    address = reverse("admin:sync_googleaccount_changelist")
    return client.post(address, {"action": action, "_selected_action": [account.pk]}).status_code


def test_actions_on_accounts_do_what_they_say_and_are_noted_for_the_owner(admin: Client, alice: Any) -> None:
    account = make_account(alice)
    for action in ("sync_now", "full_resync", "pause"):
        assert act(admin, action, account) == 302
    alice.profile.refresh_from_db()
    assert alice.profile.google_calendar_sync_enabled is False
    for action in ("resume", "disconnect"):
        assert act(admin, action, account) == 302
    account.refresh_from_db()
    alice.profile.refresh_from_db()
    assert alice.profile.google_calendar_sync_enabled is True
    assert (account.status, account.refresh_token) == (Status.DISCONNECTED, "")
    entries = AuditEntry.objects.filter(user=alice, action="admin").order_by("pk")
    assert [(entry.actor.username, entry.about) for entry in entries] == [
        ("root", f"Google: {deed}") for deed in ("sync now", "full resync", "pause", "resume", "disconnect")
    ]


def test_who_may_only_look_cannot_act(client: Client, alice: Any) -> None:
    account = make_account(alice)
    clerk = get_user_model().objects.create_user("clerk", "clerk@example.com", "correct horse", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_googleaccount"))
    client.force_login(clerk)
    page = client.get(reverse("admin:sync_googleaccount_changelist")).content.decode()
    assert alice.email in page and "sync_now" not in page
    act(client, "disconnect", account)
    account.refresh_from_db()
    assert account.status == Status.ACTIVE
    assert "State of the service" in client.get(reverse("admin:index")).content.decode()


def test_deeds_in_the_administration_are_in_the_audit_log_without_titles(admin: Client, alice: Any) -> None:
    event = make_event(alice, title="Secret lunch")
    admin.post(reverse("admin:scheduling_calendarevent_delete", args=[event.pk]), {"post": "yes"})
    entry = AuditEntry.objects.get(action="admin")
    assert (entry.actor.username, entry.about) == ("root", f"deleted calendarevent {event.pk}")


def test_signing_in_to_the_administration_is_signing_in_like_everywhere() -> None:
    answer = Client().get("/admin/login/?next=/admin/")
    assert answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")


# --- in the reader's language ------------------------------------------------------------------------
def names_shown(model: type[Model], shown: Any, request: Any) -> set[str]:
    """The fields of a table that its pages name."""
    fields = {field.name for field in model._meta.get_fields() if isinstance(field, Field)}
    sets = shown.get_fieldsets(request)
    return fields & {*getattr(shown, "list_display", ()), *flatten_fieldsets(sets)}


def test_every_table_and_column_of_the_administration_has_a_name_in_its_readers_language(
    rf: RequestFactory, admin_user: Any
) -> None:
    request = rf.get("/")
    request.user = admin_user
    pages = {
        (model, page)
        for model, page in django_admin.site._registry.items()
        if model._meta.app_label in ("project", "scheduling", "sync")
    }
    pages |= {
        (i.model, i) for model, page in list(pages) for i in page.get_inline_instances(request, model())
    }
    assert len(pages) > 20
    english = {
        f"{model.__name__}.{name}"
        for model, page in pages
        for name in names_shown(model, page, request)
        if not isinstance(model._meta.get_field(name).verbose_name, Promise)
    }
    english |= {model.__name__ for model, _ in pages if not isinstance(model._meta.verbose_name, Promise)}
    assert english == set()
