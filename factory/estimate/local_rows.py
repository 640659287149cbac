"""How many rows local files hold, told without reading them as a dataset."""

from __future__ import annotations

import json
from pathlib import Path

from factory.graph.sources import LOCAL_FORMATS, LocalDataset

CHUNK = 1 << 20
LARGEST_JSON = 64 << 20  # bytes of a .json file, which must be read whole


def local_rows(source: LocalDataset, split: str) -> float | None:
    """Rows of the files, or of `split` in a folder written by `datasets`; None where that cannot be told.

    Lines are counted in jsonl, csv, tsv and txt: a quoted line break of a csv file counts as a row too many.
    """
    path = Path(source.path)
    try:
        if (path / "state.json").is_file() or (path / "dataset_dict.json").is_file():
            return _saved(path, split)
        files = [p for p in path.iterdir() if p.suffix in LOCAL_FORMATS] if path.is_dir() else [path]
        counts = [_count(file, header=source.column_names is None) for file in files]
    except (OSError, ValueError, KeyError):
        return None
    return None if None in counts else float(sum(count or 0 for count in counts))


def _saved(path: Path, split: str) -> float:
    """Rows of the Arrow streams that `Dataset.save_to_disk` wrote; their columns are mapped and not read."""
    import pyarrow as pa

    folder = path / split if (path / "dataset_dict.json").is_file() else path
    rows = 0
    for file in json.loads((folder / "state.json").read_bytes())["_data_files"]:
        with pa.memory_map(str(folder / file["filename"])) as mapped, pa.ipc.open_stream(mapped) as batches:
            rows += sum(batch.num_rows for batch in batches)
    return float(rows)


def _count(file: Path, *, header: bool) -> int | None:
    if file.suffix == ".parquet":
        import pyarrow.parquet as pq

        with pq.ParquetFile(file) as opened:
            return opened.metadata.num_rows
    if file.suffix == ".json":
        if file.stat().st_size > LARGEST_JSON:
            return None
        content = json.loads(file.read_bytes())
        return len(content) if isinstance(content, list) else None
    lines, last = 0, b"\n"
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            lines, last = lines + chunk.count(b"\n"), chunk[-1:]
    lines += last != b"\n"
    return max(0, lines - (header and file.suffix in (".csv", ".tsv")))
