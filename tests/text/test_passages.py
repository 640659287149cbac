from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from factory.text.column import Texts
from factory.text.passages import PROSE, divide, prose, prose_columns, prose_pair, view, views
from factory.text.segments import split
from factory.text.structure import KINDS, overlap
from tests.text.test_segments import ADVERSARIAL, PIECES, TEXTS

LINES = st.lists(st.sampled_from([piece if piece.endswith("\n") else piece + "\n" for piece in PIECES]), max_size=12)


@given(TEXTS | LINES.map("".join), TEXTS)
@settings(max_examples=300, deadline=None)
def test_the_passages_are_the_text(text, target):
    source, translation = views(text, target)
    assert "".join(piece.text for piece in source.passages) == text
    assert "".join(piece.text for piece in translation.passages) == target
    assert "".join(piece.text for piece in divide(text)) == text
    assert all(piece.text for piece in source.passages if text)


@given(TEXTS | LINES.map("".join))
@settings(max_examples=300, deadline=None)
@example("import os")
@example("a sentence\n\n    indented code(x)")
@example("- SELECT name FROM items")
def test_what_has_no_sign_is_all_prose(text):
    """The cheap test must not miss what a close look finds."""
    seen = view(text)
    if seen.is_prose:
        kinds = {piece.kind for piece in split(text)}
        assert kinds <= {PROSE, "text", "space", "marker", "table"} and seen.prose == text


@given(TEXTS | LINES.map("".join))
@settings(max_examples=200, deadline=None)
def test_a_copy_has_the_passages_of_its_source(text):
    source, copy = views(text, text)
    assert source.prose.split() == copy.prose.split()
    assert all(overlap(find(source), find(copy)) == 1.0 for find in KINDS.values())


@given(st.lists(st.tuples(st.none() | TEXTS, TEXTS), max_size=8))
@settings(max_examples=100, deadline=None)
def test_columns_have_the_prose_of_their_rows(pairs):
    sources, targets = Texts([pair[0] for pair in pairs]), Texts([pair[1] for pair in pairs])
    rows, before, after = prose_columns(sources, targets)
    found = dict(enumerate(pairs)) | dict(zip(rows.tolist(), zip(before.given, after, strict=True), strict=True))
    assert [*found.values()] == [prose_pair(*pair) for pair in pairs]  # those left out are all prose
    assert prose_columns(sources, targets)[1] is before  # found out once


