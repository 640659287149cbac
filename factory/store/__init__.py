"""Artifacts on disk. A folder with a `manifest.json` is done; a `.partial` folder is work that can be resumed.

<store>/<artifact>/<position>-<verb>-<fingerprint>/            finished: data or weights, and manifest.json
<store>/<artifact>/<position>-<verb>-<fingerprint>.partial/    in progress: ledger, shards, checkpoints
<store>/<artifact>/<position>-<verb>-<fingerprint>.made/       what it made, whatever its limits keep of it
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from factory.errors import FactoryError, first_line
from factory.store.kinds import holds_bytes, packable, rows_of
from factory.store.packs import located, unpacked
from factory.store.pictures import undecoded
from factory.store.shards import (
    SHARD_BYTES,
    SHARD_ROWS,
    TRAIN,
    ShardWriter,
    is_full,
    read_shard,
    write_parquet,
    write_shard,
)
from factory.store.writing import FileFacts, Ledger, digest_of, facts_of, sync_folder, to_do, write_atomically
from factory.text.figures import time_text
from factory.waiting import tell, waiting_for

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "SHARD_BYTES",
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
    "is_full",
    "read_shard",
    "sync_folder",
    "write_atomically",
    "write_parquet",
    "write_shard",
]


FILE_NAME = "manifest.json"
DIGEST = "digest"  # of all else in it
ROWS_WITH_BYTES = 64  # read at once


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal identities give equal text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def fingerprint(identity: dict[str, Any]) -> str:
    """SHA-256 (hex) of the canonical JSON of `identity`: everything that can change an artifact, and nothing else."""
    return hashlib.sha256(canonical(identity).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes, or of the names and digests of all files below a folder."""
    if path.is_dir():
        members = sorted(p for p in path.rglob("*") if p.is_file())
        with ThreadPoolExecutor() as threads:
            found = threads.map(digest_of, members)
        return fingerprint({str(p.relative_to(path)): digest for p, digest in zip(members, found, strict=True)})
    return digest_of(path)


def differences(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> list[str]:
    """Dotted paths at which two identities differ, in the order of `new`: what a plan names as the cause."""
    paths: list[str] = []
    for key in [*new, *(key for key in old if key not in new)]:
        path = f"{prefix}{key}"
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            paths += differences(before, after, f"{path}.")
        else:
            paths.append(path)
    return paths


class RowCounts(BaseModel):
    """Accounting of one dataset step: ``in = kept + rejected + failed``, always.

    `added` counts rows that a step brings in from further inputs (mix, sample with repetition): they are part of `in`.
    """

    model_config = ConfigDict(populate_by_name=True)

    rows_in: int = Field(0, alias="in")
    kept: int = 0
    rejected: int = 0
    failed: int = 0
    reasons: dict[str, int] = Field(default_factory=dict)

    @property
    def balanced(self) -> bool:
        return self.rows_in == self.kept + self.rejected + self.failed

    def add(self, other: RowCounts) -> None:
        self.rows_in += other.rows_in
        self.kept += other.kept
        self.rejected += other.rejected
        self.failed += other.failed
        for reason, count in other.reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0) + count


