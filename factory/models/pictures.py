"""Pictures as a model's own processor makes them: which tokens stand for one, and the tensors that are read beside."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from factory.arrays import Table
from factory.engines.processors import load_processor
from factory.engines.vision import decoded
from factory.errors import FactoryError, first_line
from factory.store.columns import column
from factory.store.pictures import pictures_of

UNLIMITED = 0  # the limit of a picture that is shown as the processor has it


class Shown:
    """How the model in a folder is shown pictures.

    `min_pixels` and `max_pixels` are those of the recipe; None: of the model's preprocessor_config.json. They bound a
    picture's area after the processor has scaled it.

    Raises:
        FactoryError: the processor cannot be loaded, or it does not count pixels and one of the two is given.
    """

    def __init__(
        self,
        folder: Path,
        tokenizer: Any,
        *,
        min_pixels: int | None = None,
        max_pixels: int | None = None,
        trust_remote_code: bool = False,
        where: str = "",
    ) -> None:
        try:
            self.processor = load_processor(folder, tokenizer, trust_remote_code=trust_remote_code)
        except (OSError, ValueError, KeyError, ImportError, AttributeError) as error:
            raise FactoryError(f"the model's processor cannot be loaded: {first_line(error)}", where=where) from error
        images = self.processor.image_processor
        self.counts_pixels = "max_pixels" in getattr(images.valid_kwargs, "__annotations__", {})
        if not self.counts_pixels:
            if min_pixels is not None or max_pixels is not None:
                fix = "take min_pixels and max_pixels away: preprocessor_config.json says how large pictures become"
                raise FactoryError(f"{type(images).__name__} does not count pixels", where=where, fix=fix)
            return
        self.min_pixels = images.size["shortest_edge"] if min_pixels is None else min_pixels
        self.max_pixels = images.size["longest_edge"] if max_pixels is None else max_pixels
        self.token_pixels = (images.patch_size * images.merge_size) ** 2
        if self.min_pixels > self.max_pixels:
            said = f"at least {self.min_pixels:,} pixels and at most {self.max_pixels:,}"
            raise FactoryError(f"no picture has {said}", where=where, fix="give min_pixels and max_pixels")

    @property
    def mark(self) -> int:
        """The token that a chat template writes for a picture."""
        return self.processor.image_token_id

    def foreign(self) -> set[int]:
        """Tokens that stand for videos and sounds, which no row has."""
        return {token for name in ("video", "audio") for token in getattr(self.processor, f"{name}_token_ids")} - {
            None
        }

    def options(self, limit: int) -> dict[str, Any]:
        """What the image processor is told. The size is given whole: `max_pixels` alone would be ignored."""
        if not self.counts_pixels:
            return {}
        return {"size": {"shortest_edge": self.min_pixels, "longest_edge": limit or self.max_pixels}}

    @lru_cache(maxsize=4096)  # noqa: B019 - it lives as long as the training
    def tokens(self, width: int, height: int, limit: int = UNLIMITED) -> tuple[int, ...]:
        """The tokens of a picture of this size, those that frame it included.

        Raises:
            ValueError: the processor does not take it, as a stripe.
        """
        from PIL import Image

        processor: Any = self.processor
        found = processor(
            text=[processor.image_token],
            images=[[Image.new("RGB", (width, height))]],
            images_kwargs=self.options(limit),
            text_kwargs={"add_special_tokens": False},
        )
        return tuple(int(token) for token in found["input_ids"][0])

    def asked(self, text: str, picture: bytes) -> Any:
        """What the model reads of one picture and the text after it, as its template writes them."""
        turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": text}]}
        written = self.processor.apply_chat_template([turn], tokenize=False)
        options = self.options(UNLIMITED)
        return self.processor(text=[written], images=[[decoded(picture)]], images_kwargs=options, return_tensors="pt")

    def tensors(self, pictures: Sequence[bytes], limits: Sequence[int]) -> dict[str, Any]:
        """What the model reads beside its tokens, as ``pixel_values``: each stacked over pictures or patches.

        Raises:
            ValueError: a picture cannot be decoded.
        """
        import torch

        read: Any = self.processor.image_processor
        found = [
            read([decoded(data) for data, _ in together], return_tensors="pt", **self.options(limit))
            for limit, together in groupby(zip(pictures, limits, strict=True), key=lambda pair: pair[1])
        ]
        return {name: torch.cat([one[name] for one in found]) for name in (found[0] if found else ())}


def row_pictures(table: Table, columns: Sequence[str]) -> Iterator[list[bytes]]:
    """The pictures of each row, column after column; a place without bytes is empty bytes."""
    found = [pictures_of(column(table, name)) for name in columns]
    for row in zip(*found, strict=True):
        yield [picture.bytes or b"" for cell in row for picture in cell or ()]


def cell_pictures(row: Mapping[str, Any], columns: Sequence[str]) -> list[bytes]:
    """The same of a row of `datasets`, whose features do not decode."""
    cells = (row[name] for name in columns)
    return [one["bytes"] for cell in cells for one in (cell if isinstance(cell, list) else [cell]) if one is not None]
