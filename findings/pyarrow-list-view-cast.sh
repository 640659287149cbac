#!/usr/bin/env bash
# Package: pyarrow 26.0.1. list_view is Arrow's newer layout of lists (DuckDB and Velox hold lists so in memory);
#   Parquet and `datasets` know only list, so whoever passes such a column on casts it.
# Expected: casting list_view<string> to list<string> keeps every value, as casting list to large_list does.
# Seen: the last list of the array comes out empty, its values left out; with list, large_list and large_list_view
#   alike, of strings, numbers or lists. Nothing is raised, the row count is right, and only `validate(full=True)` says that the
#   offsets fall. A list in the middle is never touched, so a look at the first rows shows nothing.
# Why it matters: each chunk of a column loses its last row's turns, labels or tokens. Going through Python
#   (`pa.array(column.to_pylist(), kind)`) keeps them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -qq --disable-pip-version-check pyarrow==26.0.1
venv/bin/python - <<'PY'
import sys

import pyarrow as pa

TURNS = [["Hello", "Good morning"], ["Thanks"], ["Where is it?", "Over there", "I see"]]
NUMBERS = [[1, 2], [3], [4, 5, 6]]
seen = []
for values, item in ((TURNS, pa.string()), (NUMBERS, pa.int64())):
    for view in (pa.list_view(item), pa.large_list_view(item)):
        for kind in (pa.list_(item), pa.large_list(item)):
            array = pa.array(values, view)
            cast = array.cast(kind)
            try:
                cast.validate(full=True)
                valid = True
            except pa.ArrowInvalid:
                valid = False
            print(f"{view} -> {kind}: {array.to_pylist()} -> {cast.to_pylist()}, valid: {valid}")
            seen.append((array.to_pylist() == values, cast.to_pylist() == [*values[:2], []], valid))
through_python = pa.array(pa.array(TURNS, pa.list_view(pa.string())).to_pylist(), pa.list_(pa.string()))
if set(seen) != {(True, True, False)} or through_python.to_pylist() != TURNS:
    sys.exit("CHANGED: the cast of list views no longer behaves as stated.")
print("As stated: each cast keeps all lists but the last, which it empties.")
PY
