"""Whoever can sign in has a profile and a primary calendar; the search index stands; bookings follow their events."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import user_signed_up
from django.contrib.auth import get_user_model
from django.db import connections
from django.db.models.signals import post_migrate, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from scheduling import search
from scheduling.languages import first_day_of, language_of_request
from scheduling.models import CalendarEvent
from scheduling.services import ensure_profile, follow_event, note_language, tell_of_events
from scheduling.signals import event_written, events_changed


@receiver(post_save, sender=get_user_model())
def make_profile(instance: Any, created: bool, raw: bool, **kwargs: Any) -> None:
    if created and not raw:
        ensure_profile(user=instance)


@receiver(user_signed_up)
def suit_profile(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Somebody who has just come finds the week as it is where they are."""
    language, first_day = language_of_request(request), first_day_of(request)
    note_language(profile=user.profile, language=language, first_day_of_week=first_day)


@receiver(post_migrate)
def install_search(app_config: Any, using: str, **kwargs: Any) -> None:
    """After each migrate, which may have rebuilt the table that the index watches."""
    if app_config.name != "scheduling":
        return
    tables = connections[using].introspection.table_names()
    if search.ENTRIES in tables:
        search.install(connections[using])


@receiver(events_changed)
def tell_programs(user_id: Any, calendar_id: Any, revision: int, event_ids: Any = (), **kwargs: Any) -> None:
    tell_of_events(user_id=user_id, calendar_id=calendar_id, revision=revision, event_ids=list(event_ids))


@receiver(event_written)
def follow_with_bookings(event: CalendarEvent, **kwargs: Any) -> None:
    follow_event(event=event)
