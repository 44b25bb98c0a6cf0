"""The suite as large installations run: `python -m tests.scaled [pytest's arguments]` on PostgreSQL and Redis.

One server of each for the whole run; each test process and each installation that a test starts has a database and a
Redis number of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

from tests import postgres, redis

SWITCH = "TESTS_SCALED"


def is_on() -> bool:
    return bool(os.environ.get(SWITCH))


def environment() -> dict[str, str]:
    """What tells pytest and its children to run on the two servers, which are started now."""
    return {SWITCH: "1", postgres.GIVEN: postgres.server_uri(), redis.GIVEN: redis.server_socket()}


@cache
def addresses() -> dict[str, str]:
    """DATABASE_URL and REDIS_URL of this process; from the first pytest-django makes the name of its own database."""
    return {"DATABASE_URL": postgres.next_url(), "REDIS_URL": redis.next_url()}


if __name__ == "__main__":
    done = subprocess.run([sys.executable, "-m", "pytest", *sys.argv[1:]], env=os.environ | environment())
    sys.exit(done.returncode)
