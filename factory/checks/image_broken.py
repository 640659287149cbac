"""Pictures that cannot be decoded."""

from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import ImageCheck
from factory.images.facts import Facts


class ImageBroken(ImageCheck):
    """1 for a picture that can be decoded, 0 for one whose content is damaged.

    Costs a decoding, which all checks of pictures share. A picture above 40 megapixels is not decoded.
    """

    direction: ClassVar[Literal["min", "max"]] = "min"
    decodes: ClassVar[bool] = True

    min: float = Field(1, ge=0, le=1)

    def measure_image(self, image: Facts) -> float | None:
        return None if image.kind is None else float(image.state != "broken")

    def explain(self, score: float) -> str:
        return "it cannot be decoded"
