"""Builds the nodes of a graph: resuming, skipping what is done, and writing down what each cost."""

from __future__ import annotations

import platform
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from factory.graph.model_sources import AnsweringModel
from factory.graph.nodes import Edge, Graph, Node
from factory.profile import Profile
from factory.step.job import Artifact, Job
from factory.step.progress import Heartbeat, Progress
from factory.step.run_log import FOLDER, kept_log
from factory.step.surroundings import freed_memory_kept, quiet_libraries, torch_threads
from factory.store import Ledger, Manifest, Usage
from factory.store.disk import disk_error
from factory.store.writing import require_undamaged
from factory.waiting import heard_by

RECORDED_PACKAGES = (
    "torch",
    "transformers",
    "datasets",
    "huggingface-hub",
    "trl",
    "mergekit",
    "llmcompressor",
    "lighteval",
    "sacrebleu",
)

PARTS = {"dataset": "data", "model": "model", "evaluation": ""}  # of a finished step: what another one reads


@dataclass
class Runner:
    """Builds nodes one at a time. `rehearsal` marks everything that is made as a stand-in."""

    graph: Graph
    profile: Profile
    progress: Progress
    rehearsal: bool = False

    @property
    def recipe(self) -> str:
        return self.graph.loaded.recipe.name

    @contextmanager
    def at_work(self) -> Iterator[Heartbeat]:
        """The recipe's lock, log and heartbeat, around all that a run does.

        Raises:
            FactoryError: another run of the recipe is going on.
        """
        store = self.graph.store
        with (
            store.lock(self.recipe),
            kept_log(store.root, self.recipe, self.progress),
            heard_by(self.progress.log),
            Heartbeat(store, self.recipe, self.progress) as heart,
        ):
            yield heart

    def build(self, node: Node) -> bool:
        """Make the node unless it is done; whether there was something to make.

        Raises:
            FactoryError: the step failed, or an input is not there.
        """
        if self._is_done(node):
            return False
        lock = f"{node.artifact}--{node.made.name}"
        with self.graph.store.lock(lock, awaited=f"{node.name}, which is being made by another run"):
            if self._is_done(node):  # by another run, while this one waited
                return False
            self._build(node)
        return True

    def _is_done(self, node: Node) -> bool:
        """Whether the node is there; the recipe is then written down among those that use it."""
        if (manifest := Manifest.load(node.folder)) is None:
            return False
        self.graph.require_own_engine(node, manifest)
        if self.recipe not in manifest.recipes:
            manifest.recipes.append(self.recipe)
            manifest.save(node.folder)
        return True

    def _build(self, node: Node) -> None:
        partial = self.graph.store.partial(node.folder)
        partial.mkdir(parents=True, exist_ok=True)
        job, works = self._job(node, partial), uses_model(node)
        models = _models(job)
        self.progress.log(f"{node.name}{' (resuming)' if any(partial.iterdir()) else ''}")
        began = time.monotonic()
        try:
            memory = freed_memory_kept() if works else nullcontext()
            with quiet_libraries(), torch_threads(self.profile, models), memory:
                node.step.run(job)
                device = _device(self.profile) if works else "cpu"
        except FactoryError as error:
            error.where = error.where or str(node.place)
            raise
        except Exception as error:
            raise self.crash(error, node.name, str(node.place)) from error
        finally:
            entry = attempt(self.profile, time.monotonic() - began, model=works, engines=job.engines)
            with Ledger(partial / "attempts.jsonl") as ledger:
                ledger.append(entry)
                attempts = list(ledger)
        bill(job.usage, attempts)
        job.engines = list(dict.fromkeys(name for entry in attempts for name in entry.get("engines", ())))
        self.graph.store.finish(node.folder, self._manifest(node, job, device))

    def _job(self, node: Node, out: Path) -> Job:
        return Job(
            name=node.name,
            out=out,
            source=self.artifact(node.source) if node.source else None,
            inputs={reference: self.artifact(edge) for reference, edge in node.inputs.items()},
            profile=self.profile,
            progress=self.progress,
            language=self.graph.loaded.recipe.language.model_dump(),
            where=str(node.place),
            trust_remote_code=node.trust_remote_code,
            memory=self.graph.store.memory,
            made_in=node.made,
            identity=node.identity,
        )

    def artifact(self, edge: Edge) -> Artifact:
        node = self.graph.nodes[edge.node]
        manifest = Manifest.load(node.folder)
        assert manifest is not None, f"{node.name} is not done"
        require_undamaged(node.name, node.folder, manifest.files, PARTS[node.kind], digests=False)
        endpoint = node.step.endpoint if isinstance(node.step, AnsweringModel) else None
        return Artifact(node.artifact, node.folder, manifest, edge.split, endpoint)

    def _manifest(self, node: Node, job: Job, device: str) -> Manifest:
        if node.kind == "dataset" and (job.rows is None or not job.rows.balanced):
            raise FactoryError(f"rows do not add up: {job.rows}", where=node.name)
        inputs = [*([job.source] if job.source else []), *job.inputs.values()]
        return Manifest(
            name=node.name,
            kind=node.kind,
            verb=node.step.verb,
            fingerprint=node.fingerprint,
            identity=node.identity,
            inputs={edge.node: self.graph.nodes[edge.node].fingerprint for edge in node.edges},
            rows=job.rows,
            usage=job.usage,
            metrics=job.metrics,
            notes=job.notes,
            device=device,
            engines=job.engines,
            versions=installed_versions(),
            stand_in=self.rehearsal or any(artifact.manifest.stand_in for artifact in inputs),
            recipes=[self.recipe],
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def crash(self, error: Exception, name: str, where: str) -> FactoryError:
        """A failure that is the disk's, or that nobody foresaw: its traceback goes to a file, one line to the user."""
        root = self.graph.store.root
        if (told := disk_error(error, where, root)) is not None:
            told.what = f"{name}: {told.what}"
            return told
        if isinstance(error, OSError):
            return FactoryError(f"{name}: {error}", where=where, fix="finished work is kept")
        log = root / FOLDER / f"{name.replace('/', '--')}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        return FactoryError(
            f"{name} failed: {type(error).__name__}: {first}",
            where=where,
            fix=f"finished work is kept; the whole error is in {log}",
        )


