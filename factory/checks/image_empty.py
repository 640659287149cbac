"""Pictures of no bytes."""

from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import ImageCheck
from factory.images.facts import Facts


class ImageEmpty(ImageCheck):
    """1 for a picture of some bytes, 0 for a place in which there is none."""

    direction: ClassVar[Literal["min", "max"]] = "min"

    min: float = Field(1, ge=0, le=1)

    def measure_image(self, image: Facts) -> float | None:
        return float(image.size > 0)

    def explain(self, score: float) -> str:
        return "there are no bytes"
