#!/usr/bin/env bash
# Package: datatrove 0.10.1 (filters and MinHash deduplication take `language=`, a code with or without a script).
# Expected: a bare code ("hin", "arb", "zho") means the language in its usual script: its table of word tokenizers marks
#   one row of each language so, in a column of TRUE and FALSE.
# Seen: 37 bare codes mean another script's row, the last one listed. The column is read as text, and the text "FALSE" is
#   true. Hindi and Bengali in their own scripts are given the tokenizer of Northern Kurdish, Standard Arabic that of
#   Maltese, Malay the one for Thai, and Chinese one that splits at spaces. No warning says so.
# Why it matters: word counts, repetition filters and the five-word shingles of MinHash all stand on these words.
#   Writing the script ("hin_Deva") gives the right row.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -qq --disable-pip-version-check datatrove==0.10.1 regex==2026.11.19
venv/bin/python - <<'PY'
import csv
import sys
from pathlib import Path

from datatrove.utils.word_tokenizers import ASSETS_PATH, load_tokenizer_assignments

makers = load_tokenizer_assignments()
with (Path(ASSETS_PATH) / "tokenizer_assignment.csv").open() as file:
    usual = [row for row in csv.DictReader(file) if row["default_script"] == "TRUE" and row["type"]]
wrong = [row for row in usual if makers[row["code_3"]] is not makers[f"{row['code_3']}_{row['script']}"]]
print(f"{len(wrong)} of {len(usual)} bare codes do not mean the row that the table marks as the usual script. Some:")
seen = {}
for row in wrong:
    code = row["code_3"]
    if code in ("hin", "ben", "arb", "msa", "zho"):
        seen[code] = makers[code].args
        full = f"{code}_{row['script']}"
        print(f"  {row['name']}: {full} means {makers[full].args}, {code} means {seen[code]}")

stated = {
    "hin": ("StanzaTokenizer", "kmr"),
    "ben": ("StanzaTokenizer", "kmr"),
    "arb": ("StanzaTokenizer", "mt"),
    "msa": ("ThaiTokenizer", ""),
    "zho": ("WhitespaceTokenizer", ""),
}
if len(wrong) != 37 or seen != stated:
    sys.exit("CHANGED: bare language codes are resolved in another way.")
print("As stated: a bare code means whatever script comes last in the table.")
PY
