"""The two binary formats that Xet clients upload: shards (which files consist of what) and xorbs (packed chunks).

Sources: the MDB shard and xorb specifications of huggingface/xet-core (spec/shard.md, spec/xorb).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from factory.arrays import np, pa

RECORD = 48  # bytes of the shard's header and of each of its records
VERIFICATION, METADATA = 1 << 31, 1 << 30  # flags of a file: which records follow its segments
BOOKEND = b"\xff" * 32
NONE, LZ4, GROUPED_LZ4 = 0, 1, 2
MOST_SEGMENTS = 200_000  # of a shard
LARGEST_CHUNK = 16 << 20  # bytes; the format's three-byte sizes allow no more


class FormatError(ValueError):
    """The upload is not what the format says."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A range of chunks, end exclusive, of one xorb."""

    xorb: str
    size: int
    start: int
    end: int


@dataclass(frozen=True)
class ShardFile:
    sha256: str | None
    segments: tuple[Segment, ...]


def hex_hash(raw: bytes) -> str:
    """A hash as Xet writes it: four little-endian 64-bit words, each in hexadecimal."""
    return "".join(f"{word:016x}" for word in struct.unpack("<4Q", raw))


def read_shard(body: BinaryIO) -> Iterator[ShardFile]:
    """The files of a shard, in its order."""

    def record() -> bytes:
        piece = body.read(RECORD)
        if len(piece) < RECORD:
            raise FormatError("the shard ends too early")
        return piece

    record()  # the header
    left = MOST_SEGMENTS
    while True:
        head = record()
        if head[:32] == BOOKEND:
            return
        flags, count = struct.unpack("<2I", head[32:40])
        left -= count
        if left < 0:
            raise FormatError(f"the shard has more than {MOST_SEGMENTS:,} segments")
        segments = []
        for _ in range(count):
            entry = record()
            _flags, size, start, end = struct.unpack("<4I", entry[32:48])
            segments.append(Segment(hex_hash(entry[:32]), size, start, end))
        if flags & VERIFICATION:
            for _ in range(count):
                record()
        sha256 = hex_hash(record()[:32]) if flags & METADATA else None
        yield ShardFile(sha256, tuple(segments))


class Xorb:
    """A stored xorb; the places of its chunks are found once."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._size = path.stat().st_size
        self._places = [0]

    def close(self) -> None:
        self._file.close()

    def _header(self, place: int) -> tuple[int, int, int]:
        """(compressed size, scheme, size) of the chunk at a place."""
        self._file.seek(place)
        head = self._file.read(8)
        if len(head) < 8 or head[0] != 0:
            raise FormatError("a xorb holds fewer chunks than the shard says")
        packed, size = int.from_bytes(head[1:4], "little"), int.from_bytes(head[5:8], "little")
        if place + 8 + packed > self._size or size > LARGEST_CHUNK:
            raise FormatError("a chunk of a xorb is cut off")
        return packed, head[4], size

    def chunks(self, start: int, end: int) -> Iterator[bytes]:
        while len(self._places) <= start:
            place = self._places[-1]
            self._places.append(place + 8 + self._header(place)[0])
        for number in range(start, end):
            place = self._places[number]
            packed, scheme, size = self._header(place)
            if len(self._places) == number + 1:
                self._places.append(place + 8 + packed)
            self._file.seek(place + 8)
            yield unpack(self._file.read(packed), scheme, size)


def unpack(data: bytes, scheme: int, size: int) -> bytes:
    if scheme == NONE:
        content = data
    elif scheme in (LZ4, GROUPED_LZ4):
        try:
            content = pa.decompress(data, decompressed_size=size, codec="lz4", asbytes=True)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise FormatError("a chunk cannot be decompressed") from error
        if scheme == GROUPED_LZ4:
            content = ungroup(content)
    else:
        raise FormatError(f"unknown compression {scheme}")
    if len(content) != size:
        raise FormatError("a chunk has another size than its header says")
    return content


def ungroup(data: bytes) -> bytes:
    """Undoes byte grouping: every fourth byte first, then the bytes after those, and so on."""
    length = len(data)
    source: Any = np.frombuffer(data, dtype=np.uint8)
    result = np.empty(length, dtype=np.uint8)
    at = 0
    for offset in range(4):
        count = (length - offset + 3) // 4
        result[offset::4] = source[at : at + count]
        at += count
    return result.tobytes()
