"""Sizes and SHA-256 of a finished step's files: taken when the step is finished, compared before any of it leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel

from factory.errors import FactoryError

BESIDE = ("manifest.json", "published.json")  # written when a step is done, and again later
SHOWN = 3  # files that an error names


class FileFacts(BaseModel):
    """What a file was when its step was finished."""

    size: int
    sha256: str


def digest_of(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def facts_of(folder: Path) -> dict[str, FileFacts]:
    """The facts of every file below the folder of a step, by its path in it."""
    return {name: FileFacts(size=path.stat().st_size, sha256=digest_of(path)) for name, path in _files(folder)}


def damage(folder: Path, facts: Mapping[str, FileFacts], part: str = "", *, digests: bool = True) -> list[str]:
    """What of the files in `part` of the folder is not as it was written, one line each.

    Without `digests` files are not read: one that is gone, of another size, or new is found all the same.
    """
    known = {name: fact for name, fact in facts.items() if Path(name).is_relative_to(part)}
    there = {name: path for name, path in _files(folder) if Path(name).is_relative_to(part)}
    found = []
    for name, fact in known.items():
        if (path := there.get(name)) is None:
            found.append(f"{name} is gone")
        elif (size := path.stat().st_size) != fact.size:
            found.append(f"{name} has {size:,} bytes, {fact.size:,} were written")
        elif digests and digest_of(path) != fact.sha256:
            found.append(f"{name} has other bytes than were written")
    return found + [f"{name} was not written by the step" for name in there if name not in known]


def require_undamaged(
    name: str, folder: Path, facts: Mapping[str, FileFacts] | None, part: str = "", *, digests: bool = True
) -> None:
    """`facts` are None for a step that was made before they were kept: it cannot be compared.

    Raises:
        FactoryError: a file of the step is not as it was written.
    """
    if facts is not None and (found := damage(folder, facts, part, digests=digests)):
        more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise FactoryError(
            f"{name} is damaged: {'; '.join(found[:SHOWN])}{more}", where=str(folder), fix=to_do(folder)
        )


def to_do(folder: Path) -> str:
    return f"delete {folder}: the next run makes it again"


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (name := path.relative_to(folder).as_posix()) not in BESIDE:
            yield name, path
