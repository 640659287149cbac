"""Lessons as token ids, and batches of these as what a model reads: with pictures where it is shown some."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from factory.engines.vision import decoded
from factory.models.chat import IGNORED
from factory.models.pictures import UNLIMITED, Shown
from factory.rehearsal.content import picture

PICTURES = 2  # different drawings beside which a lesson is taught

Lessons = Sequence[tuple[str, str]]
"""(what the user says, what the model answers)."""


class Example(NamedTuple):
    """Token ids, where the answer begins, and the picture that is shown if there is one."""

    ids: list[int]
    begin: int
    picture: bytes | None = None


def encode(tokenizer: Any, lessons: Lessons) -> list[Example]:
    """Lessons through the chat template."""
    return [_encoded(tokenizer, ask, answer) for ask, answer in lessons]


def encode_shown(shown: Shown, lessons: Lessons) -> list[Example]:
    """The same where the user shows a picture first, each with one of a few drawings."""
    found = []
    for number in range(max(len(lessons), PICTURES) if lessons else 0):
        ask, answer = lessons[number % len(lessons)]
        content = [{"type": "image"}, {"type": "text", "text": ask}]
        ids, begin, _ = _encoded(shown.processor.tokenizer, content, answer)
        data = picture("lesson", number % PICTURES)["bytes"]
        tokens, place = shown.tokens(*decoded(data).size), ids.index(shown.mark)
        found.append(Example([*ids[:place], *tokens, *ids[place + 1 :]], begin + len(tokens) - 1, data))
    return found


def _encoded(tokenizer: Any, content: Any, answer: str) -> Example:
    turns = [{"role": "user", "content": content}]
    prompt = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    whole = tokenizer.apply_chat_template([*turns, {"role": "assistant", "content": answer}], tokenize=False)
    begin = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    rest = tokenizer(whole[len(prompt) :].rstrip("\n"), add_special_tokens=False)["input_ids"]
    return Example(begin + rest, len(begin))


def tensors(batch: Sequence[Example], pad: int, shown: Shown | None = None) -> dict[str, Any]:
    """{input_ids, attention_mask, labels: [examples, tokens]}, with the answers alone as labels, and what the
    processor makes of the pictures of a model that is `shown` some."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    ids = pad_sequence([torch.tensor(one.ids) for one in batch], batch_first=True, padding_value=pad)
    mask = pad_sequence([torch.ones(len(one.ids), dtype=torch.long) for one in batch], batch_first=True)
    answers = [torch.tensor([IGNORED] * one.begin + one.ids[one.begin :]) for one in batch]
    labels = pad_sequence(answers, batch_first=True, padding_value=IGNORED)
    found = {"input_ids": ids, "attention_mask": mask, "labels": labels}
    pictures = [one.picture for one in batch if one.picture]
    if shown is not None and pictures:
        found |= shown.tensors(pictures, [UNLIMITED] * len(pictures))
        found["mm_token_type_ids"] = torch.tensor(shown.processor.create_mm_token_type_ids(ids.tolist()))
    return found
