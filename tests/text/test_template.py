"""Templates with parts that depend on a value."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.text.template import fill, needed, parse, placeholders, with_names

ALPACA = "{instruction}{% if input %}\n\n{input}{% endif %}"


@pytest.mark.parametrize("empty", ["", " \n", None])
def test_no_blank_tail_where_there_is_no_input(empty: str | None) -> None:
    values = {"instruction": "Sort.", "input": empty}
    assert fill(ALPACA, values) == "Sort." and needed(ALPACA, values) == ["instruction"]  # type: ignore[arg-type]
    assert fill(ALPACA, {"instruction": "Sort.", "input": "2 1"}) == "Sort.\n\n2 1"


def test_else_nesting_and_white_space() -> None:
    template = "{% if a.b %}{a.b}{% if c[0] %}, {c[0]}{% endif %}{% else %}nothing\n  {%- endif -%}  !"
    assert placeholders(template) == ["a.b", "c[0]"]
    for one, other in product(("x", ""), ("y", "")):
        wanted = f"x{', y' if other else ''}" if one else "nothing"
        assert fill(template, {"a.b": one, "c[0]": other}) == wanted + "!"
    assert with_names("{% if a %}{a}{% endif %}{{a}}", {"a": "t.a"}) == "{% if t.a %}{t.a}{% endif %}{{a}}"


@pytest.mark.parametrize(
    "template",
    ["{% if a %}", "{% endif %}", "{% else %}", "{% if a == 'x' %}y{% endif %}", "{% for x in a %}{% endfor %}"],
)
def test_tags_that_are_not_known_are_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r"a part of a template is \{% if column %\}"):
        parse(template)


@given(st.text("{}%abif \n", max_size=30))
def test_other_braces_stay(text: str) -> None:
    if not placeholders(text) and "{{" not in text:
        assert fill(text, {}) == text
