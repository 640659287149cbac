"""Weights on disk: the tensors of a model folder as mapped memory, and a thread that reads ahead of their use."""

import os
import threading
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import safe_open

from factory.engines.weights import needed_weights
from factory.models.tensors import entries

READ_BYTES = 1 << 20  # asked for at once; the kernel cuts larger requests
AHEAD_BYTES = 256 << 20  # how far the reader is ahead of the arithmetic


class Extent(NamedTuple):
    """Where a tensor's bytes lie."""

    path: Path
    start: int
    size: int


class Mapped(ExitStack):
    """All tensors of a model folder, memory-mapped: nothing is read until it is used."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._files: dict[str, Any] = {}
        self.extents: dict[str, Extent] = {}
        for path in needed_weights(folder):
            file = self.enter_context(safe_open(path, framework="pt"))
            for name, extent in extents(path).items():
                self.extents[name] = extent
                self._files[name] = file

    def tensor(self, name: str) -> torch.Tensor:
        return self._files[name].get_tensor(name)


def extents(path: Path) -> dict[str, Extent]:
    """{tensor: its bytes} of one safetensors file."""
    begin, header = entries(path)
    places = {name: entry["data_offsets"] for name, entry in header.items()}
    return {name: Extent(path, begin + start, stop - start) for name, (start, stop) in places.items()}


class ReadAhead:
    """Brings extents into the page cache in the order of their use, at most AHEAD_BYTES before they are needed."""

    def __init__(self, wanted: Iterable[Sequence[Extent]]) -> None:
        self._wanted = list(wanted)
        self._room = threading.Condition()
        self._free, self._stopped = AHEAD_BYTES, False
        self._thread = threading.Thread(target=self._run, name="read-ahead", daemon=True)
        self._thread.start()

    def used(self, size: int) -> None:
        """So many bytes have been worked on."""
        with self._room:
            self._free += size
            self._room.notify()

    def close(self) -> None:
        with self._room:
            self._stopped = True
            self._room.notify()
        self._thread.join()

    def _run(self) -> None:
        files: dict[Path, int] = {}
        try:
            for together in self._wanted:
                for offset in range(0, max(extent.size for extent in together), READ_BYTES):
                    for extent in together:
                        size = min(READ_BYTES, extent.size - offset)
                        if size <= 0:
                            continue
                        if not self._take(size):
                            return
                        if extent.path not in files:
                            files[extent.path] = os.open(extent.path, os.O_RDONLY)
                        os.posix_fadvise(files[extent.path], extent.start + offset, size, os.POSIX_FADV_WILLNEED)
        except OSError:
            return  # the arithmetic meets the same error where it can be reported
        finally:
            for descriptor in files.values():
                os.close(descriptor)

    def _take(self, size: int) -> bool:
        with self._room:
            self._room.wait_for(lambda: self._free > 0 or self._stopped)
            self._free -= size
            return not self._stopped
