from __future__ import annotations

import pytest
from django.conf import settings
from django.utils.module_loading import import_string


@pytest.mark.parametrize("path", settings.MIDDLEWARE)
def test_middleware_is_async_capable(path: str) -> None:
    """A single one that is not makes Daphne hang on SIGTERM while requests are in flight."""
    assert import_string(path).async_capable
