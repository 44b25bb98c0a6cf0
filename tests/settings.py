"""The product's settings for tests: hermetic (no .env), keys and data of their own."""

import atexit
import os
import shutil
import tempfile

from tests import scaled

os.environ["APPOINTMENT_ENV_FILE"] = os.devnull
for name in (
    "SECRET_KEY",
    "TOKEN_KEYS",
    "SITE_URL",
    "REDIS_URL",
    "GOOGLE_CLIENT_ID",
    "SENTRY_DSN",
    "EMAIL_URL",
):
    os.environ.pop(name, None)
os.environ["DEBUG"] = "1"
if "APPOINTMENT_VAR_DIR" not in os.environ:
    os.environ["APPOINTMENT_VAR_DIR"] = tempfile.mkdtemp(prefix="appointment-tests-")
    atexit.register(shutil.rmtree, os.environ["APPOINTMENT_VAR_DIR"], ignore_errors=True)
if scaled.is_on():
    for name, address in scaled.addresses().items():
        os.environ.setdefault(name, address)
os.environ["SYNC_SEND_DELAY_SECONDS"] = "0"

from project.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# All workers of a test run share one data folder: what one counts is not the others' business.
if not REDIS_URL:  # noqa: F405
    CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}  # noqa: F405
for name in ("drawn", "grids"):  # as without DEBUG
    CACHES[name]["BACKEND"] = "django.core.cache.backends.locmem.LocMemCache"  # noqa: F405
Q_CLUSTER = {**Q_CLUSTER, "broker_class": "project.task_broker.DatabaseBroker"}  # noqa: F405  (tests read it)
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405
