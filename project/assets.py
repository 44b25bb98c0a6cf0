"""Makes what browsers load ready to serve: `build_assets`, then `collectstatic` when a source changed."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command

MARK = ".collected"


def prepare() -> None:
    call_command("build_assets", verbosity=0)
    mark = Path(settings.STATIC_ROOT) / MARK
    fingerprint = _fingerprint()
    if mark.is_file() and mark.read_text() == fingerprint:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    mark.write_text(fingerprint)


def is_current() -> bool:
    mark = Path(settings.STATIC_ROOT) / MARK
    return mark.is_file() and mark.read_text() == _fingerprint()


def _fingerprint() -> str:
    """Of name, size and date of every source file."""
    digest = sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in finders.get_finders():
        for path, storage in finder.list([]):
            status = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
