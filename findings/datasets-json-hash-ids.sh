#!/usr/bin/env bash
# Packages: datasets 5.2.0 on pyarrow 26.0.1, and xxhash 3.6.0 for row ids that are 64-bit hashes of a row's text.
# Expected: JSON Lines whose ids are below 2^64 load as integers, at the latest when `features` calls the column uint64.
# Seen: one id of 2^63 or more makes the whole column float64, without a word; a double keeps 53 bits, so every id
#   changes, smaller ones too. With `features` that say uint64 the column looks right and holds the same wrong numbers:
#   the text is read as doubles first and cast after. pyarrow alone, told the type, reads the file exactly.
# Why it matters: half of all 64-bit hashes are 2^63 or more. A join of translations to their sources by such an id finds
#   nothing, and the id in a report names no row. Only ids written as text are safe.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -qq --disable-pip-version-check datasets==5.2.0 pyarrow==26.0.1 xxhash==3.6.0
export HF_HOME="$work/home" HF_HUB_OFFLINE=1 HF_DATASETS_DISABLE_PROGRESS_BARS=1
venv/bin/python - <<'PY'
import json
import sys

import pyarrow
import pyarrow.json
from datasets import Features, Value, load_dataset
from xxhash import xxh64_intdigest

ids = [xxh64_intdigest(f"sentence {number}") for number in range(20)]
with open("rows.jsonl", "w") as file:
    file.writelines(json.dumps({"id": number}) + "\n" for number in ids)


def load(**more):
    return load_dataset("json", data_files="rows.jsonl", split="train", **more)


guessed = load()
declared = load(features=Features({"id": Value("uint64")}))
schema = pyarrow.schema({"id": pyarrow.uint64()})
alone = pyarrow.json.read_json("rows.jsonl", parse_options=pyarrow.json.ParseOptions(explicit_schema=schema))

large = sum(number >= 2**63 for number in ids)
print(f"{len(ids)} ids, {large} of them 2^63 or more. The first: {ids[0]}")
found = {}
for name, rows in (("no features", guessed), ("features say uint64", declared)):
    kind, values = rows.features["id"].dtype, [int(value) for value in rows["id"]]
    found[name] = kind, sum(value in ids for value in values)
    print(f"datasets, {name}: {kind}, the first {values[0]}, {found[name][1]} of {len(ids)} ids still found")
exact = alone["id"].to_pylist() == ids
print(f"pyarrow told uint64: {'all' if exact else 'not all'} ids as written")
if found != {"no features": ("float64", 0), "features say uint64": ("uint64", 0)} or not exact:
    sys.exit("CHANGED: ids of 64 bits no longer load as stated.")
print("As stated: no id survives, even where the column is declared as uint64.")
PY
