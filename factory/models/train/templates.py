"""Chat templates: those that come with the factory, and those that lie beside a recipe."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

from factory.step.base import text_beside
from factory.text.chat_template import template_fault

FOLDER = Path(__file__).parent / "templates"


def built_in() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.jinja"))


def _known(value: str, info: ValidationInfo) -> str:
    if value in built_in():
        return value
    text = value if "{" in value else ""
    if not text and value.endswith(".jinja"):
        text = text_beside(value, (info.context or {}).get("folders", [Path()]), "template")
    if text:
        if fault := template_fault(text):
            raise ValueError(f"the chat template cannot be read: {fault}")
        return text
    raise ValueError(f"unknown chat template {value!r}: give a .jinja file or one of {', '.join(built_in())}")


ChatTemplate = Annotated[str, AfterValidator(_known)]
"""A built-in template's name, a ``.jinja`` file beside the recipe, or the template itself."""


def template_text(value: str | None) -> str | None:
    """The Jinja text of a `ChatTemplate`: what goes into tokenizers and fingerprints; None for none."""
    named = value is not None and "{" not in value
    return (FOLDER / f"{value}.jinja").read_text(encoding="utf-8") if named else value
