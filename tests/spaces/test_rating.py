"""The rating sheet as a page: what people say is kept as sheets of `factory rate`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, expect

import keeping
import raters
from factory.cli import main
from factory.graph.nodes import Graph
from factory.hub.client import api
from factory.images.thumbnails import thumbnail
from factory.publishing.rating import sheets
from keeping import Keeping
from refused import Refused
from tests.browser import SIZES
from tests.shelf import PAIRS, RECIPE, build, shelf
from tests.spaces.serving import served
from tests.spaces.speaking import lay_out
from tests.tiny_vision import drawn

expect.set_options(timeout=30_000)  # a machine that is busy
GATED = RECIPE.replace(
    "    publish: {repo: shelf-pairs", '    gates: ["rated.fluent >= 50"]\n    publish: {repo: shelf-pairs'
)
NASTY = "<img src=x onerror='window.hacked=1'> `a`"


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return build(shelf(tmp_path / "shelf", GATED))


@pytest.fixture
def rated(graph: Graph, tmp_path: Path) -> raters.Rated:
    [sheet], _ = sheets(graph, ["pairs"])
    return raters.Rated(json.loads(json.dumps(sheet)), Keeping(tmp_path / "kept", repo=None))


def told(graph: Graph, *arguments: str) -> dict[str, Any]:
    """What `factory rate` says of the dataset after it was called so."""
    known = ["rate", str(graph.loaded.path), "pairs", "--store", str(graph.store.root), "--json", *arguments]
    done = CliRunner().invoke(main, known)
    assert done.exit_code == 0, done.output
    return {found["question"]: found for found in json.loads(done.stdout)["ratings"]}


def test_what_visitors_say_is_read_by_the_factory(graph: Graph, rated: raters.Rated, tmp_path: Path) -> None:
    first, second, third = (row["id"] for row in rated.sheet["rows"])
    rated.add("Anna", first, {"fluent": "yes"}, "=good")
    rated.add("Anna", second, {"fluent": "no"}, "")
    rated.add(" anna ", second, {"fluent": "yes"}, "")
    rated.add("عمر", third, {"fluent": "no"}, "سطر\nآخر")
    rated.add("عمر", first, {}, "no vote")
    [folder] = (tmp_path / "kept" / "ratings" / "pairs").iterdir()
    found = told(graph, "--in", str(folder))["fluent"]
    assert [found[key] for key in ("rows", "raters", "votes", "yes")] == [3, 2, 3, 2]
    assert rated.by("ANNA")[first].comment == "=good" and rated.by("عمر")[third].comment == "سطر\nآخر"


def test_the_sheet_that_is_downloaded_is_the_one_of_the_factory(
    graph: Graph, rated: raters.Rated, tmp_path: Path
) -> None:
    blank = tmp_path / "blank.csv"
    known = ["rate", str(graph.loaded.path), "pairs", "--store", str(graph.store.root)]
    done = CliRunner().invoke(main, [*known, "--out", str(blank), "--ask", "fluent", "--rater", "Anna"])
    assert done.exit_code == 0, done.output
    assert rated.csv("Anna") == blank.read_bytes().decode("utf-8-sig")


@pytest.mark.parametrize(
    ("rater", "row", "answers", "comment", "key"),
    [
        ("  ", 0, {}, "", "no_rater"),
        ("x" * 81, 0, {}, "", "too_many_characters"),
        ("Anna", None, {}, "", "no_rating"),
        ("Anna", 0, {"fluent": "perhaps"}, "", "no_rating"),
        ("Anna", 0, {"rater": "yes"}, "", "no_rating"),
        ("Anna", 0, {}, "x" * 1001, "too_many_characters"),
    ],
)
def test_anything_else_is_refused(
    rated: raters.Rated, rater: str, row: int | None, answers: dict[str, str], comment: str, key: str
) -> None:
    id = "000000000000/train/9" if row is None else rated.sheet["rows"][row]["id"]
    with pytest.raises(Refused) as refused:
        rated.add(rater, id, answers, comment)
    assert refused.value.key == key


@pytest.mark.usefixtures("embedded_hub")
def test_what_is_kept_is_pushed_whole_to_a_dataset(graph: Graph, rated: raters.Rated, tmp_path: Path) -> None:
    kept = keeping.Keeping(tmp_path / "kept", repo="raters/votes")
    assert kept.scheduler is not None
    pushed = raters.Rated(rated.sheet, kept)
    first, second, _ = (row["id"] for row in rated.sheet["rows"])
    for row, answer in ((first, "no"), (first, "yes"), (second, "yes")):
        pushed.add("Anna", row, {"fluent": answer}, "a note that is longer" if answer == "no" else "")
        kept.scheduler.trigger().result()
    kept.scheduler.stop()
    folder = api().snapshot_download("raters/votes", repo_type="dataset", local_dir=tmp_path / "votes")
    [sheet] = Path(folder, "ratings", "pairs").glob("*/*.csv")
    found = told(graph, "--in", str(sheet.parent))["fluent"]
    assert (found["votes"], found["yes"]) == (2, 2)
    assert api().repo_info("raters/votes", repo_type="dataset").private


@dataclass(frozen=True)
class Site:
    url: str
    kept: Path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A Space with two sheets: one of pairs, and one of questions about pictures with two things to say of each."""
    folder = tmp_path_factory.mktemp("rating")
    texts = [*PAIRS, {"en": NASTY, "ar": "كتاب\n\nفقرة ثانية"}]
    pairs = {
        "name": "pairs",
        "questions": ["correct"],
        "columns": ["en", "ar"],
        "pairs": [["en", "ar"]],
        "rows": [
            {"id": f"0123456789ab/train/{n}", "cells": [row["en"], row["ar"]], "pictures": {}}
            for n, row in enumerate(texts)
        ],
    }
    row = {
        "id": "ba9876543210/train/0",
        "cells": ["png 60x40", "What is it?"],
        "pictures": {"image": ["rated/a.webp"]},
    }
    seen = {**pairs, "name": "seen", "questions": ["correct", "polite"], "columns": ["image", "question"], "pairs": []}
    app = lay_out(folder / "app", [], sheets=[pairs, {**seen, "rows": [row]}])
    (app / "rated").mkdir()
    (app / "rated" / "a.webp").write_bytes(thumbnail(drawn()))
    with served(app, SPACE_VOTES_FOLDER=str(folder / "votes")) as url:
        yield Site(url, folder / "votes" / "ratings")


