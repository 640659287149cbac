"""Artifacts on disk. A folder with a `manifest.json` is done; a `.partial` folder is work that can be resumed.

<store>/<artifact>/<position>-<verb>-<fingerprint>/            finished: data or weights, and manifest.json
<store>/<artifact>/<position>-<verb>-<fingerprint>.partial/    in progress: ledger, shards, checkpoints
<store>/<artifact>/<position>-<verb>-<fingerprint>.made/       what it made, whatever its limits keep of it
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from factory.errors import FactoryError
from factory.store.fingerprint import canonical, differences, file_digest, fingerprint
from factory.store.ledger import Ledger, sync_folder, write_atomically
from factory.store.manifest import Manifest, RowCounts, Usage
from factory.store.shards import SHARD_ROWS, TRAIN, Dataset, ShardWriter, write_shard

__all__ = [
    "SHARD_ROWS",
    "TRAIN",
    "Dataset",
    "Ledger",
    "Manifest",
    "RowCounts",
    "ShardWriter",
    "Store",
    "Usage",
    "canonical",
    "differences",
    "file_digest",
    "fingerprint",
    "write_atomically",
    "write_shard",
]


class Store:
    """The folder that holds every artifact of every recipe run from it."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    @property
    def memory(self) -> Path:
        """Where what models answered before is kept."""
        return self.root / "memory"

    def folder(self, artifact: str, label: str, digest: str) -> Path:
        """Where the finished step lies (or will): `label` is its position and verb, e.g. ``02-translate``."""
        return self.root / artifact.replace("/", "--") / f"{label}-{digest[:16]}"

    def partial(self, folder: Path) -> Path:
        return folder.with_name(folder.name + ".partial")

    def made(self, artifact: str, label: str, digest: str) -> Path:
        """What all versions of a step share that differ in limits only; `digest` is of its identity without them."""
        folder = self.folder(artifact, label, digest)
        return folder.with_name(folder.name + ".made")

    def finish(self, folder: Path, manifest: Manifest) -> None:
        """Write the manifest into the partial folder and rename it in one move."""
        partial = self.partial(folder)
        manifest.save(partial)
        if folder.exists():  # left by hand or by an interrupted delete; without a manifest it was never done
            shutil.rmtree(folder)
        partial.rename(folder)
        sync_folder(folder.parent)

    def previous(self, folder: Path) -> Manifest | None:
        """The newest finished artifact of the same place with another fingerprint: what a plan compares with."""
        label = folder.name.rsplit("-", 1)[0]
        found = [m for path in folder.parent.glob(f"{label}-*") if path != folder and (m := Manifest.load(path))]
        return max(found, key=lambda manifest: manifest.created, default=None)

    def manifests(self) -> Iterator[tuple[Path, Manifest]]:
        for path in sorted(self.root.glob("*/*/manifest.json")):
            if manifest := Manifest.load(path.parent):
                yield path.parent, manifest

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Keep two runs of one recipe (or two builders of one artifact) apart; released when the process dies.

        Raises:
            FactoryError: another process holds the lock.
        """
        from filelock import FileLock, Timeout

        path = self.root / "locks" / f"{name.replace('/', '--')}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise FactoryError(
                f"another run of {name} is using {self.root}", fix="wait for it, or give this one another --store"
            ) from None
        try:
            yield
        finally:
            lock.release()
