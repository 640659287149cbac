"""Small tokenizers of the two kinds that the real models have, trained on what their stand-ins will read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factory.rehearsal.catalogue import TokenizerFacts

VOCABULARY = 1600


def train_tokenizer(facts: TokenizerFacts, texts: Sequence[str], template: str) -> Any:
    """A fast tokenizer with the family's special tokens and chat template."""
    from tokenizers import processors
    from transformers import PreTrainedTokenizerFast

    made = _sentencepiece(facts, texts) if facts.kind == "sentencepiece" else _byte_bpe(facts, texts)
    if facts.adds_bos and facts.bos:
        bos = made.token_to_id(facts.bos)
        made.post_processor = processors.TemplateProcessing(
            single=f"{facts.bos} $A", pair=f"{facts.bos} $A $B:1", special_tokens=[(facts.bos, bos)]
        )
    named = {facts.pad, facts.eos, facts.bos}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token=facts.pad,
        eos_token=facts.eos,
        bos_token=facts.bos,
        unk_token="<unk>" if "<unk>" in facts.special else None,
        additional_special_tokens=[token for token in facts.special if token not in named],
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = template
    return tokenizer


def _byte_bpe(facts: TokenizerFacts, texts: Sequence[str]) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=_special(facts),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
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

    import json

    first = dressed(models.BPE(unk_token="<unk>"))
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY - 256, special_tokens=_special(facts), show_progress=False)
    first.train_from_iterator(texts, trainer)
    learnt = json.loads(first.to_str())["model"]
    size = len(facts.special)
    shifted = {token: id_ if id_ < size else id_ + 256 for token, id_ in learnt["vocab"].items()}
    bytes_ = {f"<0x{byte:02X}>": size + byte for byte in range(256)}
    merges = [tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in learnt["merges"]]
    tokenizer = dressed(
        models.BPE(vocab=shifted | bytes_, merges=merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    )
    tokenizer.add_special_tokens(_special(facts))
    return tokenizer


def _special(facts: TokenizerFacts) -> list[Any]:
    from tokenizers import AddedToken

    return [AddedToken(token, special=True, normalized=False) for token in facts.special]
