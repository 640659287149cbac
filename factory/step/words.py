"""Words of recipes that all verbs share: which columns are read, and what a prompt is."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from factory.step.base import Prompt
from factory.text.template import placeholders


def _each_once(paths: list[str]) -> list[str]:
    if doubled := [path for number, path in enumerate(paths) if path in paths[:number]]:
        raise ValueError(f"{doubled[0]!r} is there twice")
    return paths


Columns = Annotated[list[str], Field(min_length=1), AfterValidator(_each_once)]
"""Columns that a verb reads, each by its path: ``question``, ``translation.en``, ``messages[0].content``."""

Pairs = Annotated[dict[str, str], Field(min_length=1)]
"""Columns that a verb reads in pairs: source -> translation."""


def holding(needed: str, *possible: str) -> AfterValidator:
    """Marks a prompt that the verb itself fills: it must hold `{needed}`, may hold `possible`, and nothing else."""

    def check(prompt: str) -> str:
        names = placeholders(prompt)
        if needed not in names:
            raise ValueError(f"the prompt has no {{{needed}}}: every text would be asked the same")
        if odd := [name for name in names if name not in (needed, *possible)]:
            known = " and ".join(f"{{{name}}}" for name in (needed, *possible))
            raise ValueError(
                f"{{{odd[0]}}} is not filled here, only {known}; in braces for good it is {{{{{odd[0]}}}}}"
            )
        return prompt

    return AfterValidator(check)


TextPrompt = Annotated[Prompt, holding("text")]
"""A prompt for one text at a time, which stands where it says ``{text}``."""


def one_or_all(columns: list[str] | None) -> str | list[str] | None:
    """A single column by its name, as identities have it from before there could be several."""
    return columns[0] if columns is not None and len(columns) == 1 else columns
