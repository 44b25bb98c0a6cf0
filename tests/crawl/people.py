"""Who crawls: a stranger, two users, staff without rights and a superuser, and what each must not get to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from tests.addresses import addresses
from tests.browser import PASSWORD, PERSON
from tests.crawl.checks import faults_of
from tests.crawl.spider import Page, crawl
from tests.servers import Product, sign_in

OTHER, STAFF, SUPERUSER = "bo@example.com", "staff@example.com", "root@example.com"
ADD_STAFF = """
import sys
from django.contrib.auth.models import User
for name, is_superuser in (("staff", False), ("root", True)):
    user, _ = User.objects.get_or_create(username=name, defaults={"email": f"{name}@example.com"})
    user.is_staff, user.is_superuser = True, is_superuser
    user.set_password(sys.stdin.readline().strip())
    user.save()
"""
PUBLIC = ["/book/ana/", "/book/ana/intro/", "/book/ana/intro/?embed=1"]
WORDS = "words of"


@dataclass
class Walker:
    """Somebody with a browser. `secrets`: name → text that must stand on none of the pages they get."""

    name: str
    client: httpx.Client
    starts: list[str]
    secrets: dict[str, str] = field(default_factory=dict)


def fixed_addresses(*without: str) -> list[str]:
    """Every address of the product without a parameter."""
    return sorted(
        f"/{route}" for route in set(addresses()) if "<" not in route and not route.startswith(without)
    )


@contextmanager
def walkers(product: Product) -> Iterator[list[Walker]]:
    """Everybody, with something private of each of the two users planted on as many pages as there are."""
    product.command("shell", "--verbosity", "0", "-c", ADD_STAFF, stdin=f"{PASSWORD}\n{PASSWORD}\n")
    with ExitStack() as stack:
        stranger, ana, bo, staff, root = (
            stack.enter_context(httpx.Client(base_url=product.url, timeout=60)) for _ in range(5)
        )
        for client, name in ((ana, PERSON), (bo, OTHER), (staff, STAFF), (root, SUPERUSER)):
            sign_in(client, name, PASSWORD)
        of_ana, of_bo = plant(product, ana, PERSON), plant(product, bo, OTHER)
        everything = {**of_ana, **of_bo}
        keys = {name: text for name, text in everything.items() if not name.startswith(WORDS)}
        pages = [*fixed_addresses("admin/", "sandbox/"), *PUBLIC]
        yield [
            Walker("a stranger", stranger, [*fixed_addresses("admin/"), *PUBLIC], everything),
            Walker("Ana", ana, pages, of_bo),
            Walker("Bo", bo, pages, of_ana),
            Walker("staff without rights", staff, [*pages, "/admin/"], everything),
            Walker("a superuser", root, ["/admin/"], keys),
        ]


def plant(product: Product, client: httpx.Client, name: str) -> dict[str, str]:
    """An event with history, a deleted one, a type, a token and a webhook; what nobody else may read."""
    mark, token = f"canary-{name.partition('@')[0]}-", product.api_token(name)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{product.url}/appointment/api/", headers=headers, timeout=60) as api:
        start = (datetime.now(UTC) + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
        times = {"start_time": start.isoformat(), "end_time": (start + timedelta(hours=1)).isoformat()}
        kept, gone = (
            api.post("events/", json={"title": f"{mark}{what}", **times}).raise_for_status().json()["id"]
            for what in ("kept", "deleted")
        )
        changes = {"title": f"{mark}title", "description": f"{mark}words"}
        api.patch(f"events/{kept}/", json=changes).raise_for_status()
        api.delete(f"events/{gone}/").raise_for_status()
        if name == OTHER:  # the first user's page is public, and shows what is offered there
            kind = {"slug": f"{mark}kind", "name": f"{mark}kind", "duration": 30}
            api.post("types/", json=kind).raise_for_status()
    hook = made(
        client, "/calendar/settings/webhooks/", url="https://example.com/hook", kinds="events.changed"
    )
    [secret] = set(re.findall(r"whs_[\w-]{20,}", hook))
    return {f"{WORDS} {name}": mark, f"the API token of {name}": token, f"the webhook of {name}": secret}


def made(client: httpx.Client, page: str, **fields: str) -> str:
    """Post the form of a page; the text of what follows."""
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(page).text)
    assert token, page
    answer = client.post(page, data={"csrfmiddlewaretoken": token.group(1), **fields}, follow_redirects=True)
    assert answer.status_code < 400, answer.text[:3000]
    return answer.text


def walk(
    product: Product, *, of_each_kind: int, with_queries: bool = True
) -> Iterator[tuple[Walker, Page, list[str]]]:
    """Every answer that somebody gets, and what is wrong with it."""
    with walkers(product) as everybody:
        for walker in everybody:
            pages = crawl(walker.client, walker.starts, of_each_kind=of_each_kind, with_queries=with_queries)
            for page in pages:
                yield walker, page, list(faults_of(page, walker.secrets))
