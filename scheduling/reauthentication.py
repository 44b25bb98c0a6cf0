"""Who is there, once more, before what cannot be undone: also where only Google knows the person.

allauth asks for the password or a second factor. Whom neither would know it lets through; they confirm at the
provider by which they sign in. Its page must be answered anew (`prompt=consent`), a provider that honours `max_age`
has them sign in again, and what comes back counts only for one of the person's own accounts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import app_settings
from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.signals import pre_social_login
from django.contrib import messages
from django.contrib.auth.models import User
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from scheduling.htmx import SignedInRequest

PURPOSE = "confirm-identity"  # in the state that comes back from the provider
ASK_ANEW = {"prompt": "consent", "max_age": "0"}
CLOCKS_DIFFER_BY = 60  # seconds

View = Callable[..., HttpResponseBase]


def recent_confirmation_required(view: View) -> View:
    """The decorated view runs only for somebody who confirmed in the last minutes that it is them."""
    asking_allauth: View = reauthentication_required(view)

    @wraps(view)
    def ask_first(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if get_reauthentication_flows(request.user) or not providers_of(request.user):
            return asking_allauth(request, *args, **kwargs)
        if not _is_confirmed(request):
            return redirect(f"{reverse('confirm-identity')}?{urlencode({'next': request.path})}")
        return view(request, *args, **kwargs)

    return ask_first


def providers_of(user: User) -> list[SocialAccount]:
    """The accounts elsewhere by which this person signs in."""
    return list(SocialAccount.objects.filter(user=user).order_by("pk"))


def go_and_confirm(request: HttpRequest, account: SocialAccount, next_url: str) -> HttpResponseBase:
    """Off to the provider; back at `next_url`."""
    email = account.extra_data.get("email", "")
    answer: HttpResponseBase = account.get_provider(request).redirect(
        request,
        process="redirect",
        next_url=next_url,
        data={"purpose": PURPOSE},
        auth_params={**ASK_ANEW, **({"login_hint": email} if email else {})},
    )
    return answer


@receiver(pre_social_login)
def take_confirmation(request: HttpRequest, sociallogin: SocialLogin, **kwargs: Any) -> None:
    """What came back from the provider: remembered in the session, or refused with words."""
    if (sociallogin.state.get("data") or {}).get("purpose") != PURPOSE:
        return
    account = sociallogin.account
    own = SocialAccount.objects.filter(
        user=request.user.pk, provider=account.provider, uid=account.uid
    ).first()
    if own is None:
        _refuse(request, _("That was another account than the one by which you sign in."))
    if _is_long_ago(account.extra_data.get("auth_time")):
        _refuse(
            request, _("You were not asked to sign in there again. Sign out there, then confirm once more.")
        )
    record_authentication(
        request,
        request.user,
        "socialaccount",
        provider=account.provider,
        uid=account.uid,
        reauthenticated=True,
    )


def refused_elsewhere(request: HttpRequest) -> HttpResponse:
    """The answer to whoever turned back on the provider's page."""
    messages.warning(request, _("Nothing was confirmed, nothing was changed."))
    return redirect("settings")


def _is_confirmed(request: HttpRequest) -> bool:
    limit = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
    records = get_authentication_records(request, request.user)
    return any(record.get("reauthenticated") and record["at"] > limit for record in records)


def _is_long_ago(auth_time: Any) -> bool:
    """Whether the provider says that they signed in there before they were asked to."""
    if auth_time is None:
        return False
    limit = time.time() - app_settings.REAUTHENTICATION_TIMEOUT - CLOCKS_DIFFER_BY
    return not isinstance(auth_time, int | float) or auth_time < limit


def _refuse(request: HttpRequest, text: str) -> None:
    messages.error(request, text)
    raise ImmediateHttpResponse(HttpResponseRedirect(reverse("settings")))
