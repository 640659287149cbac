"""Texts beside their pictures, by a tiny CLIP of the real class."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from factory.engines.vision import decoded
from factory.errors import FactoryError
from factory.steps.similarity import Similarity
from tests.drawing import cell, images, picture
from tests.encoders import bert, character_tokenizer
from tests.steps.test_image_columns import digest, ids
from tests.support import Artifact, _manifest, kept, rejected, run_step


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    import torch
    from transformers import CLIPConfig, CLIPModel

    folder = tmp_path_factory.mktemp("clip")
    tokenizer = character_tokenizer()
    size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {**size, "vocab_size": len(tokenizer), "max_position_embeddings": 24, "eos_token_id": 3, "pad_token_id": 0}
    vision = {**size, "image_size": 32, "patch_size": 8}
    torch.manual_seed(0)
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=16, initializer_factor=20.0)
    CLIPModel(config).save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    square = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
    (folder / "model" / "preprocessor_config.json").write_text(json.dumps(square))
    return Artifact("c", folder, _manifest("c", "model"))


def fitting(**parameters: Any) -> Similarity:
    return Similarity.model_validate({"model": "c", "min": -1, "images": {"image": "caption"}, **parameters})


def rows() -> list[dict[str, Any]]:
    said = ["a red disc", "two birds", "a red disc", "", "a red disc", "long " * 20, None]
    shown = [picture(0), picture(1), None, picture(3), b"no picture", picture(5), None]
    cells = [cell(data) if data is not None else None for data in shown]
    return [{"id": n, "caption": text, "image": one} for n, (text, one) in enumerate(zip(said, cells, strict=True))]


def test_the_score_is_the_models_own_cosine(tmp_path: Path, clip: Artifact) -> None:
    import torch
    from transformers import AutoTokenizer, CLIPImageProcessorPil, CLIPModel

    job = run_step(fitting(), images(tmp_path / "in", rows()), tmp_path / "out", c=clip)
    assert ids(kept(job)) == [0, 1, 5, 6]
    assert {row["id"]: row["reason"] for row in rejected(job)} == {
        2: "similarity: no picture: image",
        3: "similarity: no text: caption",
        4: "similarity: ValueError: the picture cannot be decoded: its bytes are of no known type",
    }
    assert [row["outcome"] for row in rejected(job)] == ["rejected", "rejected", "failed"]
    model, tokenizer = CLIPModel.from_pretrained(clip.model).eval(), AutoTokenizer.from_pretrained(clip.model)
    processor = CLIPImageProcessorPil.from_pretrained(clip.model)
    for row in kept(job)[:2]:
        inputs = {**tokenizer(row["caption"], return_tensors="pt")}
        inputs |= processor(decoded(row["image"]["bytes"]), return_tensors="pt")
        with torch.no_grad():
            found = model(**inputs)
        cosine = float(found.text_embeds[0] @ found.image_embeds[0])
        assert row["score_similarity"] == pytest.approx(cosine, abs=1e-4) and digest(row["image"])
    assert kept(job)[-1]["score_similarity"] is None
    assert job.metrics["similarity"] == {"pairs": 4, "too_long": 1}


def test_the_worst_picture_of_a_row_counts_and_the_limit_decides(tmp_path: Path, clip: Artifact) -> None:
    single = [{"id": n, "caption": "a red disc", "image": [cell(picture(n))]} for n in range(2)]
    both = {"id": 2, "caption": "a red disc", "image": [cell(picture(0)), cell(picture(1))]}
    source = images(tmp_path / "in", [*single, both])
    scores = [row["score_similarity"] for row in kept(run_step(fitting(), source, tmp_path / "out", c=clip))]
    assert scores[2] == pytest.approx(min(scores[:2]), abs=1e-5) and scores[0] != pytest.approx(scores[1])
    limit = sum(scores[:2]) / 2
    job = run_step(fitting(min=limit), source, tmp_path / "strict", c=clip)
    assert ids(kept(job)) == [scores.index(max(scores[:2]))] and job.rows.rejected == 2


def test_a_model_of_texts_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FactoryError, match="no features of both pictures and texts"):
        run_step(fitting(), images(tmp_path / "in", rows()), tmp_path / "out", c=bert(tmp_path / "c"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"model": "c", "images": {"image": "caption"}}, "`min` must be said"),
        ({"min": 0.2, "images": {"image": "caption"}}, "`model` must be said"),
        ({"model": "c", "min": 0.2, "images": {"image": "caption"}, "columns": {"a": "b"}}, "give `images` alone"),
        ({"model": "c", "min": 0.2, "images": {"image": "caption"}, "prefix": ""}, "give `images` alone"),
        ({"model": "c", "min": 0.2, "images": {}}, "images"),
    ],
)
def test_wrong_parameters(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Similarity.model_validate(wrong)


def test_columns_that_are_not_there() -> None:
    with pytest.raises(FactoryError, match="no column 'caption'"):
        fitting().check_columns(["image", "text"])
    assert fitting().check_columns(["image", "caption"]) == ["image", "caption", "score_similarity"]
    assert Similarity.model_validate({}).parameters().get("images") is None
