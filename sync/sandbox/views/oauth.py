"""Google's OAuth 2.0: the consent page and the token, revocation, userinfo and certificate endpoints."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sync.sandbox import directory, oauth, seed
from sync.sandbox.models import Account
from sync.sandbox.oauth import API, CALENDAR_SCOPES, OAuthError
from sync.sandbox.views.access import bearer, google_endpoint
from sync.sandbox.wire import insufficient_scope, invalid_credentials

Json = dict[str, Any]


class BadRequest(Exception):
    """An authorization request that cannot be answered with a redirect."""


@dataclass(frozen=True)
class Asked:
    """What a client asks for at the authorization endpoint."""

    client_id: str
    redirect_uri: str
    scopes: list[str]
    state: str
    options: dict[str, Any]

    @property
    def calendar_scopes(self) -> list[str]:
        return [scope for scope in self.scopes if scope.startswith(f"{API}calendar")]

    @property
    def login_scopes(self) -> list[str]:
        return [scope for scope in self.scopes if scope not in self.calendar_scopes]

    @property
    def site(self) -> str:
        """The name under which the person knows the client: its host."""
        return urlsplit(self.redirect_uri).netloc

    def answer(self, **parameters: str) -> HttpResponse:
        """Back to the client."""
        parameters |= {"state": self.state} if self.state else {}
        separator = "&" if "?" in self.redirect_uri else "?"
        return redirect(f"{self.redirect_uri}{separator}{urlencode(parameters)}")


@google_endpoint
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """The page where a person picks an account and ticks what is granted. With `sandbox_account` (and
    `sandbox_grant`, a list of scopes) it answers at once, for tests."""
    try:
        asked = _asked(request)
    except BadRequest as error:
        return render(request, "google_sandbox/error.html", {"message": str(error)}, status=400)
    given = request.GET.dict() | request.POST.dict()
    if email := given.get("sandbox_account", ""):
        granted = given["sandbox_grant"].split() if "sandbox_grant" in given else asked.scopes
        return _approved(asked, email, granted, with_examples="sandbox_seed" in given)
    if request.GET.get("prompt") == "none":
        return asked.answer(error="interaction_required")
    if request.POST.get("decision") == "cancel":
        return asked.answer(error="access_denied")
    if request.method == "POST":
        # A typed address wins: without scripts nobody ticks "another account" for the person.
        email = request.POST.get("other_email", "").strip() or request.POST.get("account", "")
        if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
            granted = [*asked.login_scopes, *request.POST.getlist("scope")]
            return _approved(asked, email, granted, with_examples="with_examples" in request.POST)
        return _consent_page(
            request, asked, error="Type an e-mail address such as ana@example.com.", status=422
        )
    return _consent_page(request, asked)


@google_endpoint
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    client_id, client_secret = _client(request)
    oauth.check_client(client_id, client_secret)
    kinds = {"authorization_code": oauth.exchange_code, "refresh_token": oauth.refresh}
    kind = kinds.get(request.POST.get("grant_type", ""))
    if kind is None:
        raise OAuthError(
            "unsupported_grant_type", f"Invalid grant_type: {request.POST.get('grant_type', '')}"
        )
    return JsonResponse(kind(request.POST.dict(), client_id), headers={"Cache-Control": "no-store"})


@google_endpoint
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    oauth.revoke_token(request.POST.get("token") or request.GET.get("token", ""))
    return JsonResponse({})


@google_endpoint
@require_GET
def userinfo(request: HttpRequest) -> HttpResponse:
    access = oauth.find_access_token(bearer(request))
    if access is None:
        raise invalid_credentials()
    if not {f"{API}userinfo.email", f"{API}userinfo.profile"} & set(access.scopes):
        raise insufficient_scope("userinfo.get")
    return JsonResponse(oauth.userinfo(access.grant.account))


@google_endpoint
@require_GET
def certs(request: HttpRequest) -> HttpResponse:
    """No certificates: the sandbox signs with a shared key, which clients of the code flow do not check."""
    return JsonResponse({})


def _asked(request: HttpRequest) -> Asked:
    query = request.GET
    if query.get("response_type") != "code":
        raise BadRequest("The request has no response_type=code.")
    if not query.get("client_id"):
        raise BadRequest("The request has no client_id.")
    redirect_uri = query.get("redirect_uri", "")
    if not oauth.is_allowed_redirect(redirect_uri, request.get_host()):
        raise BadRequest(
            f"redirect_uri_mismatch: the sandbox does not send people to {redirect_uri or 'nowhere'}."
        )
    scopes = oauth.long_scopes(query.get("scope", "").split())
    unknown = [scope for scope in scopes if not oauth.is_known_scope(scope)]
    if unknown or not scopes:
        raise BadRequest(f"invalid_scope: {' '.join(unknown) or 'none given'}")
    return Asked(
        client_id=query["client_id"],
        redirect_uri=redirect_uri,
        scopes=scopes,
        state=query.get("state", ""),
        options={
            "challenge": query.get("code_challenge", ""),
            "method": query.get("code_challenge_method", "plain"),
            "offline": query.get("access_type") == "offline",
            "consent": "consent" in query.get("prompt", "").split(),
            "include_granted": query.get("include_granted_scopes") == "true",
            "nonce": query.get("nonce", ""),
            "says_when": "max_age" in query,
        },
    )


def _approved(asked: Asked, email: str, granted: list[str], *, with_examples: bool) -> HttpResponse:
    email = email.strip().lower()
    is_new = not Account.objects.filter(email=email).exists()
    name = seed.DEFAULT_ACCOUNTS.get(email, "")
    account = (
        seed.seed_account(email, name) if is_new and with_examples else directory.ensure_account(email, name)
    )
    scopes = [scope for scope in asked.scopes if scope in oauth.long_scopes(granted)]
    code = oauth.approve(account, asked.client_id, scopes, redirect_uri=asked.redirect_uri, **asked.options)
    return asked.answer(code=code, scope=" ".join(scopes))


def _consent_page(request: HttpRequest, asked: Asked, error: str = "", status: int = 200) -> HttpResponse:
    accounts = dict(seed.DEFAULT_ACCOUNTS) | dict(Account.objects.values_list("email", "name"))
    hint = request.GET.get("login_hint", "").strip().lower()
    if "@" in hint:
        accounts.setdefault(hint, directory.default_name(hint))
    chosen = request.POST.get("account") or (hint if hint in accounts else next(iter(accounts)))
    context = {
        "asked": asked,
        "accounts": [
            {"email": email, "name": name, "is_chosen": email == chosen} for email, name in accounts.items()
        ],
        "is_other": chosen == "other",
        "other_email": request.POST.get("other_email", ""),
        "scopes": [(scope, CALENDAR_SCOPES.get(scope, scope)) for scope in asked.calendar_scopes],
        "error": error,
    }
    return render(request, "google_sandbox/consent.html", context, status=status)


def _client(request: HttpRequest) -> tuple[str, str]:
    """(id, secret) from the body, else from HTTP Basic authentication."""
    kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
            return client_id, secret
        except ValueError as error:
            raise OAuthError("invalid_client", "Unauthorized", 401) from error
    return request.POST.get("client_id", ""), request.POST.get("client_secret", "")
