"""A bad value of the environment stops the start with one plain line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from project import env
from tests.servers import ROOT, free_port

KEY = "Zr4qLw8xTn2vBy6mKd0sHf5jGc9pXe1aUo3iQt7-RbNzWkVhJy"
FERNET = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
PRODUCTION = {"DEBUG": "0", "SECRET_KEY": KEY, "TOKEN_KEYS": FERNET}
# As README tells it, behind one proxy that speaks https.
COMPLETE = {
    **PRODUCTION,
    "SITE_URL": "https://calendar.example.com",
    "TRUSTED_PROXIES": "1",
    "EMAIL_URL": "smtp://mail.example.com:587",
    "GOOGLE_CLIENT_ID": "1-a.apps.googleusercontent.com",
    "GOOGLE_CLIENT_SECRET": "GOCSPX-a",
}
SHOW_COOKIES = """
from django.conf import settings
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.test import RequestFactory
request = RequestFactory().get("/", secure=True)
get_token(request)
answer = CsrfViewMiddleware(HttpResponse).process_response(request, HttpResponse())
print(answer.cookies.output(header=""), settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE)
"""


def start(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check`, or another command, with nothing in the environment but these."""
    return subprocess.run(
        [sys.executable, "manage.py", *(command or ["check"])],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "APPOINTMENT_ENV_FILE": os.devnull,
            "APPOINTMENT_VAR_DIR": str(folder),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "environment",
    [
        {"DEBUG": "maybe"},
        {},  # no SECRET_KEY
        {"SECRET_KEY": KEY},  # no TOKEN_KEYS
        {"SECRET_KEY": "short", "TOKEN_KEYS": FERNET},
        {"SECRET_KEY": "x" * 50, "TOKEN_KEYS": FERNET},
        {"SECRET_KEY": f"django-insecure-{KEY}", "TOKEN_KEYS": FERNET},
        {"SECRET_KEY": KEY, "TOKEN_KEYS": "not-a-key"},
        {**PRODUCTION, "GOOGLE_SANDBOX": "1"},
        {**PRODUCTION, "ALLOWED_HOSTS": "*"},
        {"DEBUG": "1", "ALLOWED_HOSTS": "http://x/"},
        {"DEBUG": "1", "SITE_URL": "calendar.example.com"},
        {"DEBUG": "1", "SITE_URL": "http://x:99999"},
        {"DEBUG": "1", "SITE_URL": "http://x/path?query"},
        {"DEBUG": "1", "DATABASE_URL": "garbage"},
        {"DEBUG": "1", "DATABASE_URL": "mysql://x/y"},
        {"DEBUG": "1", "REDIS_URL": "http://x"},
        {"DEBUG": "1", "REDIS_URL": "redis://x/cache"},
        {"DEBUG": "1", "EMAIL_URL": "pigeon://x"},
        {"DEBUG": "1", "DEFAULT_FROM_EMAIL": "nobody"},
        {"DEBUG": "1", "TRUSTED_PROXIES": "-1"},
        {"DEBUG": "1", "SENTRY_DSN": "x"},
        {"DEBUG": "1", "GOOGLE_CLIENT_ID": "id"},
        {"DEBUG": "1", "GOOGLE_AUTHORIZE_URL": "x"},
        {"DEBUG": "1", "GOOGLE_TOKEN_URL": "ftp://x"},
        {"DEBUG": "1", "GOOGLE_REVOKE_URL": "x"},
        {"DEBUG": "1", "GOOGLE_USERINFO_URL": "x"},
        {"DEBUG": "1", "GOOGLE_CALENDAR_ENDPOINT": "http://x/"},
        {**PRODUCTION, "GOOGLE_WEBHOOK_URL": "http://x/"},
        {"DEBUG": "1", "SYNC_SEND_DELAY_SECONDS": "soon"},
        {"DEBUG": "1", "SYNC_POLL_SECONDS": "0"},
        {"DEBUG": "1", "APPOINTMENT_VAR_DIR": "/proc/none"},
        {"DEBUG": "1", "APPOINTMENT_ENV_FILE": "/none/.env"},
        {"DEBUG": "1", "SECRET_KEY_FILE": "/none/key"},
    ],
    ids=str,
)
def test_a_bad_value_stops_the_start_with_one_line(tmp_path: Path, environment: dict[str, str]) -> None:
    done = start(tmp_path, **environment)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Appointment cannot start: ") and done.stderr.count("\n") == 1
    assert KEY not in done.stderr


