from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from project.diagnosis import Fault, diagnose


class Command(BaseCommand):
    help = "Check the installation and print the exact fix for each fault. Exit status 1 if there is any."
    requires_system_checks = []  # they are the first thing it reports

    def handle(self, *args: Any, **options: Any) -> None:
        faults = 0
        for name, findings in diagnose():
            wrong = [finding for finding in findings if isinstance(finding, Fault)]
            faults += len(wrong)
            self.stdout.write(f"{'FAULT' if wrong else 'ok':5}  {name}")
            for finding in findings:
                if isinstance(finding, Fault):
                    self.stdout.write(f"         {finding.problem}\n         Fix: {finding.fix}")
                else:
                    self.stdout.write(f"         {finding.text}")
        self.stdout.write(f"{faults} fault{'' if faults == 1 else 's'} found.")
        sys.exit(1 if faults else 0)
