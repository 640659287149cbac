"""The leaderboard in a real browser."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from factory.evaluate.ranking import Cell, Filters, Row, Section, Table, as_csv, as_json, as_markdown, chosen
from factory.evaluate.reported import reported_tables
from factory.hub.client import api
from factory.publishing.leaderboard import sized
from tests.browser import SIZES, browser  # noqa: F401
from tests.evaluate.test_submissions import push_model
from tests.spaces.serving import served
from tests.spaces.speaking import lay_out

expect.set_options(timeout=30_000)  # a machine that is busy
NASTY = "me/<img src=x onerror='window.hacked=1'>|`a`"


def tables() -> list[Table]:
    """Hala's table with rows measured beside it, of which one lacks a benchmark; and the papers' other tables."""
    found = [stated.table for stated in reported_tables()]
    hala = next(table for table in found if table.name == "oall-v2")
    rows = []
    for number, (name, kind) in enumerate(
        {"owner/merged-1B": "merged", "owner/base-1B": "base", NASTY: "tuned"}.items()
    ):
        cells = {
            column.name: Cell(v := 60.25 - number * 5 + i, v - 2, v + 2, 500, {f"part {i}": v - 1, "other": 9.5})
            for i, column in enumerate(hala.columns)
            if (number, column.name) != (2, "EXAMS")
        }
        facts: dict[str, Any] = {"license": "mit", "date": "2026-01-02", "revision": "a" * 40, "parameters": 10**9}
        rows.append(Row(name, cells, kind=kind, **facts))
    measured = Section("Measured here", "measured", tuple(rows))
    reported = [replace(one, rows=tuple(map(sized, one.rows))) for one in hala.sections]
    first = Table("oall-v2", hala.columns, (measured, *reported))
    return [first, *(table for table in found if table.name != "oall-v2")]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, hub_server: Any) -> Iterator[str]:
    board = [as_json(table) for table in tables()]
    folder = lay_out(tmp_path_factory.mktemp("board"), [], board=board)
    environment = {**hub_server.environment(), "HF_HUB_OFFLINE": "0", "SPACE_REQUESTS_REPO": "asked/board-queue"}
    with served(folder, **environment) as url:
        yield url


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:  # noqa: F811
    width, height = SIZES["desk"]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US")
    context.set_default_timeout(60_000)
    yield context
    context.close()


def opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(".board[aria-busy=false] .count")
    return page


def models(page: Page) -> list[str]:
    return page.locator(".board tbody th[scope=row] .name > :last-child").all_inner_texts()


def column(page: Page, number: int) -> list[float]:
    texts = page.locator(f".board tbody tr:not(.section) > :nth-child({number}) > span").all_inner_texts()
    return [float(text) for text in texts]


def test_filters_leave_rows_or_say_which_of_them_leave_none(context: BrowserContext, address: str) -> None:
    page = opened(context, address)
    expect(page.locator(".board .count")).to_have_text("26 of 26 rows")
    page.get_by_role("searchbox", name="Model").fill("hala-")
    expect(page.locator(".board .count")).to_have_text("4 of 26 rows")
    assert models(page) == ["HALA-9B", "HALA-1.2B", "HALA-700M", "HALA-350M"]
    page.get_by_role("combobox", name="Size").select_option("under 1B")
    expect(page.locator(".board .count")).to_have_text("2 of 26 rows")
    page.get_by_role("combobox", name="Kind").select_option("tuned")
    expect(page.locator(".board .nothing p")).to_have_text(
        "No model is left by: Model: hala-, Size: under 1B, Kind: tuned."
    )
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator(".board .count")).to_have_text("26 of 26 rows")
    page.get_by_label("only with every benchmark").check()
    expect(page.locator(".board .count")).to_have_text("25 of 26 rows")
    page.get_by_role("combobox", name="Scores").select_option("measured")
    expect(page.locator(".board .count")).to_have_text("2 of 26 rows")


def test_the_first_rows_come_with_the_page_and_all_of_them_after(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    page.route("**/component_server/", lambda route: page.wait_for_timeout(1500) or route.continue_())
    page.goto(address)
    expect(page.locator(".board .count")).to_have_text("26 of 26 rows")
    assert models(page)[0] == "owner/merged-1B"
    expect(page.locator(".board")).to_have_attribute("aria-busy", "true")
    expect(page.locator(".board")).to_have_attribute("aria-busy", "false")
    page.get_by_role("searchbox", name="Model").fill("hala-")
    expect(page.locator(".board .count")).to_have_text("4 of 26 rows")


def test_a_column_sorts_by_its_numbers_within_what_may_be_compared(context: BrowserContext, address: str) -> None:
    page = opened(context, address)
    page.get_by_role("combobox", name="Scores").select_option("reported")
    head = page.locator(".board thead th", has_text="AlGhafa")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    values = column(page, 7)
    assert len(values) == 23 and values == sorted(values, reverse=True)
    page.keyboard.press("Enter")  # the button has kept the focus
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert column(page, 7) == sorted(values)
    page.get_by_role("combobox", name="Scores").select_option("any")
    assert models(page)[:3] == [NASTY, "owner/base-1B", "owner/merged-1B"], "measured rows stand apart, the first ones"


def test_the_address_shows_another_visitor_the_same(context: BrowserContext, address: str) -> None:
    page = opened(context, address)
    page.get_by_role("searchbox", name="Model").fill("qwen")
    page.get_by_role("combobox", name="Size").select_option("3B to 10B")
    page.locator(".board thead th", has_text="EXAMS").get_by_role("button").click()
    other = opened(context, page.url)
    expect(other.get_by_role("tab", name="Leaderboard")).to_have_attribute("aria-selected", "true")
    assert models(other) == models(page) == ["Qwen/Qwen3-8B-Base", "Qwen/Qwen2-7B-Instruct"]
    expect(other.get_by_role("searchbox", name="Model")).to_have_value("qwen")
    expect(other.locator(".board thead th[aria-sort]")).to_have_text("EXAMS▼")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_is_copied_is_what_the_factory_writes(context: BrowserContext, address: str, number: int) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = opened(context, f"{address}?table={tables()[number].name}&origin=reported")
    table = chosen(tables()[number], Filters(origin="reported"))
    page.get_by_role("button", name="Copy CSV").click()
    expect(page.locator("[data-copy=csv]")).to_have_text("Copied")
    ours, theirs = (
        [[_number(cell) for cell in line] for line in csv.reader(io.StringIO(text))]
        for text in (as_csv(table), page.evaluate("navigator.clipboard.readText()"))
    )
    assert [line[:5] for line in theirs] == [line[:5] for line in ours] and theirs == ours
    page.get_by_role("button", name="Copy Markdown").click()
    expect(page.locator("[data-copy=markdown]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").strip() == as_markdown(table).strip()


def _number(text: str) -> float | str:
    try:
        return round(float(text), 9)
    except ValueError:
        return text


def test_subtasks_unfold_and_what_is_missing_is_named(context: BrowserContext, address: str) -> None:
    page = opened(context, address)
    button = page.get_by_role("button", name=f"Subtasks: {NASTY}")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    more = page.locator(".board .more")
    expect(more).to_contain_text("Missing: EXAMS")
    expect(more.locator("dt").first).to_have_text("part 0")
    button.click()
    expect(more).to_have_count(0)
    expect(page.get_by_text("printed: 52.38")).to_have_count(0)
    page.get_by_role("combobox", name="Benchmark").select_option("camel-bench")
    expect(page.get_by_text("printed: 52.38")).to_have_count(1)
    row = page.locator(".board tbody tr", has_text="Gemini-1.5-Pro")
    expect(row).to_contain_text("43.08")


def test_a_name_is_text_and_never_markup(context: BrowserContext, address: str) -> None:
    page = opened(context, address)
    assert NASTY in models(page)
    assert page.locator(".board img").count() == 0 and page.evaluate("window.hacked") is None


def test_models_are_submitted_and_refused_at_once(
    context: BrowserContext, address: str, embedded_hub: Any, tmp_path: Path
) -> None:
    push_model("asked/from-the-page", tmp_path / "good")
    push_model("asked/pickle-of-the-page", tmp_path / "bad", model_safetensors=None)
    api().create_repo("asked/board-queue", repo_type="dataset", exist_ok=True)
    page = opened(context, address)
    box = page.get_by_label("Submit a model of the Hub for evaluation")
    told = page.locator(".board .submission").get_by_role("status")
    for name, answer in (
        ("not a name", "✗ not a name is no name of a model: owner/name is"),
        ("asked/nobody-knows", "✗ there is no public model asked/nobody-knows on the Hub"),
        ("asked/pickle-of-the-page", "✗ asked/pickle-of-the-page has no weights in safetensors"),
    ):
        box.fill(name)
        page.get_by_role("button", name="Submit").click()
        expect(told).to_have_text(answer)
    box.fill("asked/from-the-page")
    box.press("Enter")
    expect(told).to_have_text(
        f"✓ asked/from-the-page waits for its evaluation: 0.0372M parameters, mit, commit "
        f"{str(api().model_info('asked/from-the-page').sha)[:12]}."
    )
    [path] = [
        name for name in api().list_repo_files("asked/board-queue", repo_type="dataset") if name.endswith("json")
    ]
    assert path.startswith("asked/from-the-page_eval_request_False_float32_Original_")
    page.get_by_role("button", name="Submit").click()
    expect(told).to_have_text("✗ asked/from-the-page at this commit is in the queue already: PENDING")


@pytest.mark.parametrize("place", ["?__theme=light", "?__theme=dark", "?__theme=light&lang=ar"])
def test_axe_finds_no_serious_fault(context: BrowserContext, address: str, place: str) -> None:
    page = opened(context, f"{address}{place}")
    page.wait_for_timeout(500)
    page.locator(".board .unfold").first.click()
    found = Axe().run(page, context=".board").response["violations"]
    assert [
        (one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")
    ] == []


def test_arabic_reads_from_the_right(context: BrowserContext, address: str) -> None:
    page = opened(context, f"{address}?lang=ar")
    expect(page.locator(".board")).to_have_attribute("dir", "rtl")
    expect(page.locator(".board .count")).to_have_text("26 من 26 صفًا")
    rank, model = (page.locator(f".board thead th:nth-child({n})").bounding_box() for n in (1, 2))
    assert rank and model and rank["x"] > model["x"]


def test_on_a_phone_the_table_scrolls_in_its_box_and_keeps_the_names(browser: Browser, address: str) -> None:  # noqa: F811
    width, height = SIZES["phone"]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US")
    context.set_default_timeout(60_000)
    page = opened(context, address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator(".board .box")
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    box.evaluate("box => box.scrollTo(400, 0)")
    name, frame = page.locator(".board tbody th[scope=row]").first.bounding_box(), box.bounding_box()
    assert name and frame and frame["x"] <= name["x"] < frame["x"] + 20 and name["width"] < width / 2
    context.close()
