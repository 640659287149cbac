"""The contents of repos: regular and large files, who holds them, and when they may leave the disk."""

import hashlib
import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from factory.local_hub import clock, gitobjects
from factory.local_hub.blobs import BlobStore, Draft
from factory.local_hub.db import Database
from factory.local_hub.records import Repo, StoredFile
from factory.local_hub.trees import Trees


class Contents:
    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        self.db = Database(data / "hub.sqlite")
        self.blobs = BlobStore(data)
        self.trees = Trees(self.db)
        self._pins = threading.Lock()
        self._pinned = 0
        self._orphans: set[str] = set()

    def file(self, oid: str) -> StoredFile:
        row = self.db.one("SELECT * FROM files WHERE oid = ?", oid)
        if row is None:
            raise KeyError(oid)
        return StoredFile(**row)

    def files(self, oids: list[str]) -> dict[str, StoredFile]:
        sql = "SELECT * FROM files WHERE oid IN (SELECT value FROM json_each(?))"
        return {row["oid"]: StoredFile(**row) for row in self.db.all(sql, json.dumps(oids))}

    def put_regular(self, data: bytes, *, sync: bool = True) -> StoredFile:
        """Writes a content that `add_regular` will make part of a repo; call it with the content `pinned`."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.blobs.has(sha256):
            self.blobs.put(data, sync=sync)
        return StoredFile(gitobjects.object_id("blob", data), sha256, len(data), None)

    def add_regular(self, repo: Repo, files: Iterable[StoredFile]) -> None:
        with self.db.writing():
            for file in files:
                self.db.write("INSERT OR IGNORE INTO files VALUES (?, ?, ?, NULL)", file.oid, file.sha256, file.size)
                self._own(repo, file.sha256, file.size, lfs=False)

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """While contents are on disk that no repo has yet, none is removed from disk."""
        with self._pins:
            self._pinned += 1
        try:
            yield
        finally:
            with self._pins:
                self._pinned -= 1

    def remove_orphans(self, candidates: Iterable[str]) -> None:
        """Removes those of `candidates` (sha256) that no repo holds, once the caller's transaction is done.

        Folders that nothing names any more go with the next `sweep`."""
        wanted = set(candidates)
        self.db.write("INSERT OR REPLACE INTO meta VALUES ('unswept', '1')")
        self.db.afterwards(lambda: self._remove(wanted))

    def _remove(self, candidates: set[str]) -> None:
        with self._pins:
            self._orphans |= candidates
            if self._pinned:  # somebody may be about to use one of them; a later removal finds it again
                return
            for sha256 in self._orphans:
                if not self.db.one("SELECT 1 FROM repo_blobs WHERE sha256 = ?", sha256):
                    self.blobs.remove(sha256)
            self._orphans.clear()

    def keep_lfs(self, repo: Repo, draft: Draft) -> None:
        """Makes an uploaded content part of a repo."""
        draft.close(sync=True)
        with self.db.writing():  # so that no repo being deleted takes the content with it
            self.blobs.keep(draft)
            self.own_lfs(repo, draft.sha256, draft.size)

    def own_lfs(self, repo: Repo, sha256: str, size: int) -> None:
        """Notes that a content in the blob store was uploaded to (or duplicated into) this repo."""
        self._own(repo, sha256, size, lfs=True)

    def owned_lfs(self, repo: Repo, sha256: str) -> int | None:
        """The size in bytes of an uploaded LFS content of this repo."""
        row = self.db.one("SELECT size FROM repo_blobs WHERE repo = ? AND sha256 = ? AND lfs = 1", repo.pk, sha256)
        return row["size"] if row and self.blobs.has(sha256) else None

    def _own(self, repo: Repo, sha256: str, size: int, *, lfs: bool) -> None:
        row = (repo.pk, sha256, size, int(lfs), clock.now())
        self.db.write("INSERT OR IGNORE INTO repo_blobs VALUES (?, ?, ?, ?, ?)", *row)

    def lfs_file(self, sha256: str, size: int) -> StoredFile:
        pointer = gitobjects.lfs_pointer(sha256, size)
        oid = gitobjects.object_id("blob", pointer)
        self.db.write("INSERT OR IGNORE INTO files VALUES (?, ?, ?, ?)", oid, sha256, size, len(pointer))
        return StoredFile(oid, sha256, size, len(pointer))
