"""Pictures that are none, or of another type than their name says."""

from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import ImageCheck
from factory.images.facts import Facts


class ImageType(ImageCheck):
    """1 for the type that the name says, or no name; 0.5 for another type; 0 for what is no picture.

    The first bytes tell the type. Costs nothing: a few bytes are compared.
    """

    direction: ClassVar[Literal["min", "max"]] = "min"

    min: float = Field(1, ge=0, le=1)

    def measure_image(self, image: Facts) -> float | None:
        if not image.size:
            return None
        if image.kind is None:
            return 0.0
        return 1.0 if image.claimed in (None, image.kind) else 0.5

    def explain(self, score: float) -> str:
        return "no picture, by its first bytes" if score < 0.5 else "not of the type that its name says"
