"""A merge parameter as mergekit reads it: a number, a gradient over the layers, or either for tensors by name."""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

LAYER = re.compile(r"\.(?:layers?|blocks?|h)\.(\d+)\.")  # not every number is one: visual.merger.mlp.2


class Filtered(BaseModel):
    """`value` for the tensors whose name contains `filter`; without a filter, for all the others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    filter: str | None = None
    value: float | Annotated[list[float], Field(min_length=1)]


Setting = float | Annotated[list[float], Field(min_length=1)] | Annotated[list[Filtered], Field(min_length=1)]
"""0.5; [0, 0.5, 1] spread over the layers; [{filter: self_attn, value: 0.3}, {value: 0.5}]."""


def numbers(setting: Any) -> Iterator[float]:
    """Every number written in a setting."""
    for item in setting if isinstance(setting, list) else [setting]:
        if isinstance(item, Filtered):
            yield from numbers(item.value)
        else:
            yield item


def uncovered(setting: Any) -> bool:
    """Whether the setting is filters without a last one for all other tensors."""
    filters = [item for item in setting if isinstance(item, Filtered)] if isinstance(setting, list) else []
    return bool(filters) and all(item.filter not in (None, "*") for item in filters)


def plain(setting: Any) -> Any:
    """The setting as JSON, for a fingerprint and for mergekit."""
    if isinstance(setting, list):
        return [plain(item) for item in setting]
    return setting.model_dump(mode="json") if isinstance(setting, Filtered) else setting


def value_at(setting: Any, name: str, position: float) -> float:
    """The number that holds for the tensor `name` at `position` (0 first layer, 1 last) of the network.

    Source: ``evaluate_setting`` of mergekit's config.py: the first filter that the name contains decides; a gradient's
    values lie at equal distances and are interpolated between.
    """
    if not isinstance(setting, list):
        return float(setting)
    if isinstance(setting[0], Filtered):
        for item in setting:
            if item.filter in (None, "*") or item.filter in name:
                return value_at(item.value, name, position)
        raise KeyError(name)
    scaled = position * (len(setting) - 1)
    low = int(scaled)
    high, part = min(len(setting) - 1, low + 1), scaled - low
    return float((1 - part) * setting[low] + part * setting[high])


def positions(names: Iterable[str]) -> dict[str, float]:
    """Where each tensor stands in the network, as mergekit counts: its layer divided by the last layer's number.

    Embeddings, final norm and head stand at 0; the layer of a network that has only one stands at 1. Layers are
    counted apart for each stack (``model.layers``, ``visual.blocks``).
    """
    places: dict[str, tuple[str, int] | None] = {}
    last: dict[str, int] = {}
    for name in names:
        match = LAYER.search(name)
        places[name] = (name[: match.start(1)], int(match[1])) if match else None
        if match:
            stack = name[: match.start(1)]
            last[stack] = max(last.get(stack, 0), int(match[1]))
    return {
        name: 0.0 if place is None else place[1] / last[place[0]] if last[place[0]] else 1.0
        for name, place in places.items()
    }
