"""A bounded part of `tests/sync/converge`: the same stories in every run."""

from __future__ import annotations

import pytest

from tests.sandbox.client import SandboxControl
from tests.sync.converge.machine import converge

pytestmark = pytest.mark.django_db(transaction=True)  # a killed run must not take the test with it


def test_both_sides_become_one_whatever_happens_meanwhile(sandbox: SandboxControl) -> None:
    converge(sandbox, examples=15, steps=15, same=True)
