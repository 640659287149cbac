"""The rows of a dataset in the Space: kept, sorted out, searched for, and never more than text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.spaces.serving import served
from tests.spaces.speaking import lay_out

expect.set_options(timeout=30_000)  # a machine that is busy
NASTY = "<img src=x onerror='window.hacked=1'> {{ 7 * 7 }} ${6 * 7}"
SAMPLE = {
    "repo": "owner/pairs",
    "link": "/datasets/owner/pairs",
    "kept": [{"en": "The house is big.", "ar": "البيت كبير."}, {"en": NASTY, "ar": "كتاب"}],
    "rejected": [{"rejected_by": "pairs/02-judge", "outcome": "rejected", "reason": "judge: reject", "en": "Hello"}],
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(lay_out(tmp_path_factory.mktemp("data"), [], samples=[SAMPLE])) as url:
        yield url


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    page = browser.new_page(locale="en-US")
    page.set_default_timeout(60_000)
    page.goto(address)
    page.wait_for_selector("#rows table")
    yield page
    page.close()


def cells(page: Page) -> list[list[str]]:
    return [row.locator("td").all_inner_texts() for row in page.locator("#rows tbody tr").all()]


def test_rows_are_texts_and_found_by_a_part_of_them(page: Page) -> None:
    assert cells(page) == [["The house is big.", "البيت كبير."], [NASTY, "كتاب"]]
    assert page.evaluate("window.hacked") is None and page.locator("#rows img").count() == 0
    page.get_by_label("Search").fill("بيت")
    expect(page.get_by_role("status").filter(has_text="owner/pairs")).to_have_text(
        "1 of 2 rows of owner/pairs", use_inner_text=True
    )
    assert cells(page) == [["The house is big.", "البيت كبير."]]
    page.get_by_label("Search").fill("nowhere")
    expect(page.locator("#rows table")).to_have_count(0)


def test_what_was_sorted_out_says_why(page: Page) -> None:
    page.get_by_label("sorted out").check()
    expect(page.locator("#rows td", has_text="judge: reject")).to_be_visible()
    assert page.locator("#rows th").all_inner_texts() == ["rejected_by", "outcome", "reason", "en"]


def test_in_arabic_the_page_says_so_and_reads_from_the_right(browser: Browser, address: str) -> None:
    page = browser.new_page(locale="en-US")
    page.set_default_timeout(60_000)
    page.goto(f"{address}?lang=ar")
    expect(page.get_by_role("status").filter(has_text="owner/pairs")).to_have_text(
        "2 من 2 صفًا من owner/pairs", use_inner_text=True
    )
    first, second = (page.locator("#rows th").nth(number).bounding_box() for number in (0, 1))
    assert first and second and first["x"] > second["x"]
    page.close()
