"""Whole cards: what they say of what was measured, and that they say nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from factory.graph import lineage
from factory.graph.nodes import Graph
from factory.hub.metadata import card_problems
from factory.publishing.artifacts import render_card
from factory.publishing.cards.model import loss_picture
from tests.shelf import PAIRS, RECIPE, REJECTED, build, finish, score, shelf

MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})


@pytest.fixture(autouse=True)
def real_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return build(shelf(tmp_path_factory.mktemp("built")))


def parts(card: str) -> tuple[dict[str, Any], str]:
    found = re.fullmatch(r"---\n(.*?)\n---\n(.*)", card, re.DOTALL)
    assert found is not None
    return yaml.safe_load(found[1]), found[2]


def section(body: str, title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", body, re.DOTALL | re.MULTILINE)
    assert found is not None, title
    return found[1]


def table(text: str) -> list[list[str]]:
    """Cells of all table rows, headers and rules left out."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    return [row for row in rows if not set("".join(row)) <= {"-", ":", " "}]


def test_before_anything_is_built_cards_say_so(tmp_path: Path) -> None:
    graph = shelf(tmp_path)
    header, body = parts(render_card(graph, "pairs"))
    assert "dataset_info" not in header and "size_categories" not in header
    assert section(body, "What was kept and what was sorted out").strip() == "Not measured yet."
    _, body = parts(render_card(graph, "tuned"))
    assert "Not measured yet." in section(body, "Scores")
    assert "51.40" in section(body, "Scores")  # reported needs no run
    assert "Not measured yet." in section(body, "Training")


def test_the_funnel_has_each_steps_own_numbers(built: Graph) -> None:
    _, body = parts(render_card(built, "pairs"))
    rows = table(section(body, "What was kept and what was sorted out"))
    assert rows[1:] == [
        ["local/pairs.jsonl", "3", "3 (100 %)", "0", "0", "1 min 15 s", "500"],
        ["pairs/01-columns", "3", "3 (100 %)", "0", "0", "1 min 15 s", "500"],
        ["pairs/02-judge", "5", "3 (60 %)", "2 (40 %)", "0", "1 min 15 s", "500"],
        ["sorted out by", "because of", "rows", "share of its input"],
        ["pairs/02-judge", "judge", "2", "40 %"],
    ]


def test_examples_stand_side_by_side_each_in_its_own_direction(built: Graph) -> None:
    _, body = parts(render_card(built, "pairs"))
    funnel = section(body, "What was kept and what was sorted out")
    assert "<tr><th>why</th><th>en</th><th>ar</th></tr>" in funnel
    assert '<td><div dir="ltr">Bye</div></td><td><div dir="rtl">مع السلامة</div></td>' in funnel


def test_scores_stand_beside_the_base_with_n_and_interval(built: Graph) -> None:
    _, body = parts(render_card(built, "tuned"))
    rows = table(section(body, "Scores"))
    assert rows[0] == ["score", "metric", "n", "**tuned**", "base", "difference to base"]
    assert rows[1] == ["**acc**", "accuracy", "300", "51.00 (49.00 to 53.00)", "40.00 (38.00 to 42.00)", "+11.00"]
    assert ["quiz", "*51.40*", "51.00 (n 300)"] in rows
    assert "[a paper](https://arxiv.org/abs/2509.14008), Table 2" in body


def test_a_base_is_not_measured_by_what_was_made_from_it(built: Graph) -> None:
    _, body = parts(render_card(built, "base"))
    assert table(section(body, "Scores"))[0] == ["score", "metric", "n", "**base**"]


def test_a_loss_of_the_base_is_shown_as_such(tmp_path: Path) -> None:
    graph = build(shelf(tmp_path), tuned=30.0)
    _, body = parts(render_card(graph, "tuned"))
    assert table(section(body, "Scores"))[1][-1] == "-10.00"


def test_scores_without_an_interval_show_none(tmp_path: Path) -> None:
    graph = build(shelf(tmp_path))
    bare = score(12.0)
    for key in ("low", "high", "stderr"):
        del bare["scores"]["acc"][key]
    finish(graph, "quiz/tuned", metrics=bare)
    _, body = parts(render_card(graph, "tuned"))
    assert table(section(body, "Scores"))[1][3] == "12.00"


