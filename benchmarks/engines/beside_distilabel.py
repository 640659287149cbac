"""Rows/s of the verb `translate` beside a distilabel pipeline: the same model or server, texts and budgets, in turn in
one run. Loading is not counted, of either side.

    python benchmarks/engines/beside_distilabel.py transformers --distilabel VENV/bin/python [--rows 128] [--rounds 3]

Three set-ups, one at a time. `transformers`: one thread, distilabel's TransformersLLM as it comes, which hands its
model one prompt at a time, and with a batch size put into its transformers pipeline. `vllm`: one server of vLLM
(needs `factory engines install vllm`), both as clients with as many requests at once as they send by default, and
distilabel with as many as ours. `endpoint`: a server whose answers take 0.2 seconds and 0.02 for each word of the
question, however many are asked at once, which are 50 of both sides: what it costs to wait for all of a batch.

distilabel lives in an environment of its own; `requests` it needs and does not name:

    pip install 'torch==2.13.*' transformers==5.17.0 'distilabel[hf-transformers,openai]==1.5.3' requests
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import work  # noqa: E402
from endpoint import NAME, endpoint  # noqa: E402
from measure import save  # noqa: E402

from factory.profile import Profile  # noqa: E402
from factory.step.job import Artifact  # noqa: E402
from tests.engines.vllm_server import vllm_server  # noqa: E402
from tests.support import behind_endpoint  # noqa: E402

PEER = Path(__file__).parent / "peers" / "distil.py"
ASKED = 1.5
OURS, THEIRS = 256, 50  # requests at once by default; distilabel's are the rows of a step's batch
DELAY, DELAY_PER_WORD = 0.2, 0.02  # seconds of the endpoint


class Distilabel:
    """One run of the pipeline, from the first batch on; keeps the seconds of generation alone, and the answers."""

    def __init__(self, python: str, **order: Any) -> None:
        self._python, self._order = python, order
        self.generating: list[float] = []
        self.answers: list[str] = []

    def __call__(self) -> float:
        with tempfile.TemporaryDirectory(prefix="factory-distilabel-") as cache:
            order = json.dumps({**self._order, "tokens": work.LIMIT, "cache": cache})
            command = [self._python, "-P", "-W", "ignore", str(PEER)]
            environment = {**os.environ, "HF_HOME": cache, "HF_HUB_OFFLINE": "1"}
            done = subprocess.run(command, input=order, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        found = json.loads(done.stdout.splitlines()[-1])
        self.generating.append(found["generating"])
        self.answers = found["answers"]
        return found["whole"]


@contextmanager
def over_transformers(folder: Path, model: Artifact, rows: int, python: str) -> Iterator[dict[str, Any]]:
    import torch

    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    asked = work.texts(rows)
    here = Profile.model_validate({"engine": "transformers", "device": "cpu", "batch_size": work.BATCH})
    order = {"texts": asked, "model": str(model.model), "rows_at_once": work.BATCH}
    with work.translating(folder, model, asked, here) as ours:
        yield {
            "translate": ours,
            "distilabel": Distilabel(python, **order, prompts_at_once=1),
            f"distilabel, {work.BATCH} at once": Distilabel(python, **order, prompts_at_once=work.BATCH),
        }


@contextmanager
def over_vllm(folder: Path, model: Artifact, rows: int, python: str) -> Iterator[dict[str, Any]]:
    with vllm_server(model.model, folder / "server.log") as url:
        yield from over_url(folder, rows, python, url, "m", OURS)


@contextmanager
def over_endpoint(folder: Path, model: Artifact, rows: int, python: str) -> Iterator[dict[str, Any]]:
    with endpoint(DELAY, DELAY_PER_WORD) as url:
        yield from over_url(folder, rows, python, url, NAME, THEIRS)


def over_url(folder: Path, rows: int, python: str, url: str, name: str, at_once: int) -> Iterator[dict[str, Any]]:
    asked = work.texts(rows)
    there = Profile.model_validate({"endpoints": {"there": {"base_url": url, "concurrency": at_once}}})
    with work.translating(folder, behind_endpoint(folder / "behind", name, "there"), asked, there) as ours:
        order = {"texts": asked, "url": url, "name": name}
        runs = {"translate": ours, "distilabel": Distilabel(python, **order, rows_at_once=THEIRS)}
        if at_once != THEIRS:
            runs[f"distilabel, {at_once} at once"] = Distilabel(python, **order, rows_at_once=at_once)
        yield runs


SETUPS: dict[str, Callable[..., Any]] = {
    "transformers": over_transformers,
    "vllm": over_vllm,
    "endpoint": over_endpoint,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("setup", choices=SETUPS)
    parser.add_argument("--distilabel", required=True, help="python of distilabel's environment")
    parser.add_argument("--rows", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    rows, rounds = arguments.rows, arguments.rounds
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="factory-engines-")))
        model = work.model(folder / "m")
        runs = stack.enter_context(SETUPS[arguments.setup](folder, model, rows, arguments.distilabel))
        seconds = work.in_turn(runs, rounds)
        equal = {name: _equal(run.answers, runs["translate"].answers) for name, run in runs.items()}
    for name, run in runs.items():
        if isinstance(run, Distilabel):
            seconds[f"{name}, generation alone"] = run.generating[-rounds:]
    medians = work.rates(seconds, rows)
    result = {
        "rows": rows,
        "tokens_a_row": work.LIMIT,
        "rounds": rounds,
        "load": [round(value, 1) for value in os.getloadavg()],
        "seconds": work.rounded(seconds),
        "rows_per_second": {name: round(value, 1) for name, value in medians.items()},
        "equal_answers": {name: share for name, share in equal.items() if name != "translate"},
        "ratios": {
            f"translate / {name}": {"measured": round(medians["translate"] / value, 2), "asked": ASKED}
            for name, value in medians.items()
            if name != "translate"
        },
    }
    print(json.dumps(result, indent=2))
    print(save(f"distilabel_{arguments.setup}", result))


def _equal(theirs: list[str], ours: list[str]) -> float:
    """Share of equal answers: both sides did the same work, but for sums that batches round in another order."""
    plain = [[text.replace("<s>", "").replace("</s>", "") for text in side] for side in (theirs, ours)]
    return round(sum(a == b for a, b in zip(*plain, strict=True)) / len(ours), 3)


if __name__ == "__main__":
    main()
