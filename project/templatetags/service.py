"""The state of the service, for the first page of the administration."""

from __future__ import annotations

from django import template

from project.overview import Overview, overview

register = template.Library()


@register.simple_tag
def service_overview() -> Overview:
    return overview()
