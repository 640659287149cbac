"""Chat templates as programs in Jinja: whether one can be read at all."""

from functools import cache
from typing import Any, ClassVar


def template_fault(text: str) -> str | None:
    """Where and why a chat template cannot be read, by the rules that transformers sets; None: it can.

    >>> template_fault("{% for m in messages %}{{ m.content }}{% endfor %}"), template_fault("a\\n{{ b }")
    (None, "line 2: unexpected '}'")
    """
    from jinja2 import TemplateSyntaxError

    try:
        _environment().compile(text)
    except TemplateSyntaxError as error:
        return f"line {error.lineno}: {error.message}"
    return None


@cache
def _environment() -> Any:
    """As transformers' chat_template_utils makes it, with a tag that marks what the assistant says."""
    from jinja2.ext import Extension, loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        tags: ClassVar[set[str]] = {"generation"}

        def parse(self, parser: Any) -> Any:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    return ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
