"""Pictures that move."""

from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import ImageCheck
from factory.images.facts import Facts


class ImageAnimated(ImageCheck):
    """Frames of an animation, or pages. A model is shown the first one alone.

    Costs nothing but for GIF, whose frames are counted by reading them.
    """

    direction: ClassVar[Literal["min", "max"]] = "max"

    max: int = Field(1, ge=1)

    def measure_image(self, image: Facts) -> float | None:
        return float(image.frames) if image.pixels else None
