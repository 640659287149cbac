"""Licences rolled up over what an artifact was made with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from factory.cli import main
from factory.errors import FactoryError
from factory.graph.license_facts import Link
from factory.graph.licenses import effective, license_problems, require_licenses
from factory.graph.nodes import Graph, build_graph
from factory.graph.terms import computed, data, terms
from factory.hub.names import LISTED, card_license
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.store import Store
from tests.support import build

HALA = """\
recipe: 1
name: hala
language: {{source: en, target: ar}}
hub: {{namespace: me{declared}}}
datasets:
  orca:
    from: Open-Orca/OpenOrca
    steps:
      - translate: {{model: teacher, columns: [question], prompt: "Translate: {{text}}"}}
    publish: orca
  opus:
    from: Helsinki-NLP/opus-100:ar-en
    steps:
      - judge: {{model: Qwen/Qwen2.5-3B-Instruct, prompt: "{{translation}}?"}}
    publish: opus
  scp:
    from: EricLu/SCP-116K
    publish: scp
  hermes:
    from: NousResearch/Hermes-3-Dataset
    publish: hermes
models:
  teacher:
    from: CohereLabs/command-a-translate-08-2025
    steps:
      - quantize: {{scheme: FP8_DYNAMIC}}
  tuned:
    from: LiquidAI/LFM2-1.2B
    steps:
      - sft: {{data: {data}, epochs: 1, learning_rate: 1.0e-5}}
    publish: tuned
