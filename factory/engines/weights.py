"""The weight files of a model folder: those that transformers takes, and no other that lies beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from factory.errors import FactoryError

ONE, INDEX = "model.safetensors", "model.safetensors.index.json"
ADAPTER = "adapter_config.json"
MERGE_IT = "merge it into its base first (PeftModel.merge_and_unload), and take that"
BESIDE = ("*.json", "*.jinja", "*.txt", "*.model", "*.spm", "*.bpe", "*.tiktoken")
TEMPLATES = "additional_chat_templates/"
POINTER = b"version https://git-lfs.github.com/spec/"  # https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md


def weight_names(index: bytes) -> list[str]:
    """The shards that a ``model.safetensors.index.json`` names, each once, sorted.

    Raises:
        ValueError: it is no index.
    """
    try:
        names = sorted(set(json.loads(index)["weight_map"].values()))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no `weight_map`") from error
    if not all(isinstance(name, str) for name in names):
        raise ValueError("`weight_map` names no files")
    return names


def weight_files(folder: Path) -> list[Path]:
    """``model.safetensors``, else the shards that the index names, as transformers chooses; none without either.

    Shards that no index names, ``consolidated.safetensors`` and folders are no part of a model.

    Raises:
        FactoryError: the index cannot be read.
    """
    if (folder / ONE).is_file():
        return [folder / ONE]
    index = folder / INDEX
    if not index.is_file():
        return []
    try:
        return [folder / name for name in weight_names(index.read_bytes())]
    except ValueError as error:
        raise FactoryError(f"the index of the weights cannot be read: {error}", where=str(index)) from None


def needed_weights(folder: Path, where: str = "") -> list[Path]:
    """`weight_files`, all there and real.

    Raises:
        FactoryError: the folder holds none, a LoRA adapter alone, an index without its shards, or Git LFS pointers.
    """
    found = weight_files(folder)
    if not found and (folder / ADAPTER).is_file():
        raise FactoryError("this is a LoRA adapter, not a model", where=where or str(folder), fix=MERGE_IT)
    if not found:
        what = f"neither {ONE} nor {INDEX} is there"
        raise FactoryError(what, where=where or str(folder), fix="convert the weights to safetensors")
    if missing := [path.name for path in found if not path.is_file()]:
        what = f"the index names {missing[0]}, which is not there"
        raise FactoryError(what, where=where or str(folder), fix="download the model again")
    if found != [folder / ONE] and "metadata" not in json.loads((folder / INDEX).read_bytes()):
        what = f"{INDEX} has no `metadata`, without which transformers does not read it"
        raise FactoryError(what, where=where or str(folder), fix="take a whole copy of the model")
    if pointers := [path.name for path in found if is_pointer(path)]:
        what = f"{pointers[0]} is a Git LFS pointer, not the weights"
        raise FactoryError(
            what, where=where or str(folder), fix="run `git lfs pull`, or download it with `hf download`"
        )
    return found


LOADING: dict[str, Any] = {"output_loading_info": True, "ignore_mismatched_sizes": True}
"""For `from_pretrained`, so that `require_complete` can say what did not fit."""


def require_complete(folder: Path, loading: Mapping[str, Any], where: str = "") -> None:
    """See that every weight of a model came from its files: transformers fills up what is not there with chance.

    `loading` is what `from_pretrained` says under `LOADING`. Of quantized models it names weights that are stored in
    another form, so those are left aside; scales are not: where they are made anew, right weights are spoilt.

    Raises:
        FactoryError: a weight is not there, or has another shape than config.json says.
    """
    quantized = "quantization_config" in json.loads((folder / "config.json").read_bytes())
    where, fix = where or str(folder), "take a whole copy of the model"
    if lacking := sorted(name for name in loading["missing_keys"] if not (quantized and name.endswith(".weight"))):
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        raise FactoryError(f"the weights lack {lacking[0]}{more}", where=where, fix=fix)
    for name, stored, expected in [] if quantized else sorted(loading["mismatched_keys"]):
        shapes = ["×".join(map(str, shape)) for shape in (stored, expected)]
        raise FactoryError(f"{name} is {shapes[0]}, and {shapes[1]} by config.json", where=where, fix=fix)


def model_files(names: Sequence[str], index: bytes | None, code: bool = False) -> list[str]:
    """Of the files of a repo or folder, by their paths in it, those that make up the model; `index` is its `INDEX`.

    Folders are left aside but for chat templates and the modules of sentence-transformers, which modules.json names.
    With `code` the modules that a configuration of its own names come along.

    Raises:
        FactoryError: there are no weights, or those of a LoRA adapter alone.
    """
    patterns = [*BESIDE, *(["*.py"] if code else [])]
    beside = [name for name in names if any(fnmatch(name, pattern) for pattern in patterns)]
    if "modules.json" in names:
        return beside + [name for name in names if name.endswith(".safetensors")]
    weights = [ONE] if ONE in names else weight_names(index) if index is not None else []
    if not weights:
        if ADAPTER in names:
            raise FactoryError("this is a LoRA adapter, not a model", fix=MERGE_IT)
        if shards := [name for name in names if name.endswith(".safetensors")]:
            what = f"neither {ONE} nor {INDEX} is there, which would say what {shards[0]} is"
            raise FactoryError(what, fix="take a whole copy of the model")
        raise FactoryError("the repo has no .safetensors weights", fix="only safetensors are loaded: convert it")
    # transformers takes a folder with an ADAPTER for that of an adapter, whatever else is in it
    beside = [name for name in beside if name != ADAPTER and ("/" not in name or name.startswith(TEMPLATES))]
    return beside + weights


def is_pointer(path: Path) -> bool:
    """Whether a file stands for one that Git LFS has not fetched."""
    with path.open("rb") as file:
        return file.read(len(POINTER)) == POINTER
