"""Parameters of models that need not be here yet: from a finished model, else from its name, else from the table."""

import re
from math import prod
from pathlib import Path

from factory.errors import FactoryError
from factory.estimate.rates import Rates
from factory.graph.model_sources import HubModel, LocalModel
from factory.graph.nodes import Graph, Node
from factory.models.tensors import read_tensors
from factory.store import Manifest

IN_NAME = re.compile(r"(?<![A-Za-z0-9.])(?P<number>\d+(?:\.\d+)?)(?P<unit>[BM])(?![A-Za-z0-9])", re.IGNORECASE)
PACKED = 8  # weights of 4 bits in one stored integer
BESIDE = ("_scale", "_zero_point", "_g_idx", "_shape")  # endings of what quantized weights bring with them
SCALE = {"B": 1e9, "M": 1e6}


def in_name(name: str) -> float | None:
    """Parameters that a repo's name states.

    >>> in_name("LiquidAI/LFM2-1.2B"), in_name("QCRI/Fanar-1-9B-Instruct"), in_name("gpt2")
    (1200000000.0, 9000000000.0, None)
    """
    found = [float(match["number"]) * SCALE[match["unit"].upper()] for match in IN_NAME.finditer(name)]
    return max(found, default=None)


def of_folder(folder: Path) -> float | None:
    """Parameters of the model in `folder` by the shapes in its weights' headers; None where there are none."""
    try:
        tensors = read_tensors(folder)
    except (OSError, ValueError, KeyError, FactoryError):
        return None
    sizes = (
        prod(tensor.shape) * (PACKED if name.endswith("_packed") else 1)
        for name, tensor in tensors.items()
        if not name.endswith(BESIDE)
    )
    return float(sum(sizes)) or None


def of_config(config: dict[str, object], vocabulary: int) -> float | None:
    """Parameters of a decoder from its configuration, within some 10 %: embeddings, attention and three MLP matrices.

    >>> of_config({"hidden_size": 64, "num_hidden_layers": 2, "intermediate_size": 128}, 1000) > 1e5
    True
    """
    hidden, layers = config.get("hidden_size"), config.get("num_hidden_layers")
    if not isinstance(hidden, int) or not isinstance(layers, int):
        return None
    inner = config.get("intermediate_size", 4 * hidden)
    inner = inner if isinstance(inner, int) else 4 * hidden
    return float(vocabulary * hidden + layers * (4 * hidden * hidden + 3 * hidden * inner))


class Sizes:
    """Parameters of every model node of a graph, each worked out once."""

    def __init__(self, graph: Graph, rates: Rates) -> None:
        self.graph, self.rates = graph, rates
        self._known: dict[str, float | None] = {}

    def of(self, name: str) -> float | None:
        """Parameters of the model that the named node makes."""
        if name not in self._known:
            self._known[name] = self._find(self.graph.nodes[name])
        return self._known[name]

    def _find(self, node: Node) -> float | None:
        manifest = Manifest.load(node.folder)
        if manifest is not None:
            size = manifest.metrics.get("parameters") or of_folder(node.folder / "model")
            if size:
                return float(size)
        step = node.step
        if isinstance(step, HubModel):
            if self.rates.has("parameters", step.repo):
                return float(self.rates.value("parameters", step.repo))
            size = in_name(step.repo)
            return self.rates.note(f"parameters of {step.repo}", size, "its name") if size else None
        if isinstance(step, LocalModel):
            return of_folder(Path(step.path))
        if step.verb == "init":
            size = of_config(step.config, step.vocab_size)  # type: ignore[attr-defined]
            return self.rates.note(f"parameters of {node.artifact}", size, "its configuration") if size else None
        return self.of(node.source.node) if node.source else None

    def scheme(self, name: str) -> str | None:
        """What the node's weights are stored in, as `quantize` calls it; None for 16 bits."""
        node = self.graph.nodes[name]
        if node.step.verb == "quantize":
            return node.step.scheme  # type: ignore[attr-defined]
        return self.scheme(node.source.node) if node.source is not None and node.kind == "model" else None

    def weight_bytes(self, name: str) -> float | None:
        """Bytes of the weights that the named node makes: 16 bits, or fewer but for what `quantize` leaves alone."""
        size, scheme = self.of(name), self.scheme(name)
        if size is None:
            return None
        wide = self.rates.value("weights", "sixteen_bits")
        if scheme is None:
            return size * wide
        left = self.rates.value("weights", "left_alone")
        return size * (left * wide + (1 - left) * self.rates.value("weights", scheme))
