"""Checks of texts and translations, one file each; its name is what `filter` takes. Pure functions of text."""

from __future__ import annotations

from functools import cache
from typing import Any

from factory.checks.base import Check
from factory.errors import nearest
from factory.resources import one_a_module

__all__ = ["DEFAULT", "IMAGES", "Check", "checks", "parse_check"]

DEFAULT = (
    "empty", "script", "language", "source_language", "mixed_script", "length_ratio", "repetition", "echo",
    "untranslated",
    "refusal", "chat_tokens", "answered", "language_task", "dropped", "added", "wrapped", "garbled", "unfinished",
    "structure", "urls", "numbers", "entities", "symbols", "lexicon", "repeated_target",
)  # fmt: skip


IMAGES = (
    "image_empty", "image_type", "image_broken", "image_truncated", "image_pixels", "image_animated", "image_depth",
    "image_ratio", "image_blank", "image_markers",
)  # fmt: skip


@cache
def checks() -> dict[str, type[Check]]:
    """All checks by name."""
    found = one_a_module(__name__, Check)
    return {name: check for name, check in found.items() if check.__module__ != Check.__module__}


def parse_check(value: Any) -> Check:
    """A check as a recipe writes it: ``script`` or ``{script: {min: 0.7}}``.

    Raises:
        ValueError: no such check, or wrong parameters.
    """
    from pydantic import ValidationError

    if isinstance(value, Check):
        return value
    name, parameters = value, {}
    if isinstance(value, dict) and len(value) == 1:
        name, parameters = next(iter(value.items()))
    if not isinstance(name, str) or not isinstance(parameters or {}, dict):
        raise ValueError("a check is a name, or one name with its parameters: {script: {min: 0.7}}")
    if name not in checks():
        raise ValueError(f"no check {name!r}{nearest(name, checks(), 99)}")
    try:
        return checks()[name].model_validate(parameters or {})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        fields = ", ".join(checks()[name].model_fields)
        hint = f"; valid: {fields}" if first["type"] == "extra_forbidden" else ""
        raise ValueError(f"{name}: {place}: {first['msg']}{hint}") from None
