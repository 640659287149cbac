"""A model folder in memory, for suites that need log-probabilities rather than text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.errors import FactoryError

if TYPE_CHECKING:
    from factory.profile import Profile


def load_model(folder: Path, profile: Profile, *, trust_remote_code: bool = False) -> Any:
    """The causal language model on the profile's device and in its dtype, ready for inference.

    Raises:
        FactoryError: the folder holds no such model.
    """
    import torch
    from transformers import AutoModelForCausalLM

    try:
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=getattr(torch, profile.torch_dtype()),
            trust_remote_code=trust_remote_code,
            use_safetensors=True,
        )
    except (OSError, ValueError, KeyError) as error:
        raise FactoryError(
            f"cannot load the model: {str(error).strip().splitlines()[0]}", where=str(folder)
        ) from error
    return model.to(profile.torch_device()).eval()


def release() -> None:
    """Give the memory of models that nobody holds any more back, to the next step."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