class Usage(BaseModel):
    """What a step cost: generated and read tokens, seconds of wall time over all its runs, and US dollars.

    `dollars` is None where the profile states no price.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    requests: int = 0
    seconds: float = 0.0
    dollars: float | None = None

    def add(self, other: Usage) -> None:
        """A sum with an unpriced part holds the priced parts only."""
        self.prompt_tokens += other.prompt_tokens
        self.completion_tokens += other.completion_tokens
        self.requests += other.requests
        self.seconds += other.seconds
        if other.dollars is not None:
            self.dollars = (self.dollars or 0.0) + other.dollars

    def __str__(self) -> str:
        """``3 min, 1,200 tokens read, 300 written, US$ 0.02``."""
        parts = [time_text(self.seconds)]
        if self.prompt_tokens or self.completion_tokens:
            parts.append(f"{self.prompt_tokens:,} tokens read, {self.completion_tokens:,} written")
        if self.dollars is not None:
            parts.append(f"US$ {self.dollars:,.2f}")
        return ", ".join(parts)


class Manifest(BaseModel):
    """What a finished artifact says of itself: `manifest.json`, written last, beside its data.

    Everything a plan, a card or a later step wants to know of an artifact without opening it."""

    name: str
    kind: str
    verb: str
    fingerprint: str
    identity: dict[str, Any]
    inputs: dict[str, str] = Field(default_factory=dict, description="role -> fingerprint")
    rows: RowCounts | None = None
    usage: Usage = Field(default_factory=Usage)
    metrics: dict[str, Any] = Field(default_factory=dict, description="losses, scores, sizes; what cards print")
    notes: list[str] = Field(default_factory=list)
    device: str = ""
    engines: list[str] = Field(default_factory=list, description="who generated: endpoint, transformers, vllm, ray")
    versions: dict[str, str] = Field(default_factory=dict)
    stand_in: bool = Field(False, description="made of stand-ins by a rehearsal: never pushed to the real Hub")
    created: str = ""
    files: dict[str, FileFacts] | None = Field(
        default=None, description="every file by its path; None: made before these were"
    )
    recipes: list[str] = Field(default_factory=list, description="names of those that made it or found it done")

    def save(self, folder: Path) -> None:
        """Write it with its own digest, so that whatever is changed in it later is seen."""
        content = json.loads(self.model_dump_json(by_alias=True))
        content[DIGEST] = fingerprint(content)
        write_atomically(folder / FILE_NAME, json.dumps(content, ensure_ascii=False, indent=2).encode())

    @classmethod
    def load(cls, folder: Path) -> Manifest | None:
        """The manifest of a finished artifact, or None where there is none: the artifact is not done.

        Raises:
            FactoryError: it is damaged.
        """
        try:
            content = json.loads((folder / FILE_NAME).read_bytes())
            known = content.pop(DIGEST, None) if isinstance(content, dict) else None
            if known is not None and known != fingerprint(content):  # older stores have none
                raise ValueError("it is not as it was written")
            return cls.model_validate(content)
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise FactoryError(f"{FILE_NAME} cannot be read: {error.strerror}", where=str(folder)) from None
        except (OSError, ValueError, RecursionError) as error:
            raise FactoryError(
                f"{FILE_NAME} is damaged: {first_line(error)}", where=str(folder), fix=to_do(folder)
            ) from None


class Dataset:
    """A finished (or partial) dataset artifact: Parquet shards, read one at a time so that memory does not grow.

    Below `folder` lie ``data/{split}-{number:05d}.parquet`` with the rows that were kept and
    ``rejected/{split}-{number:05d}.parquet`` with the rest, which have two more columns, `outcome` (rejected or
    failed) and `reason`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def splits(self) -> list[str]:
        names = {path.stem.rsplit("-", 1)[0] for path in (self.folder / "data").glob("*.parquet")}
        return sorted(names, key=lambda name: (name != TRAIN, name))

    def shards(self, split: str = TRAIN, part: str = "data") -> list[Path]:
        return sorted((self.folder / part).glob(f"{split}-*.parquet"))

    def schema(self, split: str = TRAIN) -> pa.Schema:
        import pyarrow.parquet as pq

        return pq.read_schema(self.shards(split)[0])

    def num_rows(self, split: str = TRAIN, part: str = "data") -> int:
        import pyarrow.parquet as pq

        return sum(pq.read_metadata(path).num_rows for path in self.shards(split, part))

    def tables(self, split: str = TRAIN, part: str = "data") -> Iterator[pa.Table]:
        """The shards, pictures as references."""
        return (read_shard(path) for path in self.shards(split, part))

    def rows(self, split: str = TRAIN, part: str = "data") -> Iterator[dict[str, Any]]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        for path in self.shards(split, part):
            with pq.ParquetFile(path) as file:
                pictures = bool(packable(file.schema_arrow))
                for batch in file.iter_batches(ROWS_WITH_BYTES if holds_bytes(file.schema_arrow) else 1000):
                    table = pa.Table.from_batches([batch])
                    yield from rows_of(unpacked(located(table, self.folder)) if pictures else table)

    def load(self, split: str = TRAIN) -> Any:
        """The split as a memory-mapped `datasets.Dataset`, for trainers; pictures are files of bytes there."""
        import datasets

        cache = self.folder.parents[1] / "cache"  # beside the artifacts: a finished folder is not written to
        files: list[Any] = [str(path) for path in self._whole(split, cache)]
        features = undecoded(self.schema(split))
        return datasets.Dataset.from_parquet(files, features=features, cache_dir=str(cache), keep_in_memory=False)

    def _whole(self, split: str, cache: Path) -> list[Path]:
        """The shards with the bytes of their pictures, which trainers want: copies, where there are pictures."""
        paths = self.shards(split)
        if not packable(self.schema(split)):
            return paths
        copies = [cache / "pictures" / self.folder.parent.name / self.folder.name / path.name for path in paths]
        for path, copy in zip(paths, copies, strict=True):
            if not copy.exists():
                write_parquet(copy, read_shard(path), whole=True)
        return copies


