"""How a model on this machine is shown pictures: its own processor turns them into what it reads."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from factory.engines.base import Request
from factory.engines.processors import load_processor
from factory.engines.tokens import unloadable
from factory.errors import FactoryError
from factory.images.decoding import decoding

TEXT_ONLY = "reads text only, so it cannot be asked about pictures"


def sees(config: Mapping[str, Any]) -> bool:
    """Does a model with this config.json read pictures beside text?"""
    return isinstance(config.get("vision_config"), dict)


def config_of(folder: Path) -> dict[str, Any]:
    """config.json of a model folder; empty where there is none that can be read."""
    try:
        return json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError):
        return {}


class Sight:
    """Turns requests with pictures into the inputs of the model in `folder`, by its own processor and template.

    Raises:
        FactoryError: the model reads text only, or its processor cannot be loaded.
    """

    def __init__(self, folder: Path, tokenizer: Any, *, trust_remote_code: bool = False) -> None:
        self.folder = folder
        if not sees(config_of(folder)):
            raise FactoryError(f"the model {TEXT_ONLY}", where=str(folder), fix="name a vision-language model")
        try:
            self.processor = load_processor(folder, tokenizer, trust_remote_code=trust_remote_code)
        except (OSError, ValueError, KeyError, ImportError, AttributeError) as error:
            raise unloadable(folder, error) from error

    def encode(self, requests: Sequence[Request]) -> Any:
        """One batch, padded on the left: {input_ids, attention_mask, pixel_values, …}, tensors.

        Raises:
            ValueError: a picture cannot be decoded.
        """
        texts = [
            self.processor.apply_chat_template(
                request.turns(), add_generation_prompt=True, tokenize=False, **request.manner.arguments
            )
            for request in requests
        ]
        images = [[decoded(data) for data in request.images] for request in requests]
        return self.processor(text=texts, images=images, padding=True, padding_side="left", return_tensors="pt")


def decoded(data: bytes, *, upright: bool = False) -> Any:
    """The picture as Pillow has it, in RGB; `upright`: turned as the camera noted.

    Raises:
        ValueError: it is none, or has more than 40 megapixels.
    """
    from PIL import ImageOps

    with decoding(data) as image:
        return (ImageOps.exif_transpose(image) if upright else image).convert("RGB")
