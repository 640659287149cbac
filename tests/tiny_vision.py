"""Models that see, of the real classes with random weights, made in a second, and pictures drawn here."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from factory.models.train.templates import template_text

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>"]
SPECIAL.append("<|video_pad|>")
PROCESSOR = {
    "image_processor_type": "Qwen2VLImageProcessor",
    "processor_class": "Qwen2VLProcessor",
    "patch_size": 14,
    "temporal_patch_size": 2,
    "merge_size": 2,
    "size": {"shortest_edge": 3136, "longest_edge": 50176},
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
}


WIDTH = 32  # of the language model
VISION: dict[str, Any] = {
    "qwen2_vl": {"depth": 1, "embed_dim": 16, "hidden_size": 32, "num_heads": 2, "mlp_ratio": 2, "patch_size": 14},
    "qwen2_5_vl": {
        "depth": 2,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_heads": 2,
        "out_hidden_size": 32,
        "patch_size": 14,
        "fullatt_block_indexes": [1],
    },
    "qwen3_vl": {
        "depth": 2,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_heads": 2,
        "out_hidden_size": 32,
        "patch_size": 14,
        "num_position_embeddings": 64,
        "deepstack_visual_indexes": [0],
    },
    "lfm2_vl": {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "patch_size": 14,
        "num_patches": 16,
    },
}
"""The vision towers by the models' types; all but LFM2-VL's are Qwen's."""

LFM2: dict[str, Any] = {
    "processor": {
        "image_processor_type": "Lfm2VlImageProcessor",
        "processor_class": "Lfm2VlProcessor",
        "encoder_patch_size": 14,
        "min_image_tokens": 1,
        "max_image_tokens": 4,
        "do_image_splitting": False,
    },
    "tokens": ["<image>", "<|image_start|>", "<|image_end|>", "<|img_thumbnail|>"],
    "text": {"model_type": "lfm2", "full_attn_idxs": [1], "block_auto_adjust_ff_dim": False},
}


def make_qwen2_vl(folder: Path, seed: int = 0, heads: int = 2) -> Path:
    """Model, byte tokenizer, template and processor's settings in `folder`."""
    return make_vision_model(folder, "qwen2_vl", seed, heads)


def make_vision_model(folder: Path, kind: str, seed: int = 0, heads: int = 2) -> Path:
    """The same of a model of one of the types in `VISION`."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import AutoConfig, AutoModelForImageTextToText, PreTrainedTokenizerFast

    lfm2 = kind == "lfm2_vl"
    special = [*SPECIAL, *LFM2["tokens"]] if lfm2 else SPECIAL
    vocabulary = {token: i for i, token in enumerate([*special, *sorted(pre_tokenizers.ByteLevel.alphabet())])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens(special)
    mark = "<image>" if lfm2 else "<|vision_start|><|image_pad|><|vision_end|>"
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=template_text("qwen-vl").replace("<|vision_start|><|image_pad|><|vision_end|>", mark),
    )
    text: dict[str, Any] = {
        "vocab_size": len(vocabulary),
        "hidden_size": WIDTH,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": heads,
        "num_key_value_heads": 1,
        "head_dim": WIDTH // heads,
        "max_position_embeddings": 4096,
        "initializer_range": 0.3,  # random answers that differ, instead of one flat distribution
        "bos_token_id": 0,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }
    if lfm2:
        more: dict[str, Any] = {"image_token_id": vocabulary["<image>"], "projector_hidden_size": 32}
        text |= LFM2["text"]
    else:
        eighth = WIDTH // heads // 16
        sections = [2 * eighth, 3 * eighth, 3 * eighth]  # of half a head: time, height, width
        text["rope_parameters"] = {"rope_type": "default", "mrope_section": sections, "rope_theta": 10000.0}
        names = {
            "image": "image_pad",
            "video": "video_pad",
            "vision_start": "vision_start",
            "vision_end": "vision_end",
        }
        more = {f"{name}_token_id": vocabulary[f"<|{token}|>"] for name, token in names.items()}
    config = AutoConfig.for_model(kind, text_config=text, vision_config=VISION[kind], **more)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        AutoModelForImageTextToText.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    processor = LFM2["processor"] if lfm2 else PROCESSOR
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder


def drawn(colour: str = "red", size: tuple[int, int] = (60, 40), kind: str = "PNG") -> bytes:
    """A picture of one colour with a black corner."""
    from PIL import Image

    image = Image.new("RGB", size, colour)
    image.paste((0, 0, 0), (0, 0, max(1, size[0] // 4), max(1, size[1] // 4)))
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()