@pytest.mark.timeout(20)  # what backtracks or starts over at every line takes minutes here; linear, a second
@pytest.mark.parametrize("bit", ADVERSARIAL)
def test_long_runs_of_one_thing_are_seen_in_linear_time(bit):
    text = (bit * (40_000 // len(bit) + 1))[:40_000]
    source, target = views(text, text)
    assert "".join(piece.text for piece in source.passages) == text
    assert overlap(KINDS["code"](source), KINDS["code"](target)) == 1.0


CODE = {
    "python": "def area(width, height):\n    # both in metres\n    return width * height",
    "class": 'class Dog:\n    """It barks."""\n\n    def bark(self):\n        print("woof")',
    "sql": "SELECT name, price\nFROM items\nWHERE price > 10;",
    "javascript": "function add(a, b) {\n  // both\n  return a + b;\n}\nconsole.log(add(1, 2));",
    "rust": "fn main() {\n    let mut total = 0;\n    total += 1;\n}",
    "go": 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("hello")\n}',
    "shell": "pip install numpy\npython main.py --all",
    "docker": "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN pip install x",
    "toml": '[package]\nname = "demo"\nversion = "0.1.0"',
    "trace": 'Traceback (most recent call last):\n  File "main.py", line 3, in <module>\nValueError: bad value',
    "css": "body {\n  color: red;\n}",
}


def indented(code: str, by: str) -> str:
    return "\n".join(by + line if line else line for line in code.split("\n"))


CONTAINERS = {
    "fence": lambda code: f"```\n{code}\n```",
    "four": lambda code: f"````\n{code}\n````",
    "tildes": lambda code: f"~~~~\n{code}\n~~~~",
    "item": lambda code: f"- One:\n\n  ```\n{indented(code, '  ')}\n  ```\n- Two",
    "numbered": lambda code: f"1. One:\n\n{indented(code, '   ')}\n\n2. Two",
    "deep": lambda code: f"1. One:\n\n{indented(code, '       ')}\n\n2. Two",
    "quote": lambda code: "\n".join("> " + line for line in code.split("\n")),
    "quoted fence": lambda code: "> ```\n" + "\n".join("> " + line for line in code.split("\n")) + "\n> ```",
    "pre": lambda code: f"<pre>\n{code}\n</pre>",
    "verbatim": lambda code: f"\\begin{{verbatim}}\n{code}\n\\end{{verbatim}}",
    "plain": lambda code: code,
    "indented": lambda code: indented(code, "    "),
    "tabs": lambda code: indented(code, "\t"),
    "unclosed": lambda code: f"```\n{code}",
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_code_is_code_wherever_it_stands(container, end):
    for language, code in CODE.items():
        text = f"Here it is.\n\n{CONTAINERS[container](code)}\n".replace("\n", end)
        units = [part.text for part in split(text) if part.translate]
        assert units in (["Here it is."], ["Here it is.", "One:", "Two"]), (language, units)
        assert {*prose(text).replace(">", " ").split()} <= {"Here", "it", "is.", "-", "One:", "Two", "1.", "2."}


@pytest.mark.parametrize(
    "text",
    [
        "for example, this one",
        "import duties are high",
        "ingredients:\n  - flour\n  - sugar",
        "$3 million and $4 million",
        "[Verse 1]\nI walk alone",
        "> He said this.\n> And that.",
        "    It was a dark night, and long ago.",
        "    كانت الليلة مظلمة قبل زمن طويل.\n    ثم أشرقت الشمس من جديد.",
        "let us go, he said",
        "A type of bird",
        "1. from the north",
        "Find $ 5 and 10 %",
    ],
)
def test_prose_is_prose(text):
    assert "".join(prose(text).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$A = \\begin{matrix}1\\end{matrix}$", [("$A = \\begin{matrix}1\\end{matrix}$", "math")]),
        ("[asy]\ndraw(a);\n[/asy]", [("[asy]\ndraw(a);\n[/asy]", "code")]),
        ("Open the file main.py.", [("main.py", "file")]),
        ("Run a.py. Then wait.", [("a.py", "file")]),
        ("në vende p.sh. në Paro, p.sh. “Taxi”", []),
        ("See example.com.", [("example.com", "file")]),
        ("استدعِ foo() وbar() و$b$", [("foo()", "name"), ("bar()", "name"), ("$b$", "math")]),
        ("用foo()调用main.py。", [("foo()", "name"), ("main.py", "file")]),
        ("Mail a@b.org or see https://a.org/x.", [("a@b.org", "email"), ("https://a.org/x", "url")]),
        ("Dear {name}, <b>50&nbsp;%", [("{name}", "placeholder"), ("<b>", "tag"), ("&nbsp;", "entity")]),
    ],
)  # fmt: skip
def test_what_stands_within_prose(text, found):
    kinds = [(piece.text, piece.kind) for piece in view(text).passages if piece.kind != PROSE]
    assert kinds == found


@pytest.mark.parametrize(
    ("source", "target", "same"),
    [
        ("```\nx = 'a word'  # why\n```", "```\nx = 'كلمة'  # لماذا\n```", True),
        ("```\nx = 1\n```", "```\nx = 2\n```", False),
        ("```\nget('https://a.org')\n```", "```\nget('https://b.org')\n```", False),
        ('def f(x):\n    """Twice."""\n    return x', 'def f(x):\n    """الضعف."""\n    return x', True),
        ('{"name": "Ali", "age": 3}', '{"name": "علي", "age": 3}', True),
        ('{"name": "Ali", "age": 3}', '{"name": "علي", "age": 4}', False),
        ('{"name": "Ali"}', '{"اسم": "Ali"}', False),
        ("If $x = 3$ then", "إذا كان \\(x = ٣\\) فإن", True),
        ("If $x = 3$ then", "إذا كان $y = 3$ فإن", False),
        ("$v = 2 \\text{ metres}$", "$v = 2 \\text{ متر}$", True),
        ("About $80\\%$ passed", "نجح نحو 80٪", True),
        ("<<title of the poem>>", "<<عنوان القصيدة>>", True),
        ("    x = 1\n    print(x)", "    x = 1\n    print(x)", True),
        ("$a, b$ and $\\dfrac1x \\leq 2$", "$a$ و $b$ و \\(\\frac{1}{x} \\le ٢\\)", True),
        ("$(x-2)(x+3)$", "$(x-2)(x-3)$", False),
        ("<br> <city>", "<br> <مدينة>", True),
        ("<br> <b>city</b>", "<b>مدينة</b>", False),
        ("name: build\non:\n  push: main", "name: build\non:\n  push: main", True),
    ],
)
def test_words_may_change_and_nothing_else(source, target, same):
    before, after = views(source, target)
    assert all(overlap(find(before), find(after)) == 1.0 for find in KINDS.values()) is same


@pytest.mark.parametrize(
    ("text", "prose_of_it"),
    [
        ("Thus\n$$x = 4$$\nand so on", "Thus and so on"),
        ("Thus\n\n\\[x = 4\\]\n\n1. One", "Thus \n1. One"),
        ("1. $x$\n2. $y$", "1.  \n2.  "),
    ],
)
def test_a_display_is_part_of_its_sentence(text, prose_of_it):
    assert prose(text) == prose_of_it


def test_copied_lines_are_code_where_they_look_more_like_it_than_like_prose():
    source, target = "Use this, please:\narr.sort(reverse=True)", "استخدم هذا من فضلك:\narr.sort(reverse=True)"
    assert [part.strip() for part in prose_pair(source, target)] == ["Use this, please:", "استخدم هذا من فضلك:"]
    assert prose_pair("See <b>her</b>:\nWe went home.", "<b>:\nWe went home.")[1].endswith("We went home.")
