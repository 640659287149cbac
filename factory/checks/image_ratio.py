"""Stripes."""

from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import ImageCheck
from factory.images.facts import Facts


class ImageRatio(ImageCheck):
    """The longer side divided by the shorter one. Limit: 200, from which Qwen2-VL's processor refuses a picture.

    Costs nothing: the header tells.
    """

    direction: ClassVar[Literal["min", "max"]] = "max"

    max: float = Field(200, ge=1)

    def measure_image(self, image: Facts) -> float | None:
        return max(image.width, image.height) / min(image.width, image.height) if image.pixels else None