def _models(job: Job) -> list[Path]:
    artifacts = [*([job.source] if job.source else []), *job.inputs.values()]
    return [artifact.model for artifact in artifacts if artifact.manifest.kind == "model" and not artifact.endpoint]


def installed_versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in RECORDED_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def uses_model(node: Node) -> bool:
    return node.kind != "dataset" or any(kind == "model" for _, _, kind in node.step.references())


def _device(profile: Profile) -> str:
    import torch

    name = profile.torch_device()
    return (
        torch.cuda.get_device_name(name) if name.startswith("cuda") else f"{name}, {torch.get_num_threads()} threads"
    )


def attempt(profile: Profile, seconds: float, *, model: bool, engines: Sequence[str] = ()) -> dict[str, Any]:
    """One run at a step as its ledger keeps it. Work without a model holds no accelerator and costs none."""
    entry: dict[str, Any] = {"seconds": round(seconds, 3)}
    if engines:
        entry["engines"] = list(engines)
    if profile.gpu_hour is not None:
        entry["dollars"] = seconds / 3600 * profile.gpu_hour * profile.devices if model else 0.0
    return entry


def bill(usage: Usage, attempts: Sequence[dict[str, Any]]) -> None:
    """Fill `seconds` and `dollars` from all attempts at a step.

    Where an endpoint has charged for tokens, the step's time is not charged as well; every other step costs the time
    of its attempts, each at the price of the profile it ran under.
    """
    usage.seconds = round(sum(entry["seconds"] for entry in attempts), 3)
    hours = [entry["dollars"] for entry in attempts if "dollars" in entry]
    if usage.dollars is not None:
        usage.dollars = round(usage.dollars, 6)
    elif hours:
        usage.dollars = round(sum(hours), 6)
