"""Reading a model's outline from its small files: no library of models is needed, so that a plan can do it."""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from factory.engines.tokens import has_chat_template
from factory.engines.weights import weight_files
from factory.errors import FactoryError, first_line
from factory.models.faults import architecture_fault, processor_fault, template_fault_of, tokenizer_fault
from factory.models.models import read_config
from factory.models.tensors import read_tensors
from factory.step.base import Step
from factory.step.job import Job
from factory.step.outline import UNKNOWN, Outline

SETTINGS = "generation_config.json"
SMALL_FILES = ("config.json", SETTINGS, "tokenizer_config.json", "added_tokens.json", "special_tokens_map.json")
TEMPLATES = ("chat_template.jinja", "chat_template.json", "additional_chat_templates/*")
TOKENIZER = "tokenizer.json"
WRITTEN = ("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token")


def read_outline(folder: Path, names: Collection[str] | None = None) -> Outline:
    """The outline of a model by those of its files that lie in `folder`; `names` are of all that it has, if more.

    Raises:
        FactoryError: one of these files is not what its name says.
    """
    if not (folder / "config.json").is_file():
        return UNKNOWN
    config = read_config(folder)
    _require_settings(folder)
    rows = (config.get("text_config") or config).get("vocab_size")
    try:
        chat = _chats(folder)
        beyond = sorted(_beyond(folder, rows), key=lambda entry: entry[1]) if isinstance(rows, int) else []
        settings = _json(folder / "tokenizer_config.json")
        template = template_fault_of(folder, settings)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:  # of JSON in other forms, too
        what = f"the tokenizer's files cannot be read: {type(error).__name__}: {first_line(error)}"
        raise FactoryError(what, where=str(folder), fix="take a whole copy of the model") from error
    names = [path.name for path in folder.iterdir()] if names is None else names
    faults = architecture_fault(config), tokenizer_fault(names, settings), processor_fault(names, config)
    lacks = () if "modules.json" in names else tuple(filter(None, faults))  # of sentence-transformers, in folders
    return Outline(config, chat, tuple(token for token, _ in beyond), tuple(_tables(folder, rows)), lacks, template)


def require_fit(job: Job, step: Step) -> None:
    """Refuse at the very start of a step what its model's small files already say.

    Raises:
        FactoryError: the step cannot be done with this model, or with one that its parameters name.
    """
    named = {value: read_outline(job.inputs[value].model) for _, value, kind in step.references() if kind == "model"}
    model = read_outline(job.source.model) if job.source is not None else UNKNOWN
    try:
        step.check_model(model, named)
    except FactoryError as error:
        error.where = error.where or job.where
        raise


def is_tied(config: Mapping[str, Any]) -> bool:
    """Whether transformers gives the head the embedding's weights."""
    for part in (config, config.get("text_config") or {}):
        for name in ("tie_word_embeddings", "tie_embedding"):
            if name in part:
                return bool(part[name])
    from transformers import CONFIG_MAPPING

    kind = config.get("model_type", "")
    known = CONFIG_MAPPING[kind].from_dict(dict(config)) if kind in CONFIG_MAPPING else None
    return known is None or bool(known.get_text_config().tie_word_embeddings)


def _require_settings(folder: Path) -> None:
    """
    Raises:
        FactoryError: generation_config.json cannot be read, or names end tokens that are no ids.
    """
    try:
        ends = _json(folder / SETTINGS).get("eos_token_id")
    except (OSError, ValueError) as error:
        raise FactoryError(first_line(error), where=str(folder), fix="take a whole copy of the model") from None
    if not all(
        isinstance(end, int) for end in (ends if isinstance(ends, list) else [ends] if ends is not None else [])
    ):
        what = f"{SETTINGS}: eos_token_id is {ends!r}, and no id of a token or a list of some"
        raise FactoryError(what, where=str(folder), fix="write the number of the token")


def _chats(folder: Path) -> bool | None:
    known = (folder / "tokenizer_config.json").is_file() or (folder / TOKENIZER).is_file()
    return has_chat_template(folder) if known else None


def _tables(folder: Path, rows: Any) -> Iterator[str]:
    """Modules whose stored weight has a row for every token."""
    if weight_files(folder) and all(path.is_file() for path in weight_files(folder)):
        for name, tensor in read_tensors(folder).items():
            if len(tensor.shape) == 2 and tensor.shape[0] == rows and name.endswith(".weight"):
                yield name.removesuffix(".weight")


def _beyond(folder: Path, rows: int) -> Iterator[tuple[str, int]]:
    """(token, id) of those that text or the factory can lead to and that have no row.

    An added special token that neither the tokenizer's settings nor its chat template name is left aside: Gemma 3's
    text models share the tokenizer of those that see, and never meet the token that stands for an image.
    """
    settings, document = _json(folder / "tokenizer_config.json"), _json(folder / TOKENIZER)
    model = document.get("model") or {}
    vocabulary = model.get("vocab") or {}
    if isinstance(vocabulary, list):  # of a unigram model: [[token, score], …]
        vocabulary = {token: number for number, (token, *_) in enumerate(vocabulary)}
    entries = {entry["id"]: entry for entry in document.get("added_tokens", [])}
    entries |= {int(number): entry for number, entry in (settings.get("added_tokens_decoder") or {}).items()}
    added = {entry["content"]: (number, entry.get("special", False)) for number, entry in entries.items()}
    for token, number in _json(folder / "added_tokens.json").items():
        added.setdefault(token, (number, False))
    yield from ((token, number) for token, number in vocabulary.items() if number >= rows and token not in added)
    named = {_content(settings.get(name)) for name in WRITTEN}
    templates = _templates(folder, settings)
    for token, (number, special) in added.items():
        if number >= rows and (not special or token in named or token in templates):
            yield token, number


def _templates(folder: Path, settings: Mapping[str, Any]) -> str:
    """All of the tokenizer's chat templates in one text."""
    files = [path.read_text("utf-8") for pattern in TEMPLATES for path in folder.glob(pattern)]
    return "\n".join([json.dumps(settings.get("chat_template"), ensure_ascii=False), *files])


def _content(token: Any) -> Any:
    return token.get("content") if isinstance(token, Mapping) else token


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} is no JSON object")
    return found
