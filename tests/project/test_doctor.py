from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command

from project.diagnosis import Fault, diagnose
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
