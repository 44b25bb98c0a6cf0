"""Settings. Every variable is described in CONTRACT (README, "Configuration") and in `.env.example`."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import bootstrap_wrapper
import environ
from csp.constants import NONE, SELF

from project import env, stores

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("APPOINTMENT_VAR_DIR") or BASE_DIR / "var")
env.make_folder("APPOINTMENT_VAR_DIR", VAR_DIR)
env.load_dotenv(Path(os.environ.get("APPOINTMENT_ENV_FILE", BASE_DIR / ".env")))

VERSION = "0.1.0"

# --- Basics ------------------------------------------------------------------------------------
DEBUG = env.boolean("DEBUG", False)
_trial_keys = env.development_keys(VAR_DIR / "development_keys.json") if DEBUG else {}
SECRET_KEY = env.secret("SECRET_KEY") or _trial_keys.get("SECRET_KEY", "")
if not SECRET_KEY:
    env.refuse(
        "SECRET_KEY is not set. Put a long random value into .env, or set DEBUG=1 for a local trial. "
        "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
    )
if len(SECRET_KEY) < 32:
    env.refuse("SECRET_KEY is too short: at least 32 characters.")
if len(set(SECRET_KEY)) < 10 or SECRET_KEY.startswith("django-insecure-"):
    env.refuse("SECRET_KEY can be guessed. Make it of random characters.")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS", [])
TOKEN_KEYS = env.token_keys("TOKEN_KEYS", [_trial_keys["TOKEN_KEYS"]] if DEBUG else [])
if not TOKEN_KEYS:
    env.refuse(
        "TOKEN_KEYS is not set; Google's tokens are stored encrypted with it. Make one with: "
        "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
    )

SITE_URL = env.site_url("SITE_URL", "http://localhost:8000")
_site = urlsplit(SITE_URL)
_secure = _site.scheme == "https"
_local_hosts = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", [_site.hostname or "localhost", *(_local_hosts if DEBUG else [])])
for _host in ALLOWED_HOSTS:
    if "/" in _host:
        env.refuse(f"ALLOWED_HOSTS has {_host!r}: write host names only, such as calendar.example.com.")
if "*" in ALLOWED_HOSTS and not DEBUG:
    env.refuse("ALLOWED_HOSTS=* would accept any Host header and any WebSocket origin. Name your host.")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0, maximum=10)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
METRICS_KEY = env.secret("METRICS_KEY")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "django_htmx",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "servestatic",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "sync.google_login",
    "allauth.mfa",
    "allauth.usersessions",
    "django_q",
    "project",
    "scheduling",
    "sync",
]

# How many requests one web process works on at a time; each of its threads keeps a connection to the database.
WEB_THREADS = env.integer("WEB_THREADS", 8, minimum=1, maximum=64)

# Every entry must be async-capable: one sync-only middleware makes Daphne hang on SIGTERM (stack.md T1).
MIDDLEWARE = [
    "project.middleware.CSPMiddleware",
    "project.middleware.health_middleware",
    "project.middleware.request_id_middleware",
    "django.middleware.security.SecurityMiddleware",
    "project.middleware.StaticFilesMiddleware",
    "project.middleware.CompressionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "project.middleware.LanguageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "project.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "scheduling.context_processors.preferences",
                "sync.context_processors.connection",
            ],
        },
    },
    {
        "NAME": "text",  # the plain part of mails, where nothing is escaped
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"autoescape": False},
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False

# --- Data --------------------------------------------------------------------------------------
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": stores.database(env.secret("DATABASE_URL") or f"sqlite:///{VAR_DIR / 'appointment.sqlite3'}")
}
DATABASES["default"] |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}  # of a thread that stays
REDIS_URL = env.address("REDIS_URL", env.secret("REDIS_URL"), schemes=("redis", "rediss", "unix"))
# Of each process, so that a new release draws anew; nothing is kept while templates are written.
_of_process = f"django.core.cache.backends.{'dummy.DummyCache' if DEBUG else 'locmem.LocMemCache'}"
CACHES = {
    "default": stores.cache(REDIS_URL, VAR_DIR / "cache.sqlite3"),
    # What is the same on every page of a language, for `{% cache None … using="drawn" %}`.
    "drawn": {
        "BACKEND": _of_process,
        "LOCATION": "drawn",
    },
    # Grids as they were drawn, by all that they show; a grid of 300 events is 70 kB.
    "grids": {
        "BACKEND": _of_process,
        "LOCATION": "grids",
        "TIMEOUT": 300,
        "OPTIONS": {"MAX_ENTRIES": 100},
    },
}
CHANNEL_LAYERS = {"default": stores.channel_layer(REDIS_URL)}
Q_CLUSTER = {
    "name": "appointment",
    "workers": env.integer("WORKER_PROCESSES", 1, minimum=1, maximum=64),
    "timeout": 60,
    "retry": 120,
    "poll": 0.1,
    "catch_up": False,
    "max_attempts": 3,
    "ack_failures": True,
    "save_limit": 100,
    "queue_limit": 10,
    "bulk": 1,
    "label": "Background tasks",
    "broker_class": f"project.{'redis_broker.RedisBroker' if REDIS_URL else 'task_broker.DatabaseBroker'}",
    "orm": "default",  # the database of the latter
}
# Called every half second by `manage.py worker`; each is one cheap indexed query when there is nothing to do.
WORKER_TICKS = [
    "sync.tasks.enqueue_due_accounts",
    "scheduling.tasks.remind_due_people",
    "scheduling.tasks.enqueue_due_mails",
    "scheduling.tasks.enqueue_due_subscriptions",
    "scheduling.tasks.enqueue_due_deliveries",
]
# Calendars outside may be subscribed to, and programs outside told of changes, by anyone who signs in: only public
# addresses are asked, and these.
ICS_PRIVATE_NETWORKS = env.networks("ICS_PRIVATE_NETWORKS")

# --- Sign-in -----------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "project.authentication.ModelBackend",
    "project.authentication.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "calendar"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "project.authentication.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "optional" if DEBUG else "mandatory"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_USER_DISPLAY = "scheduling.presentation_names.display_name"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _site.scheme
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ADAPTER = "sync.second_factors.SecondFactors"
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Appointment"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
SOCIALACCOUNT_ADAPTER = "sync.google_login.adapter.SocialAccountAdapter"
SOCIALACCOUNT_STORE_TOKENS = True
SOCIALACCOUNT_AUTO_SIGNUP = True
SOCIALACCOUNT_QUERY_EMAIL = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"

# --- Google ------------------------------------------------------------------------------------
GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET = env.google_client(BASE_DIR / "credentials.json")
if GOOGLE_CLIENT_ID and not GOOGLE_CLIENT_SECRET:
    env.refuse(
        "GOOGLE_CLIENT_ID is set without GOOGLE_CLIENT_SECRET. Google shows both in the client's details."
    )
GOOGLE_SANDBOX = env.boolean("GOOGLE_SANDBOX", DEBUG and not GOOGLE_CLIENT_ID)
if GOOGLE_SANDBOX and not DEBUG:
    env.refuse("GOOGLE_SANDBOX=1 lets anyone sign in as anyone; it is for local trials with DEBUG=1 only.")
_sandbox = f"{SITE_URL}/sandbox/google/" if GOOGLE_SANDBOX else ""
if GOOGLE_SANDBOX:
    INSTALLED_APPS.append("sync.sandbox")
    GOOGLE_CLIENT_ID = GOOGLE_CLIENT_ID or "sandbox-client.apps.googleusercontent.com"
    GOOGLE_CLIENT_SECRET = GOOGLE_CLIENT_SECRET or "sandbox-secret"


def _google(name: str, real: str, sandbox_path: str) -> str:
    return env.address(name, _sandbox + sandbox_path if _sandbox else real)


GOOGLE_AUTHORIZE_URL = _google(
    "GOOGLE_AUTHORIZE_URL", "https://accounts.google.com/o/oauth2/v2/auth", "o/oauth2/v2/auth"
)
GOOGLE_TOKEN_URL = _google("GOOGLE_TOKEN_URL", "https://oauth2.googleapis.com/token", "token")
GOOGLE_REVOKE_URL = _google("GOOGLE_REVOKE_URL", "https://oauth2.googleapis.com/revoke", "revoke")
GOOGLE_USERINFO_URL = _google(
    "GOOGLE_USERINFO_URL", "https://www.googleapis.com/oauth2/v2/userinfo", "oauth2/v2/userinfo"
)
GOOGLE_CERTS_URL = _google(
    "GOOGLE_CERTS_URL", "https://www.googleapis.com/oauth2/v1/certs", "oauth2/v1/certs"
)
GOOGLE_ID_TOKEN_ISSUER = env.text("GOOGLE_ID_TOKEN_ISSUER") or "https://accounts.google.com"
GOOGLE_CALENDAR_ENDPOINT = _google(
    "GOOGLE_CALENDAR_ENDPOINT", "https://www.googleapis.com/calendar/v3/", "calendar/v3/"
)
if not GOOGLE_CALENDAR_ENDPOINT.endswith("/calendar/v3/"):
    env.refuse(f"GOOGLE_CALENDAR_ENDPOINT={GOOGLE_CALENDAR_ENDPOINT!r} must end in /calendar/v3/.")
CALENDAR_PROVIDER = "sync.google.GoogleCalendarService"  # see sync/provider.py
GOOGLE_WEBHOOK_URL = env.webhook_address(
    "GOOGLE_WEBHOOK_URL",
    local_google=env.is_loopback(urlsplit(GOOGLE_CALENDAR_ENDPOINT).hostname or ""),
)
# Google's limits for a minute, of the whole project and of one person; they differ between projects.
GOOGLE_QUOTA_PER_MINUTE = env.integer("GOOGLE_QUOTA_PER_MINUTE", 10_000, minimum=1)
GOOGLE_QUOTA_PER_USER_MINUTE = env.integer("GOOGLE_QUOTA_PER_USER_MINUTE", 600, minimum=1)
# How many days Google lets a connection live: 7 while the project is in "Testing", 0 to find out from experience.
GOOGLE_GRANT_DAYS = env.integer("GOOGLE_GRANT_DAYS", 0, maximum=3650)
SYNC_SEND_DELAY_SECONDS = env.integer("SYNC_SEND_DELAY_SECONDS", 5, maximum=3600)
SYNC_POLL_SECONDS = env.integer("SYNC_POLL_SECONDS", 5 if GOOGLE_SANDBOX else 300, minimum=1, maximum=86400)
# After so long a run that has more to do gives way to other accounts' and to mails, and goes on after them.
SYNC_TURN_SECONDS = 10.0

SOCIALACCOUNT_PROVIDERS = {
    "google": {
        "APPS": [{"client_id": GOOGLE_CLIENT_ID, "secret": GOOGLE_CLIENT_SECRET, "key": ""}]
        if GOOGLE_CLIENT_ID
        else [],
        # Sign-in asks for the least; the calendar is a separate, later consent (sync/views.py).
        "SCOPE": ["openid", "email", "profile"],
        # Without include_granted_scopes a later plain sign-in would store a narrower token (stack.md T5).
        "AUTH_PARAMS": {"include_granted_scopes": "true"},
        "OAUTH_PKCE_ENABLED": True,
        "AUTHORIZE_URL": GOOGLE_AUTHORIZE_URL,
        "ACCESS_TOKEN_URL": GOOGLE_TOKEN_URL,
        "IDENTITY_URL": GOOGLE_USERINFO_URL,
        "CERTS_URL": GOOGLE_CERTS_URL,
        "ID_TOKEN_ISSUER": GOOGLE_ID_TOKEN_ISSUER,
    }
}

# --- Mail --------------------------------------------------------------------------------------
_email_url = env.secret("EMAIL_URL") or "consolemail://"
try:
    _email = environ.Env.email_url_config(_email_url)
except Exception:
    env.refuse("EMAIL_URL is not understood. Write smtp://user:password@host:587 or consolemail://.")
EMAIL_BACKEND = _email["EMAIL_BACKEND"]
EMAIL_HOST = _email.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _email.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _email.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _email.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _email.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _email.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = _email.get("EMAIL_FILE_PATH")
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL") or f"Appointment <appointment@{_site.hostname}>"
if "@" not in DEFAULT_FROM_EMAIL or "\n" in DEFAULT_FROM_EMAIL:
    env.refuse(
        f"DEFAULT_FROM_EMAIL={DEFAULT_FROM_EMAIL!r} is not a sender such as Appointment <me@example.com>."
    )
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- API ---------------------------------------------------------------------------------------
API_RATE_PER_MINUTE = env.integer(
    "API_RATE_PER_MINUTE", 600, minimum=1
)  # requests of one token or one person

# --- Booking -----------------------------------------------------------------------------------
# Attempts of strangers to book: how many, in how many seconds.
BOOKING_LIMITS = {"address": (600, 600), "email": (20, 600), "page": (2000, 600), "hold": (60, 600)}
# Sockets of guests that one process keeps open, and how long it rests between two looks at a page's free times.
BOOKING_SOCKETS = {"address": 30, "all": 1000}
BOOKING_LOOK_SECONDS = 2.0
# What a program of somebody's may take to answer when it is told of a change.
WEBHOOK_SECONDS = 5.0

# --- Time and language -------------------------------------------------------------------------
# A language is offered once its catalogue is complete; tests/project/test_languages.py sees to that.
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("es", "Español"), ("fr", "Français")]
LANGUAGE_CODE = "en"
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "project" / "locale"]  # `make messages` brings the catalogues up to date
FORMAT_MODULE_PATH = "project.formats"
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files ------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
ASSETS_DIR = VAR_DIR / "assets"  # built by `manage.py build_assets`
ASSETS_DIR.mkdir(exist_ok=True)
BOOTSTRAP_DIR = Path(bootstrap_wrapper.get_bootstrap_dir())
STATICFILES_DIRS = [BASE_DIR / "static", ASSETS_DIR]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "project.storage.StaticStorage"},
}
# `serve` collects before it starts and after each change, so that nothing has to be looked for per request.
SERVESTATIC_AUTOREFRESH = SERVESTATIC_USE_FINDERS = False

# --- Security ----------------------------------------------------------------------------------
SESSION_ENGINE = "project.sessions"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if _secure:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31536000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 11 * 1024 * 1024


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


# Chromium applies form-action to the redirects after a form's POST too: sign-in goes on to Google.
_form_targets = [SELF, _origin(GOOGLE_AUTHORIZE_URL)]
if GOOGLE_SANDBOX:  # a person may have typed localhost or 127.0.0.1
    _form_targets += [f"http://{host}:{_site.port or 80}" for host in ("localhost", "127.0.0.1")]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": _form_targets,
        "frame-ancestors": [NONE],
    }
}

# --- Logs and error reports --------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"},
        "json": {"()": "project.logs.JsonLines"},
    },
    "filters": {
        "secrets": {"()": "project.logs.HideSecrets"},
        "request": {"()": "project.logs.NameRequest"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env.choice("LOG_FORMAT", "plain", ("plain", "json")),
            "filters": ["secrets", "request"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "scheduling": {"level": "INFO"},
        "sync": {"level": "INFO"},
        "project": {"level": "INFO"},
        # Django's own handler, which prints while DEBUG is on, would say addresses that are keys.
        "django": {"level": "INFO", "handlers": []},
        "django.channels.server": {"level": "WARNING"},
        # Strangers probe with any Host; each would be a traceback.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # Would print request addresses with tokens in their query at DEBUG level.
        "googleapiclient.discovery": {"level": "WARNING"},
    },
}
DEFAULT_EXCEPTION_REPORTER_FILTER = "project.logs.HideInReports"
SENTRY_DSN = env.address("SENTRY_DSN", "")
if SENTRY_DSN:
    try:
        import sentry_sdk
    except ImportError:
        env.refuse("SENTRY_DSN is set but sentry-sdk is not installed. Install requirements/scaled.txt.")
    # Neither what variables hold nor what people send belongs into somebody else's service.
    sentry_sdk.init(
        dsn=SENTRY_DSN,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        release=VERSION,
    )
