"""generation_config.json of what is published: it can be saved, and `generate()` stops where an answer ends."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from factory.engines.tokens import Tokens, generation_config, has_chat_template

FILE = "generation_config.json"
ENDLESS = "the chat template writes no token after an answer: no training on it teaches where answers end"
NAMED = re.compile(r"^- `(\w+)`", re.MULTILINE)  # how transformers lists the settings that it refuses to save


def idle_settings(config: Any) -> dict[str, Any]:
    """Settings of a GenerationConfig that have no effect beside the others, such as a temperature without sampling.

    transformers refuses to save a model that has any.

    Raises:
        ValueError: the settings contradict each other.
    """
    try:
        config.validate(strict=True)
    except ValueError as error:
        if not (names := NAMED.findall(str(error))):
            raise
        return {name: getattr(config, name) for name in names}
    return {}


def without_idle_settings(model: Any) -> Any:
    """The model with its `idle_settings` unset; what it generates stays the same."""
    config = getattr(model, "generation_config", None)
    for name in idle_settings(config) if config is not None else ():
        setattr(config, name, None)
    return model


def told(folder: Path, trust_remote_code: bool = False) -> list[str]:
    """A note on the settings that a model made of the one in `folder` goes without."""
    idle = idle_settings(generation_config(folder, trust_remote_code))
    said = ", ".join(f"{name} {value}" for name, value in idle.items())
    return [f"left out of {FILE}, where it has no effect: {said}"] if idle else []


def end_answers(folder: Path, *, learnt: bool = False, trust_remote_code: bool = False) -> list[str]:
    """Name in generation_config.json every token at which the factory's engines end this model's answers.

    With `learnt` the model was trained on its template's turns: if the tokenizer's `eos_token` is none of the tokens
    that end a turn there, the first of them becomes it. A model without a chat template stays as it is.
    Returns a note where it learnt turns that no token ends.
    """
    if not has_chat_template(folder):
        return []
    tokens = Tokens(folder, trust_remote_code=trust_remote_code)
    config = generation_config(folder, trust_remote_code)
    for name in idle_settings(config):
        setattr(config, name, None)
    config.eos_token_id = tokens.ends if len(tokens.ends) > 1 else next(iter(tokens.ends), None)
    config.save_pretrained(folder)
    if learnt and tokens.after_answer and tokens.tokenizer.eos_token_id not in tokens.after_answer:
        _set_eos_token(folder, tokens.tokenizer.convert_ids_to_tokens(tokens.after_answer[0]))
    return [ENDLESS] if learnt and not tokens.after_answer else []


def change_settings(path: Path, **settings: Any) -> None:
    """Change a file of JSON, which stays as it is otherwise: saved again it would name classes older readers lack."""
    known = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(known | settings, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _set_eos_token(folder: Path, token: str) -> None:
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        path = folder / name
        if path.is_file() and (name == "tokenizer_config.json" or "eos_token" in json.loads(path.read_bytes())):
            change_settings(path, eos_token=token)