"""


def graph(folder: Path, text: str) -> Graph:
    path = folder / "hala.yaml"
    path.write_text(text, encoding="utf-8")
    return build_graph(load(path), Store(folder / "store"), Resolver(folder / "x.lock", online=False))


def hala(folder: Path, declared: str | None = None, data: str = "orca") -> Graph:
    return graph(folder, HALA.format(declared=f", license: {declared}" if declared else "", data=data))


def roles(found: list[Link]) -> dict[str, tuple[str, str | None]]:
    return {link.name: (link.role, link.license) for link in found}


def test_the_chain_names_every_source_model_and_judge(tmp_path: Path) -> None:
    made = hala(tmp_path)
    assert roles(effective(made, "orca").chain) == {
        "Open-Orca/OpenOrca": ("source", "mit"),
        "CohereLabs/command-a-translate-08-2025": ("translator", "cc-by-nc-4.0"),
    }
    assert roles(effective(made, "opus").chain) == {
        "Helsinki-NLP/opus-100": ("source", None),
        "Qwen/Qwen2.5-3B-Instruct": ("judge", "qwen-research"),
    }
    assert roles(effective(made, "tuned").chain) == {
        "LiquidAI/LFM2-1.2B": ("source", "lfm1.0"),
        "Open-Orca/OpenOrca": ("training data", "mit"),
        "CohereLabs/command-a-translate-08-2025": ("translator", "cc-by-nc-4.0"),
    }


def test_the_reports_own_licence_passes_and_its_flaws_are_named(tmp_path: Path) -> None:
    made = hala(tmp_path, "cc-by-nc-4.0", "scp")
    require_licenses(made)
    problems = "\n".join(license_problems(made))
    assert (
        "EricLu/SCP-116K is cc-by-nc-sa-4.0: work derived from it must be cc-by-nc-sa-4.0 too, not cc-by-nc-4.0"
        in problems
    )
    assert "no licence known for Helsinki-NLP/opus-100" in problems
    assert "LiquidAI/LFM2-1.2B: the terms of lfm1.0 go with it" in problems


@pytest.mark.parametrize(
    ("declared", "who", "why"),
    [
        ("apache-2.0", "command-a-translate-08-2025", "does not permit commercial use"),
        ("cc-by-4.0", "Qwen2.5-3B-Instruct", "does not permit commercial use"),
        ("mit", "LiquidAI/LFM2-1.2B", "limits commercial use"),
        ("cc0-1.0", "NousResearch/Hermes-3-Dataset", "asks for no attribution"),
    ],
)
def test_a_more_permissive_licence_is_refused_with_the_chain(
    tmp_path: Path, declared: str, who: str, why: str
) -> None:
    with pytest.raises(FactoryError) as caught:
        require_licenses(hala(tmp_path, declared))
    text = str(caught.value)
    assert "hala.yaml:4:" in text and f"declared {declared}" in text
    assert any(who in part and why in part for part in text.split("; ")), text


def test_a_plan_of_what_publish_would_refuse_says_all_and_fails(tmp_path: Path) -> None:
    hala(tmp_path, "mit")
    for more in ([], ["--json"]):
        done = CliRunner().invoke(main, ["plan", str(tmp_path / "hala.yaml"), "--hub", "local", *more])
        assert done.exit_code == 1
        assert "what publish does, in this order" in done.output or '"stages"' in done.output
        assert "LiquidAI/LFM2-1.2B" in done.output and "limits commercial use" in done.output


def test_a_licence_that_fits_passes(tmp_path: Path) -> None:
    text = HALA.format(declared=", license: apache-2.0", data="hermes")
    text = text.replace("    publish: orca\n", "").replace("    publish: opus\n", "").replace("    publish: scp\n", "")
    made = graph(tmp_path, text.replace("LiquidAI/LFM2-1.2B", "humain-ai/ALLaM-7B-Instruct-preview"))
    require_licenses(made)
    assert license_problems(made) == []


def test_without_a_declaration_the_licence_is_computed(tmp_path: Path) -> None:
    made = hala(tmp_path)
    assert effective(made, "orca").license == "cc-by-nc-4.0"
    assert effective(made, "hermes").license == "apache-2.0"
    assert effective(made, "scp").license == "cc-by-nc-sa-4.0"
    assert effective(made, "tuned").license == "cc-by-nc-4.0"


def test_the_recipe_states_what_no_page_does(tmp_path: Path) -> None:
    text = HALA.format(declared="", data="orca").replace(
        "opus-100:ar-en\n", "opus-100:ar-en\n    license: cc-by-4.0\n"
    )
    assert roles(effective(graph(tmp_path, text), "opus").chain)["Helsinki-NLP/opus-100"] == ("source", "cc-by-4.0")


def test_what_the_hub_said_at_a_commit_wins_over_our_list(tmp_path: Path) -> None:
    sha = "0" * 40
    text = HALA.format(declared="", data="orca").replace("Hermes-3-Dataset", f"Hermes-3-Dataset@{sha}")
    made = graph(tmp_path, text)
    made.store.root.mkdir()
    said = {f"dataset NousResearch/Hermes-3-Dataset@{sha}": "cc-by-sa-4.0"}
    (made.store.root / "licenses.json").write_text(json.dumps(said))
    assert effective(made, "hermes").license == "cc-by-sa-4.0"


def test_the_hubs_card_is_asked_once_for_a_commit(tmp_path: Path, embedded_hub) -> None:
    from factory.hub.client import api

    repo = "factory/licensed"
    api().create_repo(repo, repo_type="dataset", exist_ok=True)
    card = b"---\nlicense: other\nlicense_name: lfm1.0\n---\n"
    api().upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=repo, repo_type="dataset")
    sha = api().repo_info(repo, repo_type="dataset").sha
    text = HALA.format(declared="", data="orca").replace("NousResearch/Hermes-3-Dataset", f"{repo}@{sha}")
    made = graph(tmp_path, text)
    assert effective(made, "hermes").license is None
    assert effective(made, "hermes", online=True).license == "lfm1.0"
    assert json.loads((made.store.root / "licenses.json").read_text()) == {f"dataset {repo}@{sha}": "lfm1.0"}
    assert effective(made, "hermes").license == "lfm1.0"


@pytest.mark.parametrize(
    ("licenses", "expected"),
    [
        ([], "cc0-1.0"),
        ([None], None),
        (["mit"], "mit"),
        (["cc0-1.0", "mit"], "mit"),
        (["mit", "apache-2.0"], "apache-2.0"),
        (["mit", "cc-by-4.0"], "cc-by-4.0"),
        (["mit", "cc-by-nc-4.0"], "cc-by-nc-4.0"),
        (["cc-by-sa-4.0", "mit"], "cc-by-sa-4.0"),
        (["cc-by-sa-4.0", "cc-by-nc-4.0"], None),
        (["cc-by-nc-sa-4.0", "cc-by-nc-4.0"], "cc-by-nc-sa-4.0"),
        (["cc-by-sa-4.0", "gpl-3.0"], None),
        (["lfm1.0", "mit"], "lfm1.0"),
        (["lfm1.0", "llama3.1"], None),
        (["cc-by-nd-4.0", "mit"], None),
    ],
)
def test_computed(licenses: list[str | None], expected: str | None) -> None:
    assert computed(licenses) == expected


def test_nothing_derived_may_be_shared(tmp_path: Path) -> None:
    text = HALA.format(declared=", license: cc-by-nc-nd-4.0", data="orca")
    text = text.replace("Hermes-3-Dataset\n", "Other\n    license: cc-by-nd-4.0\n")
    with pytest.raises(FactoryError, match="lets nobody share"):
        require_licenses(graph(tmp_path, text))


def test_licences_the_hub_does_not_list_are_named_with_a_link() -> None:
    assert card_license("mit") == {"license": "mit"}
    assert card_license("lfm1.0") == {
        "license": "other",
        "license_name": "lfm1.0",
        "license_link": "https://huggingface.co/LiquidAI/LFM2-1.2B/blob/main/LICENSE",
    }
    assert card_license(None) == {"license": "unknown"}


def test_the_list_is_sound() -> None:
    for name in data()["licenses"]:
        assert terms(name) is not None, name
    for repo, fact in data()["refs"].items():
        assert fact["license"] is None or terms(fact["license"]) is not None, repo
        assert fact["source"]
    assert terms("cc-by-nc-4.0").commercial == "no"  # type: ignore[union-attr]
    assert terms("mit").commercial == "yes"  # type: ignore[union-attr]


PARTS = """\
recipe: 1
name: parts
language: {{source: en, target: ar}}
hub: {{namespace: me{declared}}}
datasets:
  pairs:
    from: {source}
    {more}
    steps:
      - translate: {{model: {teacher}, columns: [question], prompt: "{{text}}"}}
    publish: pairs
