"""Publishes of a small shelf (two datasets, two models, a Space, a collection) to an embedded Hub in trouble.

    python benchmarks/faults/publishes.py --publishes 300

Every publish meets passing troubles at random (2 to 30 of 100 requests, never three times in a row the same request);
every third one also a lasting trouble of one repo, every third an outage of everything for a while. Waits are noted,
not waited. Afterwards each repo is compared with that of a publish without trouble: files, commits, rows.
Writes results/fault_publishes.json.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import huggingface_hub.constants as constants  # noqa: E402
import measure  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from factory.hub import retrying  # noqa: E402
from factory.hub.client import api  # noqa: E402
from factory.local_hub import LocalHub  # noqa: E402
from factory.publishing.stages import Report  # noqa: E402
from tests.faults.proxy import LASTING, PASSING, Fault, Faults, proxied  # noqa: E402
from tests.publishing.test_stages import execute, members, own_names  # noqa: E402
from tests.shelf import build, shelf  # noqa: E402

ARTIFACTS = {"pairs": "dataset", "questions": "dataset", "base": "model", "tuned": "model", "Space": "space"}
IN_A_ROW = 2  # passing troubles that one request meets before it is answered
OUTAGE = Fault("out of order", 503)


@dataclass
class Repo:
    """What a repo holds: names of files, titles of commits, rows of its data."""

    files: frozenset[str]
    commits: tuple[str, ...]
    rows: int


def plan(faults: Faults, chance: random.Random, kind: str, repo: str) -> str:
    """Let troubles of this kind come; returns what they are."""
    share, met = chance.uniform(0.02, 0.3), Counter[str]()
    lasting, begin = chance.choice(LASTING), chance.randrange(60)
    length = chance.randrange(5, 40)

    def decide(request: str, number: int) -> Fault | None:
        if kind == "lasting" and repo in request:
            return lasting
        if kind == "outage" and begin <= number < begin + length:
            return OUTAGE
        if chance.random() >= share or met[request] >= IN_A_ROW:
            met[request] = 0
            return None
        met[request] += 1
        return chance.choice(PASSING)

    faults.clear()
    faults.plan = decide
    return f"{lasting.name} of {repo}" if kind == "lasting" else kind


def found(report: Report, mark: str) -> dict[str, Repo]:
    """Of every artifact that the report calls pushed, what is on the Hub."""
    repos = {}
    for name, item in report.pushed.items():
        if name not in ARTIFACTS:
            continue
        kind = ARTIFACTS[name]
        files = frozenset(api().list_repo_files(item.repo_id, repo_type=kind))
        commits = api().list_repo_commits(item.repo_id, repo_type=kind)
        data = [file for file in files if re.match(r"(data|train)\b.*\.parquet$", file)]
        paths = [api().hf_hub_download(item.repo_id, file, repo_type=kind) for file in data]
        rows = sum(pq.read_metadata(path).num_rows for path in paths)
        repos[name] = Repo(files, tuple(one.title.replace(mark, "") for one in commits), rows)
    return repos


def half(name: str, repo_id: str, whole: Repo) -> bool:
    """Whether a repo that was not pushed holds a part of its release all the same."""
    if not api().repo_exists(repo_id, repo_type=ARTIFACTS[name]):
        return False
    files = set(api().list_repo_files(repo_id, repo_type=ARTIFACTS[name])) - {".gitattributes"}
    return bool(files) and files | {".gitattributes"} != whole.files | {".gitattributes"}


def one(folder: Path, faults: Faults, seed: int, whole: dict[str, Repo]) -> dict[str, Any]:
    """One publish in trouble, and what is wrong with it."""
    chance = random.Random(seed)
    text = own_names()
    mark = re.search(r"repo: (t\w+)-pairs", text)
    assert mark is not None
    graph = build(shelf(folder, text))
    ids = {name: f"factory/{mark[1]}-{name}" for name in ("pairs", "questions", "base", "tuned")}
    spoiled = chance.choice([*ids])
    kind = ("passing", "lasting", "outage")[seed % 3]
    trouble = plan(faults, chance, kind, ids[spoiled])
    started = time.monotonic()
    report = execute(graph)
    seconds, met, asked = time.monotonic() - started, faults.met, len(faults.requests)
    faults.clear()
    wrong = []
    said = {stage.name: str(error) for stage, error in report.failed.items()}
    for name, words in said.items():
        if "mistake in factory" in words or "Traceback" in words:
            wrong.append(f"blames factory: {name}: {words}")
        if kind == "passing" or (kind == "lasting" and spoiled not in name and "collection" not in name.lower()):
            wrong.append(f"ended by a passing trouble: {name}: {words}")
    for name, repo in found(report, mark[1]).items():
        differ = repo.files ^ whole[name].files
        if "questions" not in report.pushed:  # results are told to the Hub by the dataset that has the questions
            differ = {file for file in differ if not file.startswith(".eval_results/")}
        if differ:
            wrong.append(f"{name} holds {sorted(differ)} more or less")
        own = tuple(title for title in repo.commits if not title.startswith("Update "))  # what a second try brought
        if own != whole[name].commits:
            wrong.append(f"{name} has the commits {repo.commits}")
        if repo.rows != whole[name].rows:
            wrong.append(f"{name} has {repo.rows} rows for {whole[name].rows}")
    wrong += [
        f"half of {name} was published"
        for name in ids
        if name not in report.pushed and half(name, ids[name], whole[name])
    ]
    if "Collection" in report.pushed:
        pushed = {item.repo_id for name, item in report.pushed.items() if name != "Collection"}
        wrong += ["the collection lacks what was pushed"] if pushed - members(report) else []
    return {
        "seed": seed,
        "trouble": trouble,
        "met": met,
        "asked": asked,
        "seconds": seconds,
        "said": said,
        "wrong": wrong,
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--publishes", type=int, default=300)
    asked = arguments.parse_args()
    runs = []
    with tempfile.TemporaryDirectory() as name, LocalHub(Path(name) / "hub") as hub, proxied(hub.endpoint) as faults:
        os.environ.update(hub.environment() | {"HF_ENDPOINT": faults.endpoint})
        constants.ENDPOINT, constants.HF_HUB_DISABLE_XET = faults.endpoint, True
        constants.HUGGINGFACE_CO_URL_TEMPLATE = faults.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        retrying.time.sleep = lambda seconds: None  # type: ignore[assignment]
        whole: dict[str, Repo] = {}
        text = own_names()
        report = execute(build(shelf(Path(name) / "whole", text)))
        assert not report.failed and not report.left_out
        mark = re.search(r"repo: (t\w+)-pairs", text)
        whole = found(report, mark[1] if mark else "")
        for seed in range(asked.publishes):
            runs.append(one(Path(name) / f"publish-{seed}", faults, seed, whole))
            if runs[-1]["wrong"]:
                print(runs[-1], flush=True)
    summary = {
        "publishes": len(runs),
        "requests": sum(run["asked"] for run in runs),
        "troubles_met": sum(run["met"] for run in runs),
        "with_a_part_refused": sum(bool(run["said"]) for run in runs),
        "slowest_seconds": round(max(run["seconds"] for run in runs), 1),
        "wrong": [run for run in runs if run["wrong"]],
    }
    print(summary)
    print(measure.save("fault_publishes", summary))


if __name__ == "__main__":
    main()
