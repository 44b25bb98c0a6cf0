"""Who crawls: a stranger, two users, staff without rights and a superuser, and what each must not get to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
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
# Their pages are ours to look at only where somebody signed in is let in; Google's sandbox is checked as a stranger.
ELSEWHERE = ("admin/", "sandbox/")


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
    people = {
        name: httpx.Client(base_url=product.url, timeout=60) for name in ("", PERSON, OTHER, STAFF, SUPERUSER)
    }
    try:
        for name, client in people.items():
            if name:
                sign_in(client, name, PASSWORD)
        planted = {name: plant(product, people[name], name) for name in (PERSON, OTHER)}
        keys = {
            f"{kind} of {name}": text
            for name in planted
            for kind, text in planted[name].items()
            if "key" in kind
        }
        words = {
            name: {f"{kind} of {name}": text for kind, text in planted[name].items()} for name in planted
        }
        everything = words[PERSON] | words[OTHER]
        pages, public = (
            fixed_addresses(*ELSEWHERE),
            ["/book/ana/", "/book/ana/intro/", "/book/ana/intro/?embed=1"],
        )
        # Their own keys are shown to them where they were made.
        yield [
            Walker("a stranger", people[""], [*fixed_addresses("admin/"), *public], everything),
            Walker("Ana", people[PERSON], [*pages, *public], words[OTHER]),
            Walker("Bo", people[OTHER], [*pages, *public], words[PERSON]),
            Walker("staff without rights", people[STAFF], [*pages, "/admin/"], everything),
            Walker("a superuser", people[SUPERUSER], ["/admin/"], keys),
        ]
    finally:
        for client in people.values():
            client.close()


def plant(product: Product, client: httpx.Client, name: str) -> dict[str, str]:
    """An event with history, a deleted one, a secret type, a token, a webhook and a feed; what nobody else may read."""
    mark = f"canary-{name.partition('@')[0]}-"
    token = product.api_token(name)
    with httpx.Client(
        base_url=f"{product.url}/appointment/api/", headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as api:
        start = (datetime.now(UTC) + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
        times = {"start_time": start.isoformat(), "end_time": (start + timedelta(hours=1)).isoformat()}
        event = api.post(
            "events/", json={"title": f"{mark}first title", "time_zone": "UTC", **times}
        ).raise_for_status()
        one = f"events/{event.json()['id']}/"
        api.patch(one, json={"title": f"{mark}title", "description": f"{mark}words"}).raise_for_status()
        gone = api.post("events/", json={"title": f"{mark}deleted", **times}).raise_for_status()
        api.delete(f"events/{gone.json()['id']}/").raise_for_status()
        kind = {"slug": f"{mark}kind", "name": f"{mark}kind", "duration": 30}
        if name == OTHER:  # the first user's page is public, and shows what is offered there
            api.post("types/", json=kind).raise_for_status()
    secret = re.search(
        r"whs_[\w-]{20,}",
        made(client, "/calendar/settings/webhooks/", url="https://example.com/hook", kinds="events.changed"),
    )
    assert secret
    return {"text": mark, "key of the API": token, "key of a webhook": secret.group()}


def made(client: httpx.Client, page: str, **fields: str) -> str:
    """Post the form of a page; the text of what follows."""
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(page).text)
    assert token, page
    answer = client.post(page, data={"csrfmiddlewaretoken": token.group(1), **fields}, follow_redirects=True)
    assert answer.status_code < 400, answer.text[:3000]
    return answer.text


def walk(product: Product, *, of_each_kind: int) -> Iterator[tuple[Walker, Page, list[str]]]:
    """Every answer that somebody gets, and what is wrong with it."""
    with walkers(product) as everybody:
        for walker in everybody:
            for page in crawl(walker.client, walker.starts, of_each_kind=of_each_kind):
                yield walker, page, list(faults_of(page, walker.secrets))
