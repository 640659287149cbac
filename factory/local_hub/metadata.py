"""What a commit says about its repo: card metadata, tags, library, task, evaluation results."""

import logging
import re
import struct
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from factory.local_hub.context import Hub
from factory.local_hub.storage import Commit, Store
from factory.local_hub.values import LARGEST, json_of, plain
from factory.text import yaml

FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
README_LIMIT = 2 << 20
CARD_LIMIT = 512 << 10  # characters of a card's metadata
JSON_LIMIT = 1 << 20  # bytes
RESULTS_LIMIT = 256 << 10  # bytes of all .eval_results together
HEADERS_LIMIT = 32 << 20  # bytes of the headers of a repo's safetensors files together
logger = logging.getLogger(__name__)
# what of a dataset's card becomes a tag with the key before it
PREFIXED = """annotations_creators language_creators language multilinguality size_categories source_datasets
    task_categories task_ids"""
# what headers that are none raise
UNREADABLE = (OSError, struct.error, ArithmeticError, AttributeError, KeyError, TypeError, ValueError)
TASKS = {
    "ForCausalLM": "text-generation",
    "ForSequenceClassification": "text-classification",
    "ForMaskedLM": "fill-mask",
}
DATA_FORMATS = {
    ".parquet": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".csv": "csv",
    ".arrow": "arrow",
    ".txt": "text",
}


@dataclass
class Summary:
    """Of one commit, whatever repo it is in; `problems` say what of it cannot be read."""

    card: dict[str, Any] = field(default_factory=dict)
    card_error: str | None = None
    text: str = ""
    config: dict[str, Any] | None = None
    eval_results: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    safetensors: dict[str, Any] | None = None
    has_card: bool = False
    problems: list[str] = field(default_factory=list)

    @property
    def stand_in(self) -> bool:
        """Rehearsals tag a repo that only stands in for the real one."""
        return "stand-in" in as_list(self.card.get("tags"))


def as_list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value if item is not None] if isinstance(value, list) else [str(value)]


def mappings(value: Any) -> list[dict[str, Any]]:
    """The mappings of a list, or a single mapping: what a card should hold but need not."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def split_card(text: str) -> tuple[dict[str, Any], str, str | None]:
    """(metadata, the rest, what is wrong with the metadata) of a README."""
    match = FRONT_MATTER.match(text)
    if not match:
        return {}, text, None
    body = text[match.end() :]
    if len(match.group(1)) > CARD_LIMIT:
        return {}, body, f"the metadata has more than {CARD_LIMIT:,} characters"
    try:
        data = plain(yaml.load(match.group(1)))
    except ValueError as error:
        return {}, body, str(error)
    if data is not None and not isinstance(data, dict):
        return {}, body, "the metadata must be a mapping of keys to values"
    return data or {}, body, None


def summary(hub: Hub, commit: Commit) -> Summary:
    """Cached by the commit's tree: the same files always say the same."""
    cache: OrderedDict[str, Summary] = hub.caches.setdefault("summaries", OrderedDict())
    found = cache.get(commit.tree)
    if found is None:
        try:
            found = _read(hub.store, commit)
        except Exception as error:  # whatever one repo holds, the lists it stands in are answered
            logger.exception("the files of commit %s cannot be described", commit.oid)
            found = Summary(problems=[f"its files cannot be described: {type(error).__name__}"])
        cache[commit.tree] = found
        while len(cache) > 2000:
            cache.popitem(last=False)
    return found


def _read(store: Store, commit: Commit) -> Summary:
    result = Summary(paths=[entry.path for entry in store.trees.files(commit.tree)])
    readme = store.read(commit, "README.md", README_LIMIT)
    if readme is not None:
        result.has_card = True
        result.card, result.text, result.card_error = split_card(readme.decode("utf-8", "replace"))
        if result.card_error:
            result.problems.append(f"README.md: {result.card_error}")
    config = store.read(commit, "config.json", JSON_LIMIT)
    if config:
        try:
            data = json_of(config)
            if isinstance(data, dict):
                wanted = ("architectures", "model_type", "quantization_config")
                result.config = plain({key: data[key] for key in wanted if key in data})
        except ValueError as error:
            result.problems.append(f"config.json: {error}")
    left = RESULTS_LIMIT
    for path in result.paths:
        if path.startswith(".eval_results/") and path.endswith((".yaml", ".yml")) and left > 0:
            content = store.read(commit, path, left) or b""
            left -= len(content)
            try:
                result.eval_results += _eval_results(content, path)
            except ValueError as error:
                result.problems.append(f"{path}: {error}")
    try:
        result.safetensors = _parameters(store, commit, result.paths)
    except UNREADABLE as error:
        result.problems.append(f"its safetensors files: {error}")
    return result


