"""What AutoTrain is told, and what it cannot be told: pure functions of a step's parameters and a model's config."""

from pathlib import Path
from typing import Any

from factory.models.train.parameters import FineTuning
from factory.text import yaml

SETTINGS = Path(__file__).with_name("settings.yaml")
PROJECT = "trained"  # its output folder, in the working directory: AutoTrain takes letters, digits and hyphens alone
ARCHITECTURES = ("cohere2", "gemma2", "llama", "qwen2")  # those that were trained with it
SEED = 42  # AutoTrain has a parameter for it and does not hand it on: this is transformers' own


def problems(step: FineTuning) -> list[str]:
    """What the step asks for and AutoTrain 0.8.36 does not do in supervised fine-tuning, one sentence each."""
    modules = step.lora.target_modules if step.lora is not None else []
    pattern, whole = isinstance(modules, str) and modules != "all-linear", (step.epochs or 1) % 1 == 0
    measured = step.eval_split is not None
    asked = {
        "it always packs: packing: true": not step.packing,
        "it learns every turn: assistant_only_loss: false": step.assistant_only_loss,
        "it trains whole epochs: epochs: 1 or more, no max_steps": step.max_steps is not None or not whole,
        "it packs to a length: max_length": step.max_length is None,
        "it measures no held-out rows in fine-tuning: no eval_split, eval_steps or patience": measured,
        "it knows no train_sampling_strategy": step.train_sampling_strategy != "random",
        f"its seed is always {SEED}": "seed" in step.model_fields_set and step.seed != SEED,
        "it trains no module whole beside adapters: no lora.modules_to_save": bool(
            step.lora is not None and step.lora.modules_to_save
        ),
        "it shows no pictures: no images, min_pixels, max_pixels or freeze_vision_tower": step.shows,
        "it takes no expression: lora.target_modules as a list of names, or all-linear": pattern,
    }
    return [problem for problem, is_asked in asked.items() if is_asked]


def autotrain_config(
    step: FineTuning,
    *,
    model: str,
    data: str,
    per_device: int,
    accumulation: int,
    precision: str | None,
    checkpointing: bool,
) -> dict[str, Any]:
    """The content of the file that `autotrain --config` reads.

    `data` is a folder with a train.jsonl whose column `text` holds finished text: the chat template is applied before.
    `precision` is bf16, fp16 or None.
    """
    found = yaml.load(SETTINGS.read_text(encoding="utf-8"))
    found |= {"base_model": model, "project_name": PROJECT, "data": {"path": data, **found["data"]}}
    found["params"] |= {
        "block_size": step.max_length,
        "model_max_length": step.max_length,
        "epochs": int(step.epochs or 1),
        "batch_size": per_device,
        "gradient_accumulation": accumulation,
        "lr": step.learning_rate,
        "scheduler": step.lr_scheduler_type,
        "warmup_ratio": step.warmup_ratio,
        "weight_decay": step.weight_decay,
        "max_grad_norm": step.max_grad_norm,
        "mixed_precision": precision,
        "disable_gradient_checkpointing": not checkpointing,
        "peft": step.lora is not None,
    }
    if step.lora is not None:
        modules = step.lora.target_modules
        found["params"] |= {
            "lora_r": step.lora.r,
            "lora_alpha": step.lora.lora_alpha,
            "lora_dropout": step.lora.lora_dropout,
            "target_modules": modules if isinstance(modules, str) else ",".join(modules),
        }
    return found


def for_transformers_4(config: dict[str, Any]) -> dict[str, Any]:
    """A config.json with the names that transformers 4.48 reads, where version 5 writes others.

    rope_parameters become rope_theta and rope_scaling, dtype becomes torch_dtype, and Cohere 2's layer_types the
    sliding_window_pattern.

    Raises:
        ValueError: 4.48 would build another model.
    """
    made = {key: value for key, value in config.items() if key not in ("rope_parameters", "dtype", "layer_types")}
    made["torch_dtype"] = config.get("torch_dtype") or config.get("dtype") or "float32"
    if rope := config.get("rope_parameters"):
        if any(isinstance(value, dict) for value in rope.values()):
            raise ValueError("its layers have different rotary embeddings")
        scaling = {key: value for key, value in rope.items() if key != "rope_theta"}
        made["rope_theta"] = rope["rope_theta"]
        made["rope_scaling"] = scaling if scaling.get("rope_type", "default") != "default" else None
    if (types := config.get("layer_types")) and "full_attention" in types and "sliding_attention" in types:
        every = types.index("full_attention") + 1
        built = {"cohere2": every, "gemma2": 2}.get(config["model_type"])
        kinds = [("full" if built and i % built == 0 else "sliding") + "_attention" for i in range(1, len(types) + 1)]
        if kinds != types:
            raise ValueError("its layers alternate otherwise than transformers 4.48 builds them")
        if config["model_type"] == "cohere2":
            made["sliding_window_pattern"] = every
    return made
