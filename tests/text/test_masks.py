from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from factory.text.masks import BRACKET, TAG, mask, unmask
from factory.text.passages import needs_translation


@pytest.mark.parametrize(
    ("text", "originals"),
    [
        ("run `ls -l` or ``a`b``", ["`ls -l`", "``a`b``"]),
        ("if $x^2$ and $n$ or \\(a+b\\)", ["$x^2$", "$n$", "\\(a+b\\)"]),
        ("between $5 and $10, or $12 + $14 = $26", []),
        ("$3 million in US$ terms", []),
        ("see https://a.org/x_(y), or (http://b.c/d?e=f).", ["https://a.org/x_(y)", "http://b.c/d?e=f"]),
        ("at www.a.com. Or example.org!", ["www.a.com", "example.org"]),
        ("on bbc.co.uk, in main.py-Datei", ["bbc.co.uk", "main.py"]),
        ("$HOME or $PATH", ["$HOME", "$PATH"]),
        ("where $ x_1 = 2 $ and $(1, 2)$", ["$ x_1 = 2 $", "$(1, 2)$"]),
        ("pay $ 5 and $ 10", []),
        ("doi https://doi.org/10.1/arXiv.2. End", ["https://doi.org/10.1/arXiv.2"]),
        ("write to me.you@a-b.co.uk.", ["me.you@a-b.co.uk"]),
        ("by @joe_x, not a@b", ["@joe_x"]),
        ("a <b class='x'>bold</b> &amp; <br/> x < y > z", ["<b class='x'>", "</b>", "&amp;", "<br/>"]),
        ("Hi {name}, {{ user }}, ${HOME}, {0}, <X>", ["{name}", "{{ user }}", "${HOME}", "{0}", "<X>"]),
        ("%s is %(n)d, %1$s, %.2f; 50% of it, 5 % done", ["%s", "%(n)d", "%1$s", "%.2f"]),
        ("in /usr/bin/env, ~/x.txt, src/a/b.py, main.py", ["/usr/bin/env", "~/x.txt", "src/a/b.py", "main.py"]),
        ("and/or, 1/2, km/h, e.g. this, U.S. too, 8 a.m. now, end.Next", []),
        ("C:\\Users\\me is it", ["C:\\Users\\me"]),
        ("call f_x, nextInt and run()", ["f_x", "nextInt", "run()"]),
        ("an iPhone, McDonald and the ____ blank", []),
        ("version 1.2.3 of v2.0, pi 3.14, 1,000", ["1.2.3", "v2.0"]),
        ("the \\alpha of \\frac{a}{b} is", ["\\alpha", "\\frac{a}{b}"]),
        ("as in [1] and [MASK], dear [your name]", ["[1]", "[MASK]"]),
        ("[the text](https://a.org) here", ["https://a.org"]),
        ('take {"a": [1, "b"]} as input', ['{"a": [1, "b"]}']),
        ("what <|im_end|> does", ["<|im_end|>"]),
        ("colour #ff00a1 with #tag", ["#ff00a1"]),
        ("⟦7⟧ was there, and 【 ٢ 】", ["⟦7⟧", "【 ٢ 】"]),
    ],
)
def test_what_is_masked(text, originals):
    masked = mask(text)
    assert list(masked.originals) == originals
    assert unmask(*masked) == (text, (), (), ())
    assert mask(text, TAG)[1][: len(originals)] == masked.originals or "⟦" in text or "[1]" in text
    assert unmask(*mask(text, TAG), TAG).text == text


@given(st.text(alphabet=st.sampled_from("⟦⟧[]【】<x1/>٢ ab`{}$.\\n_"), max_size=40))
@example("⟧1<a>")
def test_sentinels_in_a_text_are_never_taken_for_ours(text):
    for form in (BRACKET, TAG):
        masked = mask(text, form)
        restored = unmask(*masked, form)
        assert restored.ok and restored.text == text


@pytest.mark.parametrize(
    "answer", ["⟦1⟧ ⟦2⟧", "⟦ 1 ⟧ ⟦2 ⟧", "⟦١⟧ ⟦۲⟧", "【1】 ［２］", "[1] ⟦2]", "⟧1⟦ 〚2〛", "⟦2⟧ ⟦1⟧"]
)
def test_harmless_changes_are_understood(answer):
    restored = unmask(answer, ["`a`", "`b`"])
    assert restored.ok and sorted(restored.text.split()) == ["`a`", "`b`"]


def test_losses_and_inventions_are_named():
    assert unmask("⟦1⟧", ["a", "b"]) == ("a", ("b",), (), ())
    assert unmask("⟦1⟧ ⟦1⟧ ⟦2⟧", ["a", "b"]) == ("a a b", (), ("a",), ())
    assert unmask("⟦1⟧ ⟦3⟧ ⟦0⟧", ["a"]) == ("a ⟦3⟧ ⟦0⟧", (), (), ("⟦3⟧", "⟦0⟧"))
    assert unmask("⟦1⟧", []).unknown == ("⟦1⟧",)
    assert str(unmask("1 ⟦9⟧", ["`a`"])) == "missing `a`; unknown ⟦9⟧"


def test_equal_originals_may_stand_in_for_each_other():
    assert unmask("⟦1⟧ ⟦1⟧", ["`a`", "`a`"]).ok


def test_tags_are_read_as_leniently():
    masked = mask("run `ls` at {x}", TAG)
    assert masked.text == "run <x1/> at <x2/>"
    assert unmask("عند <x2 /> نفذ < x ١ / >", masked.originals, TAG).text == "عند {x} نفذ `ls`"


@given(st.permutations(range(1, 6)), st.lists(st.integers(1, 5)))
def test_the_multiset_is_what_counts(order, extra):
    originals = [f"`{n}`" for n in range(1, 6)]
    assert unmask(" ".join(f"⟦{n}⟧" for n in order), originals).ok
    found = unmask(" ".join(f"⟦{n}⟧" for n in [*order, *extra]), originals)
    assert sorted(found.repeated) == sorted(f"`{n}`" for n in extra) and not found.missing


@pytest.mark.parametrize(
    ("text", "needed"),
    [("", False), ("12 + 3 = 15", False), ("`a` {b}: https://c.d", False), ("C", False), ("سلام", True), ("و", True),
     ("No", True), ("`a` is", True), ("x = y + 2", False), ("U ⊃ Z", False), ("I, II", False), ("n log n", False)],
)  # fmt: skip
def test_needs_translation(text, needed):
    assert needs_translation(text) is needed
