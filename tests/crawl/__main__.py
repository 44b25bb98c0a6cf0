"""`make crawl`: starts the product and looks at every page as a stranger, two users, staff and a superuser.

Prints how many pages each got and every fault; ends with 1 when there was one.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import django

from tests.crawl.people import walk
from tests.servers import start_product


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.crawl", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--of-each-kind", type=int, default=2, help="pages of one kind of address (2)")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()  # for the table of addresses
    pages: Counter[str] = Counter()
    faults = 0
    with tempfile.TemporaryDirectory(prefix="appointment-crawl-") as folder:
        product = start_product(Path(folder), demo=True)
        try:
            for walker, page, found in walk(product, of_each_kind=options.of_each_kind):
                pages[walker.name] += 1
                faults += len(found)
                for fault in found:
                    print(f"{walker.name}: {page.address}: {fault}")
        finally:
            product.stop()
    for name, count in pages.items():
        print(f"{count:5} pages as {name}")
    print(f"{faults:5} faults")
    return 1 if faults or not pages else 0


if __name__ == "__main__":
    sys.exit(main())
