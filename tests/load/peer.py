"""What live notices are measured against: Channels' own groups, one for all sockets, without anything else.

`daphne tests.load.peer:application`: sockets on any address; a POST sends a notice to all of them by `group_send`.
"""

from __future__ import annotations

import json
from uuid import uuid4

from asgiref.sync import async_to_sync
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import re_path

GROUP = "all"
NOTICE = {"type": "events-changed", "calendar": str(uuid4()), "revision": 1, "events": [str(uuid4())]}

settings.configure(
    SECRET_KEY="bench" * 10,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
)


class Page(AsyncWebsocketConsumer):
    groups = [GROUP]

    async def notice(self, message: dict[str, str]) -> None:
        await self.send(message["text"])


def save(request: HttpRequest) -> HttpResponse:
    send = async_to_sync(get_channel_layer().group_send)
    send(GROUP, {"type": "notice", "text": json.dumps(NOTICE)})
    return HttpResponse(status=204)


urlpatterns = [re_path("", save)]
application = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": Page.as_asgi()})
