"""Encoders: a tiny real BERT, plain or as sentence-transformers saves it, and one that counts words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from factory.step.job import Artifact
from tests.support import _manifest


def bert(folder: Path, *, labels: list[str] | None = None, seed: int = 0) -> Artifact:
    """A two-layer BERT with random weights over characters; with `labels` it classifies."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertModel

    torch.manual_seed(seed)
    tokenizer = character_tokenizer()
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=64,
        initializer_range=0.5,
        **({"id2label": dict(enumerate(labels)), "label2id": {n: i for i, n in enumerate(labels)}} if labels else {}),
    )
    model: Any = BertForSequenceClassification(config) if labels else BertModel(config)
    model.eval().save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    return Artifact(folder.name, folder, _manifest(folder.name, "model"))


def character_tokenizer() -> Any:
    """BERT's tokenizer with a vocabulary of single letters, English and Arabic."""
    from transformers import BertTokenizerFast

    letters = [*"abcdefghijklmnopqrstuvwxyz0123456789.,!?", *map(chr, range(0x0621, 0x064B))]
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    return BertTokenizerFast(vocab={token: i for i, token in enumerate(vocab)}, model_max_length=64)


def sentence_encoder(folder: Path, seed: int = 0) -> Artifact:
    """The same with CLS pooling, a dense layer and normalisation, the modules of LaBSE."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Dense
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

    plain = bert(folder.with_name(f"{folder.name}-plain"), seed=seed)
    transformer = Transformer(str(plain.model))
    modules = [transformer, Pooling(32, pooling_mode="cls"), Dense(32, 16), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "model"))
    return Artifact(folder.name, folder, _manifest(folder.name, "model"))


WORDS = [
    f"{first}{second}" for first in ("mar", "tol", "ven", "sib", "kor") for second in ("ade", "isk", "olun", "ery")
]
"""Words of one language; in the other they are written backwards, in capitals."""


def translated(text: str) -> str:
    return "\n".join(" ".join(word[::-1].upper() for word in line.split()) for line in text.split("\n"))


def count_words(texts: Sequence[str]) -> Any:
    """Vectors with one dimension for each of `WORDS`, in whichever language a text has it."""
    import numpy as np

    vectors = np.full((len(texts), len(WORDS)), 0.1)
    for row, text in enumerate(texts):
        for word in text.split():
            if (plain := word if word.islower() else word[::-1].lower()) in WORDS:
                vectors[row, WORDS.index(plain)] += 1
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
