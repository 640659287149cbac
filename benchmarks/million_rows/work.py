"""`factory build` with an engine that echoes: the pipeline's own memory and time, without a model's.

The echo writes the prompt in Arabic letters, so that the checks of a translation have what they look for.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, Self

import factory.engines.transformers
from factory.engines import Completion, Request

LETTERS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ابثدهفغحيجكلمنوپقرستعڤشخيز")
BATCH = 256


class EchoEngine:
    """Takes the place of the transformers engine in this process."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def generate(self, requests: Sequence[Request]) -> Iterator[list[tuple[int, Completion]]]:
        for start in range(0, len(requests), BATCH):
            yield [(i, self._echo(requests[i])) for i in range(start, min(start + BATCH, len(requests)))]

    def _echo(self, request: Request) -> Completion:
        text = request.messages[-1][1] if request.messages else request.prompt or ""
        words = len(text.split())
        answer = text if "again again" in text else text.lower().translate(LETTERS)  # it gives up on some
        return Completion(answer, "stop", words, words)


if __name__ == "__main__":
    factory.engines.transformers.TransformersEngine = EchoEngine  # type: ignore[misc, assignment]
    from factory.cli import main

    main(sys.argv[1:])