def _eval_results(content: bytes, path: str) -> list[dict[str, Any]]:
    data = plain(yaml.load(content.decode("utf-8", "replace")))
    wanted = [entry for entry in mappings(data) if isinstance(entry.get("dataset"), dict)]
    # the API wraps what the file holds and says where it came from
    return [{"verified": False, "filename": path, "data": entry} for entry in wanted]


def _parameters(store: Store, commit: Commit, paths: list[str]) -> dict[str, Any] | None:
    """Parameter counts by dtype from the headers of the root's safetensors files. Raises what is in UNREADABLE."""
    counts: dict[str, int] = {}
    left = HEADERS_LIMIT
    names = [p for p in paths if "/" not in p and re.fullmatch(r"model.*\.safetensors", p)]
    for name in names:
        entry = store.entry(commit, name)
        if entry is None:
            continue
        with store.blobs.path(store.file(entry.oid).sha256).open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            left -= length
            if left < 0:
                raise ValueError(f"headers of more than {HEADERS_LIMIT >> 20} MB")
            header = json_of(file.read(length))
        for tensor, about in header.items():
            if tensor != "__metadata__":
                dtype = str(plain(about["dtype"]))
                counts[dtype] = counts.get(dtype, 0) + _elements(about["shape"])
    return {"parameters": counts, "total": sum(counts.values())} if counts else None


def _elements(shape: list[int]) -> int:
    """Of a tensor. Raises ValueError where no disk holds so many."""
    size = 1
    for extent in shape:
        size *= int(extent)
        if not 0 <= size < LARGEST:
            raise ValueError("a tensor with more elements than any file can hold")
    return size


def library_of(about: Summary) -> str | None:
    if about.card.get("library_name"):
        return str(about.card["library_name"])
    if "adapter_config.json" in about.paths:
        return "peft"
    if "model_index.json" in about.paths:
        return "diffusers"
    if about.config and about.config.get("model_type"):
        return "transformers"
    return None


def task_of(about: Summary) -> str | None:
    if about.card.get("pipeline_tag"):
        return str(about.card["pipeline_tag"])
    for architecture in as_list((about.config or {}).get("architectures")):
        for suffix, task in TASKS.items():
            if architecture.endswith(suffix):
                return task
    return None


def base_models(card: dict[str, Any]) -> list[str]:
    return as_list(card.get("base_model"))


def tags_of(kind: str, about: Summary) -> list[str]:
    """The tags the Hub derives from a card, in its order, without doubles."""
    card, tags = about.card, []
    if kind == "model":
        tags += [library_of(about)]
        tags += ["safetensors"] if any(p.endswith(".safetensors") for p in about.paths) else []
        tags += ["gguf"] if any(p.endswith(".gguf") for p in about.paths) else []
        tags += [(about.config or {}).get("model_type"), task_of(about)]
    if kind == "space":
        tags += [card.get("sdk")]
    for key in PREFIXED.split() if kind == "dataset" else []:
        tags += [f"{key}:{value}" for value in as_list(card.get(key))]
    tags += as_list(card.get("tags"))
    if kind != "dataset":
        tags += as_list(card.get("language"))
    tags += [f"dataset:{value}" for value in as_list(card.get("datasets"))] if kind == "model" else []
    tags += [
        f"arxiv:{number}" for number in sorted(set(re.findall(r"arxiv\.org/(?:abs|pdf)/(\d{4}\.\d{4,5})", about.text)))
    ]
    for value in base_models(card) if kind == "model" else []:
        tags += [f"base_model:{value}"]
        relation = card.get("base_model_relation")
        tags += [f"base_model:{relation}:{value}"] if relation else []
    tags += [f"license:{value}" for value in as_list(card.get("license"))]
    if kind == "dataset":
        suffixes = {path[path.rfind(".") :] for path in about.paths if "." in path and not path.startswith(".")}
        formats = {DATA_FORMATS[suffix] for suffix in suffixes if suffix in DATA_FORMATS}
        tags += sorted(f"format:{name}" for name in formats - {"text"} or formats)  # beside data, text is a note
    tags += ["region:us"]
    return list(dict.fromkeys(str(tag) for tag in tags if tag))
