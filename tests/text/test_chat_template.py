"""Chat templates that can be read, and those that cannot, with their line."""

from __future__ import annotations

import pytest
from transformers.utils.chat_template_utils import _compile_jinja_template

from factory.models.train.templates import built_in, template_text
from factory.text.chat_template import template_fault


@pytest.mark.parametrize("name", built_in())
def test_those_that_come_with_the_factory(name: str) -> None:
    assert template_fault(template_text(name) or "") is None


@pytest.mark.parametrize(
    "text",
    [
        "{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{{ m | tojson(indent=2) }}{% endfor %}",
        "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}",
        "{{ raise_exception('no') if not messages }}{{ strftime_now('%Y') }}",
        "plain text",
        "",
    ],
)
def test_what_transformers_takes(text: str) -> None:
    _compile_jinja_template(text)
    assert template_fault(text) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{{ a", 1),
        ("{% for m in messages %}\n{% endif %}", 2),
        ("a\nb\n{% nonsense %}", 3),
        ("{% generation %}never ended", 1),
        ("\n{{ a | unheard_of }}", 2),
    ],
)
def test_what_transformers_does_not_take(text: str, line: int) -> None:
    from jinja2 import TemplateError

    with pytest.raises(TemplateError):
        _compile_jinja_template(text)
    assert str(template_fault(text)).startswith(f"line {line}: ")