def test_assumed_values_and_training_are_told(built: Graph) -> None:
    _, body = parts(render_card(built, "tuned"))
    made = section(body, "How it was made")
    assert "- `epochs`: `2`" in made and "- `sft.learning_rate`: `0.0001`" in made
    assert "loss 3.0000 at the start, 1.2500 at the end of 10 steps, 3 rows, 12,345 tokens" in section(
        body, "Training"
    )
    assert "![Training loss](loss.svg)" in body


def test_what_was_measured_on_held_out_rows_is_told_and_drawn(tmp_path: Path) -> None:
    graph = build(shelf(tmp_path))
    node = next(node for node in graph.nodes.values() if node.artifact == "tuned" and node.step.verb == "sft")
    said = {"loss": 1.0, "perplexity": 2.72, "bits_per_byte": 0.5, "tokens": 1000}
    metrics = {
        "loss": {"first": 3.0, "last": 1.25, "curve": [[1, 3.0], [10, 1.25]]},
        "steps": 10,
        "eval_loss": {"before": 3.1, "after": 1.5, "curve": [[0, 3.1], [10, 1.5]], "best_step": 10},
        "preference": {
            side: {"reward_margin": m, "reward_accuracy": m} for side, m in (("before", 0.0), ("after", 0.5))
        },
        "mix": {"ar-text": {"share": 0.6, "passes": 1.5}},
        "held_out": {
            "rows": 9,
            "before": {"ar-text": said | {"perplexity": 20.0}},
            "after": {"ar-text": said},
            "curve": {"ar-text": [[0, 20.0], [10, 2.72]]},
        },
    }
    finish(graph, node.name, metrics=metrics)
    _, body = parts(render_card(graph, "tuned"))
    training = section(body, "Training")
    assert "3.1000 before, 1.5000 after, the lowest of all measurements, at step 10" in training
    assert "reward margin 0.0000 before, 0.5000 after" in training and "50.0 % of the pairs" in training
    rows = table(training)
    assert ["ar-text", "60.0 %", "1.50"] in rows
    assert any(row[:3] == ["ar-text", "20.00", "2.72"] for row in rows)
    picture = loss_picture(lineage.of(graph, "tuned").own)
    assert picture is not None
    assert picture.count(b"<polyline") == 3 and b"held out: ar-text" in picture


def test_the_lineage_names_sources_and_fingerprints(built: Graph) -> None:
    _, body = parts(render_card(built, "tuned"))
    rows = {row[0]: row[1:] for row in table(section(body, "What it was made from"))[1:]}
    link = "[base](https://huggingface.co/factory/shelf-base)"
    assert rows[link] == ["pairs.jsonl", "init", f"fingerprint `{built.final('base').fingerprint[:12]}`"]
    assert rows["[pairs](https://huggingface.co/datasets/factory/shelf-pairs)"][0] == "pairs.jsonl, judge"
    assert "judge" in rows  # what judged the data is part of what made the model


