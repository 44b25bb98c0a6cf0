"""OAuth 2.0 as Google does it: codes, PKCE, tokens, scopes. Secrets are stored as digests only."""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
from django.conf import settings
from django.db import transaction

from sync.sandbox import clock
from sync.sandbox.models import Account, Grant, Token, digest

Json = dict[str, Any]

API = "https://www.googleapis.com/auth/"
CALENDAR_SCOPES = {
    f"{API}calendar": "See, edit, share and permanently delete all the calendars you can access",
    f"{API}calendar.readonly": "See and download any calendar you can access",
    f"{API}calendar.events": "View and edit events on all your calendars",
    f"{API}calendar.events.readonly": "View events on all your calendars",
    f"{API}calendar.events.owned": "See, create, change and delete events on calendars you own",
    f"{API}calendar.calendarlist": "See, add and remove calendars you are subscribed to",
    f"{API}calendar.calendarlist.readonly": "See the list of calendars you are subscribed to",
    f"{API}calendar.settings.readonly": "View your calendar settings",
}
# Short names that clients may ask for, and what the token then says.
_LONG = {"email": f"{API}userinfo.email", "profile": f"{API}userinfo.profile"}
CODE_LIFE = timedelta(minutes=10)
ACCESS_SECONDS = 3599


class OAuthError(Exception):
    """An error of the token endpoint, as its JSON says it."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


def long_scopes(scopes: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(_LONG.get(scope, scope) for scope in scopes if scope))


def is_known_scope(scope: str) -> bool:
    return (
        scope == "openid" or scope in _LONG or scope in _LONG.values() or scope.startswith(f"{API}calendar")
    )


def is_allowed_redirect(redirect_uri: str, own_host: str) -> bool:
    """Back to this machine or to the site that serves the sandbox, nowhere else."""
    parts = urlsplit(redirect_uri)
    is_local = parts.hostname in ("localhost", "127.0.0.1", "::1", "testserver")
    return parts.scheme in ("http", "https") and (is_local or parts.netloc == own_host)


def check_client(client_id: str, client_secret: str) -> None:
    """Raises 401 `invalid_client`. Any client will do while the site names none."""
    wanted = getattr(settings, "GOOGLE_CLIENT_ID", "")
    if not client_id or (wanted and client_id != wanted):
        raise OAuthError("invalid_client", "The OAuth client was not found.", 401)
    secret = getattr(settings, "GOOGLE_CLIENT_SECRET", "")
    if wanted and not secrets.compare_digest(client_secret, secret):
        raise OAuthError("invalid_client", "Unauthorized", 401)


@transaction.atomic
def approve(
    account: Account,
    client_id: str,
    granted: list[str],
    *,
    redirect_uri: str,
    challenge: str = "",
    method: str = "plain",
    offline: bool = False,
    consent: bool = False,
    include_granted: bool = False,
    nonce: str = "",
    says_when: bool = False,
) -> str:
    """Write down what the person granted and return the code for the client (single use)."""
    grant, _ = Grant.objects.select_for_update().get_or_create(account=account, client_id=client_id)
    scopes = long_scopes([*granted, *(grant.scopes if include_granted else [])])
    grant.scopes = long_scopes([*grant.scopes, *scopes])
    grant.save(update_fields=["scopes"])
    return Token.issue(
        grant,
        Token.CODE,
        scopes,
        expires_at=clock.now() + CODE_LIFE,
        redirect_uri=redirect_uri,
        challenge=challenge,
        method=method,
        offline=offline,
        consent=consent,
        nonce=nonce,
        # Whoever answers the page signs in there and then.
        authenticated_at=int(clock.now().timestamp()) if says_when else None,
    )


@transaction.atomic
def exchange_code(data: Json, client_id: str) -> Json:
    """The answer to `grant_type=authorization_code`."""
    code = (
        Token.objects.filter(kind=Token.CODE, digest=digest(data.get("code", "")))
        .select_related("grant")
        .first()
    )
    if (
        code is None
        or code.expires_at is None
        or code.expires_at < clock.now()
        or code.grant.client_id != client_id
    ):
        raise OAuthError("invalid_grant", "Malformed auth code.")
    details, grant = code.details, code.grant
    if details["redirect_uri"] != data.get("redirect_uri"):
        raise OAuthError("redirect_uri_mismatch", "Bad Request")
    if not _verifies(details, data.get("code_verifier", "")):
        raise OAuthError("invalid_grant", "Invalid code verifier.")
    code.delete()
    answer = _access_token(grant, code.scopes)
    if details["offline"] and (details["consent"] or not grant.has_refresh_token):
        answer["refresh_token"] = Token.issue(grant, Token.REFRESH, code.scopes)
        grant.has_refresh_token = True
        grant.save(update_fields=["has_refresh_token"])
    if "openid" in code.scopes:
        answer["id_token"] = _id_token(grant.account, client_id, code.scopes, details)
    return answer


@transaction.atomic
def refresh(data: Json, client_id: str) -> Json:
    """The answer to `grant_type=refresh_token`."""
    token = (
        Token.objects.filter(kind=Token.REFRESH, digest=digest(data.get("refresh_token", "")))
        .select_related("grant__account")
        .first()
    )
    if token is None or token.grant.client_id != client_id:
        raise OAuthError("invalid_grant", "Token has been expired or revoked.")
    wanted = long_scopes(data.get("scope", "").split())
    if not set(wanted) <= set(token.scopes):
        raise OAuthError("invalid_scope", "Some requested scopes were not granted.")
    return _access_token(token.grant, wanted or token.scopes)


def revoke_token(secret: str) -> None:
    """Revoke what the token stands for: the whole grant. Raises 400 `invalid_token`."""
    token = Token.objects.filter(digest=digest(secret)).select_related("grant").first()
    if token is None:
        raise OAuthError("invalid_token", "Token expired or revoked")
    token.grant.delete()


def revoke_account(account: Account) -> None:
    """The person takes back what was granted to every client."""
    account.grants.all().delete()


def expire_access_tokens(account: Account) -> None:
    Token.objects.filter(grant__account=account, kind=Token.ACCESS).update(expires_at=clock.now())


@transaction.atomic
def issue_tokens(account: Account, client_id: str, scopes: list[str]) -> Json:
    """Tokens without a consent, for tests."""
    grant, _ = Grant.objects.get_or_create(account=account, client_id=client_id)
    grant.scopes, grant.has_refresh_token = long_scopes([*grant.scopes, *scopes]), True
    grant.save()
    return _access_token(grant, long_scopes(scopes)) | {
        "refresh_token": Token.issue(grant, Token.REFRESH, long_scopes(scopes))
    }


def find_access_token(secret: str) -> Token | None:
    """The live access token, with its account."""
    token = (
        Token.objects.filter(kind=Token.ACCESS, digest=digest(secret), expires_at__gt=clock.now())
        .select_related("grant__account")
        .first()
    )
    return token


def account_of_secret(secret: str) -> str:
    """Whose token or code this is, also an expired one; for the log and for faults."""
    token = Token.objects.filter(digest=digest(secret)).select_related("grant__account").first()
    return token.grant.account.email if token else ""


def userinfo(account: Account) -> Json:
    given, _, family = account.name.partition(" ")
    return {
        "id": account.subject,
        "email": account.email,
        "verified_email": True,
        "name": account.name,
        "given_name": given,
        "family_name": family,
        "picture": "",
    }


def _verifies(details: Json, verifier: str) -> bool:
    """PKCE (RFC 7636 4.6)."""
    if not details["challenge"]:
        return True
    if details["method"] == "S256":
        hashed = hashlib.sha256(verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
    return secrets.compare_digest(verifier, details["challenge"])


def _access_token(grant: Grant, scopes: list[str]) -> Json:
    seconds = getattr(settings, "GOOGLE_SANDBOX_TOKEN_SECONDS", ACCESS_SECONDS)
    Token.objects.filter(
        grant=grant, kind=Token.ACCESS, expires_at__lt=clock.now() - timedelta(days=1)
    ).delete()
    secret = Token.issue(grant, Token.ACCESS, scopes, expires_at=clock.now() + timedelta(seconds=seconds))
    return {"access_token": secret, "expires_in": seconds, "scope": " ".join(scopes), "token_type": "Bearer"}


def _id_token(account: Account, client_id: str, scopes: list[str], details: Json) -> str:
    issued = int(clock.now().timestamp())
    claims: Json = {
        "iss": getattr(settings, "GOOGLE_ID_TOKEN_ISSUER", "") or "https://accounts.google.com",
        "aud": client_id,
        "azp": client_id,
        "sub": account.subject,
        "iat": issued,
        "exp": issued + 3600,
        "jti": uuid.uuid4().hex,
        "email": account.email,
        "email_verified": True,
    }
    if _LONG["profile"] in scopes:
        info = userinfo(account)
        claims |= {name: info[name] for name in ("name", "given_name", "family_name")}
    if details["nonce"]:
        claims["nonce"] = details["nonce"]
    if details.get("authenticated_at"):
        claims["auth_time"] = details["authenticated_at"]
    # Clients take the token from us over their own connection and do not check the signature.
    return jwt.encode(claims, digest(client_id), algorithm="HS256", headers={"kid": "sandbox"})
