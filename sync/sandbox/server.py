"""The sandbox as a server of its own: `python -m sync.sandbox.server [--port N] [--database FILE]`.

For tests: it serves the same views as the product does, but can close a connection in the middle of a call, which
no view under ASGI can. It listens on 127.0.0.1, keeps its own SQLite file and prints one line when it is ready.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import call_command
from django.core.servers import basehttp
from django.core.wsgi import get_wsgi_application


class DroppingHandler(basehttp.ServerHandler):
    """Offers `google_sandbox.drop_connection`: after that call nothing is sent and the socket closes."""

    environ: dict[str, Any]  # made by setup_environ
    is_dropped = False

    def setup_environ(self) -> None:
        super().setup_environ()
        self.environ["google_sandbox.drop_connection"] = self._drop

    def _drop(self) -> None:
        self.is_dropped = True

    def finish_response(self) -> None:
        if not self.is_dropped:
            super().finish_response()
            return
        self.request_handler.close_connection = True  # type: ignore[attr-defined]
        self.close()


class RequestHandler(basehttp.WSGIRequestHandler):
    disable_nagle_algorithm = True  # else each answer on a kept connection waits 40 ms for an acknowledgement

    def handle_one_request(self) -> None:
        """As Django's, with the handler above."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        handler = DroppingHandler(self.rfile, self.wfile, self.get_stderr(), self.get_environ())
        handler.request_handler = self  # type: ignore[attr-defined]
        handler.run(self.server.get_app())  # type: ignore[attr-defined]

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the sandbox has its own log."""


class Server(basehttp.ThreadedWSGIServer):
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what these tests are about."""
        if not basehttp.is_broken_pipe_error():
            super().handle_error(request, client_address)


def configure(database: Path, site_url: str = "") -> None:
    """Django's settings for the sandbox alone."""
    settings.configure(
        DEBUG=True,
        GOOGLE_SANDBOX=True,
        GOOGLE_SANDBOX_LOG_LIMIT=200_000,
        SITE_URL=site_url,
        SECRET_KEY=secrets.token_urlsafe(40),
        ALLOWED_HOSTS=["127.0.0.1", "localhost", "[::1]"],
        ROOT_URLCONF="sync.sandbox.server_urls",
        INSTALLED_APPS=["django.contrib.staticfiles", "sync.sandbox"],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": database,
                "CONN_MAX_AGE": None,
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 20,
                    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=OFF;PRAGMA busy_timeout=20000;",
                },
            }
        },
        STATIC_URL="/static/",
        USE_TZ=True,
        USE_I18N=False,
        LANGUAGE_CODE="en-gb",
        DATA_UPLOAD_MAX_MEMORY_SIZE=64 * 1024 * 1024,
        LOGGING_CONFIG=None,
    )
    django.setup()


def serve(host: str, port: int, database: Path) -> None:
    """Serve until interrupted; port 0 takes a free one."""
    configure(database)
    call_command("migrate", verbosity=0)
    server = Server((host, port), RequestHandler)
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    print(f"Sandbox Google: http://{host}:{server.server_port}/sandbox/google/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sync.sandbox.server", description="The sandbox Google, alone"
    )
    parser.add_argument("--host", default="127.0.0.1", choices=["127.0.0.1", "localhost"])
    parser.add_argument("--port", type=int, default=8090, help="0: any free port")
    parser.add_argument("--database", type=Path, help="SQLite file; default: a temporary one")
    options = parser.parse_args(arguments)
    run = partial(serve, options.host, options.port)
    if options.database:
        run(options.database)
        return
    with tempfile.TemporaryDirectory(prefix="google-sandbox-") as folder:
        run(Path(folder) / "sandbox.sqlite3")


if __name__ == "__main__":
    main()
