#!/usr/bin/env bash
# Package: indic-nlp-library 0.92 (the usual normalizer of Hindi, Marathi, Bengali and others before translation and scoring).
# Expected: normalizing a text unifies spellings of its letters. ASCII marks and well-formed text stay.
# Seen: every `|` becomes the full stop of the script (danda), Latin text included, and every `:` after a letter or a digit
#   of the script becomes a visarga, which is a letter. A Markdown table is a table no more, `||` of code is two full
#   stops, the label "answer:" ends in a letter, and the time ten thirty has a letter between its digits.
# Why it matters: answers with tables, code and labels are what instruction data is made of. A reference and a hypothesis
#   that both pass through agree with each other, so no score shows it; prompts whose labels are split off at ":" find none.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -qq --disable-pip-version-check indic-nlp-library==0.92 markdown-it-py==4.0.0
venv/bin/python - <<'PY'
import sys

from indicnlp.normalize.indic_normalize import IndicNormalizerFactory
from markdown_it import MarkdownIt

normalize = IndicNormalizerFactory().get_normalizer("hi").normalize
table = "| नाम | आयु |\n|---|---|\n| राम | 12 |\n"
texts = {"label": "उत्तर: दिल्ली", "time": "१०:३०", "time in ASCII digits": "10:30", "code": "if a || b"}
seen = {name: normalize(text) for name, text in texts.items()}
render = MarkdownIt("commonmark").enable("table").render
tables = "<table>" in render(table), "<table>" in render(normalize(table))

for name, text in texts.items():
    print(f"{name}: {text} -> {seen[name]}")
print(f"table: {table.splitlines()[0]} -> {normalize(table).splitlines()[0]}")
print(f"a Markdown parser finds a table before: {tables[0]}, after: {tables[1]}")

visarga, danda = "\N{DEVANAGARI SIGN VISARGA}", "\N{DEVANAGARI DANDA}"
stated = {
    "label": texts["label"].replace(":", visarga),
    "time": texts["time"].replace(":", visarga),
    "time in ASCII digits": "10:30",
    "code": texts["code"].replace("|", danda),
}
if seen != stated or tables != (True, False):
    sys.exit("CHANGED: the normalizer treats `|` and `:` in another way.")
print("As stated: `|` became a full stop and `:` a letter, and the table is lost.")
PY
