"""Model folders: config.json, safetensors, tokenizer, chat template, generation_config. Nothing else is written."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from factory.engines.vision import config_of, sees
from factory.engines.weights import LOADING, needed_weights, require_complete, weight_files
from factory.errors import FactoryError, first_line
from factory.models.generation import change_settings, end_answers, without_idle_settings

Dtype = Literal["float32", "bfloat16", "float16"]

TOKENIZER_FILES = tuple(Path(__file__).with_name("tokenizer_files.txt").read_text("utf-8").split())
"""Of a model folder: of the tokenizer, the chat template and the processors of images and video."""


def read_config(folder: Path, where: str = "") -> dict[str, Any]:
    """config.json of a model folder.

    Raises:
        FactoryError: there is none, so that the folder holds no model, or it is no configuration.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FactoryError(f"no config.json in {folder}: not a model", where=where) from None
    except (OSError, ValueError) as error:
        raise FactoryError(f"config.json cannot be read: {error}", where=where or str(folder)) from None
    parts = (config, config.get("text_config") or {}) if isinstance(config, dict) else (config,)
    if not all(isinstance(part, dict) for part in parts):
        raise FactoryError("config.json is no configuration of a model", where=where or str(folder))
    return config


def stored_dtype(folder: Path) -> Dtype:
    """Type in which the weights are stored, as config.json says; float32 where it does not say."""
    config = read_config(folder)
    for part in (config, config.get("text_config") or {}):
        if name := part.get("dtype") or part.get("torch_dtype"):
            return name
    return "float32"


def load_tokenizer(folder: Path, where: str = "", trust_remote_code: bool = False) -> Any:
    """The folder's tokenizer, with a padding token (the end token where it has none of its own)."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=trust_remote_code)
    except (OSError, ValueError) as error:
        raise FactoryError(f"the model has no usable tokenizer: {first_line(error)}", where=where) from None
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(
    folder: Path, dtype: str, where: str = "", trust_remote_code: bool = False, device_map: str | None = None
) -> Any:
    """The language model in `folder` (of text, or images and text) as `dtype`; auto keeps what is stored.

    It lies on the CPU unless `device_map` says otherwise.

    Raises:
        FactoryError: no weights in safetensors, not all of them, or no language model that transformers knows.
    """
    import torch

    kind = class_of(read_config(folder, where))
    needed_weights(folder, where)
    try:
        loaded: Any = kind.from_pretrained(
            folder,
            dtype=dtype if dtype == "auto" else getattr(torch, dtype),
            device_map=device_map,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=trust_remote_code,
            **LOADING,
        )
    except (OSError, ValueError, KeyError) as error:
        raise FactoryError(f"cannot load the model: {first_line(error)}", where=where) from None
    model, loading = loaded
    require_complete(folder, loading, where)
    return without_idle_settings(model)


def class_of(config: Mapping[str, Any]) -> Any:
    """transformers' class for models with such a config.json: of images and text, or of text."""
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

    return AutoModelForImageTextToText if sees(config) else AutoModelForCausalLM


def save_model(model: Any, folder: Path, dtype: str) -> None:
    """Weights (safetensors), config.json and generation_config.json, stored as `dtype`."""
    import torch

    model.to(getattr(torch, dtype))
    model.config.dtype = getattr(torch, dtype)
    for name in ("model_tags", "add_model_tags"):
        model.__dict__.pop(name, None)
    model.save_pretrained(folder)
    complete_config(folder)


def write_model(model: Any, folder: Path, dtype: str, *, like: Path | None = None, tokenizer: Any = None) -> None:
    """A whole model folder: the model stored as `dtype`, the tokenizer files of `like`, over them the tokenizer."""
    save_model(model, folder, dtype)
    if like is not None:
        copy_tokenizer(like, folder)
    if tokenizer is not None:
        save_tokenizer(tokenizer, folder)


def copy_settings(source: Path, target: Path, trust_remote_code: bool = False) -> None:
    """What lies beside the weights, from a model to one made of it: generation_config and tokenizer as they are.

    The config.json that `target` has is completed.
    """
    complete_config(target)
    copy_tokenizer(source, target)
    if (source / "generation_config.json").is_file():
        shutil.copyfile(source / "generation_config.json", target / "generation_config.json")
    end_answers(target, trust_remote_code=trust_remote_code)


def complete_config(folder: Path) -> None:
    """Write what other readers want and transformers leaves out: vLLM's LFM2 needs conv_dim and block_dim."""
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    if config.get("model_type") == "lfm2":
        for key in ("conv_dim", "block_dim"):
            config.setdefault(key, config["hidden_size"])
        path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def save_tokenizer(tokenizer: Any, folder: Path) -> None:
    """Tokenizer files with the class name that readers before transformers 5 know as well."""
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    if config.get("tokenizer_class") == "TokenizersBackend":
        config["tokenizer_class"] = "PreTrainedTokenizerFast"
        path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def copy_tokenizer(source: Path, target: Path) -> None:
    """Copy tokenizer and image processor files as they are: saved again they name classes older readers lack.

    A model with code of its own keeps it: config.json names its modules. That of a model that sees pads on the left:
    its processor has no such setting, and answers to a batch of unequal lengths would be wrong.
    """
    target.mkdir(parents=True, exist_ok=True)
    code = [path.name for path in source.glob("*.py")]
    for name in (*TOKENIZER_FILES, *code):
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
    if sees(config_of(source)) and (settings := target / "tokenizer_config.json").is_file():
        change_settings(settings, padding_side="left")


def size_bytes(folder: Path) -> int:
    """Bytes of all weight files."""
    return sum(path.stat().st_size for path in weight_files(folder))


def count_parameters(model: Any) -> int:
    """Parameters, tied ones once."""
    return sum(parameter.numel() for parameter in model.parameters())
