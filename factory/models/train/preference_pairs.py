"""Rows with a preferred and a dispreferred answer as token ids, for DPO."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from factory.arrays import Table
from factory.errors import FactoryError
from factory.models.chat import Renderer
from factory.models.layout import cells, turns

COLUMNS = ("chosen", "rejected")


@dataclass
class PairEncoder:
    """Rows as prompt_ids, chosen_ids and rejected_ids.

    `chosen` and `rejected` come with a `prompt`, or hold whole conversations, of which the prompt is what both begin
    with; each is text, a turn or a conversation. With `chat`, texts become turns of the chat template; without it they
    are joined as they stand and closed by the end token. Completions are cut at `max_length` tokens with their prompt.
    """

    render: Renderer
    max_length: int | None
    chat: bool

    columns: ClassVar[tuple[str, ...]] = ("prompt_ids", "chosen_ids", "rejected_ids")

    @property
    def kept(self) -> Mapping[str, str]:
        return {}

    def read(self, table: Table) -> Iterator[dict[str, Any]]:
        """The values of each row by column: texts, turns, conversations."""
        found = {name: cells(table, f"{{{name}}}") for name in ("prompt", *COLUMNS) if name in table.column_names}
        return (dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True))

    def example(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """{prompt_ids, chosen_ids, rejected_ids, truncated} of one row.

        Raises:
            ValueError: nothing can be learnt from it, and why.
        """
        prompt, chosen, rejected = self.encode(row)
        room = None if self.max_length is None else self.max_length - len(prompt)
        if chosen == rejected:
            raise ValueError("the answers are equal")
        if room is not None and room <= 0:
            raise ValueError("the prompt alone has max_length tokens")
        cut = room is not None and max(len(chosen), len(rejected)) > room
        return {"prompt_ids": prompt, "chosen_ids": chosen[:room], "rejected_ids": rejected[:room], "truncated": cut}

    def encode(self, row: Mapping[str, Any]) -> tuple[list[int], list[int], list[int]]:
        """(prompt, chosen, rejected) as token ids; the prompt ends where the two texts' tokens part from its own."""
        prompt, *answers = self._conversations(row) if self.chat else self._texts(row)
        ids = self._ids(prompt)
        wholes = [self._ids(text) for text in answers]
        shared = min(_common(ids, whole) for whole in wholes)
        if any(len(whole) == shared for whole in wholes):
            raise ValueError("an answer is empty")
        return ids[:shared], wholes[0][shared:], wholes[1][shared:]

    def _ids(self, text: str) -> list[int]:
        return self.render.tokenizer(text, add_special_tokens=not self.chat)["input_ids"]

    def _texts(self, row: Mapping[str, Any]) -> list[str]:
        """The prompt, and the prompt with either answer, as they stand."""
        if not all(isinstance(text, str) for text in row.values()):
            raise ValueError("chat: false is for texts; a prompt or an answer here is none")
        prompt, *answers = _parted(row)
        return [prompt, *(prompt + text + (self.render.tokenizer.eos_token or "") for text in answers)]

    def _conversations(self, row: Mapping[str, Any]) -> list[str]:
        """The prompt, and the prompt with either answer, as the chat template writes them."""
        if all(isinstance(row[name], str) for name in COLUMNS):
            row = dict(zip(("prompt", *COLUMNS), _parted(row), strict=True))
        chosen, rejected = (turns(row[name], "assistant", self.render.tool_calls) for name in COLUMNS)
        if not any(turn["content"] or turn.get("tool_calls") for turn in chosen) or not rejected:
            raise ValueError("an answer is empty")
        if any(answer[0]["role"] != "assistant" for answer in (chosen, rejected)):
            start = min(_common(chosen, rejected), len(chosen) - 1, len(rejected) - 1)
            prompt, chosen, rejected = chosen[:start], chosen[start:], rejected[start:]
        else:
            prompt = turns(row.get("prompt"), "user", self.render.tool_calls)
        before = self.render(prompt, tokenize=False, add_generation_prompt=True)
        return [before, *(self.render(prompt + one, tokenize=False).rstrip() for one in (chosen, rejected))]


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
    return PairEncoder(Renderer(tokenizer), max_length, chat)


def _parted(row: Mapping[str, Any]) -> list[Any]:
    """(prompt, chosen, rejected) of texts; without a prompt it is what both answers begin with."""
    if "prompt" not in row:
        from trl.data_utils import extract_prompt

        row = extract_prompt({name: row[name] for name in COLUMNS})
    return [row["prompt"], row["chosen"], row["rejected"]]


def _common(one: list[Any], other: list[Any]) -> int:
    """Length of the common beginning."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
