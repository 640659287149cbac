"""How the store writes: a kill or a power cut leaves a whole file or none, and a line or none of a ledger.

Sizes and SHA-256 of a finished step's files are taken when it is finished, and compared before any of it leaves.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from zlib import crc32

import xxhash
from pydantic import BaseModel

from factory.errors import FactoryError, first_line

BESIDE = ("manifest.json", "published.json")  # written when a step is done, and again later
PACKS = "pictures"  # the part of a step's folder in which bytes of pictures lie
PACK = ".pack"
CHECK = b', "crc32": '  # ends a line of a ledger
SHA256_DIGITS = 64  # in hex
pack_hash: Any = xxhash.xxh3_128  # tells damage, ten times as fast as SHA-256, by which pictures are told apart
SHOWN = 3  # files that an error names


def write_atomically(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write beside the target, fsync, rename: a reader sees the old file or the whole new one."""
    partial = path.with_name(path.name + ".tmp")
    with partial.open("wb") as file:
        for chunk in [data] if isinstance(data, bytes) else data:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make a rename inside `path` survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Ledger:
    """Append-only record of finished units: done is a line in here, never a file's existence.

    JSON lines, each with the CRC-32 of the rest of it, fsynced at every `append`; a line torn by a kill is cut off
    when the ledger is opened again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._cut_torn_line()
        self._file = path.open("ab")

    def _cut_torn_line(self) -> None:
        if not self.path.exists():
            return
        with self.path.open("rb+") as file:
            end = file.seek(0, os.SEEK_END)
            while end > 0:
                start = max(0, end - 65536)
                file.seek(start)
                newline = file.read(end - start).rfind(b"\n")
                if newline >= 0:
                    file.truncate(start + newline + 1)
                    return
                end = start
            file.truncate(0)

    def append(self, *entries: dict[str, Any]) -> None:
        """Write the entries, none of them empty, in one piece and return when they are on the disk."""
        self._file.write(b"".join(map(_line, entries)))
        self._file.flush()
        os.fsync(self._file.fileno())

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self.read(self.path)

    @staticmethod
    def read(path: Path) -> Iterator[dict[str, Any]]:
        """Entries of a ledger that somebody else may be writing: an unfinished last line is passed over.

        Raises:
            FactoryError: a line is not as it was written.
        """
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield Ledger.entry(path, line)

    @staticmethod
    def entry(path: Path, line: bytes) -> dict[str, Any]:
        """What a line of the ledger says; lines of older stores have no check.

        Raises:
            FactoryError: it is not as it was written.
        """
        text, checked, check = line.rstrip(b"\n").rpartition(CHECK)
        whole = text + b"}" if checked else line
        try:
            if checked and check != b"%d}" % crc32(whole):
                raise ValueError("it is not as it was written")
            entry = json.loads(whole)
            if not isinstance(entry, dict):
                raise ValueError("it is no entry")
            return entry
        except (ValueError, RecursionError) as error:
            what = f"a line of {path.name} is damaged: {first_line(error)}"
            raise FactoryError(what, where=str(path.parent), fix=to_do(path.parent)) from None

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _line(entry: dict[str, Any]) -> bytes:
    text = json.dumps(entry, ensure_ascii=False).encode()
    return b"%s%s%d}\n" % (text[:-1], CHECK, crc32(text))


class FileFacts(BaseModel):
    """What a file was when its step was finished; `sha256` is None for a pack, which is called by its digest."""

    size: int
    sha256: str | None


def digest_of(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pack_digest(path: Path) -> str:
    """The digest (hex) by which a pack is called: XXH3, in older stores SHA-256, which is longer."""
    if len(path.stem) == SHA256_DIGITS:
        return digest_of(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, pack_hash).hexdigest()


class Digests:
    """Digests of files by what the file system says of them: one that several folders link is read once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], str] = {}

    def of(self, paths: Sequence[Path]) -> list[str]:
        """Of each file, several at a time."""
        keys = [(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns) for found in map(os.stat, paths)]
        fresh = {key: path for key, path in zip(keys, paths, strict=True) if key not in self._known}
        with ThreadPoolExecutor() as threads:
            self._known |= zip(fresh, threads.map(_digest, fresh.values()), strict=True)
        return [self._known[key] for key in keys]


def facts_of(folder: Path) -> dict[str, FileFacts]:
    """The facts of every file below the folder of a step, by its path in it. Packs say themselves what they are."""
    files = dict(_files(folder))
    read = [name for name, path in files.items() if not _is_pack(path)]
    digests = dict(zip(read, Digests().of([files[name] for name in read]), strict=True))
    return {name: FileFacts(size=path.stat().st_size, sha256=digests.get(name)) for name, path in files.items()}


def _is_pack(path: Path) -> bool:
    return path.parent.name == PACKS and path.suffix == PACK


def _digest(path: Path) -> str:
    return pack_digest(path) if _is_pack(path) else digest_of(path)


def damage(
    folder: Path,
    facts: Mapping[str, FileFacts],
    part: str = "",
    *,
    digests: bool = True,
    read: Digests | None = None,
) -> list[str]:
    """What of the files in `part` of the folder, and of the packs that it refers to, is not as it was written, one
    line each.

    Without `digests` files are not read: one that is gone, of another size, or new is found all the same.
    `read` has the digests of files that were read before.
    """
    known = {name: fact for name, fact in facts.items() if _within(name, part)}
    there = {name: path for name, path in _files(folder) if _within(name, part)}
    found = {}
    for name, fact in known.items():
        if (path := there.get(name)) is None:
            found[name] = f"{name} is gone"
        elif (size := path.stat().st_size) != fact.size:
            found[name] = f"{name} has {size:,} bytes, {fact.size:,} were written"
    if digests:
        whole = [name for name in known if name not in found]
        for name, digest in zip(whole, (read or Digests()).of([there[name] for name in whole]), strict=True):
            if digest != (known[name].sha256 or Path(name).stem):
                found[name] = f"{name} has other bytes than were written"
    return [found[name] for name in known if name in found] + [
        f"{name} was not written by the step" for name in there if name not in known
    ]


def _within(name: str, part: str) -> bool:
    return any(Path(name).is_relative_to(folder) for folder in (part, PACKS))


def require_undamaged(
    name: str,
    folder: Path,
    facts: Mapping[str, FileFacts] | None,
    part: str = "",
    *,
    digests: bool = True,
    read: Digests | None = None,
) -> None:
    """`facts` are None for a step that was made before they were kept: it cannot be compared.

    Raises:
        FactoryError: a file of the step is not as it was written.
    """
    if facts is not None and (found := damage(folder, facts, part, digests=digests, read=read)):
        more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        shared = any(line.startswith(f"{PACKS}/") for line in found)
        others = "; other steps hold the same pictures: `factory doctor --store` names them" if shared else ""
        raise FactoryError(
            f"{name} is damaged: {'; '.join(found[:SHOWN])}{more}", where=str(folder), fix=to_do(folder) + others
        )


def to_do(folder: Path) -> str:
    return f"delete {folder}: the next run makes it again"


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (name := path.relative_to(folder).as_posix()) not in BESIDE:
            yield name, path
