"""The first page of an installation: what `doctor` finds, and its administrator."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model, login, password_validation
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from project import first_run
from project.diagnosis import Fault, diagnose
from scheduling.services import create_administrator

BACKEND = "project.authentication.AuthenticationBackend"


class AdministratorForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=150,
        widget=forms.EmailInput(attrs={"class": "form-control", "autocomplete": "username"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"class": "form-control", "autocomplete": "new-password"}),
    )

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        people = get_user_model().objects
        if people.filter(username=email).exists() or people.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("Somebody here has this address already. Choose another one."))
        return email

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        if "password" in data:
            try:
                password_validation.validate_password(
                    data["password"], get_user_model()(email=data.get("email", ""))
                )
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


@login_not_required
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("password")
@never_cache
def make_administrator(request: HttpRequest, key: str) -> HttpResponse:
    """What `doctor` finds, and a form; POST makes the administrator, signs them in and leads to Google."""
    form = AdministratorForm(request.POST if request.method == "POST" else None)
    with transaction.atomic():
        if not first_run.opens(key):
            raise Http404
        if form.is_valid():
            user = create_administrator(**form.cleaned_data)
            login(request, user, backend=BACKEND)
            return redirect("sync")
    faults, in_order = [], []
    for name, findings in diagnose():
        found = [(name, finding) for finding in findings if isinstance(finding, Fault)]
        faults += found
        if not found and name != "administrator":
            in_order.append(name)
    context = {"form": form, "faults": faults, "in_order": in_order}
    return render(request, "first_run.html", context, status=422 if form.is_bound else 200)