class Store:
    """The folder that holds every artifact of every recipe run from it."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.memory = self.root / "memory"  # where what models answered before is kept

    def folder(self, artifact: str, label: str, digest: str) -> Path:
        """Where the finished step lies (or will): `label` is its position and verb, e.g. ``02-translate``."""
        return self.root / artifact.replace("/", "--") / f"{label}-{digest[:16]}"

    def partial(self, folder: Path) -> Path:
        return folder.with_name(folder.name + ".partial")

    def made(self, artifact: str, label: str, digest: str) -> Path:
        """What all versions of a step share that differ in limits only; `digest` is of its identity without them."""
        folder = self.folder(artifact, label, digest)
        return folder.with_name(folder.name + ".made")

    def record(self, name: str) -> Path:
        """Where what is no artifact, such as a Space, remembers its last push."""
        return self.root / "published" / name

    def votes(self, fingerprint: str) -> Path:
        """Where what people said of an artifact's rows is kept."""
        return self.root / "votes" / f"{fingerprint[:16]}.json"

    def finish(self, folder: Path, manifest: Manifest) -> None:
        """Write the manifest, with what the files are, into the partial folder and rename it in one move."""
        partial = self.partial(folder)
        manifest.files = facts_of(partial)
        manifest.save(partial)
        if folder.exists():  # left by hand or by an interrupted delete; without a manifest it was never done
            shutil.rmtree(folder)
        partial.rename(folder)
        sync_folder(folder.parent)

    def manifests_of(self, folders: Iterable[Path]) -> list[Manifest | None]:
        """The manifest of each folder, None for one that is not done."""
        return [Manifest.load(folder) for folder in folders]

    def previous(self, folder: Path, recipe: str) -> Manifest | None:
        """The newest finished artifact of the same place with another fingerprint that this recipe made or used.

        Where there is none, the newest that says nothing of recipes, as those of older stores: it may be this one's.
        """
        label = folder.name.rsplit("-", 1)[0]
        found = [m for path in folder.parent.glob(f"{label}-*") if path != folder and (m := Manifest.load(path))]
        own = [manifest for manifest in found if recipe in manifest.recipes]
        unclaimed = [manifest for manifest in found if not manifest.recipes]
        return max(own or unclaimed, key=lambda manifest: manifest.created, default=None)

    def manifests(self) -> Iterator[tuple[Path, Manifest]]:
        for path in sorted(self.root.glob("*/*/manifest.json")):
            if manifest := Manifest.load(path.parent):
                yield path.parent, manifest

    @contextmanager
    def lock(self, name: str, awaited: str | None = None) -> Iterator[None]:
        """Keep two runs of one recipe (or two builders of one artifact) apart; released when the process dies.

        Where another process holds it, it is waited for if `awaited` says what that is.

        Raises:
            FactoryError: another process holds the lock, and it is not waited for.
        """
        from filelock import FileLock, Timeout

        path = self.root / "locks" / f"{name.replace('/', '--')}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            if awaited is None:
                raise FactoryError(
                    f"another run of {name} is using {self.root}", fix="wait for it, or give this one another --store"
                ) from None
            tell(f"waiting for {awaited}")
            with waiting_for(awaited):
                lock.acquire(timeout=-1)
        try:
            yield
        finally:
            lock.release()
