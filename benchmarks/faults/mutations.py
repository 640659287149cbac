"""Shipped recipes, and files that the factory writes or reads, mutated by the thousand: read, or refused in words.

    python benchmarks/faults/mutations.py --recipes 10000 --others 1000

Writes results/fault_mutations.json: how many were refused, the slowest, the peak memory, and every one that was told
with a traceback or as a mistake in factory, took over 2 seconds of the processor, or 300 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import measure  # noqa: E402
from click.testing import CliRunner  # noqa: E402

from factory.cli import main as factory  # noqa: E402
from factory.errors import FactoryError  # noqa: E402
from factory.local_hub import LocalHub  # noqa: E402
from factory.store import Ledger, Manifest  # noqa: E402
from tests.faults.mutations import mutated  # noqa: E402
from tests.faults.test_damaged_files import ENTRIES, READERS, manifest  # noqa: E402

SLOW_SECONDS, MUCH_MEGABYTES = 2.0, 300


def recipe_reader(folder: Path) -> tuple[list[str], Callable[[int], tuple[bool, str]]]:
    """The names of the shipped recipes, and what plans one mutation: (refused, what was wrong)."""
    shutil.copytree(ROOT / "recipes", folder / "recipes")
    names = sorted(path.stem for path in (folder / "recipes").glob("*.yaml"))
    os.chdir(folder)

    def read(seed: int) -> tuple[bool, str]:
        name = names[seed % len(names)]
        path = folder / "recipes" / f"{name}-mutated.yaml"
        text = mutated((ROOT / "recipes" / f"{name}.yaml").read_text("utf-8"), seed)
        path.write_text(text, "utf-8", errors="surrogatepass")
        done = CliRunner().invoke(factory, ["plan", str(path), "--store", str(folder / "store")])
        blamed = "mistake in factory" in done.output or "Traceback" in done.output
        if blamed or (done.exception and not isinstance(done.exception, SystemExit)):
            return True, done.output[-300:] or repr(done.exception)
        return done.exit_code != 0, ""

    return names, read


def file_reader(folder: Path, name: str, text: str, load: Callable[[Path], Any]) -> Callable[[int], tuple[bool, str]]:
    """What reads one mutation of a file: (refused, what was wrong)."""

    def read(seed: int) -> tuple[bool, str]:
        path = folder / name
        path.write_bytes(mutated(text, seed).encode("utf-8", "surrogatepass"))
        try:
            load(path)
        except FactoryError as error:
            return True, "" if str(folder) in str(error) else f"its path is not named: {error}"
        except Exception as error:
            return True, repr(error)
        return False, ""

    return read


def run(read: Callable[[int], tuple[bool, str]], count: int) -> dict[str, Any]:
    """What `count` mutations came to."""
    refused, slowest, wrong = 0, (0.0, 0), []
    for seed in range(count):
        before, peak = time.process_time(), _peak()
        no, why = read(seed)
        seconds, grown = time.process_time() - before, _peak() - peak
        refused, slowest = refused + no, max(slowest, (seconds, seed))
        if why or seconds > SLOW_SECONDS or grown > MUCH_MEGABYTES:
            wrong.append({"seed": seed, "seconds": round(seconds, 2), "megabytes": round(grown), "said": why})
            print(wrong[-1], flush=True)
    return {
        "mutations": count,
        "refused": refused,
        "slowest_seconds": round(slowest[0], 2),
        "slowest_seed": slowest[1],
        "peak_megabytes": round(_peak()),
        "wrong": wrong,
    }


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ledger(path: Path) -> None:
    with Ledger(path) as opened:
        list(opened)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--recipes", type=int, default=10_000)
    arguments.add_argument("--others", type=int, default=1_000)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest().save(folder)
        written = (folder / "manifest.json").read_text("utf-8")
        with Ledger(folder / "ledger.jsonl") as opened:
            opened.append(*ENTRIES)
        entries = (folder / "ledger.jsonl").read_text("utf-8")
        found: dict[str, Any] = {}
        files = {
            **READERS,
            "manifest.json": (written, lambda path: Manifest.load(path.parent)),
            "ledger.jsonl": (entries, ledger),
        }
        for file, (text, load) in files.items():
            found[file] = run(file_reader(folder, file, text, load), asked.others)
            (folder / file).unlink()
        with LocalHub(folder / "hub") as hub:
            os.environ.update(hub.environment())
            names, read = recipe_reader(folder)
            found["recipes"] = run(read, asked.recipes) | {"names": names}
        os.chdir(ROOT)
    print(json.dumps(found, indent=2))
    print(measure.save("fault_mutations", found))


if __name__ == "__main__":
    main()
