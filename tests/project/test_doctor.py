from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.utils import timezone

from project.diagnosis import Fault, diagnose
from sync.models import CalendarLink, GoogleAccount, WatchChannel
from tests.servers import free_port

pytestmark = pytest.mark.django_db


def faults() -> dict[str, list[Fault]]:
    return {
        name: wrong
        for name, findings in diagnose()
        if (wrong := [finding for finding in findings if isinstance(finding, Fault)])
    }


def test_doctor_names_what_is_wrong_and_the_fix(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    settings.ALLOWED_HOSTS = ["elsewhere.example.com"]
    settings.GOOGLE_SANDBOX, settings.GOOGLE_CLIENT_SECRET = False, ""
    found = faults()
    assert "EMAIL_URL=smtp://" in found["mail"][0].fix
    assert found["settings"][-1].problem == "SITE_URL's host localhost is not in ALLOWED_HOSTS."
    assert found["Google"][0].problem == "GOOGLE_CLIENT_SECRET is not set."


def test_doctor_has_no_fault_to_find_in_a_local_trial(settings: Any) -> None:
    settings.DEBUG = True
    assert set(faults()) <= {"static files"}  # nothing collects them for tests


def test_doctor_ends_with_status_1_and_a_count_when_something_is_wrong(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SITE_URL = "http://elsewhere.example.com"
    settings.DEBUG = False
    with pytest.raises(SystemExit) as ending:
        call_command("doctor")
    assert ending.value.code == 1
    output = capsys.readouterr().out
    assert "Fix: SITE_URL=https://…" in output
    assert output.splitlines()[-1].endswith("faults found.")


def test_doctor_says_what_keeps_googles_notices_away(settings: Any, live_server: Any, alice: Any) -> None:
    settings.GOOGLE_SANDBOX = False
    settings.GOOGLE_WEBHOOK_URL = f"{live_server.url}/sync/google/webhook/"
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, urlsplit(live_server.url).hostname]
    assert "Google" not in faults()
    account = GoogleAccount.objects.create(user=alice, google_sub="1", email="alice@gmail.example")
    link = CalendarLink.objects.create(account=account, google_id="1")
    long_ago = timezone.now() - timedelta(hours=1)
    channel = WatchChannel.objects.create(link=link, created_at=long_ago)
    assert "first message has not arrived" in faults()["Google"][0].problem
    channel.delete()
    settings.GOOGLE_WEBHOOK_URL = f"{live_server.url}/elsewhere/"
    assert "instead of this server's own 405" in faults()["Google"][0].problem
    settings.GOOGLE_WEBHOOK_URL = f"http://127.0.0.2:{free_port()}/sync/google/webhook/"
    assert "127.0.0.2 is not in ALLOWED_HOSTS" in faults()["Google"][0].problem
