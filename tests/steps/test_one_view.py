"""What `translate` leaves alone is what the checks ignore: a perfect engine loses no row, whatever the texts hold."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from factory.cli import main
from factory.step.job import Artifact
from factory.steps.filter import Filter
from tests.echo import EchoEngine, use
from tests.steps.test_translate import laddered
from tests.support import _manifest, dataset, kept, rejected, run_step
from tests.text.test_passages import CODE, CONTAINERS

SENTENCES = {
    "Here is the code that you asked for:": "إليك الشيفرة التي طلبتها:",
    "This program reads a file and counts its words.": "يقرأ هذا البرنامج ملفًا ويعد كلماته.",
    "Write a function that returns the area of a rectangle.": "اكتب دالة تعيد مساحة المستطيل.",
    "What does this function do?": "ماذا تفعل هذه الدالة؟",
    "Run it once and look at the result.": "شغّله مرة واحدة وانظر إلى النتيجة.",
    "It works on every system, but it is slow.": "يعمل على كل نظام، لكنه بطيء.",
    "One:": "الأول:",
    "Two": "الثاني",
}
MORE = {
    "json": '{\n  "name": "Nadia",\n  "languages": ["Arabic", "French"],\n  "active": true\n}',
    "json lines": '{"name": "Nadia", "city": "Fez"}\n{"name": "Omar", "city": "Basra"}',
    "latex": "\\begin{align}\nx &= \\frac{a}{b} \\\\\ny &= 2x\n\\end{align}",
    "display": "\\[ y = 3x - 2 \\]",
    "java": "public class Main {\n    public static void main(String[] a) {\n        print(a);\n    }\n}",
    "html": '<div class="box">\n  <img src="a.png"/>\n</div>',
    "diff": "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@",
    "sql": "SELECT name, price FROM items WHERE price > 10 ORDER BY price;",
}
ASKED, GIVEN, TASK, QUESTION, LAST, SLOW, *_ = SENTENCES


def perfect(text: str) -> str:
    """The translation of a unit of known sentences; anything else was not to be translated."""
    return " ".join(SENTENCES[sentence] for sentence in re.split(r"(?<=[.?])\s+", text))


def texts() -> list[str]:
    found = []
    for code in (CODE | MORE).values():
        for container in CONTAINERS.values():
            found.append(f"{ASKED}\n\n{container(code)}\n\n{LAST} {SLOW}")
        found += code, f"{TASK}\n\n{code}", f"{GIVEN}\n{code}\n{LAST}", f"{code}\n\n{QUESTION}"
    return [*found, *(text.replace("\n", "\r\n") for text in found)]


@pytest.fixture(scope="module")
def sources() -> list[str]:
    return list(dict.fromkeys(texts()))


def test_a_perfect_engine_loses_no_row(monkeypatch, tmp_path, sources):
    use(monkeypatch, EchoEngine(perfect))
    model = dataset(tmp_path / "model", [{"x": 1}])
    translated = run_step(
        laddered(), dataset(tmp_path / "in", [{"t": text} for text in sources]), tmp_path / "a", m=model
    )
    assert translated.rows.kept == len(sources), rejected(translated)
    rows = kept(translated)
    assert all(code in row["t_ar"] for row, code in zip(rows, sources, strict=True) if code in CODE.values())

    output = Artifact("a", translated.out, _manifest("a", "dataset"), "train")
    filtered = run_step(Filter(), output, tmp_path / "b")
    assert [(row["reason"], row["t"], row["t_ar"]) for row in rejected(filtered)] == []

    pairs, out = tmp_path / "pairs.jsonl", tmp_path / "out.jsonl"
    lines = (json.dumps({"source": row["t"], "target": row["t_ar"]}, ensure_ascii=False) for row in rows)
    pairs.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    done = CliRunner().invoke(main, ["check", str(pairs), "--out", str(out)])
    assert done.exit_code == 0, done.output
    verdicts = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["reasons"] for row in verdicts if row["verdict"] != "kept"] == []
    assert len(verdicts) == len(sources)


def test_what_is_left_out_of_prose_is_still_compared(tmp_path):
    """Code that a model changed, left out or made up does not pass because nobody reads it as prose."""
    good = {
        "t": f"{ASKED}\n\n{CODE['python']}\n\n{LAST}",
        "t_ar": f"{perfect(ASKED)}\n\n{CODE['python']}\n\n{perfect(LAST)}",
    }
    changed = good | {"t_ar": good["t_ar"].replace("def area", "def size")}
    lost = good | {"t_ar": f"{perfect(ASKED)}\n\n{perfect(LAST)}"}
    left = good | {"t_ar": f"{ASKED}\n\n{CODE['python']}\n\n{LAST}"}
    invented = {"t": GIVEN, "t_ar": f"{perfect(GIVEN)}\n\n```\n{CODE['sql']}\n```"}
    job = run_step(Filter(), dataset(tmp_path / "in", [good, changed, lost, left, invented]), tmp_path / "out")
    assert [row["t_ar"] for row in kept(job)] == [good["t_ar"]]
    assert [row["reason"].split(":")[0] for row in rejected(job)] == ["structure", "structure", "script", "structure"]
