"""Conversations as token ids, with the loss on the assistant's words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from factory.arrays import Table
from factory.errors import FactoryError, first_line
from factory.models.layout import Layout

IGNORED = -100  # the label that torch's cross-entropy leaves out
Messages = list[dict[str, Any]]


@dataclass(frozen=True)
class Renderer:
    """A tokenizer with its chat template, or with another one.

    Attributes:
        tool_calls: the template writes calls of tools itself; for others they are in the assistant's text.
    """

    tokenizer: Any
    template: str | None = None

    @property
    def tool_calls(self) -> bool:
        return "tool_calls" in str(self.template or self.tokenizer.chat_template)

    def __call__(self, messages: Messages, **options: Any) -> Any:
        """`apply_chat_template`; whatever a template raises, which is a program of its own, becomes a ValueError."""
        try:
            return self.tokenizer.apply_chat_template(messages, chat_template=self.template, **options)
        except Exception as error:
            raise ValueError(f"the chat template refuses it: {first_line(error)[:120]}") from None


@dataclass
class Encoder:
    """The conversations of rows as input_ids and labels (-100 where there is no loss).

    A template with ``{% generation %}`` markers says itself which characters are the assistant's. Without them the
    characters are found by rendering the conversation up to each assistant turn with the generation prompt, which
    must be how the whole begins.
    """

    render: Renderer
    layout: Layout
    max_length: int | None
    assistant_only: bool
    marked: bool = False

    columns: ClassVar[tuple[str, ...]] = ("input_ids", "labels")

    @property
    def kept(self) -> Mapping[str, str]:
        return {}

    def read(self, table: Table) -> Iterator[Messages | ValueError]:
        return self.layout.conversations(table, self.render.tool_calls)

    def example(self, messages: Messages) -> Mapping[str, Any]:
        """{input_ids, labels, truncated} of one conversation.

        Raises:
            ValueError: nothing can be learnt from it, and why.
        """
        return self.cut(*self.encode(messages))

    def cut(self, ids: list[int], labels: list[int]) -> Mapping[str, Any]:
        """{input_ids, labels, truncated}: the first `max_length` tokens. Raises ValueError as `example` does."""
        cut = slice(self.max_length)
        if all(label == IGNORED for label in labels[cut]):
            raise ValueError("the assistant says nothing within max_length")
        return {"input_ids": ids[cut], "labels": labels[cut], "truncated": len(ids) > len(ids[cut])}

    def encode(self, messages: Messages) -> tuple[list[int], list[int]]:
        """(input_ids, labels) of the whole conversation.

        Raises:
            ValueError: the assistant says nothing in it, or the chat template does not take it.
        """
        _need_assistant(messages)
        if not self.assistant_only:
            ids = self.render(messages, tokenize=True, return_dict=True)["input_ids"]
            return ids, list(ids)
        if self.marked:
            done = self.render(messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
            masked = zip(done["input_ids"], done["assistant_masks"], strict=True)
            return done["input_ids"], [token if mask else IGNORED for token, mask in masked]
        text, spans = self._spans(messages)
        done = self.render.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids = done["input_ids"]
        inside = [any(begin < end and a <= begin < b for a, b in spans) for begin, end in done["offset_mapping"]]
        return ids, [token if yes else IGNORED for token, yes in zip(ids, inside, strict=True)]

    def rendered(self, messages: Messages | ValueError) -> str:
        """The whole conversation as text. Raises ValueError as `encode` does."""
        if isinstance(messages, ValueError):
            raise messages
        _need_assistant(messages)
        return self.render(messages, tokenize=False)

    def _spans(self, messages: Sequence[dict[str, Any]]) -> tuple[str, list[tuple[int, int]]]:
        """The rendered conversation and the character ranges of the assistant's turns, end-of-turn token included.

        White space after that token belongs to the template: nothing is learnt from it.
        """
        messages = list(messages)
        text = self.render(messages, tokenize=False)
        spans = []
        for index, turn in enumerate(messages):
            if turn["role"] != "assistant":
                continue
            before = self.render(messages[:index], tokenize=False, add_generation_prompt=True) if index else ""
            until = text if index + 1 == len(messages) else self.render(messages[: index + 1], tokenize=False)
            if not (text.startswith(before) and text.startswith(until)):
                raise ValueError(
                    "the chat template renders earlier turns differently once later ones follow, so the assistant's "
                    "turns cannot be told apart (set chat_template: to one with {% generation %} markers, or "
                    "assistant_only_loss: false)"
                )
            spans.append((len(before), len(until.rstrip())))
        return text, spans


def _need_assistant(messages: Messages) -> None:
    if not any(turn["role"] == "assistant" and (turn["content"] or turn.get("tool_calls")) for turn in messages):
        raise ValueError("the assistant says nothing")


def make_encoder(tokenizer: Any, layout: Layout, max_length: int | None, assistant_only: bool, where: str) -> Encoder:
    """An encoder with the tokenizer's chat template, or TRL's copy of it with markers where TRL has one.

    Raises:
        FactoryError: the tokenizer has no chat template.
    """
    from jinja2 import TemplateError
    from trl.chat_template_utils import get_training_chat_template, has_generation_markers

    if not tokenizer.chat_template:
        raise FactoryError("the model has no chat template", where=where, fix="set `chat_template: chatml`")
    template, marked = None, has_generation_markers(tokenizer.chat_template)
    if not marked and assistant_only:
        try:
            template = get_training_chat_template(tokenizer)
            marked = True
        except (ValueError, TemplateError):
            template = None
    return Encoder(Renderer(tokenizer, template), layout, max_length, assistant_only, marked)
