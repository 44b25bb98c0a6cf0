"""`python -m tests.bench.ical_js`: what ical.js, the engine of many calendars in browsers, reads from our exports.

It knows no zone but those in the file, so this checks our VTIMEZONEs. The exports of the whole corpus of `make test`
are compared with what takes place here; only the differences named in `KNOWN` pass. npm brings ical.js into
`var/bench`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.servers import ROOT, product_environment

FOLDER = ROOT / "var" / "bench" / "ical_js"
WINDOW = {"start": "2026-01-01T00:00:00Z", "end": "2028-01-01T00:00:00Z"}
# Each is a choice of ical.js's engine; none is about a zone.
KNOWN = {
    "gap-and-overlap": "it moves a start in the gap backwards and keeps elapsed time over the change",
    "nextcloud": "it keeps elapsed time over the change",
    "old-mac-line-ends": "it keeps elapsed time over the change",
    "periods": "it leaves out a DTSTART that has RDATEs but no rule",
    "refused-rules": "it refuses the whole event",
    "rules": "it repeats 29 February on 1 March, and leaves out a DTSTART that its rule does not name",
}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not (FOLDER / "node_modules" / "ical.js").exists():
        subprocess.run(["npm", "install", "--silent", "--prefix", str(FOLDER), "ical.js@2"], check=True)
    shutil.copy(Path(__file__).with_name("occurrences.mjs"), FOLDER)
    golden = json.loads((ROOT / "tests" / "data" / "ics" / "occurrences.json").read_text())
    given = json.dumps({"files": exports(), **WINDOW})
    done = subprocess.run(
        ["node", "occurrences.mjs"], cwd=FOLDER, input=given, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    differing = {name for name in found if found[name] != golden[name]}
    print(f"ical.js sees {len(found) - len(differing)} of {len(found)} files as we do")
    for name in sorted(differing):
        print(f"  {name}: {KNOWN.get(name, 'NOT EXPECTED')}")
    assert found.keys() == golden.keys() and differing <= KNOWN.keys()


def exports() -> dict[str, str]:
    """{name: export} of the corpus, from an installation of its own."""
    with tempfile.TemporaryDirectory(prefix="appointment-ical-js-") as folder:
        environment = product_environment(Path(folder), 8000)
        (Path(folder) / "var").mkdir()
        print_exports = "from tests.bench.ical_js.exports import main; main()"
        for arguments in (["migrate", "--verbosity", "0"], ["shell", "-c", print_exports]):
            done = subprocess.run(
                [sys.executable, "manage.py", *arguments],
                cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True,
            )  # fmt: skip
    answer: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    main()
