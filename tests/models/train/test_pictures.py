"""Rows with pictures as examples and batches, beside labels made by hand and the processor's own batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch

from factory.engines.vision import decoded
from factory.errors import FactoryError
from factory.models.chat import make_encoder
from factory.models.layout import find_layout
from factory.models.models import load_model, load_tokenizer
from factory.models.train.data import Examples
from factory.models.train.pictures import PictureCollator, PictureEncoder, Sight
from factory.store.pictures import picture_type
from tests.tiny_vision import drawn, make_qwen2_vl, make_vision_model

PICTURE = "<|vision_start|>%s<|vision_end|>"
SIX = PICTURE % ("<|image_pad|>" * 6)  # 60 x 40 pixels are 84 x 56 for the processor, a token for 28 x 28
FOUR = PICTURE % ("<|image_pad|>" * 4)
USER, ASSISTANT, END = "<|im_start|>user\n", "<|im_start|>assistant\n", "<|im_end|>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_qwen2_vl(tmp_path_factory.mktemp("qwen"))


def cell(*size: int, data: bytes | None = None) -> dict[str, Any]:
    return {"bytes": drawn(size=(size[0], size[1])) if size else data, "path": None}


def encoder(
    folder: Path, columns: list[str], images: tuple[str, ...], length: int | None = None, **more: Any
) -> PictureEncoder:
    sight = Sight(columns=images, **{name: value for name, value in more.items() if name.endswith("pixels")})
    text = make_encoder(load_tokenizer(folder), find_layout(columns), length, more.get("assistant_only", True), "here")
    return PictureEncoder(text, sight, sight.of(folder, "here"))


def examples(folder: Path, rows: list[dict[str, Any]], images: tuple[str, ...] = ("image",), **options: Any) -> Any:
    """What the encoder makes of rows whose columns `images` hold pictures or lists of them."""
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
    for name in images:
        several = any(isinstance(value, list) for value in columns[name])
        columns[name] = pa.array(columns[name], picture_type(several))
    return Examples(encoder(folder, [*columns], images, **options))(pa.table(columns))


def by_hand(folder: Path, *pieces: str) -> tuple[list[int], list[int]]:
    """Ids and labels of pieces of which every second one is learnt."""
    tokenizer = load_tokenizer(folder)
    ids, labels = [], []
    for number, piece in enumerate(pieces):
        found = tokenizer(piece, add_special_tokens=False)["input_ids"]
        ids += found
        labels += found if number % 2 else [-100] * len(found)
    return ids, labels


def part(text: str | None = None) -> dict[str, Any]:
    return {"type": "image", "text": None} if text is None else {"type": "text", "text": text}


def turn(role: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": list(parts)}


def test_several_turns_are_learnt_from_and_no_placeholder_is(folder):
    messages = [
        turn("user", part(), part("Who?")),
        turn("assistant", part("Ann")),
        turn("user", part("And "), part(), part("?")),
        turn("assistant", part(), part("too")),
    ]
    found = examples(folder, [{"messages": messages, "image": [cell(60, 40), cell(56, 56), cell(60, 40)]}])
    before = f"{USER}{SIX}Who?{END}\n{ASSISTANT}"
    between = f"\n{USER}And {FOUR}?{END}\n{ASSISTANT}"
    ids, labels = by_hand(folder, before, f"Ann{END}", between, f"{SIX}too{END}", "\n")
    mark = load_tokenizer(folder).convert_tokens_to_ids("<|image_pad|>")
    assert found["left_out"] == [""] and found["input_ids"] == [ids]
    assert found["labels"] == [[-100 if token == mark else label for token, label in zip(ids, labels, strict=True)]]
    assert found["max_pixels"] == [[0, 0, 0]]


def test_placeholders_have_no_loss_where_all_words_have(folder):
    row = {"prompt": "Who?", "completion": "Ann", "image": cell(60, 40)}
    found = examples(folder, [row], assistant_only=False)
    mark = load_tokenizer(folder).convert_tokens_to_ids("<|image_pad|>")
    for token, label in zip(found["input_ids"][0], found["labels"][0], strict=True):
        assert label == (-100 if token == mark else token)


def test_pictures_stand_where_the_text_says_and_first_where_it_says_nothing(folder):
    answer = (f"x{END}", "\n")
    rows = [
        {"prompt": "a<image>b<image>", "completion": "x", "one": cell(60, 40), "two": [cell(56, 56)]},
        {"prompt": "ab", "completion": "x", "one": cell(60, 40), "two": [cell(56, 56)]},
        {"prompt": "ab", "completion": "x", "one": None, "two": []},
    ]
    found = examples(folder, rows, ("one", "two"))
    said = (f"a{SIX}b{FOUR}", f"{SIX}{FOUR}ab", "ab")
    expected = [by_hand(folder, f"{USER}{text}{END}\n{ASSISTANT}", *answer) for text in said]
    assert found["input_ids"] == [ids for ids, _ in expected]
    assert found["labels"] == [labels for _, labels in expected]
    assert found["max_pixels"] == [[0, 0], [0, 0], []]


@pytest.mark.parametrize(
    ("prompt", "image", "reason"),
    [
        ("<image><image>", cell(60, 40), "2 places for 1 picture"),
        ("<image>", None, "1 place for 0 pictures"),
        ("a", cell(data=b""), "a picture has no bytes"),
        ("a", cell(data=None), "a picture has no bytes"),
        ("a", cell(data=b"GIF89a no picture"), "the picture cannot be decoded"),
        ("a", cell(data=drawn()[:100]), "the picture cannot be decoded"),
        ("a", cell(2000, 4), "absolute aspect ratio must be smaller than 200"),
        ("<|image_pad|>", None, "its text holds a token that stands for a picture, a video or a sound"),
        ("<|video_pad|>", cell(60, 40), "its text holds a token that stands for a picture, a video or a sound"),
    ],
)
def test_what_cannot_be_shown_is_left_out_by_name(folder, prompt, image, reason):
    rows = [{"prompt": prompt, "completion": "x", "image": image}, {"prompt": "a", "completion": "x", "image": None}]
    found = examples(folder, rows)
    assert reason in found["left_out"][0] and not found["left_out"][1]
    assert found["input_ids"][0] == []


def test_a_conversation_says_itself_where_its_pictures_are(folder):
    messages = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Ann"}]
    assert examples(folder, [{"messages": messages, "image": cell(60, 40)}])["left_out"] == ["0 places for 1 picture"]


def test_pictures_of_a_long_row_are_shown_smaller_or_the_row_is_left_out(folder):
    row = {"prompt": "Who?", "completion": "Ann", "image": cell(280, 280)}  # 64 tokens at the processor's size
    words = len(by_hand(folder, f"{USER}{PICTURE % ''}Who?{END}\n{ASSISTANT}Ann{END}\n")[0])
    [whole] = examples(folder, [row])["input_ids"]
    assert len(whole) == words + 64
    for length in (words + 64, words + 63, words + 20, words + 4):
        found = examples(folder, [row], length=length)
        [ids], [limits] = found["input_ids"], found["max_pixels"]
        assert words + 4 <= len(ids) <= length and found["labels"][0].count(-100) < len(ids)
        assert limits == [0 if length == len(whole) else (length - words) * 28 * 28]
    assert examples(folder, [row], length=words + 3)["left_out"] == [
        "its words and pictures are more than max_length tokens"
    ]
    rows = [row, {"prompt": "b" * 200, "completion": "x" * 200, "image": None}]
    found = examples(folder, rows, length=300)
    assert [len(ids) for ids in found["input_ids"]] == [len(whole), 300] and found["truncated"] == [False, True]


def test_a_batch_is_the_processors_own(folder):
    """Texts and pictures of the rows as the processor makes them of all together, but for the labels."""
    rows = [
        {"prompt": "<image>Who?", "completion": "Ann", "image": [cell(60, 40)]},
        {"prompt": "Nobody to be seen", "completion": "No", "image": []},
        {"prompt": "<image> or <image>", "completion": "Both", "image": [cell(90, 30), cell(56, 84)]},
    ]
    made = encoder(folder, [*rows[0]], ("image",))
    found = examples(folder, rows)
    encoded = [
        {**{name: values[n] for name, values in found.items()}, "pictures 0": rows[n]["image"]}
        for n in range(len(rows))
    ]
    batch = PictureCollator(made.sight, made.shown)(encoded)
    one = PICTURE % "<|image_pad|>"
    turns = [(row["prompt"].replace("<image>", one), row["completion"]) for row in rows]
    texts = [f"{USER}{prompt}{END}\n{ASSISTANT}{answer}{END}\n" for prompt, answer in turns]
    images = [[decoded(one["bytes"]) for one in row["image"]] for row in rows]
    processor: Any = made.shown.processor
    own = processor(text=texts, images=images, padding=True, padding_side="right", return_tensors="pt")
    assert {*batch} == {*own, "labels"}
    for name, tensor in own.items():
        assert torch.equal(batch[name], tensor), name
    alone = PictureCollator(made.sight, made.shown)(encoded[1:2])
    assert {*alone} == {"input_ids", "attention_mask", "labels"}


@pytest.mark.parametrize("kind", ["qwen2_vl", "qwen2_5_vl", "qwen3_vl"])
def test_positions_that_come_with_a_batch_are_those_that_the_model_counts(kind, tmp_path):
    folder = make_vision_model(tmp_path, kind)
    rows = [
        {"prompt": "<image>Who?", "completion": "Ann", "image": [cell(60, 40)]},
        {"prompt": "<image> or <image>", "completion": "Both of them", "image": [cell(90, 30), cell(56, 84)]},
        {"prompt": "Nobody to be seen", "completion": "No", "image": []},
    ]
    made, found = encoder(folder, [*rows[0]], ("image",)), examples(folder, rows)
    encoded = [
        {**{name: values[n] for name, values in found.items()}, "pictures 0": row["image"]}
        for n, row in enumerate(rows)
    ]
    model = load_model(folder, "float32")
    plain = PictureCollator(made.sight, made.shown)(encoded)
    batch = PictureCollator(made.sight, made.shown, model)(encoded)
    assert "position_ids" in batch and "position_ids" not in plain
    with torch.no_grad():
        assert torch.equal(model(**batch).logits, model(**plain).logits)
    assert "position_ids" not in PictureCollator(made.sight, made.shown, model)(encoded[2:])


def test_the_recipes_resolution_is_taken_and_no_other_processor_hears_of_it(folder):
    row = {"prompt": "Who?", "completion": "Ann", "image": cell(280, 280)}
    usual = len(examples(folder, [row])["input_ids"][0])
    small = examples(folder, [row], max_pixels=28 * 28 * 9)["input_ids"][0]
    large = examples(folder, [{**row, "image": cell(28, 28)}], min_pixels=28 * 28 * 25)["input_ids"][0]
    assert (len(small), len(large)) == (usual - 64 + 9, usual - 64 + 25)
    assert len(examples(folder, [row])["input_ids"][0]) == usual


def test_a_resolution_that_no_picture_can_have(folder):
    with pytest.raises(FactoryError, match=r"here: no picture has at least 90,000 pixels and at most 50,176"):
        Sight(columns=("image",), min_pixels=90_000).of(folder, "here")
