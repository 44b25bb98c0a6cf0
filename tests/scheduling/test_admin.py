from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from scheduling import services
from scheduling.models import ApiToken, AvailableTimeSlot, Calendar, CalendarEvent, Occurrence, UserProfile
from scheduling.signals import events_changed
from tests.make import make_event, make_user

User = get_user_model()


@pytest.fixture
def root(db: None) -> Any:
    return User.objects.create_superuser(username="root", email="root@example.com", password="correct horse")


@pytest.fixture
def admin(root: Any, client: Client) -> Client:
    client.force_login(root)
    return client


@pytest.fixture
def heard() -> Any:
    notices: list[dict[str, Any]] = []

    def hear(sender: Any, **notice: Any) -> None:
        notices.append(notice)

    events_changed.connect(hear)
    yield notices
    events_changed.disconnect(hear)


def changelist(model: str) -> str:
    return reverse(f"admin:scheduling_{model}_changelist")


def change(event: CalendarEvent) -> str:
    return reverse("admin:scheduling_calendarevent_change", args=[event.pk])


def event_form(calendar: Calendar, **over: str) -> dict[str, str]:
    return {
        "calendar": str(calendar.pk),
        "title": "Stand-up",
        "start_time_0": "2026-11-24",
        "start_time_1": "09:00:00",
        "end_time_0": "2026-11-24",
        "end_time_1": "10:00:00",
        "time_zone": "Europe/Berlin",
        "status": "confirmed",
        "availability": "busy",
        "visibility": "default",
        "revisions-TOTAL_FORMS": "0",
        "revisions-INITIAL_FORMS": "0",
    } | over


def assert_saved(answer: HttpResponse) -> None:
    assert answer.status_code == 302, answer.context["errors"]


def assert_refused(answer: HttpResponse, *fields: str) -> None:
    assert answer.status_code == 200
    assert set(answer.context["adminform"].form.errors) == set(fields)


# --- Events ------------------------------------------------------------------------------------
def test_a_new_event_belongs_to_the_owner_of_its_calendar(admin: Client, root: Any, alice: Any) -> None:
    calendar = Calendar.objects.get(user=alice)
    assert_saved(admin.post(reverse("admin:scheduling_calendarevent_add"), event_form(calendar)))
    event = CalendarEvent.objects.get()
    assert (event.user, event.title, event.revision) == (
        alice,
        "Stand-up",
        UserProfile.objects.get(user=alice).revision,
    )
    assert event.start_time == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert Occurrence.objects.get().event == event
    revision = event.revisions.get()
    assert (revision.action, revision.origin, revision.actor) == ("create", "admin", root)


def test_an_edit_keeps_what_was_before(admin: Client, root: Any, alice: Any) -> None:
    event = make_event(alice, description="Notes")
    assert_saved(admin.post(change(event), event_form(event.calendar, title="Retro", color="4")))
    after = CalendarEvent.objects.get()
    assert (after.title, after.description, after.color) == ("Retro", "", 4)
    assert after.revision > event.revision
    edit = after.revisions.first()
    assert (edit.action, edit.origin, edit.actor, edit.before["title"]) == ("edit", "admin", root, "Stand-up")


def test_saving_without_a_change_writes_nothing(admin: Client, alice: Any) -> None:
    event = make_event(alice)
    assert_saved(admin.post(change(event), event_form(event.calendar)))
    assert CalendarEvent.objects.get().revision == event.revision


