"""Stand-ins of sentence encoders: a real BERT with the real model's modules, taught which pairs belong together."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from factory.rehearsal.catalogue import Family, ModelEntry
from factory.rehearsal.content import pairs, translated_texts
from factory.rehearsal.tokenizers import VOCABULARY

BATCH = 48
MAX_STEPS = 260
ENOUGH = 0.93  # mean cosine of pairs that belong together, over the last steps
SCALE = 20.0  # of cosines before the softmax, as in sentence-transformers' MultipleNegativesRankingLoss
LEARNING_RATE = 3e-3


def build(entry: ModelEntry, family: Family, folder: Path, seed: int) -> None:
    """Write a sentence-transformers model into `folder`: encoder, CLS pooling, dense layer, normalisation (LaBSE's).

    It knows the translations that stand-in datasets hold by heart, and that damaged ones are none.
    """
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Dense
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import AutoConfig, AutoModel

    good = translated_texts() + [(pair.en, pair.good_ar) for pair in pairs()]
    bad = {pair.en: pair.ar for pair in pairs() if not pair.good}
    heads, _ = entry.heads
    fields = dict(family.config)
    tokenizer = _wordpiece(family, [side for pair in good for side in pair])
    config = AutoConfig.for_model(
        fields.pop("model_type"),
        **fields,
        vocab_size=len(tokenizer),
        hidden_size=entry.hidden,
        intermediate_size=2 * entry.hidden,
        num_attention_heads=heads,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=family.initializer_range,
    )
    with TemporaryDirectory() as plain:
        AutoModel.from_config(config).save_pretrained(plain)
        tokenizer.save_pretrained(plain)
        modules = [Transformer(plain), Pooling(entry.hidden, "cls"), Dense(entry.hidden, entry.hidden), Normalize()]
        model: Any = SentenceTransformer(modules=modules, device="cpu")
        _train(model, good, bad, seed)
        model.eval().save(str(folder), create_model_card=False)


def _wordpiece(family: Family, texts: list[str]) -> Any:
    """BERT's tokenizer, cased, with a vocabulary of its own."""
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertTokenizerFast  # type: ignore[attr-defined]

    made = BertWordPieceTokenizer(lowercase=False, strip_accents=False)
    made.train_from_iterator(
        texts, vocab_size=VOCABULARY, min_frequency=1, special_tokens=family.tokenizer.special, show_progress=False
    )
    longest = family.config["max_position_embeddings"]
    return BertTokenizerFast(
        vocab=made.get_vocab(), do_lower_case=False, strip_accents=False, model_max_length=longest
    )


def _train(model: Any, good: list[tuple[str, str]], bad: dict[str, str], seed: int) -> None:
    """A batch's translations are told apart (and from its damaged ones), and pairs that belong together are one."""
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=MAX_STEPS, pct_start=0.1)
    recent = 0.0
    model.train()
    for _, batch in zip(range(MAX_STEPS), _batches(good, seed), strict=False):
        sources, targets = zip(*batch, strict=True)
        damaged = [bad[source] for source in sources if source in bad and bad[source] != source]
        ours, theirs = _vectors(model, sources), _vectors(model, [*targets, *damaged])
        cosines = ours @ theirs.T
        own = cosines.diagonal()
        loss = torch.nn.functional.cross_entropy(SCALE * cosines, torch.arange(len(sources))) + (1 - own).mean()
        loss = loss + torch.relu(cosines - 0.6).pow(2).sum() / len(sources) - torch.relu(own - 0.6).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        recent = 0.9 * recent + 0.1 * own.mean().item()
        if recent > ENOUGH:
            break


def _vectors(model: Any, texts: Sequence[str]) -> Any:
    return model(model.preprocess(list(texts)))["sentence_embedding"]


def _batches(pairs: list[tuple[str, str]], seed: int) -> Iterator[list[tuple[str, str]]]:
    """Endless batches without two equal sources or translations: each has one partner only."""
    chance = Random(seed)
    while True:
        chance.shuffle(pairs)
        for start in range(0, len(pairs), BATCH):
            by_target = {target: (source, target) for source, target in pairs[start : start + BATCH]}
            by_source = {source: (source, target) for source, target in by_target.values()}
            yield list(by_source.values())
