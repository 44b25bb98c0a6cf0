"""What is shown while the database does not answer."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path

from project import urls


def fail(request: HttpRequest) -> HttpResponse:
    raise OperationalError("connection refused: secret-host")


urlpatterns = [path("fail/", fail), *urls.urlpatterns]
handler500 = "project.views.server_error"


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_a_database_that_does_not_answer_is_a_503_that_says_so_plainly(client: Any, settings: Any) -> None:
    settings.ROOT_URLCONF, settings.DEBUG = __name__, False
    settings.MIDDLEWARE = []
    get = client(raise_request_exception=False).get
    answer = get("/fail/") if client is Client else async_to_sync(get)("/fail/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "The database does not answer" in answer.content.decode()
    assert "secret-host" not in answer.content.decode()