def test_a_timed_event_becomes_an_all_day_series(admin: Client, alice: Any) -> None:
    event = make_event(alice)
    form = event_form(
        event.calendar,
        is_all_day="on",
        start_date="2026-11-24",
        end_date="2026-11-25",
        recurrence="RRULE:FREQ=DAILY;COUNT=3\r\n",
    )
    assert_saved(admin.post(change(event), form))
    after = CalendarEvent.objects.get()
    assert (after.start_time, after.time_zone, after.recurrence) == (None, "", ["RRULE:FREQ=DAILY;COUNT=3"])
    assert Occurrence.objects.count() == 3


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"end_time_1": "08:00:00"}, "end_time"),
        ({"end_time_1": "09:00:00"}, "end_time"),
        ({"start_time_0": "", "start_time_1": ""}, "start_time"),
        ({"is_all_day": "on", "start_date": "2026-11-24"}, "end_date"),
        ({"is_all_day": "on", "start_date": "2026-11-24", "end_date": "2026-11-24"}, "end_date"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": ""}, "time_zone"),
        ({"end_time_zone": "Mars"}, "end_time_zone"),
        ({"recurrence": "FREQ=DAILY"}, "recurrence"),
        ({"recurrence": "RRULE:FREQ=DAILY;INTERVAL=0"}, "recurrence"),
        ({"status": "cancelled"}, "status"),
        ({"color": "12"}, "color"),
    ],
)
def test_what_cannot_be_an_event_is_said_at_its_field(
    admin: Client, alice: Any, over: dict[str, str], field: str
) -> None:
    calendar = Calendar.objects.get(user=alice)
    assert_refused(
        admin.post(reverse("admin:scheduling_calendarevent_add"), event_form(calendar, **over)), field
    )
    assert not CalendarEvent.objects.exists()


def test_an_event_stays_with_its_owner(admin: Client, alice: Any, bob: Any) -> None:
    event = make_event(alice)
    family = services.create_calendar(user=alice, name="Family")
    assert_saved(admin.post(change(event), event_form(family)))
    assert CalendarEvent.objects.get().calendar == family
    assert_refused(admin.post(change(event), event_form(Calendar.objects.get(user=bob))), "calendar")


def test_deleting_cancels_and_keeps_the_row(admin: Client, alice: Any) -> None:
    event = make_event(alice)
    page = admin.get(reverse("admin:scheduling_calendarevent_delete", args=[event.pk]))
    assert "goes to the trash of alice@example.com" in page.content.decode()
    admin.post(reverse("admin:scheduling_calendarevent_delete", args=[event.pk]), {"post": "yes"})
    after = CalendarEvent.objects.get()
    assert (after.status, after.revisions.first().origin) == ("cancelled", "admin")
    assert not Occurrence.objects.exists()


def test_deleting_many_cancels_each_and_spares_read_only_ones(admin: Client, alice: Any) -> None:
    events = [make_event(alice) for _ in range(3)]
    CalendarEvent.objects.filter(pk=events[2].pk).update(is_read_only=True)
    chosen = {"action": "delete_selected", "_selected_action": [str(e.pk) for e in events], "post": "yes"}
    admin.post(changelist("calendarevent"), chosen)
    assert [CalendarEvent.objects.get(pk=e.pk).is_deleted for e in events] == [True, True, False]


def test_deleted_events_are_restored_by_an_action(admin: Client, alice: Any) -> None:
    event = make_event(alice, status="tentative")
    services.delete_event(event=event, origin="web")
    assert admin.post(change(event), event_form(event.calendar)).status_code == 403
    admin.post(changelist("calendarevent"), {"action": "restore", "_selected_action": [str(event.pk)]})
    assert CalendarEvent.objects.get().status == "tentative"


def test_a_read_only_event_can_only_be_looked_at(admin: Client, alice: Any) -> None:
    event = make_event(alice)
    CalendarEvent.objects.update(is_read_only=True)
    assert admin.get(change(event)).status_code == 200
    assert admin.post(change(event), event_form(event.calendar)).status_code == 403


@pytest.mark.parametrize("over", [{}, {"is_all_day": True}, {"recurrence": ("RRULE:FREQ=DAILY;COUNT=2",)}])
def test_the_page_of_an_event_shows_its_history(admin: Client, alice: Any, over: dict[str, Any]) -> None:
    page = admin.get(change(make_event(alice, **over))).content.decode()
    assert "Created" in page
    assert "Stand-up" in page


@pytest.mark.parametrize("write", ["add", "change", "delete"])
def test_a_write_announces_exactly_one_change(
    admin: Client, alice: Any, heard: list[Any], django_capture_on_commit_callbacks: Any, write: str
) -> None:
    event = make_event(alice)
    with django_capture_on_commit_callbacks(execute=True):
        if write == "add":
            admin.post(reverse("admin:scheduling_calendarevent_add"), event_form(event.calendar))
        elif write == "change":
            admin.post(change(event), event_form(event.calendar, title="Retro"))
        else:
            admin.post(reverse("admin:scheduling_calendarevent_delete", args=[event.pk]), {"post": "yes"})
    assert [(notice["user_id"], notice["calendar_id"], notice["origin"]) for notice in heard] == [
        (alice.pk, event.calendar_id, "admin")
    ]


