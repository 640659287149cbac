"""Pictures so large that decoding them is a danger."""

from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import ImageCheck
from factory.images.facts import Facts


class ImagePixels(ImageCheck):
    """Megapixels. Limit: 40 (assumed): 120 MB decoded, where a file of 11 KB may claim a hundred million pixels.

    Costs nothing: the header tells.
    """

    direction: ClassVar[Literal["min", "max"]] = "max"

    max: float = Field(40, ge=0)

    def measure_image(self, image: Facts) -> float | None:
        return image.pixels / 1e6 if image.pixels else None
