"""The Space in a real browser: what visitors do on each of its tabs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

import models
from config import Model
from pictures import picture
from tests.browser import SIZES
from tests.spaces.conftest import EYES, Site
from tests.tiny_vision import drawn, make_qwen2_vl

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
TABS = {"en": ["Chat", "Translate", "Vision", "Compare"], "ar": ["محادثة", "ترجمة", "الصور", "مقارنة"]}
PATIENCE = 60_000  # milliseconds, on a machine that is busy

expect.set_options(timeout=PATIENCE)


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    opened = visit(browser, site)
    yield opened
    opened.close()


def visit(browser: Browser, site: Site, language: str = "en", size: str = "desk", theme: str = "light") -> Page:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(PATIENCE)
    page.goto(f"{site.url}?lang={language}&__theme={theme}")
    expect(page.get_by_role("tab", name=TABS[language][0], exact=True)).to_be_visible()
    return page


def open_tab(page: Page, name: str) -> None:
    """Click a tab, or its entry in the menu of those for which there is no room."""
    if not page.get_by_role("tab", name=name, exact=True).is_visible():
        page.locator(".overflow-menu > button").click()
    page.get_by_role("tab", name=name, exact=True).or_(page.get_by_role("button", name=name, exact=True)).first.click()


def choose(page: Page, name: str) -> None:
    page.get_by_role("combobox", name="Model").first.click()
    page.get_by_role("option", name=name).click()


def send(page: Page, text: str) -> Locator:
    """Send a message, and return the answer's place."""
    box = page.get_by_placeholder("Write a message").first
    box.fill(text)
    box.press("Enter")
    return page.get_by_test_id("bot").last


def test_chat_streams_arabic_with_code_and_without_html(page: Page) -> None:
    answer = send(page, "مرحبا <i>بك</i>")
    expect(answer).to_contain_text("تم.")
    expect(page.get_by_test_id("user").last).to_contain_text("<i>بك</i>")
    expect(answer).to_contain_text("<b onclick=alert(1)>bold</b>")
    assert answer.locator("b, img").count() == 0
    direction = "node => getComputedStyle(node).direction"
    assert answer.locator("p").first.evaluate(direction) == answer.locator("ul").evaluate(direction) == "rtl"
    assert answer.locator("pre").evaluate(direction) == answer.locator("p code").first.evaluate(direction) == "ltr"
    assert answer.locator("pre").inner_text().strip() == "def f(x):\n    return x + 1"


def test_an_answer_is_stopped_and_the_next_one_comes(page: Page) -> None:
    choose(page, "endless")
    answer = send(page, "go on")
    expect(answer).to_contain_text("وأخرى")
    # without waiting until nothing on the page moves: the answer grows
    page.get_by_role("button", name="Stop").first.dispatch_event("click")
    expect(page.get_by_role("button", name="Send").first).to_be_visible()
    page.wait_for_timeout(1000)  # what was on its way arrives
    written = answer.inner_text()
    page.wait_for_timeout(1500)
    assert answer.inner_text() == written
    choose(page, "brief")
    expect(send(page, "and now?")).to_contain_text("جواب قصير")


def test_after_an_error_the_words_are_back_and_the_box_works(page: Page) -> None:
    send(page, "x" * 2000)
    expect(page.get_by_test_id("toast-body")).to_contain_text("too long for arabic: 2021 tokens, and it reads 1024")
    expect(page.get_by_placeholder("Write a message").first).to_have_value("x" * 2000)
    expect(send(page, "short")).to_contain_text("تم.")


def test_an_answer_is_asked_for_again_and_a_message_is_changed(page: Page) -> None:
    choose(page, "brief")
    expect(send(page, "one")).to_contain_text("جواب قصير")
    expect(page.get_by_role("button", name="Send").first).to_be_visible()
    page.get_by_role("button", name="Edit").first.click()
    page.locator("textarea.edit-textarea").fill("two")
    page.get_by_role("button", name="Submit").first.click()
    expect(page.get_by_test_id("user").last).to_contain_text("two")
    expect(page.get_by_test_id("bot").last).to_contain_text("جواب قصير")
    assert page.get_by_test_id("user").count() == 1
    choose(page, "arabic")
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_test_id("bot").last).to_contain_text("تم.")
    assert page.get_by_test_id("user").count() == 1


