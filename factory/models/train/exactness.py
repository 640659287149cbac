"""What was measured is what is saved: a model beside itself, once its adapters are merged and once it is on disk.

Imports torch.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from factory.errors import FactoryError
from factory.models.models import load_model, save_model
from factory.models.train.parameters import tied_error
from factory.models.train.pictures import LIMITS, PictureCollator

LOOKED_AT = 100  # rows among which those with pictures are sought
ROWS, TOKENS = 4, 256  # of a probe: enough to see a wrong weight, and little work beside a training
LOGITS = 1e-3  # by which merging may move a logit in float32
LOSS = 0.01  # by which saving may move a loss: part of it, and below 1 nat of that

Probe = Sequence[Mapping[str, torch.Tensor]]
"""What a model reads of a few rows, each alone: input_ids [1, tokens], and what belongs to its pictures."""

Losses = Mapping[str, float]
"""Mean loss in nats by the name of what it was measured on."""


def probe_of(rows: Any, collate: PictureCollator | None = None) -> Probe:
    """The beginnings of the first rows, tokenized for TRL's trainers; with `collate`, of those that have pictures."""
    if collate is not None:
        first = range(min(LOOKED_AT, len(rows)))
        seen = [row for row in first if rows[row][LIMITS]] or first
        batches = (collate([row]) for row in rows.select(seen[:ROWS]))
        return [{name: value for name, value in batch.items() if name != "labels"} for batch in batches]
    columns = ("input_ids",) if "input_ids" in rows.column_names else ("prompt_ids", "chosen_ids")
    first = rows.select(range(min(ROWS, len(rows))))
    return probe_of_tokens([token for name in columns for token in row[name]] for row in first)


def probe_of_tokens(texts: Iterable[Sequence[int]]) -> Probe:
    """The beginnings of a few tokenized texts."""
    return [{"input_ids": torch.tensor([ids[:TOKENS]])} for ids in islice(texts, ROWS)]


def require_apart(model: Any, where: str) -> None:
    """See that no module with an adapter, and none that is trained whole, shares its weights with one that is not.

    Raises:
        FactoryError: one does: merged, the adapter would change both.
    """
    from peft.tuners.tuners_utils import BaseTunerLayer
    from peft.utils import ModulesToSaveWrapper

    base = model.get_base_model()
    owners: dict[int, list[str]] = {}
    for name, module in base.named_modules():
        for parameter in module.parameters(recurse=False):
            owners.setdefault(id(parameter), []).append(name)
    whole = {name: module for name, module in base.named_modules() if isinstance(module, ModulesToSaveWrapper)}
    for name, module in base.named_modules():
        if isinstance(module, BaseTunerLayer):
            weight = getattr(module.get_base_layer(), "weight", None)
            if len(owners.get(id(weight), ())) > 1:
                raise tied_error(name, where)
    for name, module in whole.items():
        for other in owners.get(id(getattr(module.original_module, "weight", None)), ()):
            twin = whole.get(other.removesuffix(".original_module"))
            if twin is None or _trained(twin).weight is not _trained(module).weight:
                raise tied_error(name, where)


def _trained(wrapper: Any) -> Any:
    """The copy of a module that is trained whole."""
    return wrapper.modules_to_save[wrapper.active_adapters[0]]


def merged(model: Any, probe: Probe, where: str) -> Any:
    """A PEFT model with its adapters merged into its weights, which are in float32.

    Raises:
        FactoryError: that moves a logit by more than `LOGITS`.
    """
    base = model.get_base_model()
    before = [logits(base, inputs) for inputs in probe]
    whole = model.merge_and_unload()
    moved = max(
        ((logits(whole, inputs) - were).abs().max().item() for inputs, were in zip(probe, before, strict=True)),
        default=0.0,
    )
    if not moved <= LOGITS:
        raise FactoryError(
            f"merging the adapter moves the logits by {moved:.3g}, more than {LOGITS:g}: the merged model is not the "
            "one that was trained",
            where=where,
            fix="name other lora.target_modules, or train all weights: lora: null",
        )
    return whole


def logits(model: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Of the last `TOKENS` tokens of one row, in the precision of the weights."""
    given = {name: value.to(model.device) for name, value in inputs.items()}
    with _as_it_is(model), torch.no_grad():
        return model(**given, use_cache=False).logits[0, -TOKENS:].float()


def mean_loss(model: Any, probe: Probe) -> float:
    """Nats per token over the last `TOKENS` tokens of each row but the first of them."""
    total, count = 0.0, 0
    for inputs in probe:
        targets = inputs["input_ids"][0, -TOKENS:][1:].to(model.device)
        if len(targets):
            total += cross_entropy(logits(model, inputs)[:-1], targets, reduction="sum").item()
            count += len(targets)
    return total / max(count, 1)


def require_saved(trained: Losses, saved: Losses, rounding: Callable[[], Losses], dtype: str, where: str) -> None:
    """See that a model lost nothing when it was saved as `dtype` but what rounding costs.

    Each loss may differ by `LOSS`, or by twice what `rounding` alone costs the model before training.

    Raises:
        FactoryError: one differs by more, or is no number.
    """
    far = [name for name, loss in trained.items() if not abs(saved[name] - loss) <= LOSS * max(loss, 1.0)]
    if far:
        cost = rounding()
        far = [name for name in far if not abs(saved[name] - trained[name]) <= 2 * cost[name]]
    if far:
        name = far[0]
        raise FactoryError(
            f"the model that was saved is not the one that was trained: {name} is {saved[name]:.4g}, and was "
            f"{trained[name]:.4g} before it was saved as {dtype}",
            where=where,
            fix="dtype: float32 stores every digit; checkpoints are kept",
        )


def cost_of_rounding(start: Path, scratch: Path, dtype: str, losses_of: Callable[[Path], Losses]) -> dict[str, float]:
    """By how much the losses of the model in `start` move when it is stored as `dtype`, for a while in `scratch`."""
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(start, scratch, ignore=shutil.ignore_patterns("*.safetensors*"))
    save_model(load_model(start, "float32"), scratch, dtype)
    before, after = losses_of(start), losses_of(scratch)
    shutil.rmtree(scratch)
    return {name: abs(after[name] - before[name]) for name in before}


@contextmanager
def _as_it_is(model: Any) -> Iterator[None]:
    """Without dropout, and convolutions on GPUs in 32 bits, which torch would round to 19."""
    training = model.training
    model.eval()
    try:
        with torch.backends.cudnn.flags(allow_tf32=False):
            yield
    finally:
        model.train(training)
