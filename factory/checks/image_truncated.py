"""Pictures whose end is missing."""

from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import ImageCheck
from factory.images.facts import Facts


class ImageTruncated(ImageCheck):
    """1 for a whole picture, 0 for one whose file ends too early.

    Costs a decoding, which all checks of pictures share. A picture above 40 megapixels is not decoded.
    """

    direction: ClassVar[Literal["min", "max"]] = "min"
    decodes: ClassVar[bool] = True

    min: float = Field(1, ge=0, le=1)

    def measure_image(self, image: Facts) -> float | None:
        return None if image.kind is None else float(image.state != "truncated")

    def explain(self, score: float) -> str:
        return "its end is missing"
