"""Secrets that were planted by the real flows are looked for wherever something could have kept them (S-07, OP-09).

One installation as in production (DEBUG off, mail by SMTP, a Google that is reached over HTTP). What may be where is
said beside each place: a mail brings its owner's link, the session table knows the keys of sessions.
"""

from __future__ import annotations

import io
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

import httpx
import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from cryptography.fernet import Fernet

from tests.crawl.spider import crawl
from tests.product.people import approve, post_form
from tests.sandbox.client import SandboxControl
from tests.sandbox.fixtures import run_sandbox
from tests.servers import Product, sign_in, start_product, wait_for
from tests.smtp import MailSink

pytestmark = pytest.mark.processes

OWNER, GUEST, ADMIN = "cleo@example.com", "gus@example.com", "root@example.com"
PASSWORD, ADMIN_PASSWORD = "correct-canary-battery", "staple-canary-horse"
CONFIGURED = {
    "SECRET_KEY": "canary-Zr4qLw8xTn2vBy6mKd0sHf5jGc9pXe1aUo3iQt7RbNzWkVhJy",
    "TOKEN_KEYS": Fernet.generate_key().decode(),
    "METRICS_KEY": "canary-metrics-key-of-this-test",
    "GOOGLE_CLIENT_SECRET": "canary-client-secret",
}
ADD_ADMIN = """
import sys
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
root = User.objects.create_superuser("root", "root@example.com", sys.stdin.readline().strip())
EmailAddress.objects.create(user=root, email=root.email, verified=True, primary=True)
"""
TOKENS = "from sync.models import GoogleAccount as G; [print(a.access_token, a.refresh_token) for a in G.objects.all()]"


@dataclass
class Story:
    """What was planted: name → secret; `links` are those that mails bring."""

    product: Product
    mails: MailSink
    owner: httpx.Client
    admin: httpx.Client
    secrets: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)

    @property
    def everything(self) -> dict[str, str]:
        return {**CONFIGURED, **self.secrets, **self.links, **self.sessions}


def found_in(content: bytes | str, secrets: Mapping[str, str]) -> list[str]:
    text = content if isinstance(content, bytes) else content.encode()
    return [name for name, secret in secrets.items() if secret.encode() in text]


def mail_to(mails: MailSink, to: str, pattern: str) -> str:
    """What `pattern` finds in a mail to somebody."""

    def found() -> str:
        said = [str(mail.get_body(["plain"]).get_content()) for mail in mails.messages if mail["To"] == to]  # type: ignore[union-attr]
        match = re.search(pattern, "\n".join(said))
        return match.group(1) if match else ""

    return wait_for(found, f"a mail to {to} with {pattern}")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("canaries")
    (folder / "google").mkdir()
    with MailSink() as mails, run_sandbox(folder / "google") as google:
        product = start_product(
            folder,
            DEBUG="0",
            DATABASE_URL="",  # a file, that can be looked into
            REDIS_URL="",
            EMAIL_URL=f"smtp://127.0.0.1:{mails.port}",
            ICS_PRIVATE_NETWORKS="127.0.0.0/8",
            GOOGLE_CLIENT_ID="sandbox-client.apps.googleusercontent.com",
            **CONFIGURED,
            **google.addresses,
        )
        try:
            with (
                httpx.Client(base_url=product.url, timeout=60) as owner,
                httpx.Client(base_url=product.url, timeout=60) as admin,
            ):
                told = Story(product, mails, owner, admin)
                tell(told, google)
                yield told
        finally:
            product.stop()


