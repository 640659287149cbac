from __future__ import annotations

import doctest
import importlib
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.text import arabic, chat, segments, structure, template
from factory.text.digest import digest
from factory.text.passages import prose, view
from factory.text.scripts import letters, script_shares

TEXT = st.text(max_size=200)
MIXED = st.text(alphabet=st.sampled_from("abc XYZ سلام َِ ـ أإآة 12٣٤ .,،؟\n-*`{}<>%"), max_size=120)


MODULES = """arabic chat code_lines code_spans column conversations counts digest inline json_text language_tasks
languages lexicon answering personal phrases insults masks numbers passages scripts segments sentences structure tables
template trigrams"""


@pytest.mark.parametrize("name", MODULES.split())
def test_examples(name):
    module = importlib.import_module(f"factory.text.{name}")
    assert doctest.testmod(module).failed == 0


@given(MIXED | TEXT)
def test_paragraphs_join_to_the_text(text):
    pieces = segments.paragraphs(text)
    assert "".join(pieces) == text
    assert all(not piece.strip() for piece in pieces[1::2])


@given(MIXED | TEXT)
def test_folding_twice_changes_nothing(text):
    assert arabic.fold(arabic.fold(text)) == arabic.fold(text)
    assert arabic.normalize(arabic.normalize(text)) == arabic.normalize(text)


@given(st.text(alphabet="سلامعليكم", min_size=1), st.lists(st.sampled_from("ًٌٍَُِّْـ"), min_size=1))
def test_vowel_marks_do_not_count(word, marks):
    marked = "".join(letter + mark for letter, mark in zip(word, marks, strict=False)) + word[len(marks) :]
    assert arabic.normalize(marked) == arabic.normalize(word)


@given(st.lists(TEXT | MIXED, max_size=8))
def test_script_shares_are_those_of_each_text_alone(texts):
    shares = script_shares(texts, "ar")
    assert shares.tolist() == [script_shares([text], "ar")[0] for text in texts]
    for text, share in zip(texts, shares, strict=True):
        shared = letters("Zyyy") | letters("Zinh")
        every = [c for c in text if unicodedata.category(c)[0] == "L" and ord(c) < 0xFFFF and not shared[ord(c)]]
        own = sum(letters("Arab")[ord(c)] for c in every)
        assert share == pytest.approx(own / len(every) if every else 1.0)


@pytest.mark.parametrize(
    ("text", "language", "share"),
    [
        ("Привет мир", "ru", 1.0),
        ("Ωραία ok", "el", 5 / 7),
        ("ə ɓ ɗ ŋ", "az", 1.0),
        ("日本のカナ", "ja", 1.0),
        ("नमस्ते", "hi", 1.0),
        ("Grüße", "de", 1.0),
    ],
)
def test_other_languages(text, language, share):
    assert script_shares([text], language).tolist() == [share]


@given(TEXT)
def test_filling_is_one_pass(text):
    filled = template.fill("[{text}|{other}]", {"text": text, "other": "{text}"})
    assert filled == f"[{text}|{{text}}]"


@given(TEXT | MIXED)
def test_pieces_say_what_fill_does(text):
    values = {name: f"<{name}>" for name in template.placeholders(text)}
    joined = "".join(values[piece] if is_name else piece for is_name, piece in template.pieces(text))
    assert joined == template.fill(text, values)


STRUCTURED = """# Title
See https://example.com/a?b=1, or www.test.org.
1. Run `pip install x`
2) Set {name} and ${HOME}, then %s or <br/>
- item
```python
x = {"a": 1}  # 1000
```
It cost 1,250.50 in ١٩٩٥."""


def test_what_structure_sees():
    seen = view(STRUCTURED)
    assert structure.code(seen) == Counter(['x = {": 1}  #'])
    assert structure.inline_code(seen) == Counter(["pip install x"])
    assert structure.urls(seen) == Counter(["https://example.com/a?b=1", "www.test.org"])
    assert structure.placeholders(seen) == Counter(["{name}", "${HOME}", "%s", "<br/>"])
    assert structure.emails(view("Write to a.b@example.org.")) == Counter(["a.b@example.org"])
    assert structure.list_markers(seen) == Counter(["#", "1.", "2.", "-"])
    assert "pip" not in prose(STRUCTURED) and "It cost" in prose(STRUCTURED)


def test_an_unclosed_fence_reaches_the_end():
    assert structure.code(view("text\n```\ncode\nmore")) == Counter(["code\nmore"])
    assert prose("text\n~~~\ncode").strip() == "text"


@given(TEXT | MIXED)
def test_structure_of_any_text_equals_itself(text):
    for find in structure.KINDS.values():
        assert structure.overlap(find(view(text)), find(view(text))) == 1.0


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_overlap_is_symmetric_and_one_only_for_equals(one, other):
    share = structure.overlap(Counter(one), Counter(other))
    assert share == structure.overlap(Counter(other), Counter(one))
    assert 0 <= share <= 1 and (share == 1) == (Counter(one) == Counter(other))


def test_chat_tokens_count_only_where_the_source_has_them_not():
    assert chat.leaked_tokens("explain <|im_end|>", "اشرح <|im_end|>") == []
    assert chat.leaked_tokens("explain <|im_end|>", "<|im_end|> <|im_end|>") == ["<|im_end|>"]
    assert chat.leaked_tokens("if a < b", "if a <b> < c |> [INSTALL]") == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(JSON, max_size=4), st.lists(JSON, max_size=4))
def test_digests_are_equal_for_equal_values_alone(one, other):
    def same(a, b):  # True and 1 are equal in Python, not as values
        return repr(a) == repr(b)

    assert (digest(one) == digest(other)) == same(one, other)
    assert digest(one, "salt") != digest(one)
