"""Static files under names that hold their hash, compressed, in a local trial too: what is measured is what is served."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from servestatic.compress import Compressor
from servestatic.storage import CompressedManifestStaticFilesStorage

OURS = ("", "django_htmx")  # folders of what our own pages load


class OwnFilesCompressor(Compressor):
    """gzip for all files, Brotli besides for those of our own pages: at its best it takes seconds for all of Django's."""

    def compress(self, path: str | os.PathLike[str]) -> list[str]:
        written = super().compress(path)
        folder = Path(path).parent
        if any(folder == Path(settings.STATIC_ROOT, name) for name in OURS):
            data = self.compress_brotli(Path(path).read_bytes())
            written.append(self.write_data(os.fspath(path), data, ".br", os.stat(path)))
        return written


class StaticStorage(CompressedManifestStaticFilesStorage):
    def url(self, name: str, force: bool = True) -> str:
        """Django would leave the hash out while DEBUG is on."""
        return str(super().url(name, force))

    def create_compressor(self, **kwargs: Any) -> Compressor:
        return OwnFilesCompressor(**{**kwargs, "use_brotli": False})
