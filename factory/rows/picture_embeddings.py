"""Embeddings of pictures and texts in one space, by CLIP and models that share its interface."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.engines.processors import image_processor
from factory.engines.vision import config_of
from factory.errors import FactoryError, first_line
from factory.profile import Profile

if TYPE_CHECKING:
    import numpy as np

AT_ONCE = 32  # pictures or texts in a batch


class PictureEncoder:
    """A model that has features of texts and of pictures, in float32 on every device.

    Texts longer than it reads are cut: 77 tokens for CLIP.
    """

    def __init__(self, folder: Path, profile: Profile, *, trust_remote_code: bool = False) -> None:
        """
        Raises:
            FactoryError: the folder holds no such model.
        """
        import torch
        from transformers import AutoModel, AutoTokenizer

        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code)
            model: Any = AutoModel.from_pretrained(
                folder, dtype=torch.float32, use_safetensors=True, trust_remote_code=trust_remote_code
            )
            if not hasattr(model, "get_image_features") or not hasattr(model, "get_text_features"):
                raise ValueError(f"{type(model).__name__} has no features of both pictures and texts")
            self._processor: Any = image_processor(config_of(folder)["model_type"]).from_pretrained(folder)
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise FactoryError(
                f"cannot load a model of pictures and texts: {first_line(error)}",
                where=str(folder),
                fix="name a model such as openai/clip-vit-base-patch32",
            ) from error
        self._model = model.to(profile.torch_device()).eval()
        self._limit: int = getattr(model.config.text_config, "max_position_embeddings", None) or 10**6

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """(texts, dimension), of length 1."""
        return self._vectors(texts, self._text_features)

    def pictures(self, pictures: Sequence[Any]) -> np.ndarray:
        """The same of pictures as Pillow has them."""
        return self._vectors(pictures, self._picture_features)

    def too_long(self, texts: Sequence[str]) -> int:
        """How many of the texts are longer than the model reads."""
        ids = self._tokenizer(list(texts), verbose=False)["input_ids"] if texts else []
        return sum(len(known) > self._limit for known in ids)

    def _vectors(self, items: Sequence[Any], features: Callable[[list[Any]], Any]) -> np.ndarray:
        import numpy as np
        import torch

        parts = []
        for start in range(0, len(items), AT_ONCE):
            with torch.inference_mode():
                found = features(list(items[start : start + AT_ONCE]))
            vectors = getattr(found, "pooler_output", found).float()
            parts.append(torch.nn.functional.normalize(vectors, dim=-1).cpu().numpy())
        return np.concatenate(parts) if parts else np.empty((0, 1), dtype=np.float32)

    def _text_features(self, texts: list[Any]) -> Any:
        inputs = self._tokenizer(texts, padding=True, truncation=True, max_length=self._limit, return_tensors="pt")
        return self._model.get_text_features(**inputs.to(self._model.device))

    def _picture_features(self, pictures: list[Any]) -> Any:
        inputs = self._processor(pictures, return_tensors="pt")
        return self._model.get_image_features(**inputs.to(self._model.device))
