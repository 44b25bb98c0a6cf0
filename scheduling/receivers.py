"""Whoever can sign in has a profile and a primary calendar, however the account was made."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models.signals import post_save
from django.dispatch import receiver

from scheduling.services import ensure_profile


@receiver(post_save, sender=get_user_model())
def make_profile(instance: Any, created: bool, raw: bool, **kwargs: Any) -> None:
    if created and not raw:
        ensure_profile(user=instance)
