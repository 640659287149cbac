"""What a verb is handed when it runs: its inputs as finished artifacts, a folder to fill, and a way to report."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.engines import architecture, engine_for, local_engine, scorer_for, scoring_engine
from factory.store import Dataset, Ledger, Manifest, RowCounts, Usage

if TYPE_CHECKING:
    from factory.engines import Engine
    from factory.profile import Profile
    from factory.step.progress import Progress


@dataclass(frozen=True)
class Artifact:
    """A finished input: its folder, its manifest and, for a dataset, which split is meant.

    `endpoint` is set for a model without weights: the name by which the profile knows who answers for it.
    """

    name: str
    folder: Path
    manifest: Manifest
    split: str = "train"
    endpoint: str | None = None

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
        engines: who has generated for the step; when it is done, in all attempts at it.
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
    engines: list[str] = field(default_factory=list)

    @property
    def input(self) -> Artifact:
        """The source, for steps that cannot do without one."""
        assert self.source is not None, f"{self.name} has no source"
        return self.source

    @property
    def made(self) -> Path:
        return self.made_in or self.out

    def engine(self, model: Artifact, *, pictures: bool = False) -> Engine:
        """Who generates with a model, noted in `engines`: the endpoint that answers for it, or the profile's engine.

        `pictures`: it will be asked about pictures.

        Raises:
            UsageError: the profile has no such engine or endpoint.
            FactoryError: it cannot generate.
        """
        name = self.engine_name(model, pictures=pictures)
        if name not in self.engines:
            self.engines.append(name)
        return engine_for(
            model.model,
            self.profile,
            trust_remote_code=self.trust_remote_code,
            endpoint=model.endpoint,
            pictures=pictures,
        )

    def scorer(self) -> Any:
        """Who says how likely texts are under the input, noted in `engines`: an `Engine` that is a `Scorer`.

        Raises:
            UsageError: the profile's engine cannot.
        """
        name = scoring_engine(self.profile, architecture(self.input.model))
        if name not in self.engines:
            self.engines.append(name)
        return scorer_for(self.input.model, self.profile, trust_remote_code=self.trust_remote_code)

    def engine_name(self, model: Artifact, *, pictures: bool = False) -> str:
        """``endpoint``, or the engine on this machine."""
        if model.endpoint:
            return "endpoint"
        return local_engine(self.profile, architecture(model.model), pictures=pictures)

    def price(self, model: Artifact, prompt_tokens: int, completion_tokens: int) -> float | None:
        """US dollars that an endpoint charges for so many tokens; None without a price, or on this machine."""
        if model.endpoint is None:
            return None
        return self.profile.endpoint(model.endpoint).dollars(prompt_tokens, completion_tokens)

    def ledger(self, name: str = "ledger") -> Ledger:
        return Ledger(self.out / f"{name}.jsonl")
