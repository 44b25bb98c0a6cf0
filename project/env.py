"""Settings from the environment and `.env`: strict readers that stop the start with one plain line.

Every reader takes a name and a default; a value that cannot be understood ends the process
(`SystemExit`) with a line that names the variable, what it holds and what would be right.
`NAME_FILE` may point to a file that holds the value of a secret.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import secrets
from ipaddress import ip_network
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def refuse(message: str) -> NoReturn:
    """End the start with one line on stderr and exit status 1."""
    raise SystemExit(f"Appointment cannot start: {message}")


def make_folder(name: str, path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"{name}={str(path)!r} cannot be made ({error.strerror}).")


def site_url(name: str, default: str) -> str:
    """The address people type: scheme, host and perhaps a port, nothing after them."""
    value = address(name, default).rstrip("/")
    parts = urlsplit(value)
    try:
        plain = parts.port is None or parts.port > 0
    except ValueError:
        plain = False
    if not plain or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        refuse(f"{name}={value!r} is not just an address such as https://calendar.example.com.")
    return value


def load_dotenv(path: Path) -> None:
    """Read `.env` without overriding what the environment already says."""
    if not path.exists() and "APPOINTMENT_ENV_FILE" in os.environ:
        refuse(f"APPOINTMENT_ENV_FILE={str(path)!r} does not exist.")
    if path.is_file():
        environ.Env.read_env(str(path), overwrite=False)


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def boolean(name: str, default: bool) -> bool:
    if name not in os.environ:
        return default
    value = text(name).lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    refuse(f"{name}={value!r} is neither on nor off. Write {name}=1 or {name}=0.")


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = text(name) or default
    if value not in allowed:
        refuse(f"{name}={value!r} is not one of {', '.join(allowed)}.")
    return value


def integer(name: str, default: int, *, minimum: int = 0, maximum: int = 10**9) -> int:
    value = text(name)
    if not value:
        return default
    if not re.fullmatch(r"-?\d+", value) or not minimum <= int(value) <= maximum:
        refuse(f"{name}={value!r} is not a whole number from {minimum} to {maximum}.")
    return int(value)


def secret(name: str) -> str:
    """The value of `name`, or the content of the file that `name_FILE` names."""
    file_name = text(f"{name}_FILE")
    if not file_name:
        return text(name)
    try:
        return Path(file_name).read_text().strip()
    except OSError as error:
        refuse(f"{name}_FILE={file_name!r} cannot be read ({error.strerror}).")


def words(name: str, default: list[str]) -> list[str]:
    return [word.strip() for word in text(name).split(",") if word.strip()] if name in os.environ else default


def networks(name: str) -> list[str]:
    """Addresses and networks such as 192.168.1.0/24, comma separated."""
    found = words(name, [])
    for network in found:
        try:
            ip_network(network)
        except ValueError:
            refuse(f"{name} has {network!r}, which is no network such as 192.168.1.0/24.")
    return found


def address(name: str, default: str, *, https_only: bool = False, schemes: tuple[str, ...] = ()) -> str:
    """An absolute http(s) address (or one of `schemes`); empty when the default is empty and none is set."""
    value = text(name) or default
    if not value:
        return ""
    allowed = schemes or (("https",) if https_only else ("http", "https"))
    parts = urlsplit(value)
    if parts.scheme not in allowed or (not parts.netloc and not schemes):
        refuse(
            f"{name}={value!r} is not an address that begins with {' or '.join(s + '://' for s in allowed)}."
        )
    return value


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def webhook_address(name: str, *, local_google: bool) -> str:
    """Where Google can reach this server: https and public. A Google on this machine may also use http and loopback."""
    value = address(name, "")
    parts = urlsplit(value)
    host = parts.hostname or ""
    if not value or (local_google and is_loopback(host)):
        return value
    try:
        is_public = ipaddress.ip_address(host).is_global
    except ValueError:
        is_public = "." in host.rstrip(".") and not host.endswith(
            (".local", ".localhost", ".internal", ".lan")
        )
    if parts.scheme != "https" or not is_public:
        refuse(
            f"{name}={value!r} cannot be reached by Google: it must begin with https:// and a public host name, "
            f"such as https://calendar.example.com/sync/google/webhook/. Leave {name} empty to ask Google at intervals."
        )
    if parts.query or parts.fragment or parts.username:
        refuse(f"{name}={value!r} must end with the path, such as /sync/google/webhook/.")
    return value


def token_keys(name: str, fallback: list[str]) -> list[str]:
    keys = [key for key in secret(name).split(",") if key.strip()] or fallback
    for number, key in enumerate(keys, start=1):
        try:
            Fernet(key.strip())
        except ValueError:
            refuse(
                f"key {number} of {name} is not a Fernet key. Make one with: "
                "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
            )
    return [key.strip() for key in keys]


def development_keys(path: Path) -> dict[str, str]:
    """Keys for a local trial, made once and kept in `path` (mode 600). Never used with DEBUG off."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        content = json.dumps(
            {"SECRET_KEY": secrets.token_urlsafe(50), "TOKEN_KEYS": Fernet.generate_key().decode()}
        )
        temporary = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
        try:
            os.link(temporary, path)  # two processes starting at once agree on the first one's keys
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return json.loads(path.read_text())


def google_client(path: Path) -> tuple[str, str]:
    """(client id, client secret) from the environment, else from Google's `credentials.json`."""
    client_id, client_secret = text("GOOGLE_CLIENT_ID"), secret("GOOGLE_CLIENT_SECRET")
    if client_id or not path.is_file():
        return client_id, client_secret
    try:
        content = json.loads(path.read_text())
        client = content.get("web") or content["installed"]
        return client["client_id"], client["client_secret"]
    except (ValueError, KeyError, AttributeError):
        refuse(
            f"{path.name} is not the file that Google offers for a Web client. Download it again or delete it."
        )