models:
  tuned:
    from: {base}
    steps:
      - sft: {{data: pairs, epochs: 1, learning_rate: 1.0e-5}}
    publish: tuned
"""


def parts(folder: Path, declared: str | None = "apache-2.0", **words: str) -> Graph:
    said = {"source": "Open-Orca/OpenOrca", "more": "license: mit", "teacher": "x/teacher", "base": "x/base"} | words
    return graph(folder, PARTS.format(declared=f", license: {declared}" if declared else "", **said))


def licensed(repo: str, license: str) -> str:
    return f"{{ref: {repo}, license: {license}}}"


def test_the_whole_list_of_the_hub_is_known() -> None:
    assert LISTED - {"unknown", "other", "cc"} <= data()["licenses"].keys()
    for name, entry in data()["licenses"].items():
        limited = entry.get("commercial", "yes") != "yes"
        assert not limited or "outputs" in entry, f"{name} does not say what becomes of outputs"
        stated = entry.get("outputs") in ("no", "derived") or "not_in" in entry
        assert not stated or entry["source"], f"{name} does not say where that was read"


@pytest.mark.parametrize("license", ["apple-amlr", "fair-noncommercial-research-license", "tencent-hy-community"])
def test_a_licence_of_the_hubs_list_decides(tmp_path: Path, license: str) -> None:
    with pytest.raises(FactoryError, match=f"declared apache-2.0 permits commercial use, but x/teacher .* {license}"):
        require_licenses(parts(tmp_path, teacher=licensed("x/teacher", license)), online=False)


def test_an_identifier_that_nobody_knows_is_told_and_can_be_stated(tmp_path: Path) -> None:
    made = parts(tmp_path, teacher=licensed("x/teacher", "acme-labs-1.0"), base=licensed("x/base", "apache-2.0"))
    (problem,) = [text for text in license_problems(made) if "acme" in text]
    assert "x/teacher (translator) is acme-labs-1.0, whose terms are not known here" in problem
    assert effective(parts(tmp_path, None, teacher=licensed("x/teacher", "acme-labs-1.0")), "pairs").license is None
    sha = "0" * 40
    made = parts(tmp_path, teacher=licensed(f"x/teacher@{sha}", "mit"), base=licensed("x/base", "apache-2.0"))
    made.store.root.mkdir(exist_ok=True)
    (made.store.root / "licenses.json").write_text(json.dumps({f"model x/teacher@{sha}": "acme-labs-1.0"}))
    (teacher,) = [link for link in effective(made, "pairs").chain if link.name == "x/teacher"]
    assert teacher.license == "mit" and teacher.source == "the recipe, where its Hub card says acme-labs-1.0"


def test_a_licence_stated_beside_a_ref_changes_nothing_that_is_made(tmp_path: Path) -> None:
    plain = parts(tmp_path, base="x/base")
    stated = parts(tmp_path, base="x/base", teacher=licensed("x/teacher", "mit"))
    assert {node.fingerprint for node in plain.nodes.values()} == {node.fingerprint for node in stated.nodes.values()}
    assert roles(effective(stated, "pairs").chain)["x/teacher"] == ("translator", "mit")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{ref: x/y}", "a ref with its licence is written {ref: owner/name, license: apache-2.0}"),
        ("{ref: x/y, licence: mit}", "a ref with its licence is written {ref: owner/name, license: apache-2.0}"),
        ("{ref: x/y, license: GPLv3}", "did you mean 'gpl-3.0'?"),
    ],
)
def test_a_slip_beside_a_ref_is_told(tmp_path: Path, written: str, said: str) -> None:
    with pytest.raises(FactoryError) as caught:
        parts(tmp_path, teacher=written)
    assert said in str(caught.value) and "hala.yaml:10:" in str(caught.value)


def test_no_model_is_trained_on_what_may_train_none(tmp_path: Path) -> None:
    words = {"teacher": licensed("x/teacher", "llama3"), "base": licensed("x/base", "apache-2.0")}
    made = parts(tmp_path, None, **words)
    with pytest.raises(FactoryError, match=r"tuned: x/teacher .* lets nobody train another model on its outputs"):
        require_licenses(made, online=False)
    assert any(text.startswith("pairs: x/teacher") and "nobody may train" in text for text in license_problems(made))
    require_licenses(parts(tmp_path, None, **words | {"base": licensed("x/base", "llama3")}), online=False)


def test_where_it_may_not_be_used_is_said_and_refused_under_a_licence_without_such_a_limit(tmp_path: Path) -> None:
    words = {"teacher": licensed("x/teacher", "tencent-hy-community"), "base": "x/base"}
    problems = "\n".join(license_problems(parts(tmp_path, "cc-by-nc-4.0", **words)))
    assert "may not in the European Union, the United Kingdom and South Korea" in problems
    problems = "\n".join(license_problems(parts(tmp_path, None, source="x/data", more="license: llama2", **words)))
    assert "it may not be used in the European Union, the United Kingdom and South Korea" in problems


def test_what_a_student_of_outputs_is(tmp_path: Path) -> None:
    words = {"base": licensed("x/base", "apache-2.0")}
    gemma = license_problems(parts(tmp_path, teacher=licensed("x/teacher", "gemma"), **words))
    assert (
        "tuned: x/teacher: the terms of gemma go with it, of which a model trained on what it wrote is a derivative, "
        "whatever licence the artifact bears"
    ) in gemma
    free = license_problems(parts(tmp_path, teacher=licensed("x/teacher", "nvidia-open-model-license"), **words))
    assert free == []


def test_the_base_of_a_base_is_followed_offline(tmp_path: Path) -> None:
    made = parts(tmp_path, base="QCRI/Fanar-1-9B-Instruct", teacher=licensed("x/teacher", "mit"))
    found = {link.name: link.license for link in effective(made, "tuned").chain}
    assert found["QCRI/Fanar-1-9B-Instruct"] == found["QCRI/Fanar-1-9B"] == "apache-2.0"
    assert found["google/gemma-2-9b"] == "gemma"
    assert any("google/gemma-2-9b: the terms of gemma go with it" in text for text in license_problems(made))
    assert effective(parts(tmp_path, None, base="QCRI/Fanar-1-9B-Instruct"), "tuned").license == "gemma"


def test_the_base_that_a_card_names_is_asked_in_turn(tmp_path: Path, embedded_hub) -> None:
    from factory.hub.client import api

    cards = {
        "factory/on-top": "license: apache-2.0\nbase_model: [factory/between]",
        "factory/between": "license: mit\nbase_model: factory/below",
        "factory/below": "license: cc-by-nc-4.0\nbase_model: factory/on-top",  # in a ring
    }
    for repo, head in cards.items():
        api().create_repo(repo, exist_ok=True)
        card = f"---\n{head}\n---\n".encode()
        api().upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=repo)
    sha = api().repo_info("factory/on-top").sha
    made = parts(tmp_path, base=f"factory/on-top@{sha}", teacher=licensed("x/teacher", "mit"))
    with pytest.raises(FactoryError, match=r"factory/below \(source\) is cc-by-nc-4.0, which does not permit"):
        require_licenses(made)
    found = {link.name: link for link in effective(made, "tuned").chain}  # offline by what was asked before
    assert found["factory/below"].source == "its Hub card, as a base of factory/between"
    assert {"factory/on-top", "factory/between", "factory/below"} <= found.keys()


ROWS = """\
recipe: 1
name: rows
language: {{source: en, target: ar}}
hub: {{namespace: me, license: apache-2.0}}
datasets:
  some:
    from: ./rows.jsonl
    license: cc-by-4.0
    steps:
      {filter}
      - columns: {{text: text{kept}}}
    publish: some
