from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from factory.errors import FactoryError
from factory.profile import Profile
from factory.rows.embeddings import Encoder
from factory.steps.similarity import Similarity
from factory.store import fingerprint
from tests.encoders import bert, sentence_encoder
from tests.support import dataset, kept, make_job, rejected, run_step


@pytest.fixture(scope="session")
def encoder(tmp_path_factory):
    return sentence_encoder(tmp_path_factory.mktemp("models") / "e")


@pytest.fixture(scope="session")
def plain(tmp_path_factory):
    return bert(tmp_path_factory.mktemp("models") / "p")


def similarity(**parameters) -> Similarity:
    return Similarity.model_validate({"model": "e", "min": 0.999, "pairs": {"en": "ar"}, **parameters})


ROWS = [
    {"en": "a small house", "ar": "a small house"},
    {"en": "a small house", "ar": "بيت أحمر كبير"},
    {"en": "birds", "ar": ""},
    {"en": None, "ar": None},
    {"en": "birds " * 40, "ar": "birds " * 40},
]


def test_pairs_below_the_limit_go_with_their_score(tmp_path, encoder):
    job = run_step(similarity(), dataset(tmp_path / "in", ROWS), tmp_path / "out", e=encoder)
    assert [(row["en"], row["score_similarity"]) for row in kept(job)] == [
        ("a small house", pytest.approx(1.0, abs=1e-5)),
        (None, None),
        ("birds " * 40, pytest.approx(1.0, abs=1e-5)),
    ]
    gone = rejected(job)
    assert gone[0]["reason"].startswith("similarity: ") and gone[0]["reason"].endswith("< 0.999")
    assert float(gone[0]["reason"].split()[1]) == pytest.approx(gone[0]["score_similarity"], abs=1e-3)
    assert gone[1]["reason"] == "similarity: no text: ar"
    assert job.metrics["similarity"] == {"pairs": 3, "too_long": 2}
    assert job.notes == ["similarity: of 2 texts only the beginning was compared"]
    assert job.metrics["percentiles"]["score_similarity"]["p99"] == pytest.approx(1.0, abs=1e-5)


def test_the_score_is_the_models_own_cosine(tmp_path, encoder):
    from sentence_transformers import SentenceTransformer

    job = run_step(similarity(min=-1), dataset(tmp_path / "in", ROWS[1:2]), tmp_path / "out", e=encoder)
    one, other = SentenceTransformer(str(encoder.model), device="cpu").encode([ROWS[1]["en"], ROWS[1]["ar"]])
    cosine = float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))
    assert kept(job)[0]["score_similarity"] == pytest.approx(cosine, abs=1e-5)


@pytest.mark.parametrize("pooling", [None, "mean", "cls"])
def test_a_plain_encoder_is_pooled_as_asked(plain, pooling):
    import torch
    from transformers import AutoModel, AutoTokenizer

    texts = ["red house", "a much longer text about a house"]
    vectors = Encoder(plain.model, Profile(device="cpu"), pooling).encode(texts)
    model, tokenizer = AutoModel.from_pretrained(plain.model).eval(), AutoTokenizer.from_pretrained(plain.model)
    for text, vector in zip(texts, vectors, strict=True):
        with torch.no_grad():
            states = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        wanted = states[0] if pooling == "cls" else states.mean(0)
        assert np.allclose(vector, wanted / wanted.norm(), atol=1e-5)


def test_a_model_with_its_own_pooling_takes_no_other(tmp_path, encoder):
    with pytest.raises(FactoryError, match=r"modules\.json"):
        run_step(similarity(pooling="cls"), dataset(tmp_path / "in", ROWS), tmp_path / "out", e=encoder)


def test_a_folder_without_an_encoder_is_refused(tmp_path, encoder):
    shutil.copytree(encoder.folder, tmp_path / "e")
    (tmp_path / "e" / "model" / "2_Dense" / "model.safetensors").unlink()
    broken = encoder.__class__("e", tmp_path / "e", encoder.manifest)
    with pytest.raises(FactoryError, match="cannot load the encoder"):
        run_step(similarity(), dataset(tmp_path / "in", ROWS), tmp_path / "out", e=broken)


def test_worst_of_several_pairs_and_the_default_pairs(tmp_path, encoder):
    rows = [{"a": "same", "a_ar": "same", "b": "same", "b_ar": "other"}]
    step = similarity(pairs=None)
    job = run_step(step, dataset(tmp_path / "in", rows), tmp_path / "out", e=encoder)
    assert job.rows.rejected == 1 and job.metrics["similarity"]["pairs"] == 2


def test_hidden_scores(tmp_path, encoder):
    job = run_step(similarity(keep_scores=False), dataset(tmp_path / "in", ROWS), tmp_path / "out", e=encoder)
    assert "score_similarity" not in kept(job)[0] and "score_similarity" in rejected(job)[0]


def test_columns():
    assert similarity().check_columns(["en", "ar"]) == ["en", "ar", "score_similarity"]
    with pytest.raises(FactoryError, match="did you mean 'ar'"):
        similarity(pairs={"en": "arr"}).check_columns(["en", "ar"])
    with pytest.raises(FactoryError, match="no pair of columns x and x_ar"):
        similarity(pairs=None, suffix="_ar").check_columns(["en", "ar"])


def test_an_empty_shard(tmp_path, encoder):
    schema = pa.schema([("en", pa.string()), ("ar", pa.string())])
    job = run_step(similarity(), dataset(tmp_path / "in", [], schema=schema), tmp_path / "out", e=encoder)
    assert job.rows.rows_in == 0


def test_a_new_limit_sorts_the_rows_anew_and_computes_no_score(tmp_path, encoder, monkeypatch):
    source = dataset(tmp_path / "in", ROWS)

    def run(name: str, **parameters):
        step = similarity(**parameters)
        made = tmp_path / fingerprint(step.made())
        job = replace(make_job(tmp_path / name, source, e=encoder), made_in=made)
        step.run(job)
        return job

    job = run("one")
    before = {row["en"]: row["score_similarity"] for row in (*kept(job), *rejected(job))}

    def loaded(*_, **__):
        raise AssertionError("the encoder was asked again")

    monkeypatch.setattr("factory.rows.embeddings.Encoder.__init__", loaded)
    lower = run("two", min=-1, keep_scores=False)
    assert lower.rows.kept == job.rows.kept + 1 and "score_similarity" not in kept(lower)[0]
    again = run("three", min=-1)
    assert {row["en"]: row["score_similarity"] for row in (*kept(again), *rejected(again))} == before
    with pytest.raises(AssertionError, match="asked again"):  # other pairs are other scores
        run("four", pairs={"ar": "en"})
