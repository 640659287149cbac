"""`factory doctor --store`: every file of every finished step as it was written, and each manifest with itself."""

import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from factory.commands.table import print_json
from factory.errors import FactoryError, UsageError
from factory.store import FILE_NAME, Manifest, fingerprint
from factory.store.writing import Digests, damage, to_do
from factory.text.figures import counted


@dataclass(frozen=True)
class Damage:
    """A step of which something is not as it was written."""

    step: str
    folder: str
    wrong: list[str]
    to_do: str


def examine_store(root: Path, *, as_json: bool = False) -> None:
    """Print what is damaged and what cannot be compared; exit code 1 where something is damaged.

    Raises:
        UsageError: there is no such folder.
    """
    if not root.is_dir():
        raise UsageError(f"no store at {root}", fix="give its folder: --store DIR")
    damaged: list[Damage] = []
    unknown: list[str] = []
    files, size, read = 0, 0, Digests()
    manifests = sorted(root.glob(f"*/*/{FILE_NAME}"))
    steps = [path.parent for path in manifests if not path.parent.name.endswith(".partial")]
    for folder in steps:
        name, wrong = folder.relative_to(root).as_posix(), []
        try:
            manifest = Manifest.load(folder)
            assert manifest is not None
            name, wrong = manifest.name, _edited(manifest, folder)
            if manifest.files is None:
                unknown.append(name)
            else:
                wrong += damage(folder, manifest.files, read=read)
                files, size = files + len(manifest.files), size + sum(fact.size for fact in manifest.files.values())
        except FactoryError as error:
            wrong = [error.what]
        except OSError as error:
            wrong = [str(error)]
        if wrong:
            damaged.append(Damage(name, str(folder), wrong, to_do(folder)))
    if as_json:
        said = {"store": str(root), "steps": len(steps), "files": files, "bytes": size}
        print_json(said | {"damaged": [asdict(entry) for entry in damaged], "cannot_be_compared": unknown})
    else:
        for entry in damaged:
            print("\n  ".join([f"{entry.step} is damaged:", *entry.wrong, entry.to_do]))
        for name in unknown:
            print(f"{name} cannot be compared: it was made before sizes and digests were kept")
        compared = f"{counted(len(steps), 'step')}, {counted(files, 'file')}, {size / 1e9:,.2f} GB compared"
        print(f"{compared}; {counted(len(damaged), 'damaged step')}")
    if damaged:
        sys.exit(1)


def _edited(manifest: Manifest, folder: Path) -> list[str]:
    """Where a manifest contradicts itself: its fingerprint is its identity's, and ends the folder's name."""
    wrong = []
    if fingerprint(manifest.identity) != manifest.fingerprint:
        wrong.append(f"{FILE_NAME}: the fingerprint is not that of the identity")
    if not folder.name.endswith(f"-{manifest.fingerprint[:16]}"):
        wrong.append(f"{FILE_NAME}: the fingerprint is not the one in the folder's name")
    return wrong
