"""django-appointment's own slot function on the given busy spans; runs in an environment of its own.

`python slots_peer.py FILE RUNS`: FILE holds [[date, start, end], …] and the days; prints seconds per run as JSON.
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
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "phonenumber_field",
        "appointment",
    ],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": tempfile.mktemp(suffix=".sqlite3")}
    },
    USE_TZ=True,
    TIME_ZONE="UTC",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    ROOT_URLCONF="appointment.urls",
    APPOINTMENT_WEBSITE_NAME="bench",
)
django.setup()

from appointment.models import Appointment, AppointmentRequest, Service, StaffMember, WorkingHours
from appointment.services import get_available_slots_for_staff
from django.contrib.auth import get_user_model
from django.core.management import call_command

call_command("migrate", run_syncdb=True, verbosity=0)
work = json.loads(pathlib.Path(sys.argv[1]).read_text())
users = get_user_model().objects
service = Service.objects.create(name="Intro", duration=datetime.timedelta(minutes=30), price=0)
staff = StaffMember.objects.create(
    user=users.create_user("host"), slot_duration=30, appointment_buffer_time=15, work_on_saturday=False
)
staff.services_offered.add(service)
for day in range(1, 6):
    WorkingHours.objects.create(
        staff_member=staff, day_of_week=day, start_time=datetime.time(9), end_time=datetime.time(17)
    )
client = users.create_user("client")
requests = AppointmentRequest.objects.bulk_create(
    AppointmentRequest(
        date=datetime.date.fromisoformat(day),
        start_time=datetime.time.fromisoformat(start),
        end_time=datetime.time.fromisoformat(end),
        service=service,
        staff_member=staff,
        id_request=f"r{number}",
    )
    for number, (day, start, end) in enumerate(work["busy"])
)
Appointment.objects.bulk_create(
    Appointment(client=client, appointment_request=request, id_request=f"a{number}")
    for number, request in enumerate(requests)
)
days = [datetime.date.fromisoformat(day) for day in work["days"]]
spent = []
for _ in range(int(sys.argv[2])):
    begun = time.process_time()
    found = sum(len(get_available_slots_for_staff(day, staff, day.isoweekday() % 7)) for day in days)
    spent.append(time.process_time() - begun)
print(json.dumps({"seconds": spent, "slots": found}))
