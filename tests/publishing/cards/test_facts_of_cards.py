"""What cards take from rows, evaluations and the recipe: languages, outputs, examples, the family, files."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from markdown_it import MarkdownIt

from factory.evaluate.base import DETAILS
from factory.graph import lineage
from factory.publishing.artifacts import render_card
from factory.publishing.cards.examples import example
from factory.publishing.cards.family import Box, drawing, lineage_picture
from factory.publishing.cards.outputs import question, sample_outputs
from factory.publishing.cards.recipe_files import recipe_documents
from factory.publishing.cards.spoken import languages_in
from tests.shelf import PAIRS, RECIPE, build, shelf

ENGLISH = "The children walked to the school by the river because the old bridge had been closed."
ARABIC = "ذهب الأطفال إلى المدرسة بجانب النهر لأن الجسر القديم كان مغلقا منذ الصباح الباكر."
FRENCH = "Les enfants sont allés à l'école au bord de la rivière parce que le vieux pont était fermé."
TURNS = [{"role": "user", "content": ENGLISH}, {"role": "assistant", "content": FRENCH}]


@pytest.mark.parametrize(
    ("rows", "languages", "expected"),
    [
        ([{"text": ARABIC}], ["ar", "en"], ["ar"]),
        ([{"text": ENGLISH}], ["ar", "en"], ["en"]),
        ([{"en": ENGLISH, "ar": ARABIC}], ["ar", "en"], ["ar", "en"]),
        ([{"messages": TURNS}], ["fr", "en"], ["fr", "en"]),
        ([{"text": FRENCH}], ["fr", "en"], ["fr"]),
        ([{"text": ARABIC}, {"text": ENGLISH}] * 9, ["ar", "en"], ["ar", "en"]),
        ([{"n": 3, "text": "?"}], ["ar", "en"], ["ar", "en"]),  # nothing can be told
    ],
)  # fmt: skip
def test_the_languages_are_those_of_the_rows(
    rows: list[dict[str, object]], languages: list[str], expected: list[str]
) -> None:
    assert languages_in(rows, languages) == expected


def test_columns_that_are_not_read_do_not_count() -> None:
    assert languages_in([{"en": ENGLISH, "ar": ARABIC}], ["ar", "en"], ["ar"]) == ["ar"]


def test_an_example_is_turns_and_texts_without_scores() -> None:
    turns = [{"role": "user", "content": "سؤال"}, {"role": "assistant", "content": "جواب"}]
    row = {"messages": turns, "score_script": 0.9, "scores": {"echo": 0.1}, "score": 3.0, "n": 7, "note": None}
    assert example(row) == [("user", "سؤال"), ("assistant", "جواب")]
    assert example({"q": "Why?", "q_ar": "لماذا؟", "score_x": 1.0}) == [("q", "Why?"), ("q_ar", "لماذا؟")]


def test_what_a_model_wrote_is_shown_and_only_in_the_target_language(tmp_path: Path) -> None:
    talk = "  talk: {suite: translation, data: questions, source: en, reference: ar, models: [tuned, base]}\n"
    graph = build(shelf(tmp_path, RECIPE.replace("evaluate:\n", f"evaluate:\n{talk}", 1)))
    outputs = ["I cannot.", "البيت كبير جدا.", "القطة", "كتاب", "قلم"]
    rows = [{"source": f"s{n}", "reference": f"r{n}", "output": text} for n, text in enumerate(outputs)]
    pq.write_table(pa.Table.from_pylist(rows), graph.nodes["talk/tuned"].folder / DETAILS)
    assert [output.asked for output in sample_outputs(graph, "tuned")] == ["s1", "s2", "s3"]
    assert sample_outputs(graph, "base") == []
    card = render_card(graph, "tuned")
    assert '<div dir="rtl">البيت كبير جدا.</div>' in card and "suite talk" in card


def test_the_snippet_asks_what_the_training_data_asks_where_that_is_public(tmp_path: Path) -> None:
    graph = build(shelf(tmp_path / "public"))
    own = lineage.of(graph, "tuned").own
    assert question(graph, "tuned", own) == f"Translate everything that follows into Arabic: {PAIRS[0]['en']}"
    hidden = RECIPE.replace("repo: shelf-pairs,", "repo: shelf-pairs, private: true,")
    odd = [{**row, "en": f"secret {row['en']}"} for row in PAIRS]
    graph = build(shelf(tmp_path / "hidden", hidden, odd))
    assert "secret" not in question(graph, "tuned", lineage.of(graph, "tuned").own)


def test_the_family_is_drawn_with_every_box_behind_what_it_came_from(tmp_path: Path) -> None:
    graph = build(shelf(tmp_path))
    picture = lineage_picture(graph, lineage.of(graph, "tuned").everything)
    assert picture is not None
    names = re.findall(r'font-weight="bold">([^<]*)<', picture.decode())
    assert (
        sorted(names) == ["judge", "pairs.jsonl", "shelf-base", "shelf-pairs", "shelf-tuned"]
        and names[-1] == "shelf-tuned"
    )
    text = drawing({"c": Box("model", "c <b>", "sft", ("a",)), "a": Box("source", "a", "as it is", ())}).decode()
    left, right = (int(x) for x in re.findall(r'<rect x="(\d+)"', text))
    assert left < right and "c &lt;b&gt;" in text


def test_the_recipe_leaves_with_what_it_made_and_tells_nothing_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    graph = shelf(tmp_path / "here", RECIPE.replace("name: shelf", "name: shelf  # hf_abcdefghij12345678", 1))
    files = recipe_documents(graph)
    assert sorted(files) == ["recipe/judge.txt", "recipe/shelf.yaml"]
    assert b"hf_***" in files["recipe/shelf.yaml"] and str(tmp_path).encode() not in b"".join(files.values())


def test_a_file_that_the_recipe_only_speaks_of_stays_here(tmp_path: Path) -> None:
    diary = tmp_path / "diary.txt"
    diary.write_text("mine")
    for words in (f"see {diary}", "see diary.txt", "diary.txt", "../diary.txt"):
        folder = tmp_path / str(len(words))
        folder.mkdir()
        graph = shelf(folder, RECIPE.replace("description: A model from nothing.", f'description: "{words}"', 1))
        (folder / "diary.txt").write_text("mine")
        assert sorted(recipe_documents(graph)) == ["recipe/judge.txt", "recipe/shelf.yaml"]


def test_every_table_of_a_card_is_one(tmp_path: Path) -> None:
    """A line that begins with a bar and is no row of a table would be shown as it is written."""
    graph = build(shelf(tmp_path))
    for name in ("pairs", "tuned"):
        body = render_card(graph, name).partition("\n---\n")[2]
        page = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(body)
        assert "<p>|" not in page and "| ---" not in re.sub(r"<pre>.*?</pre>", "", page, flags=re.DOTALL)


def test_authors_use_and_limits_are_the_recipes_own_words(tmp_path: Path) -> None:
    text = RECIPE.replace("citation:", 'authors: ["[Amal](https://example.org)", Bilal]\ncitation:', 1)
    text = text.replace(
        "publish: shelf-tuned", "publish: {repo: shelf-tuned, intended_use: For lessons., limits: [No verse.]}"
    )
    card = render_card(shelf(tmp_path, text), "tuned")
    assert "By [Amal](https://example.org), Bilal\n" in card
    assert "For lessons." in card and "- No verse." in card
