"""Executes a graph: in order, resuming, skipping what is done, and pushing what is complete."""

from __future__ import annotations

import platform
import shutil
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from factory.errors import FactoryError
from factory.graph.bill import attempt, bill
from factory.graph.heartbeat import Heartbeat
from factory.graph.nodes import Edge, Graph, Node
from factory.profile import Profile
from factory.step.job import Artifact, Job
from factory.step.progress import Progress
from factory.step.surroundings import freed_memory_kept, quiet_libraries, torch_threads
from factory.store import Ledger, Manifest

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


@dataclass
class Report:
    """What a run did: names of the nodes built now and of those that were done before."""

    built: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Runner:
    """Builds nodes one after the other.

    `finished` is called with every node, built or found done, in order: publishing hangs on it. `rehearsal` marks
    everything that is made as a stand-in.
    """

    graph: Graph
    profile: Profile
    progress: Progress
    rehearsal: bool = False
    finished: Callable[[Node], None] | None = None

    def run(self, nodes: Iterable[Node]) -> Report:
        """Build what is not done.

        Raises:
            FactoryError: a step failed; everything finished before it is kept.
        """
        report, started = Report(), time.monotonic()
        recipe = self.graph.loaded.recipe.name
        with self.graph.store.lock(recipe), Heartbeat(self.graph.store, recipe, self.progress) as heart:
            for node in nodes:
                heart.step = node.name
                if Manifest.load(node.folder) is not None:
                    report.done.append(node.name)
                else:
                    self._build(node)
                    report.built.append(node.name)
                if self.finished:
                    self.finished(node)
        report.seconds = time.monotonic() - started
        return report

    def _build(self, node: Node) -> None:
        partial = self.graph.store.partial(node.folder)
        with self.graph.store.lock(f"{node.artifact}--{node.made.name}"):
            partial.mkdir(parents=True, exist_ok=True)
            job = self._job(node)
            self.progress.log(f"{node.name}{' (resuming)' if any(partial.iterdir()) else ''}")
            began = time.monotonic()
            works = uses_model(node)
            try:
                memory = freed_memory_kept() if works else nullcontext()
                with quiet_libraries(), torch_threads(self.profile, _models(job)), memory:
                    node.step.run(job)
                    device = _device(self.profile, node)
            except FactoryError as error:
                error.where = error.where or str(node.place)
                raise
            except OSError as error:
                raise _disk_error(error, node) from error
            except Exception as error:
                raise self._crash(error, node) from error
            finally:
                with Ledger(partial / "attempts.jsonl") as attempts:
                    attempts.append(attempt(self.profile, time.monotonic() - began, model=works))
            self.graph.store.finish(node.folder, self._manifest(node, job, device))

    def _job(self, node: Node) -> Job:
        return Job(
            name=node.name,
            out=self.graph.store.partial(node.folder),
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
        return Artifact(node.artifact, node.folder, manifest, edge.split)

    def _manifest(self, node: Node, job: Job, device: str) -> Manifest:
        if node.kind == "dataset" and (job.rows is None or not job.rows.balanced):
            raise FactoryError(f"rows do not add up: {job.rows}", where=node.name)
        attempts = Ledger(job.out / "attempts.jsonl")
        bill(job.usage, list(attempts), self.profile)
        attempts.close()
        inputs = {edge.node: self.graph.nodes[edge.node] for edge in node.edges}
        stand_in = self.rehearsal or any((m := Manifest.load(n.folder)) and m.stand_in for n in inputs.values())
        return Manifest(
            name=node.name,
            kind=node.kind,
            verb=node.step.verb,
            fingerprint=node.fingerprint,
            identity=node.identity,
            inputs={name: n.fingerprint for name, n in inputs.items()},
            rows=job.rows,
            usage=job.usage,
            metrics=job.metrics,
            notes=job.notes,
            device=device,
            versions=installed_versions(),
            stand_in=bool(stand_in),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _crash(self, error: Exception, node: Node) -> FactoryError:
        """A failure nobody foresaw: the traceback goes to a file, one line to the user."""
        log = self.graph.store.root / "logs" / f"{node.name.replace('/', '--')}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        return FactoryError(
            f"{node.name} failed: {type(error).__name__}: {first}",
            where=str(node.place),
            fix=f"finished work is kept; the whole error is in {log}",
        )


def _models(job: Job) -> list[Path]:
    artifacts = [*([job.source] if job.source else []), *job.inputs.values()]
    return [artifact.model for artifact in artifacts if artifact.manifest.kind == "model"]


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


def _device(profile: Profile, node: Node) -> str:
    if not uses_model(node):
        return "cpu"
    import torch

    name = profile.torch_device()
    return (
        torch.cuda.get_device_name(name) if name.startswith("cuda") else f"{name}, {torch.get_num_threads()} threads"
    )


def _disk_error(error: OSError, node: Node) -> FactoryError:
    import errno

    if error.errno == errno.ENOSPC:
        free = shutil.disk_usage(node.folder.parent).free / 1e9
        return FactoryError(
            f"{node.name}: the disk is full ({free:.1f} GB free)",
            where=str(node.folder.parent),
            fix="free some space and run the same command; finished work is kept",
        )
    return FactoryError(f"{node.name}: {error}", where=str(node.place), fix="finished work is kept")
