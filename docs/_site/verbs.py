"""Prints docs/verbs.md from the code: `python docs/_site/verbs.py > docs/verbs.md`."""

import inspect
import re
from typing import Any

from factory.steps import verbs

HEAD = """\
# Verbs

Every verb that a recipe's `steps` may hold, with its parameters, as the code has them. A parameter without a default
must be given. Several of them at work: [recipes](recipes.md#steps), [filtering](filtering.md),
[translation](translation.md), [training](training.md).

This page is written by `python docs/_site/verbs.py > docs/verbs.md`.
"""


def page() -> str:
    parts = [HEAD, " · ".join(f"[`{name}`](#{name})" for name in sorted(verbs())) + "\n"]
    for name, verb in sorted(verbs().items()):
        parts.append(f"## {name}\n\n{_text(inspect.getdoc(verb) or '')}\n")
        if rows := [_row(name, field) for name, field in verb.model_fields.items()]:
            parts.append("\n".join(["| parameter | default | what it says |", "| --- | --- | --- |", *rows]) + "\n")
    return "\n".join(parts)


def _row(name: str, field: Any) -> str:
    default = "" if field.is_required() else _default(field.get_default(call_default_factory=True))
    return f"| `{field.alias or name}` | {default} | {_cell(_text(field.description or ''))} |"


def _default(value: Any) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return "none"
    if isinstance(value, list) and all(hasattr(item, "name") for item in value):
        value = ", ".join(item.name for item in value)
    return f"`{_cell(str(value))}`"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def _text(text: str) -> str:
    """reStructuredText's ``code`` as Markdown's; braces and angles are text."""
    return text.replace("``", "`")


if __name__ == "__main__":
    print(page(), end="")
