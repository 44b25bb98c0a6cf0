"""What the log does not say."""

from __future__ import annotations

import io
import json
import logging
import re
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from project.logs import HideSecrets, JsonLines, NameRequest
from project.urls import urlpatterns as project_addresses
from tests.make import make_user


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "/bookings/s3cret/cancel/",
        "/feeds/s3cret.ics",
        "/mail/unsubscribe/s3cret/",
        "/book/ana/s3cret/",
        "/appointment/api/public/ana/s3cret/slots/",
    ],
)
def test_addresses_that_are_keys_are_not_logged(address: str) -> None:
    [handler] = [
        found
        for found in logging.getLogger().handlers
        if isinstance(found, logging.StreamHandler) and any(isinstance(f, HideSecrets) for f in found.filters)
    ]
    log = io.StringIO()
    before = handler.setStream(log)
    try:
        assert Client().get(address).status_code == 404
    finally:
        handler.setStream(before)
    assert "Not Found" in log.getvalue() and "s3cret" not in log.getvalue()


def broken(request: HttpRequest) -> HttpResponse:
    logging.getLogger("project").warning("about to break")
    raise RuntimeError("secret inside")


urlpatterns = [path("broken/", broken), *project_addresses]
handler500 = "project.views.server_error"


@pytest.mark.urls(__name__)
@pytest.mark.django_db
def test_a_failure_is_found_in_the_log_by_the_name_that_its_page_shows(
    client: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEBUG = False
    client.force_login(make_user())
    client.raise_request_exception = False
    caplog.handler.addFilter(NameRequest())
    with caplog.at_level(logging.WARNING):
        answer = client.get("/broken/", headers={"X-Request-ID": "theirs"})
    name = answer["X-Request-ID"]
    assert answer.status_code == 500 and re.fullmatch("[0-9a-f]{12}", name)
    assert name in answer.text and "secret inside" not in answer.text
    assert {record.request_id for record in caplog.records} == {name}  # type: ignore[attr-defined]


@pytest.mark.urls(__name__)
@pytest.mark.django_db
def test_the_technical_page_of_a_failure_hides_what_is_secret(client: Client, settings: Any) -> None:
    settings.DEBUG, settings.METRICS_KEY = True, "canary-metrics"
    settings.REDIS_URL = "redis://:canary-redis@localhost"
    settings.Q_CLUSTER = {"redis": settings.REDIS_URL}
    client.force_login(make_user())
    client.raise_request_exception = False
    answer = client.get("/broken/", headers={"Authorization": "Bearer canary-token"})
    assert answer.status_code == 500 and "RuntimeError" in answer.text and "GOOGLE_TOKEN_URL" in answer.text
    secrets = [settings.SECRET_KEY, *settings.TOKEN_KEYS, client.session.session_key, "canary"]
    assert [secret for secret in secrets if secret in answer.text] == []


def test_lines_for_programs_are_json_and_hide_keys_too() -> None:
    record = logging.LogRecord(
        "project", logging.ERROR, "x.py", 1, "Not Found: %s", ("/feeds/s3cret.ics",), None
    )
    assert HideSecrets().filter(record) and NameRequest().filter(record)
    line = json.loads(JsonLines().format(record))
    assert (line["level"], line["request"], line["message"]) == ("ERROR", "-", "Not Found: /feeds/…")
