"""Rows with a preferred and a dispreferred answer as token ids, for DPO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from factory.errors import FactoryError
from factory.models.chat import ROLES

COLUMNS = ("chosen", "rejected")


@dataclass
class PairEncoder:
    """A batch of rows -> prompt_ids, chosen_ids, rejected_ids and truncated, for `datasets.Dataset.map`.

    Rows are in TRL's preference formats: `chosen` and `rejected`, with `prompt` or with the prompt as what both begin
    with; each is a list of ``{role, content}`` or text. With `chat`, texts become turns of the chat template; without
    it they are joined as they stand and closed by the end token. Completions are cut at `max_length` tokens with
    their prompt. Left out are rows whose prompt alone is so long, and rows with equal answers.
    """

    tokenizer: Any
    max_length: int | None
    chat: bool
    where: str

    def __call__(self, rows: dict[str, list[Any]], indices: list[int]) -> dict[str, list[Any]]:
        from jinja2 import TemplateError

        out: dict[str, list[Any]] = {"prompt_ids": [], "chosen_ids": [], "rejected_ids": [], "truncated": []}
        for position, index in enumerate(indices):
            row = {name: values[position] for name, values in rows.items()}
            try:
                prompt, chosen, rejected = self.encode(row)
            except (ValueError, TypeError, KeyError, TemplateError) as error:
                raise FactoryError(f"row {index} of the preference data: {error}", where=self.where) from None
            room = None if self.max_length is None else self.max_length - len(prompt)
            if chosen == rejected or (room is not None and room <= 0):
                continue
            out["prompt_ids"].append(prompt)
            out["chosen_ids"].append(chosen[:room])
            out["rejected_ids"].append(rejected[:room])
            out["truncated"].append(room is not None and max(len(chosen), len(rejected)) > room)
        return out

    def encode(self, row: dict[str, Any]) -> tuple[list[int], list[int], list[int]]:
        """(prompt, chosen, rejected) as token ids; the prompt ends where the two texts' tokens part from its own."""
        prompt, *answers = self._texts(row)
        ids = self._ids(prompt)
        wholes = [self._ids(text) for text in answers]
        shared = min(_common(ids, whole) for whole in wholes)
        if any(len(whole) == shared for whole in wholes):
            raise ValueError("an answer is empty")
        return ids[:shared], wholes[0][shared:], wholes[1][shared:]

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=not self.chat)["input_ids"]

    def _texts(self, row: dict[str, Any]) -> list[str]:
        """The prompt, and the prompt with either answer, as the model reads them."""
        chosen, rejected = row["chosen"], row["rejected"]
        if "prompt" not in row:
            from trl.data_utils import extract_prompt

            row = extract_prompt({"chosen": chosen, "rejected": rejected})
            chosen, rejected = row["chosen"], row["rejected"]
        if not self.chat:
            texts = [row["prompt"], chosen, rejected]
            if not all(isinstance(text, str) for text in texts):
                raise ValueError("chat: false is for texts; a prompt or an answer here is none")
            return [texts[0], *(texts[0] + text + (self.tokenizer.eos_token or "") for text in texts[1:])]
        prompt = _turns(row["prompt"], "user")
        render = self.tokenizer.apply_chat_template
        before = render(prompt, tokenize=False, add_generation_prompt=True)
        return [
            before,
            *(render(prompt + _turns(one, "assistant"), tokenize=False).rstrip() for one in (chosen, rejected)),
        ]


def make_pair_encoder(
    tokenizer: Any, columns: list[str], max_length: int | None, chat: bool, where: str
) -> PairEncoder:
    """
    Raises:
        FactoryError: the data has no `chosen` and `rejected`, or the tokenizer no chat template.
    """
    for name in COLUMNS:
        if name not in columns:
            raise FactoryError(
                f"no column {name!r} in the preference data", where=where, fix=f"it has {', '.join(columns)}"
            )
    if chat and not tokenizer.chat_template:
        raise FactoryError(
            "the model has no chat template",
            where=where,
            fix="set `chat_template: chatml`, or `chat: false` for texts",
        )
    return PairEncoder(tokenizer, max_length, chat, where)


def _turns(value: Any, role: str) -> list[dict[str, str]]:
    if isinstance(value, str):
        return [{"role": role, "content": value}]
    if not isinstance(value, list):
        raise ValueError(f"the {role}'s part is {type(value).__name__}, not text or messages")
    turns = [{"role": ROLES.get(turn["role"], turn["role"]), "content": turn["content"]} for turn in value]
    if not all(isinstance(turn["content"], str) for turn in turns):
        raise ValueError("a turn's content is not text")
    return turns


def _common(one: list[int], other: list[int]) -> int:
    """Length of the common beginning."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
