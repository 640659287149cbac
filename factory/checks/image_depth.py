"""Pictures of more than eight bits a channel."""

from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import ImageCheck
from factory.images.facts import Facts


class ImageDepth(ImageCheck):
    """Bits of a channel. Pillow clips levels of 16 bits, so that a model is shown white.

    Costs nothing: the header tells.
    """

    direction: ClassVar[Literal["min", "max"]] = "max"

    max: int = Field(8, ge=1)

    def measure_image(self, image: Facts) -> float | None:
        return float(image.bits) if image.pixels else None
