"""Static files under names that hold their hash, compressed, in a local trial too: what is measured is what is served."""

from __future__ import annotations

from servestatic.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    def url(self, name: str, force: bool = True) -> str:
        """Django would leave the hash out while DEBUG is on."""
        return str(super().url(name, force))