def test_a_text_with_code_is_translated_and_the_languages_are_swapped(page: Page) -> None:
    open_tab(page, "Translate")
    page.get_by_role("textbox", name="English").fill(
        "# Setup\n\n- Install it.\n- Run it.\n\n```\npip install x\n```\n\nDone."
    )
    page.get_by_role("button", name="Translate", exact=True).click()
    prose = "ترجمة قصيرة"
    expected = f"# {prose}\n\n- {prose}\n- {prose}\n\n```\npip install x\n```\n\n{prose}"
    expect(page.get_by_role("textbox", name="Arabic")).to_have_value(expected)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.path().read_text("utf-8") == expected

    page.get_by_role("button", name="Swap languages").click()
    source = page.locator("textarea:visible").first
    expect(source).to_have_value(expected)
    source.fill("نص")
    page.get_by_role("button", name="Translate", exact=True).click()
    expect(page.get_by_role("textbox", name="English")).to_have_value("A text")


def test_a_vote_is_counted_and_names_are_shown_after_it(page: Page, site: Site) -> None:
    open_tab(page, "Compare")
    page.get_by_label("Text for both").fill("سؤال")
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_role("button", name="Left is better").click()
    expect(page.get_by_text("Left was")).to_be_visible()
    (vote,) = [json.loads(line) for line in (site.votes / "votes.jsonl").read_text("utf-8").splitlines()]
    assert (vote["vote"], vote["text"]) == ("left", "سؤال")
    expect(page.get_by_text("Left was")).to_have_text(f"Left was {vote['left']}, right was {vote['right']}.")
    expect(page.get_by_role("cell", name=vote["left"]).first).to_be_visible()
    expect(page.get_by_role("button", name="Left is better")).to_be_hidden()


def test_a_picture_is_asked_about_and_the_text_in_it_is_read(page: Page, tmp_path: Path) -> None:
    (tmp_path / "red.png").write_bytes(drawn())
    content = [{"type": "image", "image": picture(drawn())}, {"type": "text", "text": "What is it?"}]
    eyes = Model("eyes", str(make_qwen2_vl(tmp_path, EYES)), "image", generation={"max_new_tokens": 8})
    seen = models.answer(eyes, [{"role": "user", "content": content}])

    open_tab(page, "Vision")
    box = page.get_by_placeholder("Add pictures and ask about them")
    box.fill("What is it?")
    box.press("Enter")
    expect(page.get_by_test_id("toast-body")).to_contain_text("Add a picture first.")
    expect(box).to_have_value("What is it?")
    page.locator("input[type=file]").set_input_files(tmp_path / "red.png")
    expect(page.get_by_role("button", name="Picture").or_(page.locator(".thumbnail-item")).first).to_be_visible()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_test_id("user").locator("img")).to_be_visible()
    expect(page.get_by_test_id("bot").last).to_contain_text(re.findall(r"\w+", seen)[0])
    page.get_by_role("button", name="Read the text in the picture").click()
    expect(box).to_have_value("Read the text in the picture, word for word.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_test_id("bot")).to_have_count(2)
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    expect(box).to_have_value("")


def test_language_and_theme_are_switched_without_losing_the_conversation(page: Page) -> None:
    choose(page, "brief")
    expect(send(page, "سؤال")).to_contain_text("جواب قصير")
    page.get_by_role("radio", name="العربية").click()
    expect(page.get_by_role("tab", name="محادثة", exact=True)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.get_by_test_id("bot").last).to_contain_text("جواب قصير")
    page.get_by_role("button", name="فاتح أو داكن").click()
    assert page.locator("body").evaluate("node => node.classList.contains('dark')")
    page.get_by_role("radio", name="English").click()
    expect(page.get_by_role("tab", name="Chat", exact=True)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("dir", "ltr")


@pytest.mark.parametrize("language", TABS)
def test_a_phone_never_scrolls_sideways(browser: Browser, site: Site, language: str) -> None:
    page = visit(browser, site, language, "phone")
    for name in TABS[language]:
        open_tab(page, name)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") == SIZES["phone"][0], name
    page.close()


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("ar", "dark")])
def test_axe_finds_no_serious_fault(browser: Browser, site: Site, language: str, theme: str) -> None:
    page = visit(browser, site, language, theme=theme)
    box = page.locator("textarea:visible").first
    box.fill("سؤال")
    box.press("Enter")
    expect(page.get_by_test_id("bot").last).to_contain_text("تم.")
    for name in TABS[language]:
        open_tab(page, name)
        page.wait_for_timeout(500)
        assert serious(Axe().run(page).response) == [], name
    page.close()


def serious(found: dict[str, Any]) -> list[str]:
    faults = [fault for fault in found["violations"] if fault["impact"] in ("serious", "critical")]
    return [json.dumps([fault["id"], [node["html"] for node in fault["nodes"]]]) for fault in faults]
