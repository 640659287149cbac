"""What a verb is handed when it runs: its inputs as finished artifacts, a folder to fill, and a way to report."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.store import Dataset, Ledger, Manifest, RowCounts, Usage

if TYPE_CHECKING:
    from factory.profile import Profile
    from factory.step.progress import Progress


@dataclass(frozen=True)
class Artifact:
    """A finished input: its folder, its manifest and, for a dataset, which split is meant."""

    name: str
    folder: Path
    manifest: Manifest
    split: str = "train"

    @cached_property
    def dataset(self) -> Dataset:
        return Dataset(self.folder)

    @property
    def model(self) -> Path:
        """Folder with config.json, *.safetensors and tokenizer files."""
        return self.folder / "model"


@dataclass
class Job:
    """One step at work.

    Attributes:
        name: the node's name in plans and logs, e.g. ``orca-ar/02-translate``.
        out: the partial folder. A dataset step writes ``out/data/…``, a model step ``out/model/…``; whatever lies
            there from an interrupted run may be used to resume. It is renamed when `run` returns.
        made_in: folder of what the step makes before limits are applied, which all its versions that differ in limits
            only share; None: `out`.
        source: the previous step's artifact, or what `from` names; None for a verb that starts from nothing.
        inputs: the artifacts that the step's parameters name, by the very text written in the recipe.
        language: {source, target} codes of the recipe.
        where: file:line:column of the step in the recipe, for errors.
        identity: what the step's fingerprint covers.
        memory: folder of what models answered before, shared by all steps and runs of a store; None: nothing is.
        rows, usage, metrics, notes: filled by the step; they go into the manifest. For a dataset step `rows` must
            balance.
    """

    name: str
    out: Path
    source: Artifact | None
    inputs: dict[str, Artifact]
    profile: Profile
    progress: Progress
    language: dict[str, str]
    where: str = ""
    trust_remote_code: bool = False
    memory: Path | None = None
    made_in: Path | None = None
    identity: dict[str, Any] = field(default_factory=dict)
    rows: RowCounts | None = None
    usage: Usage = field(default_factory=Usage)
    metrics: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def input(self) -> Artifact:
        """The source, for steps that cannot do without one."""
        assert self.source is not None, f"{self.name} has no source"
        return self.source

    @property
    def made(self) -> Path:
        return self.made_in or self.out

    def ledger(self, name: str = "ledger") -> Ledger:
        return Ledger(self.out / f"{name}.jsonl")
