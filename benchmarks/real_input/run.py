"""Runs the pipeline on real text and writes its numbers, however low.

    python benchmarks/real_input/run.py DATA

DATA holds ``parallel/train.en-ar.tsv`` (en, ar, origin), ``flores200/{eng_Latn,arb_Arab}.devtest`` (a sentence
per line) and ``instructions/alpaca_en_demo.json`` (instruction, input, output).
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from measure import run, save

ROOT = Path(__file__).parent.parent.parent
RECIPE = Path(__file__).with_name("recipe.yaml")


def main() -> None:
    data = Path(sys.argv[1]).absolute()
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "data"
        prepare(data, prepared)
        command = [
            sys.executable,
            "-m",
            "factory",
            "publish",
            str(RECIPE),
            "--hub",
            "local",
            "--store",
            folder,
            "--json",
        ]
        measured = run(command, {"FACTORY_DATA": str(prepared)}, cwd=ROOT)
        if measured.exit_code != 0:
            raise SystemExit(measured.output)
        document = json.loads(measured.output[measured.output.index("\n{") :])
        status = run([*command[:3], "status", str(RECIPE), "--hub", "local", "--store", folder, "--json"],
                     {"FACTORY_DATA": str(prepared)}, cwd=ROOT)  # fmt: skip
        steps = json.loads(status.output)
    path = save(
        "real_input",
        {
            "seconds": round(measured.seconds, 1),
            "peak_gb": round(measured.peak_bytes / 1e9, 2),
            "scores": [
                {"suite": entry["suite"], "model": entry["model"], "scores": entry["scores"]}
                for entry in document["scores"]
            ],
            "funnel": [
                {key: step.get(key) for key in ("step", "in", "kept", "rejected", "failed", "reasons", "seconds")}
                for step in steps
            ],
            "pushed": sorted(repo["url"].split("/", 3)[-1] for repo in document["pushed"].values()),
        },
    )
    print(path.read_text())


def prepare(data: Path, target: Path) -> None:
    """Put the three inputs side by side; the two FLORES files become one of pairs."""
    target.mkdir(parents=True)
    shutil.copyfile(data / "parallel" / "train.en-ar.tsv", target / "parallel.tsv")
    shutil.copyfile(data / "instructions" / "alpaca_en_demo.json", target / "alpaca.json")
    english, arabic = (
        (data / "flores200" / f"{name}.devtest").read_text(encoding="utf-8").splitlines()
        for name in ("eng_Latn", "arb_Arab")
    )
    with (target / "flores.jsonl").open("w", encoding="utf-8") as file:
        for en, ar in zip(english, arabic, strict=True):
            file.write(json.dumps({"en": en, "ar": ar}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
