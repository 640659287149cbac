"""Rows of a dataset as conversations, and conversations as token ids with the loss on the assistant's words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from factory.errors import FactoryError

ROLES = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "system": "system"}
IGNORED = -100  # the label that torch's cross-entropy leaves out
PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Layout:
    """How a row holds its conversation: a column of messages, or texts for one exchange.

    `prompt`, `response` and `system` are texts with ``{column}`` placeholders; `column` is a column of
    ``[{role, content}]`` or ``[{from, value}]``.
    """

    column: str | None = None
    prompt: str | None = None
    response: str | None = None
    system: str | None = None

    def messages(self, row: dict[str, Any]) -> list[dict[str, str]]:
        """The row's conversation as ``[{role, content}]``. Raises ValueError where the row has none."""
        turns: list[dict[str, str]] = []
        if self.system is not None:
            turns.append({"role": "system", "content": fill(self.system, row)})
        if self.column is not None:
            return turns + [_turn(turn) for turn in row[self.column] or []]
        assert self.prompt is not None and self.response is not None
        prompt, response = (
            _turns(text, row, role) for text, role in ((self.prompt, "user"), (self.response, "assistant"))
        )
        return [*turns, *prompt, *response]


def fill(text: str, row: dict[str, Any]) -> str:
    """`text` with each ``{column}`` replaced; braces around anything else stay as they are.

    >>> fill("{a} in {{b}}, {c}", {"a": 1, "b": 2})
    '1 in {2}, {c}'
    """
    return PLACEHOLDER.sub(lambda match: str(row[match[1]]) if match[1] in row else match[0], text)


def find_layout(
    columns: list[str],
    *,
    column: str | None = None,
    prompt: str | None = None,
    response: str | None = None,
    system: str | None = None,
    where: str = "",
) -> Layout:
    """The layout that the parameters ask for, or else that the columns show.

    Known columns are messages, conversations, and prompt with completion.

    Raises:
        FactoryError: a named column is not there, or no layout can be recognised.
    """

    def need(name: str, parameter: str) -> None:
        if name not in columns:
            has = ", ".join(columns)
            raise FactoryError(
                f"no column {name!r} in the training data", where=where, fix=f"{parameter}: it has {has}"
            )

    def placed(text: str, parameter: str) -> str:
        names = PLACEHOLDER.findall(text)
        if not names:
            raise FactoryError(f"{parameter} names no column", where=where, fix="write {column} where its text goes")
        for name in names:
            need(name, parameter)
        return text

    if prompt is not None or response is not None:
        if prompt is None or response is None:
            raise FactoryError("prompt and response go together", where=where, fix="give both")
        return Layout(prompt=placed(prompt, "prompt"), response=placed(response, "response"), system=system)
    if column is not None:
        need(column, "messages")
        return Layout(column=column, system=system)
    for name in ("messages", "conversations"):
        if name in columns:
            return Layout(column=name, system=system)
    if "prompt" in columns and "completion" in columns:
        return Layout(prompt="{prompt}", response="{completion}", system=system)
    raise FactoryError(
        f"the training data has no messages, conversations or prompt and completion, but {', '.join(columns)}",
        where=where,
        fix='say which columns: prompt: "{instruction}" and response: "{response}"',
    )


