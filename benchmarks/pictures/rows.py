"""Rows of a question, an answer and a JPEG of about 100 KB, as Parquet files that `datasets` wrote."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

AT_ONCE = 500
DRAWN = 40  # pictures that differ in what is on them; each is made unique by bytes after its end
FEATURES = b'{"info": {"features": {"image": {"_type": "Image"}}}}'


def drawn(seed: int) -> bytes:
    """Blocks of colour under noise, 640 x 480."""
    chance = np.random.default_rng(seed)
    blocks = np.kron(chance.integers(0, 215, (12, 16, 3)), np.ones((40, 40, 1)))
    noise = chance.integers(0, 40, (480, 640, 3))
    Image.fromarray((blocks + noise).astype("uint8")).save(out := io.BytesIO(), "JPEG", quality=88)
    return out.getvalue()


def write(folder: Path, rows: int) -> set[str]:
    """Write the files, a tenth of whose rows come twice; returns the SHA-256 of every picture."""
    folder.mkdir(parents=True)
    bases = [drawn(seed) for seed in range(DRAWN)]
    kind, digests = pa.struct([("bytes", pa.binary()), ("path", pa.string())]), set()
    for start in range(0, rows, AT_ONCE):
        images = []
        for row in range(start, start + AT_ONCE):
            data = images[-1]["bytes"] if row % 10 == 9 else bases[row % DRAWN] + os.urandom(16)
            digests.add(hashlib.sha256(data).hexdigest())
            images.append({"bytes": data, "path": f"{row}.jpg"})
        numbers = range(start, start + AT_ONCE)
        columns = {
            "question": [f"<image>What is on picture {row}?" for row in numbers],
            "answer": [f"On picture {row} there are blocks of colour." for row in numbers],
            "image": pa.array(images, kind),
        }
        table = pa.table(columns).replace_schema_metadata({b"huggingface": FEATURES})
        pq.write_table(table, folder / f"train-{start // AT_ONCE:05d}.parquet", row_group_size=100)
    return digests