def tell(story: Story, google: SandboxControl) -> None:
    product, owner, secrets = story.product, story.owner, story.secrets
    # An account, by mail.
    post_form(owner, "/accounts/signup/", "/accounts/signup/", email=OWNER, password1=PASSWORD)
    key = mail_to(story.mails, OWNER, r"/accounts/confirm-email/([^/\s]+)/")
    post_form(owner, f"/accounts/confirm-email/{key}/", f"/accounts/confirm-email/{key}/")
    story.links["confirmation of the address"] = unquote(key)
    owner.cookies.clear()
    sign_in(owner, OWNER, PASSWORD)
    secrets["password"] = PASSWORD
    # Keys for programs.
    shown = post_form(
        owner,
        "/calendar/settings/tokens/",
        "/calendar/settings/tokens/",
        name="program",
        scope="write",
        days="90",
    )
    secrets["API token"] = re.findall(r"apt_[\w-]{20,}", shown.text)[0]
    hook = post_form(
        owner,
        "/calendar/settings/webhooks/",
        "/calendar/settings/webhooks/",
        url="http://127.0.0.1:9999/",
        kinds="events.changed",
    )
    secrets["webhook secret"] = re.findall(r"whs_[\w-]{20,}", owner.get(hook.headers["Location"]).text)[0]
    api = {"Authorization": f"Bearer {secrets['API token']}"}
    base = f"{product.url}/appointment/api/"
    calendar = httpx.get(f"{base}calendars/", headers=api, timeout=60).json()[0]["id"]
    sharing = f"/calendar/calendars/{calendar}/sharing/"
    post_form(owner, sharing, f"/calendar/calendars/{calendar}/feeds/", kind="full")
    secrets["feed secret"] = re.findall(r"/feeds/([\w-]+)\.ics", owner.get(sharing).text)[0]
    # A booking.
    week = [
        {"day_of_week": day, "start_time": "00:00", "end_time": "23:59", "is_available": True}
        for day in range(7)
    ]
    for method, path, body in (
        ("PATCH", "profile/", {"handle": "cleo", "public_page": True, "timezone": "UTC"}),
        ("PUT", "slots/", week),
        ("POST", "types/", {"slug": "talk", "name": "Talk", "duration": 30}),
    ):
        httpx.request(method, base + path, json=body, headers=api, timeout=60).raise_for_status()
    start = (datetime.now(UTC) + timedelta(days=2)).replace(hour=10, minute=0, second=0, microsecond=0)
    guest = {"start": start.isoformat(), "name": "Gus", "email": GUEST}
    httpx.post(f"{base}public/cleo/talk/bookings/", json=guest, timeout=60).raise_for_status()
    cancel = mail_to(story.mails, GUEST, r"/bookings/([^/\s]+)/cancel/")
    story.links["a guest's link"] = cancel
    assert httpx.get(f"{product.url}/bookings/{cancel}/cancel/", timeout=60).status_code == 200
    # Google.
    google.account("cleo@gmail.com")
    answer = post_form(owner, "/sync/", "/sync/google/connect/")
    assert "is connected" in approve(owner, answer, "cleo@gmail.com", None).text
    access, refresh = product.command("shell", "--verbosity", "0", "-c", TOKENS).split()
    secrets |= {"access token": access, "refresh token": refresh}
    # A second factor, of which the first seed is given up and the second confirmed.
    post_form(owner, "/accounts/reauthenticate/", "/accounts/reauthenticate/", password=PASSWORD)
    for number in (1, 2):
        page = owner.get("/accounts/2fa/totp/activate/").text
        seed = re.findall(r"\b[A-Z2-7]{32}\b", page)[0]
        secrets[f"seed {number}"] = seed
    code = format_hotp_value(hotp_value(seed, next(yield_hotp_counters_from_time())))
    token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
    done = owner.post("/accounts/2fa/totp/activate/", data={"csrfmiddlewaretoken": token, "code": code})
    assert done.status_code == 302, done.text[:2000]
    # An administrator; and mistakes, of which the log tells.
    product.command("shell", "--verbosity", "0", "-c", ADD_ADMIN, stdin=f"{ADMIN_PASSWORD}\n")
    secrets["administrator's password"] = ADMIN_PASSWORD
    post_form(story.admin, "/accounts/login/", "/accounts/login/", login=ADMIN, password=PASSWORD)
    sign_in(story.admin, ADMIN, ADMIN_PASSWORD)
    story.sessions = {
        f"session of {name}": client.cookies["sessionid"]
        for name, client in (("the owner", owner), ("the administrator", story.admin))
    }


def errors(story: Story) -> Iterator[httpx.Response]:
    """Requests that go wrong, with secrets in them."""
    url, secrets = story.product.url, story.secrets
    for path in (
        "/feeds/{}x.ics",
        "/bookings/{}x/",
        "/bookings/{}x/cancel/",
        "/mail/unsubscribe/{}/",
        "/accounts/confirm-email/{}/",
    ):
        for secret in (secrets["feed secret"], *story.links.values()):
            yield httpx.get(url + path.format(secret), timeout=60)
    yield httpx.get(
        f"{url}/appointment/api/nothing/",
        headers={"Authorization": f"Bearer {secrets['API token']}"},
        timeout=60,
    )
    yield httpx.post(
        f"{url}/appointment/api/events/",
        headers={"Authorization": f"Bearer {secrets['API token']}"},
        content=b"{",
        timeout=60,
    )
    yield httpx.post(f"{url}/accounts/login/", data={"password": PASSWORD}, timeout=60)
    yield story.owner.post("/calendar/settings/tokens/", data={"name": secrets["API token"]})
    yield story.owner.get("/nothing/is/here/")
    yield httpx.get(f"{url}/metrics", headers={"Authorization": "Bearer wrong"}, timeout=60)


