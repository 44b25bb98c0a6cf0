"""django-scheduler's month and week on the given events; runs in an environment of its own.

`python views_peer.py FILE RUNS`: prints CPU seconds of each run as JSON. Signed in, as its own project sets it up.
"""

import datetime
import json
import pathlib
import sys
import tempfile
import time

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["localhost"],
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "schedule",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": tempfile.mktemp(suffix=".sqlite3")}
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    STATIC_URL="/static/",
    USE_TZ=True,
    TIME_ZONE="UTC",
    ROOT_URLCONF="schedule.urls",
)
django.setup()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from schedule.models import Calendar, Event

call_command("migrate", run_syncdb=True, verbosity=0)
work = json.loads(pathlib.Path(sys.argv[1]).read_text())
user = get_user_model().objects.create_user("ana")
calendar = Calendar.objects.create(name="Ana", slug="ana")


def moment(text):
    found = datetime.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


Event.objects.bulk_create(
    Event(
        title=event["title"],
        description=event["location"],
        start=moment(event["start"]),
        end=moment(event["end"]),
        calendar=calendar,
        creator=user,
    )
    for event in work["events"]
)
client = Client(HTTP_HOST="localhost")
client.force_login(user)
year, month, day = work["day"].split("-")
answer = {}
for view in ("month", "week"):
    address = f"/calendar/{view}/ana/?year={year}&month={int(month)}&day={int(day)}"
    page = client.get(address)
    assert page.status_code == 200 and work["events"][0]["title"] in page.content.decode(), page.content[
        :2000
    ]
    spent = []
    for _ in range(int(sys.argv[2])):
        begun = time.process_time()
        client.get(address)
        spent.append(time.process_time() - begun)
    answer[view] = {"seconds": spent, "page": len(page.content)}
print(json.dumps(answer))
