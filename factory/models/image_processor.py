"""What a new model that sees needs beside its weights: tokens that stand for pictures, and how those are cut."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.engines.processors import processor_classes

TOKENS = {"image_token_id": "<|image_pad|>", "video_token_id": "<|video_pad|>"}
TOKENS |= {"vision_start_token_id": "<|vision_start|>", "vision_end_token_id": "<|vision_end|>"}
"""Fields of the configuration of Qwen2-VL and what shares its interface, and the tokens that they are the ids of."""
CUT = {"patch_size": "patch_size", "spatial_merge_size": "merge_size", "temporal_patch_size": "temporal_patch_size"}


def picture_tokens(tokenizer: Any) -> dict[str, int]:
    """{field of the configuration: id} of the tokens that stand for pictures.

    Raises:
        ValueError: the tokenizer has not all of them.
    """
    vocabulary = tokenizer.get_vocab()
    if missing := [token for token in TOKENS.values() if token not in vocabulary]:
        raise ValueError(f"the tokenizer has no {missing[0]}: a model that sees takes `chat_template: qwen-vl`")
    return {field: vocabulary[token] for field, token in TOKENS.items()}


def write_image_processor(folder: Path, config: Any, settings: Mapping[str, Any]) -> None:
    """``preprocessor_config.json``: the `settings`, and patches as the configuration's vision tower takes them.

    Raises:
        ValueError: transformers has no image processor for such a model, or it takes no such setting.
    """
    try:
        whole, images = processor_classes(config.model_type)
    except (KeyError, ImportError) as error:
        raise ValueError(f"no model of type {config.model_type} that sees can be made from nothing") from error
    tower = config.vision_config
    if unknown := sorted(set(settings) - {*images.valid_kwargs.__annotations__}):
        raise ValueError(f"{images.__name__} has no setting {unknown[0]!r}")
    cut = {name: getattr(tower, field) for field, name in CUT.items()}
    images(**{**cut, **settings}, processor_class=whole.__name__).save_pretrained(folder)
