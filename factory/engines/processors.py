"""Processors of models that see, with torchvision or without.

Without it, transformers refuses to load a processor that could also read video, and chooses no image processor. The
classes themselves need it for video only: then the image processor that works with Pillow is taken.
"""

import json
from pathlib import Path
from typing import Any


def load_processor(folder: Path, tokenizer: Any, *, trust_remote_code: bool = False) -> Any:
    """The processor of a model folder, with this tokenizer; of pictures alone where torchvision is not there."""
    from importlib.util import find_spec

    if find_spec("torchvision") or trust_remote_code:
        from transformers import AutoProcessor

        processor: Any = AutoProcessor.from_pretrained(folder, trust_remote_code=trust_remote_code)
        processor.tokenizer = tokenizer
        return processor
    model_type = json.loads((folder / "config.json").read_bytes())["model_type"]
    kind, images = processor_classes(model_type)
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