def test_links_stay_within_an_embedded_hub(built: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:4711")
    card = render_card(built, "tuned")
    assert "4711" not in card and "](/factory/shelf-base)" in card


def test_the_recipe_is_printed_as_written_with_its_prompts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELF_ROWS", "./pairs.jsonl")
    _, body = parts(render_card(shelf(tmp_path), "pairs"))
    made = section(body, "Make it again")
    assert "factory publish recipe/shelf.yaml" in made
    assert RECIPE.strip() in made and "${SHELF_ROWS}" in made
    assert "`judge.txt`" in made and "English: {en}" in made
    assert str(tmp_path) not in body


def test_tokens_are_never_printed(tmp_path: Path) -> None:
    text = RECIPE.replace("description: A model from nothing.", "description: made with hf_abcdefghij12345678")
    card = render_card(shelf(tmp_path, text), "base")
    assert "hf_abcdefghij12345678" not in card and "hf_***" in card


def test_quantizing_merging_and_tuning_are_told_apart(built: Graph) -> None:
    header, _ = parts(render_card(built, "tuned"))
    assert (header["base_model"], header["base_model_relation"]) == (["factory/shelf-base"], "finetune")
    assert header["datasets"] == ["factory/shelf-pairs"]
    header, _ = parts(render_card(built, "base"))
    assert "base_model" not in header


KINDS = """
  tuned-unpublished:
    from: owner/m
    license: mit
    steps: [{sft: {data: pairs, epochs: 1, learning_rate: 1.0e-4, prompt: "{en}", response: "{ar}"}}]
  copied: {from: owner/m, license: mit, publish: shelf-copied}
  small: {from: owner/m, license: mit, steps: [{quantize: {scheme: FP8_DYNAMIC}}], publish: shelf-small}
  small-tuned: {from: tuned-unpublished, steps: [{quantize: {scheme: FP8_DYNAMIC}}], publish: shelf-small-tuned}
  merged:
    {from: owner/m, license: mit, steps: [{merge: {method: slerp, t: 0.5, with: owner/n}}], publish: shelf-merged}
  back: {from: tuned-unpublished, steps: [{merge: {method: slerp, t: 0.5, with: owner/m}}], publish: shelf-back}
  both: {from: tuned-unpublished, steps: [{merge: {method: slerp, t: 0.5, with: owner/n}}], publish: shelf-both}
"""


@pytest.mark.parametrize(
    ("name", "bases", "relation"),
    [
        ("copied", ["owner/m"], None),
        ("small", ["owner/m"], "quantized"),
        ("small-tuned", ["owner/m"], "finetune"),
        ("merged", ["owner/m", "owner/n"], "merge"),
        ("back", ["owner/m"], "finetune"),
        ("both", ["owner/m", "owner/n"], "merge"),
    ],
)
def test_every_kind_of_model_says_what_it_is_to_its_bases(
    tmp_path: Path, name: str, bases: list[str], relation: str | None
) -> None:
    header, _ = parts(render_card(shelf(tmp_path, RECIPE.replace("\nevaluate:", KINDS + "evaluate:", 1)), name))
    assert (header["base_model"], header.get("base_model_relation")) == (bases, relation)
    assert card_problems(header, "model") == []


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("pt-BR", {"language": ["pt", "en"], "language_bcp47": ["pt-BR", "en"]}),
        ("zh-Hans", {"language": ["zh", "en"], "language_bcp47": ["zh-Hans", "en"]}),
        ("arz", {"language": ["arz", "en"]}),
        ("iw", {"language": ["he", "en"]}),
    ],
)
def test_languages_are_those_of_iso_639(tmp_path: Path, target: str, expected: dict[str, list[str]]) -> None:
    header, _ = parts(render_card(shelf(tmp_path, RECIPE.replace("target: ar}", f"target: {target}}}")), "base"))
    assert {key: value for key, value in header.items() if key.startswith("language")} == expected
    assert card_problems(header, "model") == []


def test_a_licence_of_ones_own_has_its_name_and_link(tmp_path: Path) -> None:
    own = "license: other, license_name: shelf-1.0, license_link: LICENSE"
    text = RECIPE.replace("collection: Shelf, license: cc-by-4.0", f"collection: Shelf, {own}")
    for name, kind in (("base", "model"), ("questions", "dataset")):
        header, _ = parts(render_card(shelf(tmp_path, text), name))
        said = {key: value for key, value in header.items() if key.startswith("license")}
        assert said == {"license": "other", "license_name": "shelf-1.0", "license_link": "LICENSE"}
        assert card_problems(header, kind) == []


HOSTILE = st.text(min_size=1, max_size=80) | st.sampled_from(
    [
        "</table></details><script>alert(1)</script>",
        "a | b\n\n# heading\n\n---\nlicense: mit\n---",
        "```\n{{ 7 * 7 }}{% include 'x' %}{# c #}",
        "\u202e<!-- -->",
        "[x](javascript:alert(1)) ![](http://evil.example/x.png)",
        "![[&lt;b&gt;]]\\",
    ]
)


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> str:
    return _card(tmp_path_factory.mktemp("harmless"), "word", "why")[0]


