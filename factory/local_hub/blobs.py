"""File contents on disk, each under its sha256, written beside and moved into place."""

import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

from factory.local_hub.errors import HubError

CHUNK = 1 << 20


class Draft:
    """A content being written: hashed as it goes, invisible until `keep`."""

    def __init__(self, folder: Path) -> None:
        descriptor, name = tempfile.mkstemp(dir=folder)
        self.path = Path(name)
        self.size = 0
        self._file = os.fdopen(descriptor, "wb", buffering=CHUNK)
        self._hash = hashlib.sha256()

    def write(self, data: bytes | memoryview) -> None:
        self._hash.update(data)
        self._file.write(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def close(self, *, sync: bool) -> None:
        if self._file.closed:
            return
        self._file.flush()
        if sync:
            os.fsync(self._file.fileno())
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.discard()

    def discard(self) -> None:
        """Removes what was not kept."""
        self._file.close()
        self.path.unlink(missing_ok=True)


class BlobStore:
    """`blobs/ab/<sha256>`; a file there is always whole."""

    def __init__(self, data: Path) -> None:
        self.folder, self.drafts = data / "blobs", data / "drafts"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.drafts.mkdir(exist_ok=True)
        for leftover in self.drafts.iterdir():  # from a killed server; the lock on the folder says nobody writes them
            if leftover.is_file():
                leftover.unlink(missing_ok=True)

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def draft(self) -> Draft:
        return Draft(self.drafts)

    def keep(self, draft: Draft, *, sync: bool = True) -> None:
        """Moves a finished draft into place."""
        draft.close(sync=sync)
        target = self.path(draft.sha256)
        target.parent.mkdir(exist_ok=True)
        draft.path.replace(target)

    def put(self, data: bytes, *, sync: bool = True) -> None:
        with self.draft() as draft:
            draft.write(data)
            self.keep(draft, sync=sync)

    def read(self, sha256: str, limit: int | None = None) -> bytes:
        with self.path(sha256).open("rb") as file:
            return file.read() if limit is None else file.read(limit)

    def remove(self, sha256: str) -> None:
        self.path(sha256).unlink(missing_ok=True)


async def receive(stream: AsyncIterator[bytes], draft: Draft, most: int) -> None:
    """Writes a request body into a draft, a megabyte at a time and off the event loop.

    Raises 413 as soon as there are more than `most` bytes.
    """
    from anyio.to_thread import run_sync

    waiting = bytearray()
    async for piece in stream:
        waiting += piece
        if draft.size + len(waiting) > most:
            raise HubError(413, f"The body is larger than {most:,} bytes", headers={"Connection": "close"})
        if len(waiting) >= CHUNK:
            await run_sync(draft.write, bytes(waiting))
            waiting.clear()
    if waiting:
        await run_sync(draft.write, bytes(waiting))
