"""The suffix that tells a translation's column from its source's: ``instruction`` and ``instruction_ar``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, ValidationInfo

if TYPE_CHECKING:
    from factory.step.job import Job


def _from_recipe(value: str | None, info: ValidationInfo) -> str | None:
    """Where the recipe's language is known while it is read, the default is settled there."""
    language = (info.context or {}).get("language")
    if value is None and isinstance(language, dict) and isinstance(language.get("target"), str):
        return f"_{language['target']}"
    return value


Suffix = Annotated[str | None, AfterValidator(_from_recipe)]


def suffix_of(suffix: str | None, job: Job) -> str:
    return suffix if suffix is not None else f"_{job.language['target']}"
