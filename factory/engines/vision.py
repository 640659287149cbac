"""How a model on this machine is shown pictures: its own processor turns them into what it reads.

Without torchvision, transformers refuses to load a processor that could also read video, and chooses no image
processor. The classes themselves need it for video only: then the image processor that works with Pillow is taken.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from factory.engines.base import Request
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
            self.processor.apply_chat_template(request.turns(), add_generation_prompt=True, tokenize=False)
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


def load_processor(folder: Path, tokenizer: Any, *, trust_remote_code: bool = False) -> Any:
    """The processor of a model folder, with this tokenizer; of pictures alone where torchvision is not there."""
    from importlib.util import find_spec

    if find_spec("torchvision") or trust_remote_code:
        from transformers import AutoProcessor

        processor: Any = AutoProcessor.from_pretrained(folder, trust_remote_code=trust_remote_code)
        processor.tokenizer = tokenizer
        return processor
    kind, images = processor_classes(config_of(folder)["model_type"])
    return kind(images.from_pretrained(folder), tokenizer, chat_template=tokenizer.chat_template)


def processor_classes(model_type: str) -> tuple[Any, Any]:
    """(processor without video, image processor that needs no torchvision) of a type of model.

    Raises:
        KeyError, ImportError: transformers has none that works without torchvision.
    """
    import transformers
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING_NAMES

    whole = getattr(transformers, str(PROCESSOR_MAPPING_NAMES[model_type]))

    class OfPictures(whole):
        @classmethod
        def get_attributes(cls) -> list[str]:
            return [name for name in super().get_attributes() if "video" not in name]

    OfPictures.__name__ = whole.__name__
    return OfPictures, image_processor(model_type)


def image_processor(model_type: str) -> Any:
    """The class of image processor that works with Pillow, of a type of model.

    Raises:
        KeyError, ImportError: transformers has none that works without torchvision.
    """
    import transformers
    from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING_NAMES

    by_backend = IMAGE_PROCESSOR_MAPPING_NAMES[model_type]
    if not isinstance(by_backend, dict) or "pil" not in by_backend:
        raise ImportError(f"pictures for {model_type} need torchvision: pip install torchvision")
    return getattr(transformers, str(by_backend["pil"]))
