"""Fetches an address that a person gave, and only from where such an address may lead (S-16).

The name is resolved once; every address it has must be public (or stand in ICS_PRIVATE_NETWORKS), and the
connection goes to one of exactly those addresses, with the name kept for Host and TLS. A redirect is a new
address and goes through all of it again.

Invariants:
- no connection is opened to an address that was not checked
- an answer is at most `LARGEST` bytes and at most `SECONDS` away, redirects included
- no cookie, no credential and nothing about the person is sent
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from scheduling.core.ical import LARGEST_FILE

LARGEST = LARGEST_FILE
SECONDS = 8.0  # for everything, and for the beginning of an answer; the worker has other things to do
FIRST_SECONDS = 4.0
MOST_REDIRECTS = 3
LONGEST_ADDRESS = 2000
REDIRECTS = {301, 302, 303, 307, 308}
NAT64 = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]


class FetchError(Exception):
    """It could not be fetched; the text says why, for people. `is_final`: trying again will not help."""

    def __init__(self, words: str, *, is_final: bool = False) -> None:
        super().__init__(words)
        self.is_final = is_final


@dataclass(frozen=True)
class Fetched:
    """`body` is None when nothing has changed since."""

    body: bytes | None
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True)
class Target:
    """An address taken apart and found acceptable, before its name is looked up."""

    url: str
    is_secure: bool
    host: str
    port: int
    path: str


def parse_address(text: str) -> Target:
    """Raises `FetchError` with what is wrong with the address, for the person who typed it."""
    text = text.strip()
    if text.lower().startswith(("webcal://", "webcals://")):
        text = "https" + text[text.index(":") :]
    if len(text) > LONGEST_ADDRESS:
        raise FetchError(_("The address is too long."), is_final=True)
    if not text.isascii() or any(letter <= " " or letter in '\\"<>^`{|}\x7f' for letter in text):
        raise FetchError(_("The address has characters that do not belong into one."), is_final=True)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise FetchError(_("This is not an address."), is_final=True) from None
    if parts.scheme not in ("http", "https"):
        raise FetchError(_("The address must begin with https://, http:// or webcal://."), is_final=True)
    if not parts.hostname:
        raise FetchError(_("The address names no server."), is_final=True)
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise FetchError(_("An address with a name and password in it is not fetched."), is_final=True)
    is_secure = parts.scheme == "https"
    port = port if port is not None else (443 if is_secure else 80)
    if port < 1024 and port not in (80, 443):
        raise FetchError(_("Port %(port)d is not one of the web.") % {"port": port}, is_final=True)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts._replace(fragment="").geturl(), is_secure, parts.hostname, port, path)


def fetch(
    url: str,
    *,
    etag: str = "",
    last_modified: str = "",
    resolve: Resolve | None = None,
    seconds: float = SECONDS,
) -> Fetched:
    """GET an address, following redirects; raises `FetchError`."""
    deadline = time.monotonic() + seconds
    headers = {
        "User-Agent": f"Appointment/{settings.VERSION}",
        "Accept": "text/calendar, */*;q=0.5",
        "Accept-Encoding": "identity",
    }
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    for _hop in range(MOST_REDIRECTS + 1):
        target = parse_address(url)
        pinned = _pinned(target, resolve, min(deadline, time.monotonic() + FIRST_SECONDS))
        with _answer(target, pinned, headers, deadline) as answer:
            if answer.status not in REDIRECTS:
                return _read(answer, deadline)
            url = urljoin(target.url, answer.getheader("Location") or "")
    raise FetchError(_("The address leads on and on to others."))


def post(
    url: str,
    *,
    body: bytes,
    headers: dict[str, str],
    resolve: Resolve | None = None,
) -> int:
    """POST to an address; the status of the answer, whose content nobody reads. Raises `FetchError`."""
    deadline = time.monotonic() + settings.WEBHOOK_SECONDS
    target = parse_address(url)
    headers = {"User-Agent": f"Appointment/{settings.VERSION}", "Content-Length": str(len(body)), **headers}
    pinned = _pinned(target, resolve, deadline)
    with _answer(target, pinned, headers, deadline, method="POST", body=body) as answer:
        return answer.status


def _pinned(target: Target, resolve: Resolve | None, deadline: float) -> str:
    """The address to connect to, looked up once and checked. A slow name server is left behind at the deadline."""
    found: list[Sequence[str] | FetchError] = []

    def look_up() -> None:
        try:
            found.append((resolve or _resolve)(target.host, target.port))
        except FetchError as error:
            found.append(error)

    looking = threading.Thread(target=look_up, name="resolve", daemon=True)
    looking.start()
    looking.join(_left(deadline))
    if not found:
        raise FetchError(_("The server %(host)s is not found in time.") % {"host": target.host[:100]})
    if isinstance(found[0], FetchError):
        raise found[0]
    return allowed_addresses(found[0], target.host)[0]


def allowed_addresses(found: Sequence[str], host: str) -> list[str]:
    """The addresses of a name, when every one of them may be asked; raises `FetchError`."""
    if not found:
        raise FetchError(_("The server %(host)s is not found.") % {"host": host[:100]})
    for text in found:
        if not is_allowed(ip_address(text.partition("%")[0])):
            raise FetchError(
                _("The address leads into a private network, which this site does not ask."), is_final=True
            )
    return list(found)


def is_allowed(address: Address) -> bool:
    """Public, or named in ICS_PRIVATE_NETWORKS."""
    plain = _unwrapped(address)
    networks: list[IPv4Network | IPv6Network] = [ip_network(n) for n in settings.ICS_PRIVATE_NETWORKS]
    if any(plain.version == network.version and plain in network for network in networks):
        return True
    return plain.is_global and not plain.is_multicast and not plain.is_reserved


def _unwrapped(address: Address) -> Address:
    """An IPv4 address that hides in an IPv6 one decides for itself."""
    if isinstance(address, IPv6Address):
        if inner := address.ipv4_mapped or address.sixtofour:
            return inner
        if address.teredo:
            return address.teredo[1]
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchError(_("The server %(host)s is not found.") % {"host": host[:100]}) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@contextmanager
def _answer(
    target: Target,
    pinned: str,
    headers: dict[str, str],
    deadline: float,
    *,
    method: str = "GET",
    body: bytes | None = None,
) -> Iterator[http.client.HTTPResponse]:
    """The answer from the pinned address. A timer cuts the connection at the deadline, whatever it is doing."""
    connection = http.client.HTTPConnection(target.host, target.port, timeout=_left(deadline))
    timer = threading.Timer(_left(deadline), lambda: _cut(connection))
    timer.daemon = True
    timer.start()
    try:
        first = min(deadline, time.monotonic() + FIRST_SECONDS)
        raw = socket.create_connection((pinned, target.port), timeout=_left(first))
        raw.settimeout(_left(first))
        connection.sock = raw
        if target.is_secure:
            # The certificate must be that of the name, though the connection goes to the address.
            connection.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=target.host)
        default = 443 if target.is_secure else 80
        host = f"[{target.host}]" if ":" in target.host else target.host
        connection.putrequest(method, target.path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", host if target.port == default else f"{host}:{target.port}")
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        yield connection.getresponse()
    except ssl.SSLCertVerificationError:
        raise FetchError(
            _("The certificate of %(host)s is not valid.") % {"host": target.host[:100]}
        ) from None
    except (TimeoutError, http.client.HTTPException, ssl.SSLError, OSError) as error:
        if time.monotonic() >= deadline or isinstance(error, TimeoutError):
            raise FetchError(
                _("The server %(host)s took too long to answer.") % {"host": target.host[:100]}
            ) from None
        raise FetchError(
            _("The server %(host)s does not answer as it should.") % {"host": target.host[:100]}
        ) from None
    finally:
        timer.cancel()
        connection.close()


def _cut(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise FetchError(_("The server took too long to answer."))
    return left


def _read(answer: http.client.HTTPResponse, deadline: float) -> Fetched:
    etag = (answer.getheader("ETag") or "")[:500]
    last_modified = (answer.getheader("Last-Modified") or "")[:100]
    if answer.status == 304:
        return Fetched(None, etag, last_modified)
    if answer.status in (401, 403):
        raise FetchError(_("The server does not let anyone read this address. Is it the secret one?"))
    if answer.status in (404, 410):
        raise FetchError(_("There is no calendar at this address."))
    if answer.status != 200:
        raise FetchError(_("The server answered with an error (%(status)d).") % {"status": answer.status})
    if (answer.getheader("Content-Encoding") or "identity").lower() != "identity":
        raise FetchError(_("The server sends the calendar compressed, though it was asked not to."))
    announced = answer.getheader("Content-Length") or ""
    length = int(announced) if announced.isdigit() and len(announced) < 20 else None
    if length is not None and length > LARGEST:
        raise FetchError(_("The calendar is larger than %(size)d MB.") % {"size": LARGEST // 1024 // 1024})
    pieces, size = [], 0
    while piece := answer.read1(65536):
        _left(deadline)
        size += len(piece)
        if size > LARGEST:
            raise FetchError(
                _("The calendar is larger than %(size)d MB.") % {"size": LARGEST // 1024 // 1024}
            )
        pieces.append(piece)
    _left(deadline)
    if length is not None and size < length:  # half a calendar must not pass for a whole one
        raise FetchError(_("The answer of the server broke off."))
    return Fetched(b"".join(pieces), etag, last_modified)
