"""What of a card's Markdown and HTML becomes a page, and that nothing else does."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from factory.local_hub.rendering import ALERTS, ATTRIBUTES, TAGS, first_words, markdown


def test_html_of_the_list_is_html_and_other_tags_are_text() -> None:
    assert markdown("<!-- hidden -->\n\ntext <b>x</b>\n").strip() == '<p dir="auto">text <b>x</b></p>'
    assert "answers in &lt;think&gt; tags" in markdown("answers in <think> tags")
    for tag in ("iframe src=x", "svg onload=x", "form action=x", "style", "object data=x", "meta", "base href=x"):
        assert f"&lt;{tag}" in markdown(f"<{tag}>\n\n`code`"), tag
    folded = "<details><summary>More</summary>\n\n| a |\n| --- |\n| **b** |\n\n</details>"
    assert re.search(r"<details><summary>More</summary>\s*<table>.*<strong>b</strong>.*</details>", _flat(folded))


def test_links_in_markdown_and_html_lead_into_the_repo() -> None:
    text = (
        '[w](w.txt) ![p](p.png) <a href="dir/x.txt">x</a> <img src="q.png" width="70%"> [h](#top) [e](https://e.org)'
    )
    page = markdown(text, lambda target, image: f"/{'resolve' if image else 'blob'}/{target}")
    assert re.findall(r'(?:href|src)="([^"]*)"', page) == [
        "/blob/w.txt", "/resolve/p.png", "/blob/dir/x.txt", "/resolve/q.png", "#top", "https://e.org",
    ]  # fmt: skip
    assert 'width="70%"' in page


def test_columns_of_numbers_keep_their_alignment_without_a_style() -> None:
    page = markdown("| a | b |\n| --- | ---: |\n| 1 | 2 |")
    assert page.count('align="right"') == 2 and "style" not in page


def test_headings_can_be_linked_to_and_alerts_are_boxes() -> None:
    assert 'id="how-to-use-vllm"' in markdown("# How to use: **vLLM**")
    page = markdown("> [!WARNING]\n> **Hot**")
    assert re.sub(r"\s+", " ", page).startswith(
        '<blockquote dir="auto" class="alert warning"> <p dir="auto"><strong>Hot'
    )
    assert "[!LOUD]" in markdown("> [!LOUD]\n> x")


def test_the_first_words_are_those_of_the_first_sentence() -> None:
    card = "# Title\n\n![p](p.png)\n\n> a quote that is longer than that\n\n<p>html</p>\n\n"
    card += "Pairs of [two](x) languages, `checked`."
    assert first_words(card) == "Pairs of two languages, checked."
    assert first_words("# Title") == "" and len(first_words("word " * 200, 50)) <= 50


MARKUP = """<script>
</script>
<img src=x onerror=alert(1)>
<a href='javascript:alert(1)'>
<a href="data:text/html,x">
<svg/onload=alert(1)>
<math><mtext>
<table><tr><td>
</td></tr></table>
<details open ontoggle=alert(1)>
<style>@import 'x'</style>
<b
>
<!--
-->
`
> \x20
[x](javascript:a)
&#106;avascript:
<![CDATA[
]]>
<?php
<noscript><p title="</noscript><img src=x onerror=alert(1)>">"""
PIECES = [*MARKUP.splitlines(), "\n\n", "```\n", "| a |\n| --- |\n", "\0"]


class Seen(HTMLParser):
    """Fails at the first tag, attribute or address that is not on the list."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        for name, value in attrs:
            allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())
            assert name in allowed or (tag == "blockquote" and set((value or "").split()) <= {"alert", *ALERTS}), name
            if name in ("href", "src"):
                assert not re.match(r"\s*(javascript|data|vbscript):", value or "", re.IGNORECASE)


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=12).map("".join))
def test_whatever_a_card_holds_nothing_beyond_the_list_comes_out(text: str) -> None:
    Seen().feed(markdown(text))


def _flat(text: str) -> str:
    return markdown(text).replace("\n", " ")
