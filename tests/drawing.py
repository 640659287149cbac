"""Pictures that tests draw themselves, and datasets of them."""

from __future__ import annotations

import io
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from factory.step.job import Artifact
from factory.store.kinds import metadata_of
from factory.store.pictures import picture_feature, picture_type
from tests.support import dataset


def draw(seed: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Discs on a ground: another picture for every seed."""
    chance = random.Random(seed)
    image = Image.new("RGB", size, tuple(chance.randrange(256) for _ in range(3)))
    pen = ImageDraw.Draw(image)
    for _ in range(5):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        pen.ellipse([x - 12, y - 12, x + 12, y + 12], fill=tuple(chance.randrange(256) for _ in range(3)))
    return image


def encoded(image: Image.Image, form: str = "PNG", **how: Any) -> bytes:
    image.save(out := io.BytesIO(), form, **how)
    return out.getvalue()


def picture(seed: int) -> bytes:
    return encoded(draw(seed))


def cell(data: bytes | None, name: str | None = None) -> dict[str, Any]:
    return {"bytes": data, "path": name}


def images(folder: Path, rows: Sequence[Mapping[str, Any]], column: str = "image", **how: Any) -> Artifact:
    """A dataset whose `column` holds cells, or lists of them."""
    import pyarrow as pa

    several = any(isinstance(row[column], list) for row in rows)
    others = pa.Table.from_pylist([{name: value for name, value in row.items() if name != column} for row in rows])
    fields = [*others.schema, pa.field(column, picture_type(several))]
    schema = pa.schema(fields, metadata=metadata_of({column: picture_feature(several)}))
    return dataset(folder, rows, schema=schema, **how)
