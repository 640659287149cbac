from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.text.masks import mask, unmask
from factory.text.segments import join, smaller, split

PIECES = [
    "```", "```python\n", "~~~\n", "\n```\n", "`x`", "``", "`", "$", "$$", "$$\n", "\\[", "\\]", "\\(", "\\)",
    "\\begin{a}", "\\end{a}", "{", "}", "[", "]", '{"a": "b"}', '["a"]', '"', "<p>", "</p>", "<br>", "<!--", "-->",
    "<script>", "</script>", "<|im_start|>user", "<|im_end|>", "[INST]", "|", "| a | b |\n", "|---|---|\n", "- ",
    "1. ", "# ", "> ", "\n", "\n\n", "    ", "\t", "  \n", "\r\n", "Some words here. ", "Hi",
    "for x in y:\n", "    x = f(1)\n", "https://a.org/b_(c)", "me@a.org", "%s", "{{x}}", "${X}", "<X>", "⟦1⟧", "[2]",
    "【٣】", "سلام ", "é", "\u2028", "\x0c", "\x85",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=30).map("".join) | st.text(max_size=80)


def units(text: str, **options) -> list[str]:
    return [part.text for part in split(text, **options) if part.translate]


@given(TEXTS, st.none() | st.integers(1, 40), st.booleans())
@settings(max_examples=400, deadline=None)
def test_the_parts_are_the_text(text, size, lines):
    parts = split(text, size, lines)
    assert join(parts) == text
    assert all(part.text for part in parts)
    for part in parts:
        if part.translate:
            assert part.text == part.text.strip() or size is not None
            assert join(smaller(part.text)) == part.text


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_a_translation_that_changes_nothing_gives_the_text(text):
    restored = [unmask(*mask(part.text)) if part.translate else part for part in split(text)]
    assert "".join(part.text for part in restored) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Run:\n```python\nx = 1\n```\nDone.", ["Run:", "Done."]),
        ("Run:\n~~~\nsome words\n~~~\nDone.", ["Run:", "Done."]),
        ("Run: ```js\nlet x;\n```\nDone.", ["Run:", "Done."]),
        ("- Run:\n  ```\n  ls\n  ```\n- Done.", ["Run:", "Done."]),
        ("> Run:\n> ```\n> ls it\n> ```\n> Done.", ["Run:", "Done."]),
        ("Run:\n````\n```\nwords\n```\n````\nDone.", ["Run:", "Done."]),
        ("```markdown\nA title\n```python\nx\n```\nThe end\n```\nDone.", ["Done."]),
        ("```x = 1\ny = 2```\nDone.", ["Done."]),
        ("First:\n```\nx = 1\n\ny = 2\n\nThat is all there is.", ["First:", "That is all there is."]),
        ("First:\n```\nwords in the middle", ["First:"]),
        ("See:\n\n    run this now\n\nDone.", ["See:", "Done."]),
        ("1. One:\n\n    go on with it\n\n2. Two", ["One:", "go on with it", "Two"]),
        ("    It was a dark night, and long ago.\n", ["It was a dark night, and long ago."]),
        ("Try this:\nimport os\nprint(os.name)\n\nIt works.", ["Try this:", "It works."]),
        ("#include <stdio.h>\nint main() {\n  return 0;\n}\nCompile it.", ["Compile it."]),
        ("body {\n  color: red;\n}\n\nThis is a style.", ["This is a style."]),
        ("{\n  name: 'x',\n  age: 3\n}\nis an object", ["is an object"]),
        ("for f in *.txt; do\n  cat $f\ndone\n\nThis loops.", ["This loops."]),
        ("The set is {\nnot a block", ["The set is {\nnot a block"]),
        ("SELECT name FROM people WHERE age > 3;", []),
        ("for example, this:\nis prose", ["for example, this:\nis prose"]),
        ("import duties are high", ["import duties are high"]),
        ("Select one from each group.", ["Select one from each group."]),
    ],
)
def test_code_stays(text, expected):
    assert units(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("So:\n$$\nx = \\frac{a}{b}\n$$\nwhere a is big.", ["So:", "where a is big."]),
        ("So:\n\\[\nx^2\n\\]\nDone.", ["So:", "Done."]),
        ("So:\n\\begin{align}\nx &= y \\\\\n\\text{if so}\n\\end{align}\nDone.", ["So:", "Done."]),
        ("\\begin{a}\\begin{a} one \\end{a} two \\end{a} three", ["three"]),
        ("Hence\ncos(C) = (a^2 + b^2) / 2ab\nDone.", ["Hence", "Done."]),
        ("x = 3", []),
        ("Costs $$ and time\n\nand $$ again.", ["Costs $$ and time", "and $$ again."]),
    ],
)
def test_formulas_stay(text, expected):
    assert units(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('Input:\n{"a": "some words",\n "b": [1, 2]}\nDone.', ["Input:", "Done."]),
        ('{"a": "some words"}\n{"a": "more words"}', []),
        ('["one", "two"]', []),
        ('Parse {"a": "b"} and print it.', ['Parse {"a": "b"} and print it.']),
        ("{not json: at all}", ["{not json: at all}"]),
        ("<div>\n  <p class='x'>Hello <b>there</b></p>\n</div>", ["Hello <b>there</b>"]),
        ("<script>\nlet words = 'a b';\n</script>\nHello", ["Hello"]),
        ("Use the <p> tag here.", ["Use the <p> tag here."]),
        ("<!-- a note -->\nHello", ["Hello"]),
        ("<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\nHi there<|im_end|>", ["Hello", "Hi there"]),
        ("<start_of_turn>user\nHello<end_of_turn>", ["Hello"]),
        ("<s>[INST] <<SYS>>\nBe kind\n<</SYS>>\nHello [/INST]", ["Be kind", "Hello"]),
        ("What does <|im_end|> mean?", ["What does <|im_end|> mean?"]),
    ],
)
def test_json_html_and_chat_tokens_stay(text, expected):
    assert units(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| Name | Age |\n|:--|--:|\n| Ann | 3 |\n\nDone.", ["Name", "Age", "Ann", "Done."]),
        ("Name | Town\nAnn | Rome\nBob | Oslo", ["Name", "Town", "Ann", "Rome", "Bob", "Oslo"]),
        ("Either a | b is meant.", ["Either a | b is meant."]),
        ("Name\tAge in years\nAnn\t3", ["Name", "Age in years\nAnn"]),
        ("| a\\|b words |\n|---|", ["a\\|b words"]),
        ("| say `x` or so | it |\n|---|---|", ["say `x` or so", "it"]),
    ],
)
def test_cells_are_units(text, expected):
    assert units(text) == expected


