"""Sentence embeddings: a sentence-transformers model, or a plain encoder with a pooling of one's choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from factory.errors import FactoryError

if TYPE_CHECKING:
    import numpy as np

    from factory.profile import Profile

MODULES = "modules.json"
AT_ONCE = 64  # texts in a batch
CHUNK = 16 * AT_ONCE
Pooling = Literal["mean", "cls"]


class Encoder:
    """Vectors of length 1, in float32 on every device, so that a score does not depend on where it was computed."""

    def __init__(
        self, folder: Path, profile: Profile, pooling: Pooling | None = None, *, trust_remote_code: bool = False
    ) -> None:
        """
        Raises:
            FactoryError: the folder holds no encoder, or `pooling` is given for a model that brings its own.
        """
        own = (folder / MODULES).exists()
        if own and pooling is not None:
            raise FactoryError(
                f"the model says itself how it pools ({MODULES})", where=str(folder), fix="take `pooling` away"
            )
        try:
            self._model = self._load(folder, profile, None if own else pooling or "mean", trust_remote_code)
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise FactoryError(
                f"cannot load the encoder: {(str(error).strip() or type(error).__name__).splitlines()[0]}",
                where=str(folder),
                fix="a repo for sentence-transformers, or an encoder, with all its weights in safetensors",
            ) from error
        self._limit = self._model.max_seq_length

    def _load(self, folder: Path, profile: Profile, pooling: Pooling | None, trusted: bool) -> Any:
        import torch
        from sentence_transformers import SentenceTransformer

        options: dict[str, Any] = {"dtype": torch.float32, "use_safetensors": True, "local_files_only": True}
        device = profile.torch_device()
        if pooling is None:
            return SentenceTransformer(
                str(folder), device=device, model_kwargs=options, local_files_only=True, trust_remote_code=trusted
            ).eval()
        from sentence_transformers.sentence_transformer.modules import Pooling as PoolingModule
        from sentence_transformers.sentence_transformer.modules import Transformer

        transformer = Transformer(str(folder), model_kwargs=options)
        module = PoolingModule(transformer.get_embedding_dimension(), pooling_mode=pooling)
        return SentenceTransformer(modules=[transformer, module], device=device).eval()

    def encode(self, texts: Sequence[str], done: Callable[[float], None] = lambda share: None) -> np.ndarray:
        """A (texts, dimension) array in the order given. Equal texts are read once, texts of like length together."""
        import numpy as np

        unique = sorted(set(texts), key=lambda text: (-len(text), text))
        parts = []
        for start in range(0, len(unique), CHUNK):
            parts.append(
                self._model.encode(
                    unique[start : start + CHUNK],
                    batch_size=AT_ONCE,
                    normalize_embeddings=True,
                    convert_to_numpy=True,
                    show_progress_bar=False,
                )
            )
            done(min(1.0, (start + CHUNK) / len(unique)))
        place = {text: number for number, text in enumerate(unique)}
        vectors = np.concatenate(parts) if parts else np.empty((0, 1), dtype=np.float32)
        return vectors[[place[text] for text in texts]]

    def too_long(self, texts: Sequence[str]) -> int:
        """How many of the texts are longer than the model reads: of those, only the beginning is compared."""
        if not self._limit:
            return 0
        suspects = [text for text in texts if len(text.encode()) > self._limit]  # a token is a byte at the least
        if not suspects:
            return 0
        ids = self._model.tokenizer(suspects, truncation=False, verbose=False)["input_ids"]
        return sum(len(known) > self._limit for known in ids)
