"""Where allauth asks us: what happens to a Google sign-in before it counts, and how tokens are kept meanwhile."""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.base.constants import AuthError
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from scheduling import reauthentication
from sync.connection import CONNECTION_STATE, refusal_of_connection
from sync.encryption import decrypt, encrypt


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse, with words and before anything is stored, a calendar connection that cannot be."""
        if sociallogin.state.get("process") != "connect" or not sociallogin.state.get("data"):
            return
        if sociallogin.state["data"].get("purpose") != CONNECTION_STATE or not request.user.is_authenticated:
            return
        refusal = refusal_of_connection(user=request.user, google_sub=sociallogin.account.uid)
        if refusal:
            messages.error(request, refusal)
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("sync")))

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Whoever pressed Cancel on Google's page while connecting, or confirming who they are, stays signed in."""
        state = (extra_context or {}).get("state") or {}
        purpose = (state.get("data") or {}).get("purpose")
        if request.user.is_authenticated and purpose == reauthentication.PURPOSE:
            raise ImmediateHttpResponse(reauthentication.refused_elsewhere(request))
        if request.user.is_authenticated and purpose == CONNECTION_STATE:
            refused = _("You refused on Google's page. Nothing was connected, nothing was changed.")
            disagreed = _("Google did not agree. Nothing was connected, nothing was changed.")
            messages.warning(request, refused if error == AuthError.CANCELLED else disagreed)
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("sync")))

    def serialize_instance(self, instance: Any) -> Any:
        # An unfinished sign-up keeps its token in the session table: encrypt it there too.
        data = super().serialize_instance(instance)
        if isinstance(instance, SocialToken):
            data |= {name: encrypt(data.get(name) or "") for name in ("token", "token_secret")}
        return data

    def deserialize_instance(self, model: Any, data: Any) -> Any:
        if model is SocialToken:
            data = data | {name: decrypt(data.get(name) or "") for name in ("token", "token_secret")}
        return super().deserialize_instance(model, data)