def test_markers_and_white_space_stay():
    text = "# Title\n\n> Quoted words\n\n- one\n  - [x] two\n10) three\n(a) four\n  five \n\n\n1.2. six"
    assert units(text) == ["Title", "Quoted words", "one", "two", "three", "four", "five", "six"]
    kept = "".join(part.text if not part.translate else "@" for part in split(text))
    assert kept == "# @\n\n> @\n\n- @\n  - [x] @\n10) @\n(a) @\n  @ \n\n\n1.2. @"


def test_a_paragraph_is_one_unit_unless_lines_are_asked_for():
    poem = "Roses are red,\nviolets are blue."
    assert units(poem) == [poem]
    assert units(poem, lines=True) == poem.split("\n")
    wrapped = "This paragraph was wrapped at a column, which means that\nits second line goes on with the first."
    assert units(wrapped, lines=True) == [wrapped]
    item = "- This item of a list was wrapped at a column, which means that\n  its second line goes on with the first."
    assert units(item) == [item[2:]]
    assert units("- an item\nA new line.") == ["an item", "A new line."]


def test_long_units_are_cut_between_sentences_and_never_inside_what_must_survive():
    text = "Dr. Who came. He saw `a. b. c` there! Then he left, as one does."
    assert units(text, max_characters=40) == ["Dr. Who came. He saw `a. b. c` there!", "Then he left, as one does."]
    assert units(text, max_characters=20)[:2] == ["Dr. Who came.", "He saw `a. b. c`"]
    assert units("See `one. Two. three. Four` and $a + b + c$ now", max_characters=8) == [
        "See", "`one. Two. three. Four`", "and", "$a + b + c$", "now",
    ][::2]  # fmt: skip
    assert units("word " * 50, max_characters=60) == [("word " * 12).strip()] * 4 + ["word word"]
    assert units("x" * 100, max_characters=10) == ["x" * 100]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("One. Two!", ["One.", "Two!"]), ("One. Two.\nThree.", ["One. Two.", "Three."]), ("One thing", ["One thing"])],
)
def test_smaller(text, expected):
    assert [part.text for part in smaller(text) if part.translate] == expected


ADVERSARIAL = [
    "`", "``` ", "```\n", "~~~\n", "```a\n", "$$\n", "\\[", "\\begin{a}", "{", "[\n", '["a",\n', '{"a":', "<a ",
    '<p "', "<!--", "<pre>\n", "| ", "a | b\n", "|-|\n", "- ", ">", "a", "a@", "a.", "http://a)", "/a", "\\a{", "{{",
    "a_", "⟦", " ", "\n", "    a\n", "a = 1\n", "if a", "Mr. ", "# a\n", "a:\n", "$a ", "%(",
]  # fmt: skip


@pytest.mark.timeout(20)  # what backtracks or starts over at every line takes minutes here; linear, a second
@pytest.mark.parametrize("bit", ADVERSARIAL)
def test_long_runs_of_one_thing_are_split_and_put_together(bit):
    text = (bit * (60_000 // len(bit) + 1))[:60_000]
    assert join(split(text, 500)) == text
    assert unmask(*mask(text)).text == text
