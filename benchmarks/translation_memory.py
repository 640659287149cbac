"""What the memory saves on real instructions, and how many rows a second `translate` handles itself.

`python benchmarks/translation_memory.py DATA`, with DATA holding ``instructions/alpaca_en_demo.json`` and
``instructions/user_oriented_instructions.jsonl``. The engine answers at once with Arabic letters for Latin ones, so
that tokens (white space counts) and time are those of the verb and not of a model. The rows are translated three
times: alone, together with a second dataset that shares part of them, and all again with only the memory.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from measure import save

from factory.engines import Completion
from factory.profile import Profile
from factory.step import job as jobs
from factory.step.job import Artifact, Job
from factory.step.progress import quiet
from factory.steps.translate import Translate
from factory.store import Manifest, ShardWriter
from tests.echo import EchoEngine, arabic

FIELDS = ["instruction", "input", "output"]
REPEATED = 10  # copies of the rows, with a running number in each text, for the speed


def echo() -> EchoEngine:
    """An engine whose answers cost nothing; tokens are words."""

    def answer(text: str) -> Completion:
        tokens = len(text.split())
        return Completion(arabic(text), "stop", tokens, tokens)

    return EchoEngine(answer, batch_size=256)


def read(data: Path) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """(Alpaca rows, user-oriented rows), each with instruction, input and output."""
    alpaca = json.loads((data / "instructions" / "alpaca_en_demo.json").read_text(encoding="utf-8"))
    lines = (data / "instructions" / "user_oriented_instructions.jsonl").read_text(encoding="utf-8").splitlines()
    tasks = [json.loads(line) for line in lines]
    oriented = [{"instruction": task["instruction"], **one} for task in tasks for one in task["instances"]]
    return [{name: str(row[name]) for name in FIELDS} for row in alpaca], [
        {name: str(row[name]) for name in FIELDS} for row in oriented
    ]


def translate(
    folder: Path, name: str, rows: list[dict[str, str]], memory: Path | None
) -> tuple[dict[str, Any], float]:
    """The step's metrics and its seconds of processor time, which a busy machine stretches less than the clock."""
    import pyarrow as pa

    schema = pa.schema([(field, pa.string()) for field in FIELDS])
    with ShardWriter(folder / f"{name}-in", schema) as writer:
        writer.write(rows)
    manifest = Manifest(name=name, kind="dataset", verb="", fingerprint="0" * 64, identity={})
    source, model = (Artifact(name, folder / part, manifest) for part in (f"{name}-in", "no-model"))
    (folder / name).mkdir()
    language = {"source": "en", "target": "ar"}
    profile = Profile.model_validate({"device": "cpu"})
    job = Job(name, folder / name, source, {"m": model}, profile, quiet(), language, memory=memory)
    step = Translate.model_validate({"model": "m", "fields": FIELDS, "prompt": "{text}"})
    started = time.process_time()
    step.run(job)
    seconds = time.process_time() - started
    assert job.rows is not None
    counts = job.rows.model_dump(by_alias=True)
    return {**job.metrics["translations"], "rows": counts, "tokens": job.usage.completion_tokens}, seconds


def main(data: Path) -> None:
    jobs.engine_for = lambda *_, **__: echo()  # type: ignore[assignment]
    alpaca, oriented = read(data)
    texts = sum(len(row[field].split()) for row in [*alpaca, *oriented] for field in FIELDS)
    with tempfile.TemporaryDirectory() as scratch:
        folder, memory = Path(scratch), Path(scratch) / "memory"
        first, _ = translate(folder, "alpaca", alpaca, memory)
        shared = [*oriented, *alpaca[:300]]
        second, _ = translate(folder, "second", shared, memory)
        again, _ = translate(folder, "again", [*alpaca, *oriented], memory)
        many = [
            {field: f"{value} {n}" if value else value for field, value in row.items()}
            for n in range(REPEATED)
            for row in alpaca
        ]
        speeds = {}
        for name, kept in (("without", None), ("with", folder / "empty-memory")):
            found, seconds = translate(folder, f"many-{name}", many, kept)
            speeds[name] = {
                "rows": len(many),
                "processor_seconds": round(seconds, 2),
                "rows_per_second": round(len(many) / seconds),
            }
            speeds[name]["units"] = found["needed"]
    result = {
        "words_in_all_texts": texts,
        "alpaca": first,
        "user_oriented_and_300_rows_of_alpaca": second,
        "both_again": again,
        "speed": speeds,
    }
    print(save("translation_memory", result).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
