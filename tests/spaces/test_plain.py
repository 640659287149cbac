"""Texts on the page: no HTML, no pictures, and what was written comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plain

TEXTS = st.text(st.sampled_from("a <b>!/[]()`~\n-مِ"), max_size=80)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1 < 2 and <b>bold</b>", r"1 < 2 and \<b>bold\</b>"),
        ("<!-- x --><?php", r"\<!-- x -->\<?php"),
        ("![x](http://a.example/x.png)", r"\![x](http://a.example/x.png)"),
        ("`<b>` and ``a ` <i>``", "`<b>` and ``a ` <i>``"),
        ("```html\n<b>\n```\n<i>", "```html\n<b>\n```\n\\<i>"),
        ("~~~\n<b>", "~~~\n<b>"),
        (r"\\<b>", r"\\\<b>"),
        ("<![x](y)", r"\<\![x](y)"),
    ],
)
def test_tags_and_pictures_are_text_outside_code(text: str, shown: str) -> None:
    assert plain.shown(text) == shown and plain.meant(shown) == text


@given(TEXTS)
def test_what_was_written_comes_back(text: str) -> None:
    assert plain.meant(plain.shown(text)) == text