@dataclass
class Encoder:
    """A batch of rows -> input_ids and labels, for `datasets.Dataset.map`; rows that teach nothing are left out.

    A template with ``{% generation %}`` markers says itself which characters are the assistant's. Without them the
    characters are found by rendering the conversation up to each assistant turn with the generation prompt, which
    must be how the whole begins.

    Columns out: input_ids, labels (-100 where there is no loss), truncated (bool).
    """

    tokenizer: Any
    layout: Layout
    max_length: int | None
    assistant_only: bool
    where: str
    template: str | None = field(default=None)
    marked: bool = False

    def __call__(self, rows: dict[str, list[Any]], indices: list[int]) -> dict[str, list[Any]]:
        out: dict[str, list[Any]] = {"input_ids": [], "labels": [], "truncated": []}
        for position, index in enumerate(indices):
            row = {name: values[position] for name, values in rows.items()}
            try:
                ids, labels = self.encode(self.layout.messages(row))
            except (ValueError, TypeError, KeyError, _template_error()) as error:
                raise FactoryError(f"row {index} of the training data: {error}", where=self.where) from None
            cut = slice(self.max_length)
            if any(label != IGNORED for label in labels[cut]):
                out["input_ids"].append(ids[cut])
                out["labels"].append(labels[cut])
                out["truncated"].append(len(ids) > len(ids[cut]))
        return out

    def encode(self, messages: list[dict[str, str]]) -> tuple[list[int], list[int]]:
        if not any(turn["role"] == "assistant" and turn["content"] for turn in messages):
            return [], []
        if not self.assistant_only:
            ids = self._apply(messages, tokenize=True, return_dict=True)["input_ids"]
            return ids, list(ids)
        if self.marked:
            done = self._apply(messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
            masked = zip(done["input_ids"], done["assistant_masks"], strict=True)
            return done["input_ids"], [token if mask else IGNORED for token, mask in masked]
        text, spans = self._spans(messages)
        done = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids = done["input_ids"]
        inside = [any(begin < end and a <= begin < b for a, b in spans) for begin, end in done["offset_mapping"]]
        return ids, [token if yes else IGNORED for token, yes in zip(ids, inside, strict=True)]

    def _spans(self, messages: list[dict[str, str]]) -> tuple[str, list[tuple[int, int]]]:
        """The rendered conversation and the character ranges of the assistant's turns, end-of-turn token included.

        White space after that token belongs to the template: nothing is learnt from it.
        """
        text = self._apply(messages, tokenize=False)
        spans = []
        for index, turn in enumerate(messages):
            if turn["role"] != "assistant":
                continue
            before = self._apply(messages[:index], tokenize=False, add_generation_prompt=True) if index else ""
            until = self._apply(messages[: index + 1], tokenize=False)
            if not (text.startswith(before) and text.startswith(until)):
                raise ValueError(
                    "the chat template renders earlier turns differently once later ones follow, so the assistant's "
                    "turns cannot be told apart; set chat_template: to one with {% generation %} markers, or "
                    "assistant_only_loss: false"
                )
            spans.append((len(before), len(until.rstrip())))
        return text, spans

    def _apply(self, messages: list[dict[str, str]], **options: Any) -> Any:
        return self.tokenizer.apply_chat_template(messages, chat_template=self.template, **options)


def make_encoder(tokenizer: Any, layout: Layout, max_length: int | None, assistant_only: bool, where: str) -> Encoder:
    """An encoder with the tokenizer's chat template, or TRL's copy of it with markers where TRL has one.

    Raises:
        FactoryError: the tokenizer has no chat template.
    """
    from trl.chat_template_utils import get_training_chat_template, has_generation_markers

    if not tokenizer.chat_template:
        raise FactoryError("the model has no chat template", where=where, fix="set `chat_template: chatml`")
    template, marked = None, has_generation_markers(tokenizer.chat_template)
    if not marked and assistant_only:
        try:
            template = get_training_chat_template(tokenizer)
            marked = True
        except (ValueError, _template_error()):
            template = None
    return Encoder(tokenizer, layout, max_length, assistant_only, where, template=template, marked=marked)


def _turn(turn: dict[str, Any]) -> dict[str, str]:
    role, content = turn.get("role") or turn.get("from"), turn.get("content", turn.get("value"))
    if role not in ROLES:
        raise ValueError(f"role {role!r} is not one of {', '.join(ROLES)}")
    if not isinstance(content, str):
        raise ValueError(f"the {role} turn is {type(content).__name__}, not text")
    return {"role": ROLES[role], "content": content}


def _turns(text: str, row: dict[str, Any], role: str) -> list[dict[str, str]]:
    """One turn with the filled text; or, where the text is one column that holds messages, those messages."""
    whole = PLACEHOLDER.fullmatch(text)
    if whole and isinstance(row[whole[1]], list):
        return [_turn(turn) for turn in row[whole[1]]]
    missing = [name for name in PLACEHOLDER.findall(text) if name in row and row[name] is None]
    if missing:
        raise ValueError(f"column {missing[0]!r} is empty")
    return [{"role": role, "content": fill(text, row)}]


def _template_error() -> type[Exception]:
    from jinja2 import TemplateError

    return TemplateError
