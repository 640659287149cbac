"""The language model inside a model that also sees, and what lies outside it: the vision tower and its projector."""

import re
from typing import Any


def language_prefix(model: Any) -> str:
    """``model.language_model`` and the like; empty where the model is nothing else."""
    decoder = model.get_decoder()
    name = next(name for name, module in model.named_modules() if module is decoder)
    return name if model.get_encoder(modality="image") is not model else ""


def freeze_but_language(model: Any) -> None:
    """Leave everything but the language model and its head as it is."""
    learnt = {
        id(parameter)
        for part in (model.get_decoder(), model.get_output_embeddings())
        for parameter in part.parameters()
    }
    for parameter in model.parameters():
        parameter.requires_grad_(id(parameter) in learnt)


def outside_language(model: Any) -> str | None:
    """PEFT's `exclude_modules`, an expression that matches every module outside; None where there is none."""
    prefix = language_prefix(model)
    return rf"(?!{re.escape(prefix)}\.).*" if prefix else None
