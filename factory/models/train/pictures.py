"""Conversations about pictures as training examples; the pictures themselves are decoded batch by batch."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from factory.arrays import Table
from factory.engines.vision import config_of, decoded, sees
from factory.errors import FactoryError
from factory.models.chat import IGNORED, Encoder, Messages
from factory.models.models import load_tokenizer
from factory.models.pictures import UNLIMITED, Shown, cell_pictures, row_pictures
from factory.profile import Profile
from factory.store.columns import require
from factory.store.kinds import picture_columns

PROCESSES = 4  # that decode pictures for a GPU
LIMITS = "max_pixels"  # the column with the limit of each picture of a row


class Sight(BaseModel):
    """What a training shows: `columns` of pictures, and the bounds of their pixels."""

    model_config = ConfigDict(frozen=True)

    columns: tuple[str, ...]
    min_pixels: int | None = None
    max_pixels: int | None = None

    def of(self, folder: Path, where: str = "", trust_remote_code: bool = False) -> Shown:
        """How the model in `folder` is shown them."""
        return Shown(
            folder,
            load_tokenizer(folder, where, trust_remote_code),
            min_pixels=self.min_pixels,
            max_pixels=self.max_pixels,
            trust_remote_code=trust_remote_code,
            where=where,
        )

    @property
    def kept(self) -> dict[str, str]:
        """{column of the data: what it is called beside the examples}."""
        return {name: f"pictures {number}" for number, name in enumerate(self.columns)}


def columns_of_pictures(named: Sequence[str] | None, folder: Path, rows: Any, where: str) -> list[str]:
    """The columns that a model learns from: those that are named, or where it sees, all that hold pictures.

    Raises:
        FactoryError: a named one is not there, or holds none.
    """
    found = picture_columns(rows.features.arrow_schema)
    if named is None:
        return found if sees(config_of(folder)) else []
    require(named, rows.column_names, of="the training data", where=where)
    for name in named:
        if name not in found:
            fix = f"say `images: [{name}]` at the dataset that has the column first"
            raise FactoryError(f"column {name!r} holds no pictures", where=where, fix=fix)
    return [*named]


def decoding_processes(profile: Profile) -> int:
    """Processes that make batches beside the training: one for a CPU, where it has a core to spare, or four a GPU."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if profile.torch_device() == "cpu":
        return int(cores > (profile.threads or 1))
    return min(PROCESSES, max(1, cores // profile.devices - 1))


@dataclass
class PictureEncoder:
    """Rows with pictures, and such without, as input_ids, labels, and max_pixels for each picture.

    The tokens that stand for pictures have no loss. A row of more than `max_length` tokens has its pictures scaled
    down until it fits; one without pictures is cut.
    """

    text: Encoder
    sight: Sight
    shown: Shown

    columns: ClassVar[tuple[str, ...]] = ("input_ids", "labels", LIMITS)

    @property
    def kept(self) -> Mapping[str, str]:
        return self.sight.kept

    def read(self, table: Table) -> Iterator[tuple[Messages, list[bytes]] | ValueError]:
        read = self.text.layout.conversations(table, self.text.render.tool_calls, images=True)
        for messages, pictures in zip(read, row_pictures(table, self.sight.columns), strict=True):
            yield messages if isinstance(messages, ValueError) else (messages, pictures)

    def example(self, row: tuple[Messages, list[bytes]]) -> Mapping[str, Any]:
        """{input_ids, labels, max_pixels, truncated} of one conversation.

        Raises:
            ValueError: nothing can be learnt from it, and why.
        """
        messages, pictures = row
        if self.text.layout.column is None:
            messages = _with_pictures_first(messages, len(pictures))
        if (places := _places(messages)) != len(pictures):
            raise ValueError(f"{_count(places, 'place')} for {_count(len(pictures), 'picture')}")
        sizes = [decoded(data).size if data else _nothing() for data in pictures]
        ids, labels = self.text.encode(messages)
        if ids.count(self.shown.mark) != len(pictures) or not self.shown.foreign().isdisjoint(ids):
            raise ValueError("its text holds a token that stands for a picture, a video or a sound")
        if not pictures:
            return {**self.text.cut(ids, labels), LIMITS: []}
        limit, found = self._fitting(len(ids), sizes)
        ids, labels = _expanded(ids, labels, self.shown.mark, found)
        return {**self.text.cut(ids, labels), LIMITS: [limit] * len(pictures)}

    def _fitting(self, words: int, sizes: Sequence[tuple[int, int]]) -> tuple[int, list[tuple[int, ...]]]:
        """(limit, the tokens of each picture), so that they fit beside the words of the row."""
        most, words = self.text.max_length, words - len(sizes)
        found = [self.shown.tokens(*size) for size in sizes]
        if most is None or words + sum(map(len, found)) <= most:
            return UNLIMITED, found
        if self.shown.counts_pixels:
            limit = max(most - words, 0) // len(sizes) * self.shown.token_pixels
            if limit >= self.shown.min_pixels:
                found = [self.shown.tokens(*size, limit) for size in sizes]
                if words + sum(map(len, found)) <= most:
                    return limit, found
        raise ValueError("its words and pictures are more than max_length tokens")


class PictureCollator:
    """Encoded rows as one batch: tokens padded on the right, and the tensors of all their pictures.

    With `model` also the positions that it would count itself: here they are counted beside the training, and on the
    CPU, while a model on a GPU would wait for it at each picture.
    """

    def __init__(self, sight: Sight, shown: Shown, model: Any = None) -> None:
        from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

        self.columns, self.shown = [*sight.kept.values()], shown
        self.positions = getattr(getattr(model, "model", None), "get_rope_index", None)
        self.texts = DataCollatorForLanguageModeling(pad_token_id=shown.processor.tokenizer.pad_token_id)

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """{input_ids, attention_mask, labels: [rows, tokens], …}: what the processor adds has no padding.

        Positions are [3, rows, tokens], where the model has three (time, height, width).
        """
        import torch

        batch: dict[str, Any] = self.texts([{name: row[name] for name in ("input_ids", "labels")} for row in rows])
        pictures = [data for row in rows for data in cell_pictures(row, self.columns)]
        batch |= self.shown.tensors(pictures, [limit for row in rows for limit in row[LIMITS]])
        if pictures and "mm_token_type_ids" in self.shown.processor.model_input_names:
            batch["mm_token_type_ids"] = torch.tensor(
                self.shown.processor.create_mm_token_type_ids(batch["input_ids"].tolist())
            )
            if self.positions is not None:
                taken = signature(self.positions).parameters
                batch["position_ids"], _ = self.positions(**{name: batch[name] for name in taken if name in batch})
        return batch


def _with_pictures_first(messages: Messages, pictures: int) -> Messages:
    """Texts that have no places are about the pictures all the same: these stand before the first user's."""
    if _places(messages) or not pictures:
        return messages
    first = next((number for number, turn in enumerate(messages) if turn["role"] == "user"), None)
    if first is None:
        return messages
    parts = [*[{"type": "image"}] * pictures, {"type": "text", "text": messages[first]["content"]}]
    return [*messages[:first], messages[first] | {"content": parts}, *messages[first + 1 :]]


def _places(messages: Messages) -> int:
    contents = (turn["content"] for turn in messages)
    return sum(part["type"] == "image" for content in contents if isinstance(content, list) for part in content)


def _expanded(
    ids: Sequence[int], labels: Sequence[int], mark: int, pictures: Sequence[Sequence[int]]
) -> tuple[list[int], list[int]]:
    """With each picture's tokens in the place of its mark, without loss."""
    left = iter(pictures)
    longer: list[int] = []
    learnt: list[int] = []
    for token, label in zip(ids, labels, strict=True):
        tokens = next(left) if token == mark else (token,)
        longer += tokens
        learnt += [IGNORED] * len(tokens) if token == mark else [label]
    return longer, learnt


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _nothing() -> tuple[int, int]:
    raise ValueError("a picture has no bytes")
