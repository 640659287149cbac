"""One archive with all that a publish needs elsewhere: the recipe's files and this very factory."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from os.path import commonpath
from pathlib import Path

from factory.errors import UsageError
from factory.profile import FILE_NAME
from factory.recipe import LoadedRecipe, Recipe
from factory.recipe.lock import lock_path
from factory.refs import is_local
from factory.resources import PACKAGE, local_path, resource

LARGEST = 200_000_000  # bytes of local data that travel with a recipe


@dataclass(frozen=True)
class Bundle:
    """A tar.gz with ``recipe/…`` and ``factory/…``; `recipe` is the recipe's path inside ``recipe/``.

    The same files give the same bytes, whenever and wherever it is made.
    """

    content: bytes
    recipe: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def make_bundle(loaded: LoadedRecipe) -> Bundle:
    """Pack the recipe, what it includes, the prompts and local data that it names, its lock file and factory.toml.

    Raises:
        UsageError: the local data is larger than 200 MB.
    """
    files = sorted(_recipe_files(loaded))
    if (size := sum(path.stat().st_size for path in files)) > LARGEST:
        raise UsageError(
            f"the recipe's files have {size / 1e6:,.0f} MB, too much to send along with a job",
            where=str(loaded.path),
            fix="push the data to a dataset of the Hub and name that in `from`",
        )
    root = Path(commonpath([path.parent for path in files]))
    members = {f"recipe/{path.relative_to(root).as_posix()}": path for path in files}
    members |= _factory_files()
    return Bundle(_packed(members), loaded.path.resolve().relative_to(root).as_posix())


def _recipe_files(loaded: LoadedRecipe) -> set[Path]:
    """What the recipe reads by name: nothing else that happens to be a file under one of its words, such as a tag."""
    source = loaded.source
    found = {*source.files}
    for text in filter(is_local, _references(loaded.recipe)):
        if (path := local_path(source.folders, text)) is not None:
            inside = path.rglob("*") if path.is_dir() else [path]
            found |= {file.resolve() for file in inside if file.is_file()}
    lock = lock_path(loaded.path.resolve())
    above = [folder / FILE_NAME for folder in loaded.path.resolve().parents]
    settings = next((path for path in above if path.is_file()), None)
    return found | ({lock} if lock.is_file() else set()) | ({settings} if settings else set())


def _references(recipe: Recipe) -> Iterator[str]:
    for spec in (*recipe.datasets.values(), *recipe.models.values()):
        if isinstance(spec.from_, str):
            yield spec.from_
        for step in spec.steps:
            yield from (value for _, value, _ in step.references())
    for suite in recipe.evaluate.values():
        yield from (value for _, value, _ in suite.references())


def _factory_files() -> dict[str, Path]:
    found = {f"factory/{path.relative_to(PACKAGE).as_posix()}": path for path in _source(PACKAGE)}
    for name in ("cards", "spaces"):
        folder = resource(name)
        found |= {f"factory/_resources/{name}/{p.relative_to(folder).as_posix()}": p for p in _source(folder)}
    return found


def _source(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def _packed(members: dict[str, Path]) -> bytes:
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as archive,
    ):
        for name, path in sorted(members.items()):
            content = path.read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
