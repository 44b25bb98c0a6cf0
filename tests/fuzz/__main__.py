"""`make fuzz`: Schemathesis against the served description of a running product, for a bounded time.

All its checks are on. It ends with 0 only when no answer was a server error or departed from the description.
Schemathesis lives in an environment of its own (requirements/fuzz.txt, SCHEMATHESIS=path to another).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.servers import ROOT, start_product

PROGRAM = os.environ.get("SCHEMATHESIS") or str(ROOT / ".venv" / "fuzz" / "bin" / "schemathesis")
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "20")
SECONDS = int(os.environ.get("FUZZ_SECONDS", "600"))
PERSON = "ana@example.com"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="appointment-fuzz-") as folder:
        product = start_product(Path(folder), demo=True, API_RATE_PER_MINUTE="1000000")
        try:
            return run(f"{product.url}/appointment/api/openapi.json", product.api_token(PERSON))
        finally:
            product.stop()


def run(description: str, token: str) -> int:
    options = [
        "--checks",
        "all",
        "--phases",
        "examples,coverage,fuzzing,stateful",
        "--max-examples",
        EXAMPLES,
    ]
    options += ["--continue-on-failure", "--warnings", "off", "--no-color"]
    config = str(Path(__file__).with_name("schemathesis.toml"))
    command = [PROGRAM, "--config-file", config, "run", description, *options]
    try:
        return subprocess.run(
            [*command, "--header", f"Authorization: Bearer {token}"], timeout=SECONDS, cwd=ROOT / "var"
        ).returncode
    except subprocess.TimeoutExpired:
        print(f"Not through after {SECONDS} s.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
