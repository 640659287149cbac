"""Whatever the rows and parameters: every row that a dataset verb is given is kept, rejected or failed, once."""

from __future__ import annotations

import itertools
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.errors import FactoryError
from factory.steps.columns import Columns
from factory.steps.dedup import Dedup
from factory.steps.filter import Filter
from factory.steps.mix import Mix
from factory.steps.sample import Sample
from factory.steps.split import Split
from factory.store import Dataset
from tests.support import dataset, kept, rejected, run_step

SCHEMA = pa.schema([("id", pa.int64()), ("t", pa.string()), ("t_ar", pa.string())])
SOURCES = ("The river is behind the house.", "Write a poem.", "", "Call `f()` in 1995", "\0 \n")
TARGETS = (
    "النهر خلف البيت.",
    "اكتب قصيدة.",
    "",
    "عذرًا، لا أستطيع مساعدتك",
    "The river is behind the house.",
    "هه " * 40,
)
TABLES = st.lists(
    st.tuples(
        st.none() | st.sampled_from(SOURCES) | st.text(max_size=20),
        st.none() | st.sampled_from(TARGETS) | st.text(max_size=20),
    ),
    min_size=1,
    max_size=24,
)
STEPS = {
    "filter": Filter.model_validate({}),
    "dedup": Dedup.model_validate({"on": ["t"]}),
    "near": Dedup.model_validate({"on": ["t", "t_ar"], "near": {}}),
    "columns": Columns.model_validate({"a": "t", "keep": ["id"]}),
    "sample n": Sample.model_validate({"n": 3}),
    "sample": Sample.model_validate({"fraction": 0.4, "seed": 3}),
    "split": Split.model_validate({"test": 0.3, "validation": 1}),
    "mix": Mix.model_validate({"datasets": ["a", "b"]}),
    "weighted": Mix.model_validate({"datasets": ["a", "b"], "weights": [3, 1]}),
}
folders = itertools.count()


def with_ids(pairs, first=0):
    return [{"id": number, "t": source, "t_ar": target} for number, (source, target) in enumerate(pairs, first)]


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=TABLES, others=TABLES, shard_rows=st.integers(1, 9))
@pytest.mark.parametrize("name", STEPS)
def test_no_row_is_lost_and_none_is_there_twice(tmp_path, name, pairs, others, shard_rows):
    folder = tmp_path / str(next(folders))
    rows, more = with_ids(pairs), with_ids(others, 1000)
    a = dataset(folder / "a", rows, schema=SCHEMA, shard_rows=shard_rows)
    b = dataset(folder / "b", more, schema=SCHEMA, shard_rows=shard_rows)
    step, mixes = STEPS[name], isinstance(STEPS[name], Mix)
    try:
        job = run_step(step, None if mixes else a, folder / "out", **({"a": a, "b": b} if mixes else {}))
    except FactoryError:
        assert name in ("split", "sample n")  # too few rows for what is asked
        return
    given_rows = rows + more if mixes else rows
    counts = job.rows
    assert counts.rows_in == len(given_rows) == counts.kept + counts.rejected + counts.failed
    assert sum(counts.reasons.values()) == counts.rejected + counts.failed
    found = [row["id"] for split in Dataset(job.out).splits for row in kept(job, split)]
    assert len(found) == counts.kept
    stored = [row["id"] for row in rejected(job)] if name != "columns" else []
    assert len(stored) <= counts.rejected + counts.failed
    by_id = {row["id"]: row for row in given_rows}
    assert max(Counter(found + stored).values(), default=1) == 1 and by_id.keys() >= {*found, *stored}
    if name != "columns":
        kept_rows = [row for split in Dataset(job.out).splits for row in kept(job, split)]
        assert all(row.items() >= by_id[row["id"]].items() for row in kept_rows)