def test_secrets_may_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(KEY + "\n")
    (tmp_path / "keys").write_text(FERNET + "\n")
    done = start(
        tmp_path,
        SECRET_KEY_FILE=str(tmp_path / "secret"),
        TOKEN_KEYS_FILE=str(tmp_path / "keys"),
        SITE_URL="https://calendar.example.com",
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("address", "local_google", "is_good"),
    [
        ("", False, True),
        ("https://calendar.example.com/sync/google/webhook/", False, True),
        ("https://8.8.8.8/sync/google/webhook/", False, True),
        ("http://calendar.example.com/sync/google/webhook/", False, False),
        ("https://localhost/sync/google/webhook/", False, False),
        ("https://192.168.1.5/sync/google/webhook/", False, False),
        ("https://nas.local/sync/google/webhook/", False, False),
        ("https://nas/sync/google/webhook/", False, False),
        ("https://calendar.example.com/hook?x=1", False, False),
        ("http://127.0.0.1:8000/sync/google/webhook/", False, False),
        ("http://127.0.0.1:8000/sync/google/webhook/", True, True),
        ("http://localhost:8000/sync/google/webhook/", True, True),
        ("http://10.0.0.1:8000/sync/google/webhook/", True, False),
    ],
)
def test_a_webhook_address_that_google_cannot_reach_is_refused_with_words(
    monkeypatch: pytest.MonkeyPatch, address: str, local_google: bool, is_good: bool
) -> None:
    monkeypatch.setenv("GOOGLE_WEBHOOK_URL", address)
    if is_good:
        assert env.webhook_address("GOOGLE_WEBHOOK_URL", local_google=local_google) == address
    else:
        with pytest.raises(SystemExit, match="GOOGLE_WEBHOOK_URL=.*(cannot be reached by Google|must end)"):
            env.webhook_address("GOOGLE_WEBHOOK_URL", local_google=local_google)


def test_servers_that_do_not_answer_are_one_plain_line_each(tmp_path: Path) -> None:
    """At the start of `serve`, and in `doctor`; a command that needs the database says it in one line too."""
    gone = {"DATABASE_URL": "postgres://u:secret@127.0.0.1:1/x", "REDIS_URL": f"unix://{tmp_path}/none"}
    doctor = start(tmp_path, "doctor", DEBUG="1", **gone)
    assert doctor.returncode == 1 and "FAULT  database" in doctor.stdout
    assert "Fix: Start it or correct DATABASE_URL." in doctor.stdout and doctor.stderr == ""
    for command in (["serve", "--port", str(free_port())], ["api_token", "ana@example.com"]):
        done = start(tmp_path, *command, DEBUG="1", **gone)
        assert done.returncode == 1 and done.stdout == ""
        assert "The database does not answer: " in done.stderr and done.stderr.count("\n") == 1
        assert "secret" not in done.stderr
    del gone["DATABASE_URL"]
    serve = start(tmp_path, "serve", "--port", str(free_port()), DEBUG="1", **gone)
    assert serve.returncode == 1
    assert "Redis does not answer: " in serve.stderr and serve.stderr.count("\n") == 1


def test_the_check_of_a_deployment_is_clean_with_a_complete_environment(tmp_path: Path) -> None:
    done = start(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **COMPLETE)
    assert (done.returncode, done.stderr) == (0, "") and "no issues" in done.stdout, done.stderr + done.stdout


def test_cookies_are_for_this_host_over_https_alone(tmp_path: Path) -> None:
    done = start(tmp_path, "shell", "--verbosity", "0", "-c", SHOW_COOKIES, **COMPLETE)
    cookie = done.stdout.strip()
    assert re.match(r"__Host-csrftoken=\w+; .*HttpOnly; .*Path=/; SameSite=Lax; Secure ", cookie), done
    assert cookie.endswith(" __Host-sessionid True") and "Domain" not in cookie