@pytest.fixture(scope="module")
def refusals(story: Story) -> list[httpx.Response]:
    return list(errors(story))


def test_no_answer_to_a_mistake_repeats_a_secret(story: Story, refusals: list[httpx.Response]) -> None:
    assert {answer.status_code for answer in refusals} <= {302, 400, 401, 403, 404, 410, 422, 200}
    told = {str(answer.url): found_in(answer.content, story.everything) for answer in refusals}
    assert {address: names for address, names in told.items() if names} == {}


def test_the_log_says_no_secret(story: Story, refusals: list[httpx.Response]) -> None:
    assert len(refusals) > 15
    wait_for(lambda: "/nothing/is/here/" in story.product.log.read_text(), "the log to be written")
    assert re.search(
        r"WARNING django.request \[[0-9a-f]{12}\] Not Found: /nothing", story.product.log.read_text()
    )
    assert found_in(story.product.log.read_bytes(), story.everything) == []


def test_the_database_files_hold_no_secret_that_can_be_read(story: Story) -> None:
    """Keys of sessions are in the table of sessions. What a mail brings waits there until it is sent, in clear."""
    folder = story.product.folder / "var"
    wait_for(lambda: waiting_mails(folder) == 0, "every mail to be sent")
    with closing(sqlite3.connect(folder / "appointment.sqlite3")) as connection:
        wait_for(
            lambda: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, "a checkpoint"
        )
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name.endswith(".sqlite3-wal") for path in files)
    content = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    assert OWNER.encode() in b"".join(content.values())
    secrets = {**CONFIGURED, **story.secrets, **story.links}
    assert {name: names for name, text in content.items() if (names := found_in(text, secrets))} == {}


def waiting_mails(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "appointment.sqlite3")) as connection:
        count: int = connection.execute(
            "select count(*) from scheduling_outgoingmail where state = 'waiting'"
        ).fetchone()[0]
        return count


def test_the_administration_shows_no_secret(story: Story) -> None:
    """Every list and every form, those of queue and results too."""
    pages = list(crawl(story.admin, ["/admin/"], of_each_kind=1, with_queries=False))
    assert pages[0].answer.status_code == 200 and {page.answer.status_code for page in pages} <= {
        200,
        302,
        404,
        405,
    }
    kinds = {page.address.split("/")[3] for page in pages if page.address.count("/") > 3}
    assert {"user", "googleaccount", "apitoken", "success", "booking"} <= kinds
    shown = {page.address: found_in(page.answer.content, story.everything) for page in pages}
    assert {address: names for address, names in shown.items() if names} == {}


def test_mails_bring_only_the_link_of_whom_they_are_for(story: Story) -> None:
    for mail in story.mails.messages:
        allowed = {GUEST: ["a guest's link"], OWNER: ["confirmation of the address"]}.get(str(mail["To"]), [])
        assert set(found_in(unquote(mail.as_string().replace("=\n", "")), story.everything)) <= set(
            allowed
        ), mail["To"]
    assert {str(mail["To"]) for mail in story.mails.messages} >= {GUEST, OWNER}


def test_nothing_that_leaves_holds_a_secret(story: Story, tmp_path: Path) -> None:
    """The export of a person, numbers for monitoring, the doctor, and a backup (a database: as above)."""
    archive = post_form(story.owner, "/calendar/settings/", "/calendar/settings/export/")
    left: dict[str, Any] = {}
    with ZipFile(io.BytesIO(archive.content)) as files:
        left |= {name: files.read(name) for name in files.namelist()}
    assert len(left) > 5
    numbers = httpx.get(
        f"{story.product.url}/metrics", headers={"X-Metrics-Key": CONFIGURED["METRICS_KEY"]}, timeout=60
    )
    left["metrics"] = numbers.raise_for_status().content
    left["doctor"] = story.product.command("doctor", check=False)
    assert (
        "Google" in left["doctor"]
        and {name: names for name, text in left.items() if (names := found_in(text, story.everything))} == {}
    )
    story.product.command("backup", str(tmp_path / "copy.sqlite3"))
    secrets = {**CONFIGURED, **story.secrets, **story.links}
    assert found_in((tmp_path / "copy.sqlite3").read_bytes(), secrets) == []
