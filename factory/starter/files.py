"""Files that a recipe is written as, with what stands beside it."""

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.errors import UsageError

FOLDER = Path(__file__).parent
_PLAIN = re.compile(r"[A-Za-z_][\w./-]*|\.{0,2}/[\w./-]+")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}  # which YAML may take for other than text


def rendered(template: str, **values: Any) -> str:
    """A template of this room filled in; `yaml` writes a text as YAML does, `braced` as a place of a prompt."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)  # YAML: no HTML
    environment.filters.update(yaml=scalar, braced=lambda name: scalar(f"{{{name}}}"))
    return environment.from_string((FOLDER / template).read_text("utf-8")).render(**values)


def scalar(text: str) -> str:
    """
    >>> scalar("question"), scalar("Option 1"), scalar("no")
    ('question', '"Option 1"', '"no"')
    """
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


def write(files: Mapping[Path, str], *, force: bool = False) -> None:
    """Write all or none of them. What is there already with the same content stays as it is.

    Raises:
        UsageError: one is there with other content.
    """
    for path, text in files.items():
        if path.is_dir() or (path.exists() and not force and path.read_text("utf-8", errors="replace") != text):
            raise UsageError(f"{path} is there already", fix="give another place, or --force to write over it")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def called(path: Path) -> str:
    """What commands call the recipe: its name where that says where it is, else its path, quoted for a shell."""
    here = path.parent in (Path(), Path("recipes")) and path.suffix == ".yaml"
    return shlex.quote(path.stem if here else str(path))
