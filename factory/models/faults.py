"""What a model's folder or repo lacks, by the names of its files and what its small files say."""

from collections.abc import Collection, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from factory.engines.vision import sees
from factory.text.chat_template import template_fault

VOCABULARIES = ("tokenizer.json", "*.model", "*.tiktoken", "*.spm", "*.bpe", "vocab.*", "tekken.json")
BYTES = ("ByT5Tokenizer", "CanineTokenizer", "PerceiverTokenizer")  # which need no file: their tokens are bytes
PROCESSORS = ("preprocessor_config.json", "processor_config.json")
MARKED = "chat_template.jinja"


def template_fault_of(folder: Path, settings: Mapping[str, Any]) -> str | None:
    """Why the chat template that transformers would take from `folder` cannot be read; None: it can, or is not there.

    `settings` are those of tokenizer_config.json.
    """
    if (folder / MARKED).is_file():
        name, text = MARKED, (folder / MARKED).read_text(encoding="utf-8")
    else:
        name, text = "tokenizer_config.json", settings.get("chat_template")
    if isinstance(text, list):
        text = next((one.get("template") for one in text if one.get("name") == "default"), None)
    fault = template_fault(text) if isinstance(text, str) else None
    return fault and f"the chat template cannot be read: {name}, {fault}"


def tokenizer_fault(names: Collection[str], settings: Mapping[str, Any]) -> str | None:
    """Why no tokenizer can be loaded from files of these names; None: as far as they tell, one can."""
    own = "auto_map" in settings or str(settings.get("tokenizer_class")).removesuffix("Fast") in BYTES
    if own or any(fnmatch(name, pattern) for name in names for pattern in VOCABULARIES):
        return None
    return "the model has no tokenizer: neither tokenizer.json nor a vocabulary in another form is there"


def architecture_fault(config: Mapping[str, Any]) -> str | None:
    """Why transformers knows no model with this config.json; None: it does, or the model brings its own code."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    kind = config.get("model_type")
    if "auto_map" in config or kind in CONFIG_MAPPING_NAMES:
        return None
    return f"transformers knows no architecture {kind!r}" if kind else "config.json names no `model_type`"


def processor_fault(names: Collection[str], config: Mapping[str, Any]) -> str | None:
    """Why a model that sees cannot be shown pictures; None: it can, or reads text only."""
    if not sees(config) or "auto_map" in config or any(name in names for name in PROCESSORS):
        return None
    return f"the model has no settings for pictures: {PROCESSORS[0]} is not there"
