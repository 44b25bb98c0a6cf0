"""What every answer of the running product carries."""

from __future__ import annotations

import httpx
import pytest

pytestmark = pytest.mark.processes


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/accounts/login/",
        "/calendar/",
        "/sync/",
        "/nope/",
        "/static/none.css",
        "/static/site.css",
        "/appointment/api/docs",
        "/appointment/api/events/",
        "/admin/login/",
        "/sandbox/google/",
        "/metrics",
    ],
)
def test_every_answer_carries_the_strict_content_policy(visitor: httpx.Client, path: str) -> None:
    answer = visitor.get(path)
    policy = answer.headers["content-security-policy"]
    directives = {directive.strip() for directive in policy.split(";")}  # django-csp's order is any
    assert answer.status_code < 500
    assert {"script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} <= directives
    assert "unsafe" not in policy


def test_health_is_answered_by_any_host_name(visitor: httpx.Client) -> None:
    for path in ("/healthz", "/readyz"):
        answer = visitor.get(path, headers={"Host": "10.9.8.7"})
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_another_host_name_is_refused(visitor: httpx.Client) -> None:
    assert visitor.get("/accounts/login/", headers={"Host": "evil.example"}).status_code == 400
