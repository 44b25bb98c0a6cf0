from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from scheduling import services
from scheduling.models import ApiToken


class Command(BaseCommand):
    help = "Make a token for the REST API and print it as the last word. It is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="whose calendars it opens")
        parser.add_argument("--name", default="api_token", help="what it is for, to recognise it later")
        parser.add_argument("--scope", choices=ApiToken.Scope.values, default=ApiToken.Scope.WRITE)

        parser.add_argument(
            "--days", type=int, default=0, help="how long it works; without it, until it is revoked"
        )

    def handle(self, *args: Any, email: str, name: str, scope: str, days: int, **options: Any) -> None:
        user = get_user_model().objects.filter(email__iexact=email).order_by("pk").first()
        if user is None:
            raise CommandError(f"Nobody here has the e-mail address {email}.")
        name = name.strip()
        if not 1 <= len(name) <= 100:
            raise CommandError("The name of a token has 1 to 100 characters.")
        if days < 0:
            raise CommandError("A token cannot end before it begins.")
        ends = timezone.now() + timedelta(days=days) if days else None
        token = services.create_api_token(user=user, name=name, scope=scope, expires_at=ends)
        self.stdout.write(f"Token “{name}” of {user.email}, scope {scope}, shown only now: {token}")
