"""Tokenizers of the kinds that models have, trained on a few texts."""

from __future__ import annotations

import json

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers


def llama_type(texts: list[str], size: int, letters: str = "") -> Tokenizer:
    """Of the kind of Llama 2's: <unk> <s> </s>, 256 bytes, pieces up to `size`; spaces as ▁, one in front.

    `letters` are pieces whether the texts have them or not.
    """
    first = Tokenizer(models.BPE(unk_token="<unk>"))
    first.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    first.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    trainer = trainers.BpeTrainer(vocab_size=size - 259, initial_alphabet=[*letters], show_progress=False)
    first.train_from_iterator(texts, trainer)
    learnt = json.loads(first.to_str())["model"]
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *learnt["vocab"]]
    vocab = {piece: number for number, piece in enumerate(pieces)}
    merges = [tuple(merge) for merge in learnt["merges"]]
    made = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    made.normalizer = first.normalizer
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    made.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in pieces[:3]])
    return made
