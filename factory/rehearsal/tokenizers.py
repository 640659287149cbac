"""Small tokenizers of the two kinds that the real models have, trained on what their stand-ins will read."""

import json
from collections.abc import Sequence
from typing import Any

from factory.models.tokens import byte_bpe, fast_tokenizer, special_tokens
from factory.rehearsal.catalogue import TokenizerFacts

VOCABULARY = 1600


def train_tokenizer(facts: TokenizerFacts, texts: Sequence[str], template: str) -> Any:
    """A fast tokenizer with the family's special tokens and chat template."""
    if facts.kind == "sentencepiece":
        made = _sentencepiece(facts, texts)
    else:
        made = byte_bpe(texts, VOCABULARY, facts.special)
    unknown = "<unk>" if "<unk>" in facts.special else None
    named = {"pad": facts.pad, "eos": facts.eos, "bos": facts.bos}
    tokenizer = fast_tokenizer(made, facts.special, **named, adds_bos=facts.adds_bos, unk_token=unknown)
    tokenizer.chat_template = template or None
    return tokenizer


def _sentencepiece(facts: TokenizerFacts, texts: Sequence[str]) -> Any:
    """Gemma's kind: BPE over characters with ▁ for spaces, and bytes for characters that are not in the vocabulary."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    def dressed(model: Any) -> Any:
        tokenizer = Tokenizer(model)
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
        tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
        return tokenizer

    first = dressed(models.BPE(unk_token="<unk>"))
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 256, special_tokens=special_tokens(facts.special), show_progress=False
    )
    first.train_from_iterator(texts, trainer)
    learnt = json.loads(first.to_str())["model"]
    size = len(facts.special)
    shifted = {token: id_ if id_ < size else id_ + 256 for token, id_ in learnt["vocab"].items()}
    bytes_ = {f"<0x{byte:02X}>": size + byte for byte in range(256)}
    merges = [tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in learnt["merges"]]
    tokenizer = dressed(
        models.BPE(vocab=shifted | bytes_, merges=merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    )
    tokenizer.add_special_tokens(special_tokens(facts.special))
    return tokenizer
