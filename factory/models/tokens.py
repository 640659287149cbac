"""Tokenizers: a byte-level BPE trained from text, and chat templates put on tokenizers that lack their tokens."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from factory.engines.tokens import sample
from factory.errors import FactoryError
from factory.models.layout import present
from factory.step.job import Artifact
from factory.store.columns import column, plain, read_columns
from factory.text.conversations import parts_of, role_of

SPECIAL = ("<|pad|>", "<|startoftext|>", "<|endoftext|>", "<|im_start|>", "<|im_end|>")
PAD, BEGIN, TEXT_END, TURN, TURN_END = SPECIAL
MARK = re.compile(r"<[^<>\s]{2,}>")
# GPT-4's pattern, with marks (\p{M}) taken as part of the letters: Arabic diacritics do not end a word.
WORDS = r"[^\r\n\p{L}\p{M}\p{N}]?[\p{L}\p{M}]+|\p{N}{1,3}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def train_tokenizer(
    artifacts: list[Artifact], columns: list[str], vocab_size: int, where: str = "", more: Sequence[str] = ()
) -> Any:
    """A byte-level BPE with LFM2's special tokens and `more`, trained on the `columns` that each artifact has.

    A column holds text or conversations (``[{role, content}]`` or ``[{from, value}]``); of these, roles (by their
    usual names) and texts are read. One shard is in memory at a time.

    Raises:
        FactoryError: an artifact has none of the columns or no rows, or no artifact has one of the columns.
    """
    found = [(artifact, _columns(artifact, columns, where)) for artifact in artifacts]
    if unknown := [column for column in columns if not any(column in has for _, has in found)]:
        names = ", ".join(artifact.name for artifact in artifacts)
        raise FactoryError(f"no column {unknown[0]!r} in {names}", where=where, fix="correct or drop it in `columns`")
    special = tuple(dict.fromkeys([*SPECIAL, *more]))
    tokenizer = byte_bpe((text for source in found for text in _texts(*source)), vocab_size, special, WORDS)
    return fast_tokenizer(tokenizer, special, pad=PAD, eos=TURN_END, bos=BEGIN, adds_bos=True)


def template_tokens(template: str) -> list[str]:
    """The markers such as ``<|im_end|>`` that a chat template writes."""
    return list(dict.fromkeys(re.findall(r"<\|\w+\|>", template)))


def byte_bpe(texts: Iterable[str], vocab_size: int, special: Sequence[str], words: str | None = None) -> Any:
    """A byte-level BPE trained on texts; `words` is the pattern by which they are cut, GPT-2's by default."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=words is None)
    cut = [pre_tokenizers.Split(Regex(words), behavior="isolated"), level] if words else []
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(cut) if cut else level
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=special_tokens(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def special_tokens(names: Sequence[str]) -> list[Any]:
    from tokenizers import AddedToken

    return [AddedToken(name, special=True, normalized=False) for name in names]


def fast_tokenizer(
    tokenizer: Any, special: Sequence[str], *, pad: str, eos: str, bos: str | None, adds_bos: bool, **more: Any
) -> Any:
    """The transformers tokenizer over a trained one; `adds_bos`: every text begins with the token `bos`."""
    from tokenizers import processors
    from transformers import PreTrainedTokenizerFast

    if adds_bos and bos:
        known = [(bos, tokenizer.token_to_id(bos))]
        tokenizer.post_processor = processors.TemplateProcessing(f"{bos} $A", f"{bos} $A $B:1", special_tokens=known)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=pad,
        bos_token=bos,
        eos_token=eos,
        additional_special_tokens=[token for token in special if token not in (pad, eos, bos)],
        clean_up_tokenization_spaces=False,
        **more,
    )


def _columns(artifact: Artifact, columns: list[str], where: str) -> list[str]:
    """Those of `columns` that the artifact has."""
    if artifact.split not in artifact.dataset.splits or artifact.dataset.num_rows(artifact.split) == 0:
        raise FactoryError(f"{artifact.name} has no rows to train a tokenizer on", where=where)
    return present(columns, artifact.dataset.schema(artifact.split).names, artifact.name, where)


def _texts(artifact: Artifact, columns: list[str]) -> Iterator[str]:
    for shard in artifact.dataset.shards(artifact.split):
        table = read_columns(shard, columns)
        for row in zip(*(plain(column(table, path)) for path in columns), strict=True):
            for value in row:
                if isinstance(value, str):
                    yield value
                for turn in value if isinstance(value, list) else ():
                    yield role_of(turn)
                    yield from (part.value for part in parts_of(turn) if part.kind == "text")


def set_chat_template(tokenizer: Any, model: Any, template: str) -> list[str]:
    """Give the tokenizer a chat template; markers that it lacks become tokens of their own.

    These are the likes of ``<|im_end|>`` anywhere in the template, and whatever stands in angle brackets in a
    conversation that it has written: ``<end_of_turn>``, ``<｜User｜>``.
    The model's embeddings grow where the new ids do not fit, and its generation ends at the template's turn end.
    Returns notes on what was added.
    """
    notes = []
    tokenizer.chat_template = template
    vocabulary = tokenizer.get_vocab()
    marks = [*template_tokens(template), *MARK.findall(sample(tokenizer))]
    missing = [token for token in dict.fromkeys(marks) if token not in vocabulary]
    if missing:
        tokenizer.add_special_tokens({"additional_special_tokens": missing}, replace_extra_special_tokens=False)
        notes.append(f"added the chat template's tokens {' '.join(missing)}")
        if len(tokenizer) > model.get_input_embeddings().weight.shape[0]:
            model.resize_token_embeddings(len(tokenizer), mean_resizing=True)
            notes.append(f"the vocabulary grew to {len(tokenizer)}")
    if TURN_END in template:
        end = tokenizer.convert_tokens_to_ids(TURN_END)
        known = model.generation_config.eos_token_id
        known = known if isinstance(known, list) else [known] if known is not None else []
        if end not in known:
            model.generation_config.eos_token_id = [end, *known] if known else end
    return notes
