"""What a finished artifact says of itself: `manifest.json`, written last, beside its data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from factory.text.figures import time_text

FILE_NAME = "manifest.json"


class RowCounts(BaseModel):
    """Accounting of one dataset step: ``in = kept + rejected + failed``, always.

    `added` counts rows that a step brings in from further inputs (mix, sample with repetition): they are part of `in`.
    """

    model_config = ConfigDict(populate_by_name=True)

    rows_in: int = Field(0, alias="in")
    kept: int = 0
    rejected: int = 0
    failed: int = 0
    reasons: dict[str, int] = Field(default_factory=dict)

    @property
    def balanced(self) -> bool:
        return self.rows_in == self.kept + self.rejected + self.failed

    def add(self, other: RowCounts) -> None:
        self.rows_in += other.rows_in
        self.kept += other.kept
        self.rejected += other.rejected
        self.failed += other.failed
        for reason, count in other.reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0) + count


class Usage(BaseModel):
    """What a step cost: generated and read tokens, seconds of wall time over all its runs, and US dollars.

    `dollars` is None where the profile states no price.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    requests: int = 0
    seconds: float = 0.0
    dollars: float | None = None

    def add(self, other: Usage) -> None:
        """A sum with an unpriced part holds the priced parts only."""
        self.prompt_tokens += other.prompt_tokens
        self.completion_tokens += other.completion_tokens
        self.requests += other.requests
        self.seconds += other.seconds
        if other.dollars is not None:
            self.dollars = (self.dollars or 0.0) + other.dollars

    def __str__(self) -> str:
        """``3 min, 1,200 tokens read, 300 written, US$ 0.02``."""
        parts = [time_text(self.seconds)]
        if self.prompt_tokens or self.completion_tokens:
            parts.append(f"{self.prompt_tokens:,} tokens read, {self.completion_tokens:,} written")
        if self.dollars is not None:
            parts.append(f"US$ {self.dollars:,.2f}")
        return ", ".join(parts)


class Manifest(BaseModel):
    """Everything a plan, a card or a later step wants to know of an artifact without opening it."""

    name: str
    kind: str
    verb: str
    fingerprint: str
    identity: dict[str, Any]
    inputs: dict[str, str] = Field(default_factory=dict, description="role -> fingerprint")
    rows: RowCounts | None = None
    usage: Usage = Field(default_factory=Usage)
    metrics: dict[str, Any] = Field(default_factory=dict, description="losses, scores, sizes; what cards print")
    notes: list[str] = Field(default_factory=list)
    device: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    stand_in: bool = Field(False, description="made of stand-ins by a rehearsal: never pushed to the real Hub")
    created: str = ""
    recipes: list[str] = Field(default_factory=list, description="names of those that made it or found it done")

    def save(self, folder: Path) -> None:
        from factory.store.ledger import write_atomically

        write_atomically(folder / FILE_NAME, self.model_dump_json(indent=2, by_alias=True).encode())

    @classmethod
    def load(cls, folder: Path) -> Manifest | None:
        """The manifest of a finished artifact, or None where there is none: the artifact is not done."""
        try:
            return cls.model_validate_json((folder / FILE_NAME).read_bytes())
        except FileNotFoundError:
            return None