"""
FILTER = "- filter: {columns: [license], checks: [{among: {values: [cc-by-4.0, apache-2.0]}}]}"


@pytest.mark.parametrize("kept", ["", ", keep: [license]"])
def test_rows_bring_their_licences_and_are_filtered_by_them(tmp_path: Path, kept: str) -> None:
    """Where a later step drops the column, the rows before it say."""
    licenses = ["cc-by-4.0", "Apache-2.0", "cc-by-nc-4.0", "cc-by-4.0"]
    lines = [json.dumps({"text": f"row {n}", "license": name}) for n, name in enumerate(licenses)]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    made = graph(tmp_path, ROWS.format(filter="", kept=kept))
    require_licenses(made)  # nothing is known of the rows yet
    report = build(made)
    assert report.built
    with pytest.raises(FactoryError, match=r"rows of (some|rows\.jsonl) .* is cc-by-nc-4\.0, which does not"):
        require_licenses(made)
    made = graph(tmp_path, ROWS.format(filter=FILTER, kept=kept))
    require_licenses(made)  # the filter that is still to be done may leave them out
    build(made)
    require_licenses(made)
    counts = {link.license: link.source for link in effective(made, "some").chain if link.name == "rows of some"}
    assert counts == {
        "cc-by-4.0": "the column `license` of 2 rows",
        "apache-2.0": "the column `license` of 1 row",
    }


def test_plan_shows_the_chain(tmp_path: Path) -> None:
    parts(tmp_path, None, base="QCRI/Fanar-1-9B-Instruct", teacher=licensed("x/teacher", "mit"))
    command = ["plan", str(tmp_path / "hala.yaml"), "--hub", "local"]
    shown = " ".join(CliRunner().invoke(main, command).output.split())
    assert "licence of tuned: gemma, computed, from QCRI/Fanar-1-9B-Instruct apache-2.0 (source);" in shown
    said = json.loads(CliRunner().invoke(main, [*command, "--json"]).stdout)["effective_licences"]["tuned"]
    assert said["license"] == "gemma" and said["declared"] is None
    assert {"x/teacher": "mit", "google/gemma-2-9b": "gemma"}.items() <= {
        link["name"]: link["license"] for link in said["chain"]
    }.items()


@pytest.mark.parametrize(
    ("value", "license"),
    [
        ("CC-BY-NC-4.0 ", "cc-by-nc-4.0"),
        (["cc-by-nc-4.0"], "cc-by-nc-4.0"),
        (["mit", "gemma"], None),
        ({"id": "mit"}, None),
    ],
)
def test_a_row_says_its_licence_in_whatever_form_or_it_is_unknown(tmp_path: Path, value: object, license: str) -> None:
    lines = [json.dumps({"text": f"row {n}", "license": value}) for n in range(3)]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    made = graph(tmp_path, ROWS.format(filter="", kept=", keep: [license]"))
    build(made)
    assert license in [link.license for link in effective(made, "some").chain if link.name.startswith("rows of")]


def test_what_rows_say_is_told_in_bounded_lines(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"row {n}", "license": f"own {n}\n" + "x" * 3000}) for n in range(300)]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    made = graph(tmp_path, ROWS.format(filter="", kept=", keep: [license]"))
    build(made)
    told = license_problems(made)
    assert len(told) < 10 and all(len(line) < 300 and "\n" not in line for line in told)
    assert any("and 295 more such names" in line for line in told)
    assert len(str(effective(made, "some"))) < 4000


FILES = """\
recipe: 1
name: files
language: {source: en, target: ar}
hub: {namespace: me, license: apache-2.0}
datasets:
  one: {from: ./a/data.jsonl, license: mit}
  two: {from: ./b/data.jsonl, license: cc-by-nc-4.0}
  three: {from: ./mydata.jsonl, license: cc-by-4.0}
  both: {steps: [{mix: {datasets: [one, two, three]}}], publish: both}
"""


def test_files_of_one_name_have_each_their_licence(tmp_path: Path) -> None:
    for name in ("a/data.jsonl", "b/data.jsonl", "mydata.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps({"text": name}))
    made = graph(tmp_path, FILES)
    assert {link.license for link in effective(made, "both").chain} == {"mit", "cc-by-nc-4.0", "cc-by-4.0"}
    with pytest.raises(FactoryError, match=r"cc-by-nc-4\.0"):
        require_licenses(made)
