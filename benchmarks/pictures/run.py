"""Pictures through columns, filter, dedup, mix and push, beside the same steps with `datasets.map`, in turn:
`python benchmarks/pictures/run.py [ROWS]`.

Both push to one embedded Hub, which is a process of its own and not measured. Rows per second are those of the whole
command, imports included. Writes benchmarks/results/pictures.json.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from measure import Measurement, run, save  # noqa: E402
from rows import write  # noqa: E402

from factory.local_hub import LocalHub  # noqa: E402


def pushed(hub: LocalHub, repo: str) -> set[str]:
    """SHA-256 of every picture in a repo."""
    import pyarrow.parquet as pq
    from huggingface_hub import HfApi

    api = HfApi(hub.endpoint, token=hub.environment()["HF_TOKEN"])
    found = set()
    for path in api.list_repo_files(repo, repo_type="dataset"):
        if path.endswith(".parquet"):
            with tempfile.TemporaryDirectory() as folder:
                local = api.hf_hub_download(repo, path, repo_type="dataset", local_dir=folder)
                for batch in pq.ParquetFile(local).iter_batches(100, columns=["image"]):
                    found |= {hashlib.sha256(value["bytes"]).hexdigest() for value in batch.column(0).to_pylist()}
    return found


def told(made: Measurement, rows: int, equal: bool) -> dict[str, Any]:
    if made.exit_code:
        raise SystemExit(made.output[-3000:])
    rate = round(rows / made.seconds, 1)
    return {
        "seconds": round(made.seconds, 1),
        "cpu_seconds": round(made.cpu_seconds, 1),
        "rows_per_second": rate,
        "peak_mb": round(made.peak_bytes / 1e6),
        "bytes_equal": equal,
    }


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as name, LocalHub(Path(name) / "hub") as hub:
        folder = Path(name)
        digests = write(folder / "rows", rows)
        shutil.copy(HERE / "recipe.yaml", folder)
        paths = os.pathsep.join([str(HERE.parent.parent), os.environ.get("PYTHONPATH", "")])
        environment = {
            **hub.environment(),
            "PYTHONPATH": paths,
            "HF_HOME": str(folder / "cache"),
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, "-m", "factory", "publish", "recipe.yaml", "--store", "store"]
        ours = run(command, environment, folder)
        mine = told(ours, rows, pushed(hub, "factory/pictures-by-factory") == digests)
        shutil.rmtree(folder / "store")
        theirs = run([sys.executable, str(HERE / "by_map.py"), "rows", "factory/pictures-by-map"], environment, folder)
        other = told(theirs, rows, pushed(hub, "factory/pictures-by-map") == digests)
    times = round(mine["rows_per_second"] / other["rows_per_second"], 2)
    print(mine, other, times)
    save("pictures", {"rows": rows, "factory": mine, "datasets.map": other, "times_as_fast": times})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
