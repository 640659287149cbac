"""Pictures with nothing on them."""

from typing import ClassVar, Literal

from pydantic import Field

from factory.checks.base import ImageCheck
from factory.images.facts import Facts


class ImageBlank(ImageCheck):
    """Standard deviation of the channel that varies most, in levels of 0 to 255; transparency is not seen.

    Limit: 1 (assumed): a flat area with the noise of JPEG stays below, a page with one word is above 5. Costs a
    decoding, which all checks of pictures share.
    """

    direction: ClassVar[Literal["min", "max"]] = "min"
    decodes: ClassVar[bool] = True

    min: float = Field(1, ge=0)

    def measure_image(self, image: Facts) -> float | None:
        return image.deviation
