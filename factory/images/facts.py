"""What looking at a picture tells: size, frames, depth, whether it is whole and whether anything is on it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Literal

from factory.images.decoding import LARGEST_DECODED, any_size
from factory.images.formats import said_type, type_of

State = Literal["whole", "empty", "broken", "truncated"]


@dataclass(frozen=True)
class Facts:
    """What is known of a picture.

    Attributes:
        size: bytes.
        kind: type by its first bytes; None: it is none.
        claimed: type that its name claims; None where it claims none.
        state: whole, or why it cannot be seen. One above `LARGEST_DECODED` counts as whole: it is not decoded.
        width, height: pixels; 0 where they cannot be read.
        frames: of an animation, or pages.
        bits: of a channel.
        deviation: of the channel with the most contrast, in levels of 0 to 255; None where it was not decoded.
    """

    size: int
    kind: str | None = None
    claimed: str | None = None
    state: State = "whole"
    width: int = 0
    height: int = 0
    frames: int = 1
    bits: int = 8
    deviation: float | None = None

    @property
    def pixels(self) -> int:
        return self.width * self.height

    def __str__(self) -> str:
        """``png 640x480, 12 KB``."""
        seen = f" {self.width}x{self.height}" if self.pixels else ""
        size = f"{self.size} bytes" if self.size < 1000 else f"{self.size / 1000:,.0f} KB"
        state = f", {self.state}" if self.state != "whole" else ""
        return f"{self.kind or 'no picture'}{seen}, {size}{state}"


def look(data: bytes | None, name: str | None = None, *, decode: bool = True) -> Facts:
    """The facts of a picture; without `decode` those that its header tells, so that it counts as whole."""
    from PIL import Image, UnidentifiedImageError

    if not data:
        return Facts(0, claimed=said_type(name), state="empty")
    known: dict[str, Any] = {"size": len(data), "kind": type_of(data), "claimed": said_type(name)}
    try:
        with any_size(), Image.open(io.BytesIO(data)) as image:
            known |= {"width": image.width, "height": image.height, "bits": _bits(image, data)}
            known["frames"] = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)  # MPO: one of a camera
            if decode and image.width * image.height <= LARGEST_DECODED:
                known["deviation"] = _deviation(image)
    except UnidentifiedImageError:
        return Facts(**known, state="broken")
    except Exception as error:  # decoders raise whatever they like
        return Facts(**known, state="truncated" if _is_cut(error) else "broken")
    return Facts(**known)


def _is_cut(error: Exception) -> bool:
    return isinstance(error, EOFError) or "truncated" in str(error).lower()


def _bits(image: Any, data: bytes) -> int:
    """Pillow reads colours of 16 bits as 8, so the files themselves are asked."""
    if image.format == "PNG":
        return data[24]
    if image.format == "TIFF" and 258 in image.tag_v2:  # BitsPerSample
        return max(image.tag_v2[258])
    return {"I": 32, "F": 32}.get(image.mode, 16 if image.mode.startswith("I;16") else 8)


def _deviation(image: Any) -> float:
    """Standard deviation of the channel that varies most, as processors see it: without transparency."""
    from PIL import ImageStat

    if image.mode.startswith(("I", "F")):
        image.load()
        low, high = image.getextrema()
        return (
            float(ImageStat.Stat(image.point(lambda level: level * (255 / max(high, 1)))).stddev[0])
            if low != high
            else 0.0
        )
    return float(max(ImageStat.Stat(image.convert("RGB")).stddev))


def described(value: Any) -> Any:
    """A row's value with a line about each picture in the place of its bytes, whatever holds them.

    >>> described({"image": {"bytes": b"", "path": None}, "n": 1})
    {'image': 'no picture, 0 bytes, empty', 'n': 1}
    """
    if isinstance(value, bytes):
        return str(look(value, decode=False))
    if isinstance(value, dict):
        if isinstance(value.get("bytes"), bytes) and value.keys() <= {"bytes", "path"}:
            return described(value["bytes"])
        return {name: described(inner) for name, inner in value.items()}
    return [described(inner) for inner in value] if isinstance(value, list) else value
