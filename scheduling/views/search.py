"""The search page: a GET form whose hits are redrawn while a person types."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from scheduling import presentation, queries, search
from scheduling.core.search import words_of
from scheduling.htmx import SignedInRequest, page_or_fragment, wants_fragment
from scheduling.models import Calendar
from scheduling.presentation import Viewer
from scheduling.search import Wanted


class AnyText(forms.CharField):
    """Whatever is typed is a search: what is too long or no letter is left out later (`core.search`)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.validators = []


class SearchForm(forms.Form):
    q = AnyText()
    people = AnyText()
    calendar = forms.ModelChoiceField(
        Calendar.objects.none(), required=False, empty_label=gettext_lazy("All calendars")
    )
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["calendar"].queryset = queries.calendars_of(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day is before the first."))
        return self.cleaned_data

    @property
    def has_filter(self) -> bool:
        return any(self.data.get(name) for name in ("people", "calendar", "since", "until"))


@require_GET
def search_page(request: SignedInRequest) -> HttpResponse:
    form = SearchForm(request.GET, user=request.user)
    context: dict[str, Any] = {"form": form, "in_search": True, "in_fragment": wants_fragment(request)}
    if form.is_valid():
        context |= _found(request, form.cleaned_data)
    status = 200 if form.is_valid() else 422
    return page_or_fragment(
        request, "scheduling/search.html", "scheduling/_hits.html", context, status=status
    )


def _found(request: SignedInRequest, values: dict[str, Any]) -> dict[str, Any]:
    calendar = values["calendar"]
    wanted = Wanted(
        text=values["q"],
        people=values["people"],
        calendar=calendar.pk if calendar else None,
        first=values["since"],
        last=values["until"],
    )
    if wanted.is_empty:
        return {}
    viewer = Viewer.of(queries.profile_of(request.user), queries.utc_now())
    found = search.find(
        request.user, wanted, today=viewer.today, place=viewer.place, number=request.GET.get("page", 1)
    )
    words = words_of(f"{wanted.text} {wanted.people}")
    groups = [(_("To come"), found.to_come), (_("Today"), found.today), (_("Earlier"), found.earlier)]
    return {
        "found": found,
        "groups": [
            (name, presentation.hits_of(occurrences, words, viewer))
            for name, occurrences in groups
            if occurrences
        ],
    }