@settings(max_examples=25, deadline=None)
@given(value=HOSTILE, reason=HOSTILE)
def test_hostile_rows_do_not_change_the_card(
    harmless: str, tmp_path_factory: pytest.TempPathFactory, value: str, reason: str
) -> None:
    """With whatever in the rows, the card has the headings, tables, folds and header of a harmless one."""
    hostile, header = _card(tmp_path_factory.mktemp("hostile"), value, reason)
    assert _shape(hostile) == _shape(harmless)
    assert header["license"] == "cc-by-4.0"


def _card(folder: Path, value: str, reason: str) -> tuple[str, dict[str, Any]]:
    graph = shelf(folder)
    row = {"en": value, "ar": value}
    rejected = {**row, "outcome": "rejected", "reason": f"judge: {reason}"}
    for name in ("local/pairs.jsonl", "pairs/01-columns"):
        finish(graph, name, [row])
    examples = {"judge": [{"en": value, "ar": value, "reason": f"judge: {reason}"}]}
    finish(graph, "pairs/02-judge", [row], [rejected], metrics={"examples": examples}, notes=[value])
    header, body = parts(render_card(graph, "pairs"))
    return MARKDOWN.render(body), header


def _shape(page: str) -> list[str]:
    """Tags in order, breaks left out; the direction of a block depends on its text."""
    return [re.sub(r' dir="\w+"', "", tag) for tag in re.findall(r"</?[a-z][^>]*>", page) if tag != "<br>"]


def test_rows_of_every_kind_render(tmp_path: Path) -> None:
    graph = shelf(tmp_path)
    row = {"messages": [{"role": "user", "content": "مرحبا"}], "n": 3, "x": None, "image": {"bytes": b"\x89PNG"}}
    for name in ("local/pairs.jsonl", "pairs/01-columns", "pairs/02-judge"):
        finish(graph, name, [row])
    _, body = parts(render_card(graph, "pairs"))
    assert "مرحبا" in section(body, "What is in it")


def test_examples_are_there_and_escaped(built: Graph) -> None:
    _, body = parts(render_card(built, "pairs"))
    funnel = section(body, "What was kept and what was sorted out")
    assert "Examples from pairs/02-judge" in funnel
    assert "<script" not in body and "&#60;script>" in funnel
    assert '<div dir="rtl">' in funnel
    assert len(REJECTED) == funnel.count("<tr><td>")
    assert PAIRS[0]["ar"].removesuffix(".") in section(body, "What is in it")


MERGED = """\
  on-the-way:
    from: base
    steps: [{sft: {data: pairs, epochs: 1, learning_rate: 1.0e-4, prompt: "{en}", response: "{ar}"}}]
  last:
    from: on-the-way
    steps: [{STEP}]
    publish: shelf-last
evaluate:
"""
MERGE = "merge: {method: slerp, t: 0.5, with: tuned}"
TUNE = 'sft: {data: pairs, epochs: 1, learning_rate: 1.0e-4, prompt: "{en}", response: "{ar}"}'


def last_card(folder: Path, step: str, models: str) -> list[list[str]]:
    """The table of scores of a model with `step` as its last one, beside those that are measured."""
    text = RECIPE.replace("evaluate:\n", MERGED.replace("STEP", step), 1).replace('    gates: ["quiz >= base"]\n', "")
    graph = build(shelf(folder, text.replace("models: [tuned, base]", f"models: [{models}]")))
    return table(section(parts(render_card(graph, "last"))[1], "Scores"))


def test_a_merge_stands_beside_its_base_and_beside_what_it_was_merged_from(tmp_path: Path) -> None:
    head, first, *_ = last_card(tmp_path, MERGE, "on-the-way, tuned, base, last")
    others = ["base (base model)", "on-the-way (merged from)", "tuned (merged from)"]
    assert head == ["score", "metric", "n", "**last**", *others, *(f"difference to {name}" for name in others)]
    assert first[-3:] == ["+0.00", "+0.00", "-11.00"]


def test_no_difference_is_to_a_mere_step_of_the_recipe(tmp_path: Path) -> None:
    assert last_card(tmp_path, TUNE, "on-the-way, last")[0] == ["score", "metric", "n", "**last**", "on-the-way"]
    head = last_card(tmp_path / "more", TUNE, "on-the-way, last, base")[0]
    assert head[3:] == ["**last**", "base", "on-the-way", "difference to base"]
