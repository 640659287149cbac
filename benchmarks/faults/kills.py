"""kill -9 in the middle of every kind of stage, and what it costs: kills.yaml, one stage at a time.

    python benchmarks/faults/kills.py --kills 100

Every stage is first run whole, in a process of its own. Then it is begun anew, killed at a random moment, and gone on
with: its rows, weights, scores or pushed files must be those of the whole run, byte for byte. Lost is the processor
time of both runs beyond that of the whole one. Writes results/fault_kills.json.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import huggingface_hub.constants as constants  # noqa: E402
import measure  # noqa: E402

from factory.graph.nodes import Graph, Node, build_graph  # noqa: E402
from factory.graph.run import Runner  # noqa: E402
from factory.hub.client import api  # noqa: E402
from factory.local_hub import LocalHub  # noqa: E402
from factory.profile import Profile  # noqa: E402
from factory.publishing.stages import Execution, Push, stages  # noqa: E402
from factory.recipe import load  # noqa: E402
from factory.recipe.lock import Resolver  # noqa: E402
from factory.step.progress import quiet  # noqa: E402
from factory.store import Dataset, Store  # noqa: E402

RECIPE = Path(__file__).with_name("kills.yaml")
WORTH_SECONDS = 2.0  # of the processor: what is shorter is not worth a checkpoint


@dataclass(frozen=True)
class Cost:
    """Of one run of a stage, killed or not."""

    wall: float
    cpu: float
    ended: bool


def forked(work: Callable[[], None], kill_after: float | None = None) -> Cost:
    """Run it in a child. Its imports were done before the fork, so that a start costs milliseconds."""
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        try:
            os.setpgrp()
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(pid, signal.SIGKILL)
    _, status, used = os.wait4(pid, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit("a run failed; see above")
    return Cost(time.monotonic() - began, used.ru_utime + used.ru_stime, os.WIFEXITED(status))


class Shelf:
    """The recipe in a folder, with one store; `mark` names the repos of one trial."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.text = folder, RECIPE.read_text("utf-8")
        self.store = Store(folder / "store")

    def graph(self, mark: str = "kills") -> Graph:
        path = self.folder / "kills.yaml"
        path.write_text(self.text.replace("kills-", f"{mark}-"), "utf-8")
        return build_graph(load(path), self.store, Resolver(self.folder / "kills.lock", online=False))

    def build(self, name: str) -> None:
        graph = self.graph()
        Runner(graph, Profile(device="cpu", threads=1), quiet()).build(graph.nodes[name])

    def push(self, artifact: str, mark: str) -> None:
        graph = self.graph(mark)
        runner = Runner(graph, Profile(device="cpu", threads=1), quiet())
        wanted = [stage for stage in stages(graph) if isinstance(stage, Push) and stage.subject == artifact]
        report = Execution(runner).run(wanted)
        if report.failed:
            raise next(iter(report.failed.values()))


def made(node: Node) -> str:
    """A digest of what a node holds: rows, weights or scores."""
    digest = hashlib.sha256()
    if node.kind == "dataset":
        for part in ("data", "rejected"):
            for shard in Dataset(node.folder).shards(part=part):
                digest.update(f"{part}/{shard.name}".encode() + shard.read_bytes())
    else:
        for path in sorted(node.folder.rglob("*.safetensors")) + sorted(node.folder.glob("samples.parquet")):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def pushed(repo_id: str, kind: str, mark: str) -> Any:
    """Digests of the files of a repo, and its commits, free of the repo's own name."""
    info = api().repo_info(repo_id, repo_type=kind, files_metadata=True)
    titles = [commit.title.replace(mark, "") for commit in api().list_repo_commits(repo_id, repo_type=kind)]
    # the card names the repo
    return sorted((s.rfilename, s.blob_id) for s in info.siblings or () if s.rfilename != "README.md"), titles


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--kills", type=int, default=100)
    asked = arguments.parse_args()
    import lighteval.tasks.registry  # noqa: F401
    import torch
    import transformers.models.lfm2.modeling_lfm2  # noqa: F401
    import trl.trainer.sft_trainer  # noqa: F401

    import factory.models.train.loop  # noqa: F401

    torch.set_num_threads(1)
    chance, kills = random.Random(0), []
    with tempfile.TemporaryDirectory() as name, LocalHub(Path(name) / "hub") as hub:
        os.environ.update(hub.environment())
        constants.ENDPOINT, constants.HF_HUB_DISABLE_XET = hub.endpoint, True
        constants.HUGGINGFACE_CO_URL_TEMPLATE = hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        shelf = Shelf(Path(name))
        graph = shelf.graph()
        whole = {node.name: forked(lambda node=node: shelf.build(node.name)) for node in graph.order()}
        results = {node.name: made(node) for node in graph.order()}
        targets: list[str] = [name for name, cost in whole.items() if cost.cpu >= WORTH_SECONDS]
        for artifact, kind in (("pairs", "dataset"), ("compressed", "model")):
            repo = artifact if kind == "dataset" else "FP8"
            shelf.push(artifact, "first")  # the blobs are there then: every trial packs, none uploads
            whole[f"push {artifact}"] = forked(lambda a=artifact: shelf.push(a, "whole"))
            results[f"push {artifact}"] = pushed(f"factory/whole-{repo}", kind, "whole")
            targets.append(f"push {artifact}")
        print({name: round(whole[name].cpu, 1) for name in targets}, flush=True)
        number = 0
        while len(kills) < asked.kills:
            target = targets[number % len(targets)]
            number += 1
            if target.startswith("push "):
                artifact, mark = target.removeprefix("push "), f"t{number}"
                kind, repo = ("dataset", "pairs") if artifact == "pairs" else ("model", "FP8")

                def work(artifact: str = artifact, mark: str = mark) -> None:
                    shelf.push(artifact, mark)

                def result(kind: str = kind, mark: str = mark, repo: str = repo) -> Any:
                    return pushed(f"factory/{mark}-{repo}", kind, mark)
            else:
                node = graph.nodes[target]
                shutil.rmtree(node.folder)
                shutil.rmtree(shelf.store.memory, ignore_errors=True)

                def work(target: str = target) -> None:
                    shelf.build(target)

                def result(node: Node = node) -> Any:
                    return made(node)

            moment = chance.uniform(0, whole[target].wall)
            killed = forked(work, moment)
            if killed.ended:
                continue
            rest = forked(work)
            lost = killed.cpu + rest.cpu - whole[target].cpu
            share = lost / whole[target].cpu
            equal = result() == results[target]
            kills.append(
                {
                    "stage": target,
                    "at": moment / whole[target].wall,
                    "lost_seconds": lost,
                    "lost_share": share,
                    "equal": equal,
                }
            )
            print(len(kills), target, f"at {kills[-1]['at']:.0%}, lost {share:.0%}, equal: {equal}", flush=True)
    by_stage = defaultdict(list)
    for kill in kills:
        by_stage[kill["stage"]].append(kill["lost_share"])
    summary = {
        "kills": len(kills),
        "equal": sum(kill["equal"] for kill in kills),
        "lost_share_median": round(statistics.median(kill["lost_share"] for kill in kills), 3),
        "stages": {
            name: {
                "kills": len(shares),
                "whole_cpu_seconds": round(whole[name].cpu, 1),
                "lost_share_median": round(statistics.median(shares), 3),
                "lost_share_most": round(max(shares), 3),
            }
            for name, shares in by_stage.items()
        },
    }
    print(summary)
    print(measure.save("fault_kills", summary | {"each": kills}))


if __name__ == "__main__":
    main()
