"""Rows whose texts have more places for pictures than there are pictures, or fewer."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.checks.base import ImageCheck
from factory.images.facts import Facts
from factory.text.conversations import image_places


class ImageMarkers(ImageCheck):
    """How many pictures a text or conversation of the row has too few or too many places for, the worst of them.

    A place is ``<image>`` in a text, or a part of a turn's content that is an image. A plain text without any is about
    the row's pictures all the same, a conversation without any is not. Costs nothing.
    """

    direction: ClassVar[Literal["min", "max"]] = "max"

    max: int = Field(0, ge=0)

    def measure_row(self, images: Sequence[Facts], texts: Sequence[Any]) -> float | None:
        found = [(image_places(text), text) for text in texts if text is not None]
        counts = [places for places, text in found if places or not isinstance(text, str)]
        return float(max((abs(places - len(images)) for places in counts), default=0))

    def explain(self, score: float) -> str:
        return f"places in the text and pictures differ by {score:g}"
