"""What `manage.py serve` prints when it is up: the address, how to sign in, where the sandbox is."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import get_user_model

from project import first_run
from scheduling.demo import PASSWORD

DEMO_EMAILS = ["ana@example.com", "bo@example.com"]


def banner(address: str) -> str:
    lines = ["", f"  Appointment {settings.VERSION} is running at {address}/", ""]
    google = "Continue with Google"
    if settings.GOOGLE_SANDBOX:
        lines.append(f'  Sign in:  "{google}" (the built-in sandbox: no Google account is needed)')
        lines.append(f"  Google's side of it:  {address}/sandbox/google/")
    elif settings.GOOGLE_CLIENT_ID:
        lines.append(f'  Sign in:  "{google}", or an e-mail account')
    else:
        lines.append("  Sign in:  an e-mail account (set GOOGLE_CLIENT_ID to offer Google; see the README)")
    if settings.DEBUG and get_user_model().objects.filter(email__in=DEMO_EMAILS).exists():
        lines.append(f"  Demo:     {' or '.join(DEMO_EMAILS)}, password {PASSWORD}")
    if setup := first_run.address():
        lines.append(f"  Administrator: none yet. Make one at {setup}")
    return "\n".join([*lines, "  Stop:     Ctrl-C", ""])
