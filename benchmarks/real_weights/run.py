"""The pipeline on weights and text that nobody here made; writes what came of it, however low.

    python benchmarks/real_weights/run.py DATA [--size trial|small] [--models FOLDER]

DATA holds ``parallel/train.en-ar.tsv`` (en, ar, origin), ``flores200/{eng_Latn,arb_Arab}.devtest`` (a sentence per
line) and ``instructions/alpaca_en_demo.json``. FOLDER holds the models as `models.py` makes them; without it they are
made first. `trial` shows in minutes that every step runs, and says nothing about quality.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import measure  # noqa: E402

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Size:
    """How many pairs are learnt from, sentences scored, instructions translated, texts the pieces are learnt on."""

    pairs: int
    sentences: int
    instructions: int
    texts: int


SIZES = {"trial": Size(160, 8, 8, 4000), "small": Size(2500, 200, 500, 17_000)}


def prepare(data: Path, target: Path, size: Size) -> None:
    """Draw the rows (seed 0) and write them as JSON Lines."""
    target.mkdir(parents=True)
    lines = (data / "parallel" / "train.en-ar.tsv").read_text("utf-8").splitlines()
    pairs = [dict(zip(("en", "ar"), line.split("\t"), strict=False)) for line in lines]
    random.Random(0).shuffle(pairs)
    english, arabic = (
        (data / "flores200" / f"{name}.devtest").read_text("utf-8").splitlines() for name in ("eng_Latn", "arb_Arab")
    )
    flores = [{"en": en, "ar": ar} for en, ar in zip(english, arabic, strict=True)]
    asked = json.loads((data / "instructions" / "alpaca_en_demo.json").read_text("utf-8"))
    for name, rows in (
        ("pairs", pairs[: size.pairs]),
        ("flores", flores[: size.sentences]),
        ("instructions", [{"instruction": row["instruction"]} for row in asked[: size.instructions]]),
        ("text", [{"text": pair["ar"]} for pair in pairs[: size.texts]]),
    ):
        written = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (target / f"{name}.jsonl").write_text(written, "utf-8")


def published(recipe: str, folder: Path, models: Path) -> dict[str, Any]:
    """What a publish of the recipe came to, and what each of its steps says of itself."""
    environment = {"REAL_DATA": str(folder / "data"), "REAL_MODELS": str(models.resolve())}
    told = [str(HERE / f"{recipe}.yaml"), "--hub", "local", "--store", str(folder / "store"), "--json"]
    done = measure.run([sys.executable, "-m", "factory", "publish", *told], environment, cwd=ROOT)
    if done.exit_code:
        raise SystemExit(done.output)
    document = json.loads(done.output[done.output.index("\n{") if not done.output.startswith("{") else 0 :])
    manifests = {}
    for path in sorted((folder / "store").glob("*/*/manifest.json")):
        manifest = json.loads(path.read_text("utf-8"))
        if recipe_of(manifest) == f"real-{recipe}":
            kept = {key: manifest[key] for key in ("verb", "rows", "usage", "metrics", "notes")}
            manifests[manifest["name"]] = kept
    return {
        "seconds": round(done.seconds),
        "cpu_seconds": round(done.cpu_seconds),
        "peak_gb": round(done.peak_bytes / 1e9, 2),
        "scores": [
            {"suite": entry["suite"], "model": entry["model"], "scores": entry["scores"]}
            for entry in document["scores"]
        ],
        "steps": manifests,
    }


def recipe_of(manifest: dict[str, Any]) -> str:
    return next(iter(manifest["recipes"]), "")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--size", choices=SIZES, default="trial")
    arguments.add_argument("--models", type=Path)
    arguments.add_argument("--recipe", choices=["translator", "vocabulary"], action="append")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models = asked.models or folder / "models"
        if not models.is_dir():
            measure.run([sys.executable, str(HERE / "models.py"), str(models)])
        prepare(asked.data, folder / "data", SIZES[asked.size])
        found = {recipe: published(recipe, folder, models) for recipe in asked.recipe or ("vocabulary", "translator")}
    for recipe, what in found.items():
        print(json.dumps(what, ensure_ascii=False, indent=1)[:4000])
        print(measure.save(f"real_{recipe}_{asked.size}", what))


if __name__ == "__main__":
    main()