def visit(browser: Browser, site: Site, size: str = "desk", language: str = "en", theme: str = "light") -> Page:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, locale="en-US")
    page.set_default_timeout(60_000)
    page.goto(f"{site.url}?lang={language}&__theme={theme}")
    expect(page.locator(".sheet .card h3")).to_be_visible()
    return page


def kept(site: Site, name: str, rater: str) -> list[dict[str, str]]:
    """The lines of a rater's file."""
    for path in (site.kept / name).glob("*/*.csv"):
        lines = [*csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""))]
        if lines[0]["rater"] == rater:
            return lines
    return []


def test_rows_are_rated_with_the_mouse_and_found_again(browser: Browser, site: Site) -> None:
    page = visit(browser, site)
    page.get_by_role("button", name="Yes").click()
    expect(page.locator(".sheet .told")).to_have_text("Write your name first.")
    page.get_by_label("Your name").fill("Anna")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Yes").click()
    expect(page.locator(".sheet .told")).to_have_text("Saved")
    expect(page.get_by_role("button", name="Yes")).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Comment").fill("=1+1")
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.locator(".sheet h3")).to_have_text("Row 2 of 4")
    page.get_by_role("button", name="No", exact=True).click()
    expect(page.locator(".sheet .done")).to_have_text("2 of 4 rated")
    assert [(line["correct?"], line["comment"]) for line in kept(site, "pairs", "Anna")] == [
        ("yes", "'=1+1"),
        ("no", ""),
    ]

    page.reload()
    expect(page.locator(".sheet h3")).to_have_text("Row 3 of 4")
    page.get_by_role("button", name="Previous").click()
    expect(page.get_by_role("button", name="No", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="No", exact=True).click()  # a second click takes it back
    expect(page.locator(".sheet .done")).to_have_text("1 of 4 rated")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "pairs-Anna.csv"
    assert [line["correct?"] for line in csv.DictReader(download.value.path().open(encoding="utf-8-sig"))][:2] == [
        "yes",
        "",
    ]
    page.close()


@pytest.mark.parametrize(
    ("language", "yes", "no", "on"), [("en", "y", "n", "ArrowRight"), ("ar", "ن", "ل", "ArrowLeft")]
)
def test_the_keyboard_is_enough(browser: Browser, site: Site, language: str, yes: str, no: str, on: str) -> None:
    page = visit(browser, site, language=language)
    rater = f"key-{language}"
    page.locator("[data-key=rater]").fill(rater)
    page.keyboard.press("Enter")
    page.locator("[data-key=rater]").blur()
    for key in (yes, on, no):
        page.evaluate("key => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}))", key)
    expect(page.locator(".sheet h3")).to_contain_text("4")
    expect(page.locator(".sheet .told")).to_have_text({"en": "Saved", "ar": "حُفظت"}[language])
    numbers = {line["sheet id"].rpartition("/")[2]: line["correct?"] for line in kept(site, "pairs", rater)}
    assert numbers == {"0": "yes", "2": "no"}
    page.close()


def test_texts_are_texts_and_pictures_are_seen(browser: Browser, site: Site) -> None:
    page = visit(browser, site)
    for _ in range(3):
        page.get_by_role("button", name="Next", exact=True).click()
    expect(page.locator(".sheet .text p").first).to_have_text(NASTY)
    assert page.evaluate("window.hacked") is None and page.locator(".sheet img").count() == 0
    page.get_by_label("Dataset").select_option("seen")
    image = page.get_by_role("img", name="png 60x40")
    expect(image).to_be_visible()
    page.wait_for_function("document.querySelector('.sheet img').naturalWidth === 60")
    page.get_by_label("Your name").fill("Omar")
    page.get_by_label("Your name").press("Tab")
    page.get_by_label("Dataset").select_option("seen")
    polite = page.get_by_role("group", name="polite?")
    page.get_by_role("group", name="Is it correct?").get_by_role("button", name="Yes").click()
    expect(page.locator(".sheet .done")).to_have_text("0 of 1 rated")
    polite.get_by_role("button", name="No").click()
    expect(page.locator(".sheet .told")).to_have_text("Every row is rated. Thank you!")
    [line] = kept(site, "seen", "Omar")
    assert (line["correct?"], line["polite?"], line["sheet id"]) == ("yes", "no", "ba9876543210/train/0")
    page.close()


@pytest.mark.parametrize(("size", "language", "theme"), [("phone", "ar", "dark"), ("desk", "en", "light")])
def test_axe_finds_no_serious_fault_and_nothing_scrolls_sideways(
    browser: Browser, site: Site, size: str, language: str, theme: str
) -> None:
    page = visit(browser, site, size, language, theme)
    expect(page.locator(".sheet")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    assert page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]
    page.wait_for_timeout(500)
    found = Axe().run(page, context=".sheet").response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []
    page.close()
