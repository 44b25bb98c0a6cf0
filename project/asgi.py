"""What Daphne serves: HTTP by Django, the WebSockets of the calendar and of booking pages by Channels.

Requests run on a few threads (`project.handler`), but not these: files, which ServeStatic sends from the event loop;
health, which is to be answered however busy all else is; and the sandbox Google, which requests of ours wait for.
"""

import gc
import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
on_own_thread = get_asgi_application()  # loads the apps: the imports below need their models

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator, WebsocketDenier  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import get_resolver, path, re_path  # noqa: E402

from project.handler import PooledHandler  # noqa: E402
from scheduling.booking_consumer import BookingConsumer  # noqa: E402
from scheduling.consumers import CalendarConsumer  # noqa: E402

OWN_THREAD = (settings.STATIC_URL, "/sandbox/", "/healthz", "/readyz")
pooled = PooledHandler()


async def http(scope: dict[str, Any], receive: Any, send: Any) -> None:
    handler = on_own_thread if scope["path"].startswith(OWN_THREAD) else pooled
    await handler(scope, receive, send)


websocket = AllowedHostsOriginValidator(
    URLRouter(
        [
            path("ws/calendar/", AuthMiddlewareStack(CalendarConsumer.as_asgi())),
            path("ws/book/<slug:handle>/<str:name>/", BookingConsumer.as_asgi()),
            re_path("", WebsocketDenier.as_asgi()),
        ]
    )
)
application = ProtocolTypeRouter({"http": http, "websocket": websocket})

# Everything that lives as long as the process is loaded now; the collector need not look at it again and again.
get_resolver().url_patterns  # noqa: B018  (loads the views)
gc.collect()
gc.freeze()
# A page makes some ten thousand objects, nearly all of which go by themselves: looking for cycles after each seven hundred,
# as is usual, takes a tenth of its time.
gc.set_threshold(10_000, 20, 20)
