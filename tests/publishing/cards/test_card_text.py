"""Whatever a row holds appears in a card as that text, and as nothing else."""

from __future__ import annotations

import ast
import html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from factory.publishing.cards.text import block, cell, code, environment, fence, right_to_left, safe

HOSTILE = (
    st.text(alphabet=st.sampled_from(list("|`*_<>{}[]()#-+.!~$&\"'\\ \n\r\tab1مر\u202e\u2028\u0000%=:@/;")))
    | st.text()
)
MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})


def shown(text: str) -> str:
    """What a reader should see of `text`."""
    text = re.sub(r"\r\n?|[\u2028\u2029]", "\n", text)
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))


def visible(rendered: str) -> str:
    """The text of HTML that has no tags but breaks."""
    return html.unescape(rendered.replace("<br>", "\n"))


@given(HOSTILE)
def test_a_table_cell_keeps_its_text_and_its_row(text: str) -> None:
    rendered = MARKDOWN.render(f"| a | b |\n| --- | --- |\n| {safe(text)} | end |\n\nafter")
    cells = re.findall(r"<td>(.*?)</td>", rendered, re.DOTALL)
    assert len(cells) == 2 and cells[1] == "end"
    assert "<" not in cells[0].replace("<br>", "")
    assert visible(cells[0]).split() == shown(text).split()
    assert rendered.endswith("<p>after</p>\n")


@given(HOSTILE)
def test_a_line_of_prose_stays_one_and_is_shown_as_it_is(text: str) -> None:
    for before, tags in (
        ("", "<p>{}</p>"),
        ("- ", "<ul>\n<li>{}</li>\n</ul>"),
        ("> ", "<blockquote>\n<p>{}</p>\n</blockquote>"),
    ):
        if not shown(text).strip():
            continue
        rendered = MARKDOWN.render(f"{before}{safe(text)}\n\nafter")
        start, end = tags.split("{}")
        assert rendered.startswith(start) and rendered.endswith(f"{end}\n<p>after</p>\n")
        inner = rendered.removeprefix(start).removesuffix(f"{end}\n<p>after</p>\n")
        assert "<" not in inner.replace("<br>", "")
        assert visible(inner).split() == shown(text).split()


@pytest.mark.parametrize(
    "text",
    [
        "The house is big. It's (very) old - or new? Yes!",
        "0.12 > 0.05 + 2 * 3 = 6, -5 % of snake_case; R & D #1",
        "judge: no verdict: maybe",
        "البيت كبير، والقطة نائمة.",
    ],
)
def test_plain_punctuation_stays_plain(text: str) -> None:
    assert safe(text) == text


@given(HOSTILE)
def test_a_block_is_one_piece_of_html_with_the_text_in_it(text: str) -> None:
    rendered = MARKDOWN.render(f"<table>\n<tr><td>{block(text, limit=10_000)}</td></tr>\n</table>\n\nafter")
    found = re.fullmatch(
        r'<table>\n<tr><td><div dir="(?:rtl|ltr)">(.*)</div></td></tr>\n</table>\n<p>after</p>\n', rendered, re.DOTALL
    )
    assert found is not None
    assert "<" not in found[1].replace("<br>", "")
    assert visible(found[1]).split() == shown(text).split()


@given(HOSTILE)
def test_inline_code_keeps_its_text(text: str) -> None:
    rendered = MARKDOWN.render(f"| a |\n| --- |\n| x{code(text)}y |")
    found = re.search(r"<td>x<code>(.*)</code>y</td>", rendered, re.DOTALL)
    assert found is not None
    assert visible(found[1]).split() == shown(text).split()


@given(HOSTILE)
def test_a_fence_holds_until_its_end(text: str) -> None:
    rendered = MARKDOWN.render(f"{fence(text)}\n\nafter")
    assert rendered.endswith("<p>after</p>\n")
    assert rendered.count("<pre>") == 1


@given(HOSTILE)
def test_rows_are_never_read_as_templates(text: str) -> None:
    made = environment().from_string("{{ value | safe_text }}").render(value="{{ 7 * 7 }}{% raw %}" + text)
    assert "49" not in made or "49" in text
    assert visible(made).startswith("{{ 7 * 7 }}{% raw %}")


def test_long_text_is_cut_where_told() -> None:
    assert visible(safe("ab" * 50, limit=10)) == "ababababa…"


@pytest.mark.parametrize(
    ("text", "rtl"),
    [("مرحبا بكم", True), ("hello", False), ("API هو اختصار", True), ("use ال", False), ("123", False), ("", False)],
)
def test_direction_follows_most_letters(text: str, rtl: bool) -> None:
    assert right_to_left(text) is rtl
    assert ('dir="rtl"' in block(text)) is rtl


def test_values_that_are_no_text_are_shown_as_json() -> None:
    shown = visible(block([{"role": "user", "content": "مرحبا <b>"}]))
    assert '[{"role": "user", "content": "مرحبا <b>"}]' in shown
    assert "bytes" in visible(block({"image": b"\x89PNG"}))


def test_a_maintainers_words_stay_markdown_on_one_line() -> None:
    assert cell("[paper](https://x.org) | Table\n2") == "[paper](https://x.org) &#124; Table 2"


@pytest.mark.parametrize("name", ["load_chat", "load_text"])
@given(question=st.text(st.characters(exclude_categories=["Cs"])) | st.just("أي لون للوردة؟\n```\n'\"\\"))
def test_a_snippet_shows_its_question_as_it_is_written_and_stays_python(name: str, question: str) -> None:
    snippet = environment().get_template(f"partials/{name}.md").render(repo="me/model", question=question)
    blocks = [token.content for token in MARKDOWN.parse(snippet) if token.type == "fence"]
    assert len(blocks) == 1
    strings = {node.value for node in ast.walk(ast.parse(blocks[0])) if isinstance(node, ast.Constant)}
    assert question in strings
    assert all(letter in blocks[0] for letter in question if letter.isalpha())
