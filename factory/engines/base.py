"""Who generates text: one small interface that every engine implements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, Self


@dataclass(frozen=True)
class Request:
    """One prompt: either chat `messages` ({role, content}), rendered by the model's chat template, or plain text."""

    max_new_tokens: int
    messages: tuple[tuple[str, str], ...] | None = None
    prompt: str | None = None

    @classmethod
    def chat(cls, user: str, *, system: str | None = None, max_new_tokens: int) -> Request:
        turns = (("system", system),) if system else ()
        return cls(max_new_tokens, messages=(*turns, ("user", user)))


@dataclass(frozen=True)
class Completion:
    """What came back. `finish_reason` is ``stop`` (the model ended) or ``length`` (the budget ended it)."""

    text: str
    finish_reason: Literal["stop", "length"]
    prompt_tokens: int
    completion_tokens: int


class Engine(Protocol):
    """Greedy generation: equal requests give equal completions."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text under the model's tokenizer, for output budgets."""
        ...

    def generate(self, requests: Sequence[Request]) -> Iterator[list[tuple[int, Completion]]]:
        """Yield finished batches of (index into `requests`, completion), in any order, each index once.

        The division into batches depends on `requests` alone and stays the same for the rest when whole batches are
        left out, so that an interrupted run can be repeated exactly.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...
