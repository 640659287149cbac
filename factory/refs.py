"""The three ways to name an input: a Hub ref, an artifact of the recipe, a local file."""

from __future__ import annotations

import re
from dataclasses import dataclass

NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
HUB_REF = re.compile(rf"^(?P<repo>{NAME}/{NAME})(?::(?P<config>[^@\s]+))?(?:@(?P<revision>[^\s]+))?$")
LOCAL = re.compile(r"^(?:\.{1,2}/|/|~/)")
SPLIT = re.compile(r"^(?P<name>[\w.-]+)(?:\[(?P<start>\d{0,18}):(?P<stop>\d{0,18})\])?$")


@dataclass(frozen=True)
class HubRef:
    """``owner/name[:config][@revision]``.

    >>> HubRef.parse("Helsinki-NLP/opus-100:ar-en@main")
    HubRef(repo='Helsinki-NLP/opus-100', config='ar-en', revision='main')
    >>> str(HubRef.parse("Qwen/Qwen2.5-3B-Instruct"))
    'Qwen/Qwen2.5-3B-Instruct'
    """

    repo: str
    config: str | None = None
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> HubRef:
        """Raises ValueError where `text` is no Hub ref."""
        if (match := HUB_REF.match(text)) is None:
            raise ValueError(f"{text!r} is not a Hub ref: expected owner/name[:config][@revision]")
        return cls(**match.groupdict())

    def __str__(self) -> str:
        config = f":{self.config}" if self.config else ""
        return f"{self.repo}{config}{f'@{self.revision}' if self.revision else ''}"


@dataclass(frozen=True)
class SplitSlice:
    """``train`` or ``train[100:405000]``: a split's name and the half-open range of rows that is meant.

    >>> SplitSlice.parse("train[:405000]")
    SplitSlice(name='train', start=0, stop=405000)
    """

    name: str
    start: int = 0
    stop: int | None = None

    @classmethod
    def parse(cls, text: str) -> SplitSlice:
        if (match := SPLIT.match(text)) is None:
            raise ValueError(f"{text!r} is not a split: expected name or name[start:stop]")
        start, stop = match["start"], match["stop"]
        return cls(match["name"], int(start or 0), int(stop) if stop else None)


def is_local(text: str) -> bool:
    return LOCAL.match(text) is not None


def is_hub_ref(text: str) -> bool:
    return "/" in text and not is_local(text)


def artifact_name(text: str) -> str:
    """The artifact in ``name``, ``name:split`` or ``name@step``."""
    return text.partition(":")[0].partition("@")[0]


def step_number(text: str) -> int | None:
    """The step meant by ``model@2``, counted from 1; None where the finished artifact is meant.

    Raises:
        ValueError: what follows @ is no number of a step.
    """
    _, at, number = text.partition("@")
    if not at:
        return None
    if not number.isdecimal() or int(number) < 1:
        raise ValueError(f"{text!r}: after @ stands the number of a step, from 1")
    return int(number)
