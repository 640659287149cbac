"""Which columns of a file are proposed for translation."""

import json
from pathlib import Path
from typing import Any

import pytest

from factory.errors import UsageError
from factory.look.proposal import Proposal, propose

ENGLISH = [f"The {n} ships left the harbour before the storm." for n in range(30)]
GERMAN = [f"Die {n} Schiffe haben den Hafen vor dem Sturm verlassen." for n in range(30)]


def of(folder: Path, source: str = "en", target: str = "sw", **columns: list[Any]) -> Proposal:
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return propose(str(path), source, target)


def test_texts_and_conversations_are_translated_and_the_rest_stays(tmp_path: Path) -> None:
    turns = [[{"role": "user", "content": text}, {"role": "assistant", "content": "Yes."}] for text in ENGLISH]
    labels, links = ["a place", "a thing"] * 15, [f"https://example.org/{n}/page" for n in range(30)]
    files = [f"pics/{n}.png" for n in range(30)]
    found = of(
        tmp_path, text=ENGLISH, messages=turns, label=labels, link=links, file=files, n=[*range(30)], none=[None] * 30
    )
    assert found.texts == ("text", "messages") and not found.pairs and not found.lists
    assert found.left["label"] == "few values again and again"
    assert {*found.left} == {"label", "link", "file", "n", "none"}
    assert (found.rows, found.columns) == (30, ("text", "messages", "label", "link", "file", "n", "none"))


def test_lists_are_taken_apart_where_all_are_of_one_length(tmp_path: Path) -> None:
    same, other = [[text, text] for text in ENGLISH], [[text] * (1 + n % 2) for n, text in enumerate(ENGLISH)]
    found = of(tmp_path, same=same, other=other)
    assert found.lists == {"same": 2} and "other" in found.left


def test_two_languages_side_by_side_are_pairs(tmp_path: Path) -> None:
    found = of(tmp_path, target="de", one=ENGLISH, other=GERMAN)
    assert found.pairs == (("one", "other"),) and not found.texts
    found = of(tmp_path, target="de", title=ENGLISH, title_de=GERMAN, body=ENGLISH)
    assert (found.pairs, found.texts) == ((("title", "title_de"),), ("body",))


def test_texts_of_a_third_language_stay(tmp_path: Path) -> None:
    found = of(tmp_path, text=ENGLISH, german=GERMAN)
    assert (found.texts, found.left) == (("text",), {"german": "in de"})
    with pytest.raises(UsageError, match=r"no column with texts in fr .text: in en.*--source"):
        of(tmp_path, source="fr", text=ENGLISH)


def test_a_language_without_blanks_between_words(tmp_path: Path) -> None:
    assert of(tmp_path, source="ja", target="en", q=[f"{n}番目の質問は何ですか" for n in range(30)]).texts == ("q",)
