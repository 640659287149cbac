"""An engine without a model: it answers every prompt at once, as a function of the text to translate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import pytest

from factory.engines import Completion, Request

ARABIC = {point: chr(0x628 + i) for i, point in enumerate(range(ord("a"), ord("z") + 1))}


def arabic(text: str) -> str:
    """A "translation" as long as its source: Arabic letters for Latin ones. Marks come back as they are."""
    return text.lower().translate(ARABIC)


class EchoEngine:
    """Answers the last message; `asked` has every request in its order. A text is as many tokens as it has words."""

    def __init__(self, answer: Callable[[str], str | Completion] = arabic, batch_size: int = 64) -> None:
        self.answer, self.batch_size = answer, batch_size
        self.asked: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def generate(self, requests: Sequence[Request]) -> Iterator[list[tuple[int, Completion]]]:
        for start in range(0, len(requests), self.batch_size):
            yield [(i, self._one(requests[i])) for i in range(start, min(start + self.batch_size, len(requests)))]

    def _one(self, request: Request) -> Completion:
        assert request.messages
        text = request.messages[-1][1]
        self.asked.append(text)
        answer = self.answer(text)
        if isinstance(answer, Completion):
            return answer
        return Completion(answer, "stop", len(text.split()), len(answer.split()) + 1)


def use(monkeypatch: pytest.MonkeyPatch, *engines: EchoEngine) -> None:
    """Let verbs generate with these, in the order in which they load models; the last one again and again."""
    left = list(engines)

    def engine_for(*_: Any, **__: Any) -> EchoEngine:
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr("factory.step.job.engine_for", engine_for)
