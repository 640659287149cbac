"""Weights written piece by piece: safetensors files of bounded size, their index, and all synced at the end."""

import json
import os
import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import torch

from factory.store import sync_folder, write_atomically

SHARD_BYTES = 5_000_000_000
WAITING_PIECES = 64  # between arithmetic and disk, 32 MB in float32
SYNC_BYTES = 256 << 20  # written between two syncs, so that the disk writes while it is read from
ALIGNMENT = 8  # of a safetensors header


class Planned(NamedTuple):
    """A tensor that will be written: safetensors' name of its type, shape, bytes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    size: int


def shards(tensors: Sequence[Planned], limit: int = SHARD_BYTES) -> list[list[Planned]]:
    """Tensors in their order, in files of at most `limit` bytes (more only for one tensor that is larger)."""
    files: list[list[Planned]] = []
    filled = 0
    for tensor in tensors:
        if not files or filled + tensor.size > limit:
            files.append([])
            filled = 0
        files[-1].append(tensor)
        filled += tensor.size
    return files


class Writer:
    """Writes ``model.safetensors``, or shards and their index, piece by piece, from a thread of its own.

    Every tensor that was planned must be given in full and in order. The files are synced when `close` returns.
    """

    def __init__(self, folder: Path, tensors: Sequence[Planned], limit: int = SHARD_BYTES) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._files = folder, shards(tensors, limit)
        count = len(self._files)
        self._names = [
            "model.safetensors" if count == 1 else f"model-{number:05d}-of-{count:05d}.safetensors"
            for number in range(1, count + 1)
        ]
        self._waiting: queue.Queue[memoryview | None] = queue.Queue(WAITING_PIECES)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def write(self, piece: torch.Tensor) -> None:
        """The next elements of the tensor at hand.

        Raises:
            OSError: an earlier piece could not be written.
        """
        if self._error is not None:
            raise self._error
        self._waiting.put(piece.view(torch.uint8).numpy().data)

    def close(self) -> None:
        """Wait until all is on the disk, then write the index."""
        self.stop()
        if self._error is not None:
            raise self._error
        if len(self._files) > 1:
            self._index()
        sync_folder(self.folder)

    def stop(self) -> None:
        """End the thread, whether or not all tensors were given."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        given = iter(self._waiting.get, None)
        try:
            for name, tensors in zip(self._names, self._files, strict=True):
                self._file(self.folder / name, tensors, given)
        except BaseException as error:
            self._error = error
        for _ in given:
            pass  # whoever gives pieces must not wait for a thread that has ended

    def _file(self, path: Path, tensors: Sequence[Planned], given: Iterator[memoryview]) -> None:
        with path.open("wb", buffering=0) as file, ThreadPoolExecutor(1) as syncing:
            file.write(header(tensors))
            left, unsynced = sum(tensor.size for tensor in tensors), 0
            while left:
                piece = next(given, None)
                if piece is None:
                    raise EOFError(f"{path.name}: {left:,} bytes were not given")
                while len(piece):
                    done = file.write(piece)
                    piece, left, unsynced = piece[done:], left - done, unsynced + done
                if unsynced >= SYNC_BYTES:
                    syncing.submit(os.fdatasync, file.fileno())
                    unsynced = 0
            os.fsync(file.fileno())

    def _index(self) -> None:
        where = {
            tensor.name: name for name, tensors in zip(self._names, self._files, strict=True) for tensor in tensors
        }
        total = sum(tensor.size for tensors in self._files for tensor in tensors)
        content = {"metadata": {"total_size": total}, "weight_map": dict(sorted(where.items()))}
        text = json.dumps(content, indent=2) + "\n"
        write_atomically(self.folder / "model.safetensors.index.json", text.encode())


def header(tensors: Sequence[Planned]) -> bytes:
    """A safetensors header: its length, then JSON padded to a multiple of eight bytes."""
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    start = 0
    for tensor in tensors:
        stop = start + tensor.size
        entries[tensor.name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [start, stop]}
        start = stop
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return len(text).to_bytes(8, "little") + text
