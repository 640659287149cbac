"""Which models can be merged, decided from configurations and file headers before any weight is read."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from factory.models.models import read_config
from factory.models.tensors import Tensor, read_tensors

HEAD = "lm_head.weight"  # stored or not where it is tied to the embedding
EMBEDDING = ".embed_tokens.weight"
STREAM_INSTEAD = "take `method: slerp` or `method: linear`, which merge every tensor that the files hold"
SHOWN = 3  # names of tensors in a message
NOT_SHAPE = {"_name_or_path", "transformers_version", "dtype", "torch_dtype", "use_cache", "architectures"}


def check_configurations(models: Sequence[Path], like: int, where: str = "") -> None:
    """Raises FactoryError where a model is of another architecture than ``models[like]``."""
    ours = read_config(models[like], where)
    for folder in models:
        theirs = read_config(folder, where)
        for key in ("model_type", "architectures"):
            if ours.get(key) != theirs.get(key):
                raise FactoryError(
                    f"cannot merge {_text(ours.get(key))} with {_text(theirs.get(key))}",
                    where=where,
                    fix="`with` must name models of the same architecture",
                )


def fit_together(models: Sequence[Path], like: int, where: str = "") -> dict[str, tuple[Tensor, list[str]]]:
    """{tensor to write: (its type and shape in ``models[like]``, its name in each model)}, in the files' order.

    A head that a model does not store is its embedding: it is tied. One that only another model than ``models[like]``
    stores must be a copy of that model's embedding; else the two do not fit.

    Raises:
        FactoryError: names or shapes differ; the message has the tensor.
    """
    found = [read_tensors(folder) for folder in models]
    ours = found[like]
    names: dict[str, tuple[Tensor, list[str]]] = {}
    for name, tensor in ours.items():
        called = []
        for theirs in found:
            called.append(name if name in theirs else tied_to(name, theirs))
            other = theirs.get(called[-1] or "")
            if other is None:
                fix = "it must be a model of the same shape"
                raise FactoryError(f"`with` has no tensor {name}", where=where, fix=fix)
            if other.shape != tensor.shape:
                what = "vocabulary sizes differ" if "embed" in name or name == HEAD else "shapes differ"
                raise FactoryError(
                    f"{what}: {name} is {_shape(tensor)} in the source and {_shape(other)} in `with`",
                    where=where,
                    fix="`with` must be the very checkpoint the source was tuned from, or one of its shape",
                )
        names[name] = tensor, called
    for folder, theirs in zip(models, found, strict=True):
        for name in theirs:
            if name in ours:
                continue
            if name != HEAD:
                fix = "`with` must be of the same shape"
                raise FactoryError(f"the source has no tensor {name}", where=where, fix=fix)
            if not _same(folder, HEAD, tied_to(HEAD, theirs)):
                raise FactoryError(
                    f"the source's {HEAD} is tied to its embedding, that of `with` is not",
                    where=where,
                    fix="`with` must be a model whose head is tied as well",
                )
    return names


def tied_to(name: str, tensors: dict[str, Tensor]) -> str | None:
    """The embedding that stands for a head that is not stored."""
    if name != HEAD:
        return None
    return next((other for other in tensors if other.endswith(EMBEDDING)), None)


def check_output(expected: Mapping[str, Tensor], found: Mapping[str, Tensor], tied: bool, where: str = "") -> None:
    """What was written must have the names and shapes that were read; a head that is `tied` may be stored or not.

    mergekit can end in peace with most tensors left out, where its definition of an architecture does not fit.

    Raises:
        FactoryError: names or shapes differ; the message has the first of them.
    """
    optional = {HEAD} if tied else set()
    missing = [name for name in expected if name not in found and name not in optional]
    extra = [name for name in found if name not in expected and name not in optional]
    wrong = [name for name, tensor in found.items() if name in expected and tensor.shape != expected[name].shape]
    faults = [("are missing", missing), ("are of other shapes", wrong), ("are in no input", extra)]
    said = [f"{len(names)} {what} ({_listed(names)})" for what, names in faults if names]
    if said:
        what = f"{len(expected)} tensors go into the merge, {len(found)} came out: {'; '.join(said)}"
        raise FactoryError(what, where=where, fix=STREAM_INSTEAD)


def require_all(expected: Collection[str], known: Collection[str], tied: bool, kind: str, where: str = "") -> None:
    """Refuse a merge by mergekit before its work, where its definition of an architecture leaves tensors out.

    Raises:
        FactoryError: some of `expected` are not among the tensors that it knows for a `kind` of model.
    """
    missing = [name for name in expected if name not in known and not (tied and name == HEAD)]
    if missing:
        what = f"mergekit would leave {len(missing)} of {len(expected)} tensors of a {kind} model out: "
        raise FactoryError(what + _listed(missing), where=where, fix=STREAM_INSTEAD)


def config_differences(models: Sequence[Path], like: int) -> list[str]:
    """Notes on settings that two configurations have and that are not the same."""
    ours = read_config(models[like])
    notes = []
    for folder in models:
        theirs = read_config(folder)
        keys = [key for key in ours if key in theirs and key not in NOT_SHAPE and not key.endswith("token_id")]
        notes += [
            f"config {key}: {ours[key]} is kept, `with` has {theirs[key]}" for key in keys if ours[key] != theirs[key]
        ]
    return notes


def _same(folder: Path, first: str, second: str | None) -> bool:
    """Whether two tensors of one model hold the same numbers."""
    from factory.models.merge.reading import Mapped

    with Mapped(folder) as mapped:
        return second is not None and bool(mapped.tensor(first).equal(mapped.tensor(second)))


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