# --- Calendars, people, hours, tokens ----------------------------------------------------------
def test_a_calendar_is_made_and_changed_with_a_notice(
    admin: Client, alice: Any, heard: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    form = {
        "user": str(alice.pk),
        "name": "Family",
        "color": "6",
        "time_zone": "Europe/Berlin",
        "position": "1",
    }
    with django_capture_on_commit_callbacks(execute=True):
        assert_saved(admin.post(reverse("admin:scheduling_calendar_add"), form | {"is_visible": "on"}))
    family = Calendar.objects.get(name="Family")
    assert (family.user, family.color, family.is_visible) == (alice, 6, True)
    with django_capture_on_commit_callbacks(execute=True):
        path = reverse("admin:scheduling_calendar_change", args=[family.pk])
        assert_saved(admin.post(path, form | {"name": "Home"}))
    family.refresh_from_db()
    assert (family.name, family.is_visible) == ("Home", False)
    assert [notice["calendar_id"] for notice in heard] == [family.pk, family.pk]


def test_a_calendar_needs_a_known_zone(admin: Client, alice: Any) -> None:
    form = {"user": str(alice.pk), "name": "Family", "color": "6", "time_zone": "Mars", "position": "1"}
    assert_refused(admin.post(reverse("admin:scheduling_calendar_add"), form), "time_zone")


def test_a_calendar_cannot_be_deleted_past_the_trash(admin: Client, alice: Any) -> None:
    calendar = Calendar.objects.get(user=alice)
    assert admin.post(reverse("admin:scheduling_calendar_delete", args=[calendar.pk])).status_code == 403


def profile_form(user: Any, **over: str) -> dict[str, str]:
    return {
        "username": user.username,
        "email": user.email,
        "is_active": "on",
        "date_joined_0": "2026-11-24",
        "date_joined_1": "09:00:00",
        "google_accounts-TOTAL_FORMS": "0",
        "google_accounts-INITIAL_FORMS": "0",
        "profile-TOTAL_FORMS": "1",
        "profile-INITIAL_FORMS": "1",
        "profile-0-user": str(user.pk),
        "profile-0-google_calendar_sync_enabled": "on",
        "profile-0-default_event_duration": "60",
        "profile-0-working_hours_start": "09:00",
        "profile-0-working_hours_end": "17:00",
        "profile-0-timezone": "Europe/Berlin",
        "profile-0-show_weekends": "on",
        "profile-0-first_day_of_week": "1",
        "profile-0-email_notifications": "on",
        "profile-0-reminder_minutes": "15",
        "profile-0-theme": "system",
        "profile-0-density": "comfortable",
        "profile-0-clock": "24",
        "profile-0-shortcuts_enabled": "on",
        "profile-0-handle": "",
    } | over


def test_a_profile_is_changed_on_the_page_of_its_person(admin: Client, alice: Any, bob: Any) -> None:
    path = reverse("admin:auth_user_change", args=[alice.pk])
    assert admin.get(path).status_code == 200
    over = {"first_name": "Alice", "profile-0-timezone": "Asia/Tokyo", "profile-0-handle": "alice"}
    assert_saved(admin.post(path, profile_form(alice, **over)))
    alice = User.objects.get(pk=alice.pk)
    assert (alice.first_name, alice.profile.timezone, alice.profile.handle) == (
        "Alice",
        "Asia/Tokyo",
        "alice",
    )
    assert_saved(admin.post(reverse("admin:auth_user_change", args=[bob.pk]), profile_form(bob)))
    answer = admin.post(path, profile_form(alice, **{"profile-0-timezone": "Mars"}))
    assert answer.status_code == 200
    assert "Write a name such as Europe/Berlin" in answer.content.decode()


def test_a_new_person_gets_a_profile_and_a_calendar(admin: Client) -> None:
    form = {
        "username": "dora",
        "usable_password": "true",
        "password1": "a-long-pass-7",
        "password2": "a-long-pass-7",
    }
    assert_saved(admin.post(reverse("admin:auth_user_add"), form))
    assert Calendar.objects.get(user__username="dora").is_primary
    assert User.objects.get(username="dora").profile.timezone == "UTC"


def test_a_person_is_deleted_with_all_they_have(admin: Client, alice: Any, bob: Any) -> None:
    make_event(alice)
    make_event(bob)
    services.create_api_token(user=alice, name="phone")
    path = reverse("admin:auth_user_delete", args=[alice.pk])
    assert "alice@example.com" in admin.get(path).content.decode()
    assert admin.post(path, {"post": "yes"}).status_code == 302
    assert CalendarEvent.objects.get().user == bob
    assert not User.objects.filter(pk=alice.pk).exists()


def test_a_token_is_shown_and_revoked_but_never_told(admin: Client, alice: Any) -> None:
    token = services.create_api_token(user=alice, name="phone")
    stored = ApiToken.objects.get()
    path = reverse("admin:scheduling_apitoken_change", args=[stored.pk])
    for page in (admin.get(changelist("apitoken")), admin.get(path)):
        text = page.content.decode()
        assert "phone" in text
        assert token not in text
        assert stored.digest not in text
    assert admin.get(reverse("admin:scheduling_apitoken_add")).status_code == 403
    admin.post(reverse("admin:scheduling_apitoken_delete", args=[stored.pk]), {"post": "yes"})
    assert not ApiToken.objects.exists()


def test_google_tokens_and_occurrences_are_not_in_the_administration(admin: Client) -> None:
    index = admin.get(reverse("admin:index")).content.decode().lower()
    assert "weekly hours" in index
    for absent in ("social application tokens", "socialtoken", "occurrences", "idempotent"):
        assert absent not in index


def test_only_staff_gets_in(client: Client, alice: Any) -> None:
    client.force_login(alice)
    answer = client.get(changelist("calendarevent"))
    assert answer.status_code in (302, 403)


# --- Cost --------------------------------------------------------------------------------------
@pytest.mark.parametrize("model", ["calendarevent", "calendar", "availabletimeslot", "apitoken", "auth_user"])
@pytest.mark.parametrize("rows", [1, 30])
def test_a_list_costs_the_same_number_of_queries(
    admin: Client, django_assert_max_num_queries: Any, model: str, rows: int
) -> None:
    for number in range(rows):
        user = make_user(f"person{number}@example.com")
        make_event(user)
        AvailableTimeSlot.objects.create(user=user, day_of_week=0, start_time="09:00", end_time="10:00")
        services.create_api_token(user=user, name="phone")
    path = reverse("admin:auth_user_changelist") if model == "auth_user" else changelist(model)
    with django_assert_max_num_queries(8):
        answer = admin.get(path)
    assert len(answer.context["cl"].result_list) >= rows


@pytest.mark.parametrize("query", ["?q=stand", "?status=confirmed", "?is_all_day=0", "?sync_state=", "?o=2"])
def test_events_are_found_filtered_and_ordered(admin: Client, alice: Any, query: str) -> None:
    event = make_event(alice)
    answer = admin.get(changelist("calendarevent") + query)
    assert list(answer.context["cl"].result_list) == [event]


def test_staff_who_edit_people_cannot_make_themselves_more(client: Client, root: Any, alice: Any) -> None:
    staff = make_user("staff@example.com", is_staff=True)
    staff.user_permissions.set(
        Permission.objects.filter(content_type__app_label="auth", content_type__model="user")
    )
    client.force_login(staff)
    form = {
        "username": "staff",
        "email": staff.email,
        "is_active": "on",
        "is_superuser": "on",
        "is_staff": "on",
    }
    form |= {"date_joined_0": "2026-11-01", "date_joined_1": "09:00:00"}
    page = reverse("admin:auth_user_change", args=[staff.pk])
    assert b'name="is_superuser"' not in client.get(page).content
    client.post(page, form)
    staff.refresh_from_db()
    assert not staff.is_superuser
    for address in ("auth_user_change", "auth_user_password_change", "auth_user_delete"):
        assert client.post(reverse(f"admin:{address}", args=[root.pk]), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"}
    assert client.post(reverse("admin:auth_user_changelist"), chosen).status_code == 403
    root.refresh_from_db()
    assert root.check_password("correct horse")
