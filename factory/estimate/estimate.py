"""What a plan would cost: rows, tokens, time, money and disk of everything that is not done.

Rates measured in the store (same verb, same device, a model of like size) come first, then the table in
``estimates/rates.yaml``; `Costs.as_json` lists every number that was used with its source. Nothing is read but
manifests, and nothing is asked of the network.
"""

import math
from typing import Any

from factory.engines import local_engine
from factory.errors import UsageError
from factory.estimate.costs import VERBS, Cost, Costs, NodeCost
from factory.estimate.flow import Flows
from factory.estimate.rates import Measured, Rates, best, device_key, interpolate, measurements, table
from factory.estimate.sizes import Sizes
from factory.graph.model_sources import AnsweringModel, HubModel
from factory.graph.nodes import Node
from factory.graph.plan import NodePlan, Plan
from factory.graph.sources import HubDataset
from factory.profile import Profile
from factory.store import Manifest

__all__ = ["Cost", "Costs", "NodeCost", "estimate"]

SMALL = 1e8  # parameters; larger models are figured for a GPU where the profile names none
ROOM = 0.9  # of a GPU's memory that weights may take


def estimate(plan: Plan, profile: Profile) -> Costs:
    """The cost of every node of the plan that is not done.

    Raises:
        UsageError: the profile's `gpu` is not in the table.
    """
    return _Estimator(plan, profile).run()


class _Estimator:
    def __init__(self, plan: Plan, profile: Profile) -> None:
        self.plan, self.graph, self.profile = plan, plan.graph, profile
        self.rates = Rates()
        self.sizes = Sizes(self.graph, self.rates)
        self.flows = Flows(self.graph, self.rates)
        self.device, self.assumed = self._device()
        self.price = self._price(self.device, self.profile.gpu_hour)
        self.speaker, self.speaker_price, self.speakers = self._generating()
        self.measured: list[Measured] = self._measured() if plan.todo else []

    def run(self) -> Costs:
        nodes = {entry.node.name: self._cost(entry) for entry in self.plan.todo}
        return Costs(
            self.graph,
            nodes,
            self.flows,
            self.device,
            self.profile.devices,
            self.price,
            self.assumed,
            self.rates,
            generates=f"{self.speakers} x {self.speaker}" if self.profile.generation_gpu else None,
        )

    def _device(self) -> tuple[str, bool]:
        """The profile's GPU or CPU; where it names neither, a GPU if a model of the plan needs one. True: assumed."""
        if self.profile.gpu:
            return _known_gpu(self.profile.gpu, "gpu"), False
        sizes = [self.sizes.of(entry.node.name) for entry in self.plan.todo if entry.node.kind == "model"]
        large = max((size for size in sizes if size), default=0.0) > SMALL
        if self.profile.device == "cpu" or not large:
            return "cpu", False
        return self.rates.value("default_gpu"), True

    def _generating(self) -> tuple[str, float | None, int]:
        """(device, its price, how many) of what generates and evaluates; unless said otherwise what trains."""
        if not self.profile.generation_gpu:
            return self.device, self.price, self.profile.devices
        name = _known_gpu(self.profile.generation_gpu, "generation_gpu")
        devices = self.profile.generation_devices or self.profile.devices
        return name, self._price(name, self.profile.generation_gpu_hour), devices

    def _price(self, device: str, stated: float | None) -> float | None:
        if stated is not None:
            return stated
        return None if device == "cpu" else float(self.rates.gpu(device, "dollars"))

    def _measured(self) -> list[Measured]:
        found = dict(self.graph.store.manifests())
        models = {
            manifest.fingerprint: float(manifest.metrics["parameters"])
            for manifest in found.values()
            if manifest.metrics.get("parameters")
        }
        workers = {}
        for manifest in found.values():
            sizes = [models[digest] for digest in manifest.inputs.values() if digest in models]
            if size := models.get(manifest.fingerprint) or max(sizes, default=None):
                workers[manifest.fingerprint] = size
        return measurements(found.values(), workers)

    def _cost(self, entry: NodePlan) -> NodeCost:
        node = entry.node
        step = node.step
        if isinstance(step, HubModel):
            return self._fetch(node, self.sizes.weight_bytes(node.name))
        if isinstance(step, AnsweringModel):
            return NodeCost(node.name, node.artifact)
        if node.kind == "evaluation":
            return self._evaluation(node)
        if node.kind == "model":
            if step.verb in VERBS["training"]:
                return self._training(node)
            if step.verb == "quantize":
                return self._quantizing(node)
            return self._weights_only(node, self._vocabulary(node) if step.verb == "expand_vocab" else 0.0)
        flow = self.flows.of(node.name)
        disk = (flow.rows or 0.0) * flow.row_tokens * self.rates.value("text", "bytes_per_token")
        if isinstance(step, HubDataset):
            return self._fetch(node, disk, flow.rows)
        if step.verb in VERBS["translation"] | VERBS["judging"] and not entry.scored:
            return self._generation(entry, flow.rows, disk)
        return self._rows(entry, flow.rows, disk)

    def _fetch(self, node: Node, size: float | None, rows: float | None = None) -> NodeCost:
        if not size:
            return NodeCost(node.name, node.artifact, rows, seconds=None, device_seconds=None)
        seconds = size / self.rates.value("work", "download_bytes_per_second")
        return NodeCost(node.name, node.artifact, rows, seconds=seconds, disk=size, basis="table")

    def _rows(self, entry: NodePlan, rows: float | None, disk: float) -> NodeCost:
        """A verb without a model, or one whose scores are all stored: rows through the CPU."""
        node = entry.node
        came = self.flows.into(node).rows if node.edges else rows
        if came is None:
            return NodeCost(node.name, node.artifact, rows, seconds=None, device_seconds=None)
        found = None if entry.scored else best(self.measured, node.step.verb, "rows", "cpu")
        speed = found.rate if found else self.rates.value("work", "rows_per_second")
        basis = "scores are stored" if entry.scored else _basis(found)
        return NodeCost(node.name, node.artifact, rows, seconds=came / speed, disk=disk, basis=basis)

    def _generation(self, entry: NodePlan, rows: float | None, disk: float) -> NodeCost:
        """A model that answers once per row, or once per text that is translated."""
        node = entry.node
        step: Any = node.step
        flow, worker = self.flows.into(node), self._worker(node)
        size = self.sizes.of(worker.name)
        if flow.rows is None or (size is None and not isinstance(worker.step, AnsweringModel)):
            return NodeCost(node.name, node.artifact, rows, None, None, None, None, disk)
        overhead = self.rates.value("text", "prompt_overhead")
        if step.verb in VERBS["translation"]:
            texts = flow.rows * len(step.columns or [1])
            written = texts * flow.tokens * self.flows.ratio
            if (before := _per_row(entry)) is not None:
                written = (
                    self.rates.note(f"{node.name}: tokens per row", before, "measured before the change") * flow.rows
                )
            read, unit, amount = texts * (flow.tokens + overhead), "completion_tokens", written
            tokens = written
        else:
            asks = flow.rows * getattr(step, "asks_per_row", 1)
            written = asks * self.rates.value("text", "answer_tokens")
            written += flow.rows * getattr(step, "answers_per_row", 0) * flow.tokens * self.flows.ratio
            read, unit, amount = asks * (2 * flow.tokens + overhead), "requests", asks
            tokens = read + written
        if size is None:
            return self._answered(node, worker, read, written, rows=rows, tokens=tokens, disk=disk)
        found = best(self.measured, step.verb, unit, self.speaker, size)
        scheme = self.sizes.scheme(worker.name)
        seconds = amount / found.rate if found else self._speaking(written, read, size, scheme)
        return self._speaking_cost(node, seconds, rows=rows, tokens=tokens, disk=disk, basis=_basis(found))

    def _worker(self, node: Node) -> Node:
        """The model that works in a step on rows."""
        models = (self.graph.nodes[edge.node] for edge in node.inputs.values())
        return next(model for model in models if model.kind == "model")

    def _answered(self, node: Node, model: Node, read: float, written: float, **rest: Any) -> NodeCost:
        """By an endpoint: its price of the tokens, where the profile has it; how long it takes, nobody knows."""
        assert isinstance(model.step, AnsweringModel)
        name = model.step.endpoint
        try:
            dollars = self.profile.endpoint(name).dollars(int(read), int(written))
        except UsageError:
            dollars = None
        basis = f"the price of {name}" if dollars is not None else ""
        return NodeCost(
            node.name, node.artifact, seconds=None, device_seconds=None, dollars=dollars, basis=basis, **rest
        )

    def _speaking(self, written: float, read: float, size: float, scheme: str | None) -> float:
        """Seconds of one device to read and write so many tokens, by the table."""
        if self.speaker == "cpu":
            speed = interpolate(self.rates.value("generation", "cpu"), size)
        else:
            bandwidth = self.rates.gpu(self.speaker, "bandwidth") / table()["gpus"]["h100"]["bandwidth"]
            speed = interpolate(self.rates.value("generation", "h100"), size) * bandwidth
            if scheme is not None and (scheme != "FP8_DYNAMIC" or self.rates.gpu(self.speaker, "fp8")):
                speed *= self.rates.value("generation", "quantized_speedup", scheme)
            if local_engine(self.profile) == "transformers":
                speed *= self.rates.value("generation", "transformers")
        return (written + read / self.rates.value("generation", "prompt_speedup")) / speed

    def _training(self, node: Node) -> NodeCost:
        step: Any = node.step
        size = self.sizes.of(node.name)
        tokens = self._trained_tokens(node)
        disk = self.sizes.weight_bytes(node.name) or 0.0
        if size is None or tokens is None:
            return NodeCost(node.name, node.artifact, None, tokens, None, None, None, disk)
        found = best(self.measured, step.verb, "tokens", self.device, size)
        if found:
            seconds = tokens / found.rate
        else:
            work = self.rates.value("training", "flops") * size * tokens
            if step.recomputes(self.profile):
                work *= self.rates.value("training", "checkpointing")
            if step.verb == "dpo":
                work *= self.rates.value("training", "dpo")
            seconds = work / self._flops()
        scratch = size * self.rates.value("training", "checkpoint_bytes")
        here = self.profile.devices, self.price
        return _cost(node, seconds, *here, tokens=tokens, disk=disk, scratch=scratch, basis=_basis(found))

    def _trained_tokens(self, node: Node) -> float | None:
        """Tokens that a training sees: two texts per row in the target language's length and its pictures, or what its
        steps hold."""
        step: Any = node.step
        names = [step.data] if isinstance(step.data, str) else step.data
        flow = self.flows.mixed([node.inputs[name] for name in names])
        length = getattr(step, "max_length", None) or getattr(step, "sequence_length", None)
        text = flow.tokens * self.flows.ratio
        row = text if step.verb == "pretrain" else 2 * text + self._picture_tokens(step)
        if step.max_steps is not None:
            filled = step.verb == "pretrain" or getattr(step, "packing", False)
            return step.max_steps * step.batch_size * (length if filled and length else min(row, length or row))
        if flow.rows is None:
            return None
        return flow.rows * min(row, length or row) * (step.epochs or 1)

    def _picture_tokens(self, step: Any) -> float:
        """Tokens that stand for a row's pictures: one picture in each of the columns that the step names."""
        pixels = self.rates.value("text", "picture_pixels")
        if limit := getattr(step, "max_pixels", None):
            pixels = min(pixels, limit)
        return len(getattr(step, "images", None) or ()) * pixels / self.rates.value("text", "pixels_per_token")

    def _weights_only(self, node: Node, before: float = 0.0) -> NodeCost:
        """init, merge and the like: weights read, changed and written, `before` seconds of other work."""
        size = self.sizes.weight_bytes(node.name)
        if size is None:
            return NodeCost(node.name, node.artifact, seconds=None, device_seconds=None)
        seconds = before + size / self.rates.value("work", "weight_bytes_per_second")
        return NodeCost(node.name, node.artifact, seconds=seconds, disk=size, basis="table")

    def _vocabulary(self, node: Node) -> float:
        """Seconds in which pieces are learnt on text; 0 where its rows are not known."""
        step: Any = node.step
        flow = self.flows.edge(node.inputs[step.data])
        rows = min(flow.rows or 0.0, step.rows or math.inf)
        return rows * len(step.columns) * flow.tokens / self.rates.value("work", "vocabulary_tokens_per_second")

    def _quantizing(self, node: Node) -> NodeCost:
        """Weights read, written and read again; texts through both models; GPTQ over rows of calibration.

        It works layer by layer on as many GPUs as hold the 16-bit model: more of them do not make it faster.
        """
        assert node.source is not None
        size, read = self.sizes.of(node.name), self.sizes.weight_bytes(node.source.node)
        disk = self.sizes.weight_bytes(node.name)
        if size is None or read is None or disk is None:
            return NodeCost(node.name, node.artifact, None, None, None, None, None)
        step: Any = node.step
        calibration, validation = self._calibration_tokens(node), self._validation_tokens(node)
        passes = 2 * validation + self.rates.value("quantizing", "calibration_passes") * calibration
        work = self.rates.value("quantizing", "forward") * size * passes
        seconds = (read + 2 * disk) / self.rates.value("work", "weight_bytes_per_second") + work / self._flops()
        if step.calibrate_on is not None:
            seconds += size / self.rates.value("quantizing", "gptq_cpu" if self.device == "cpu" else "gptq")
        gpus = 1 if self.device == "cpu" else math.ceil(read / (self.rates.gpu(self.device, "memory") * 1e9 * ROOM))
        tokens = 2 * validation + calibration
        return _cost(node, seconds * gpus, gpus, self.price, tokens=tokens, disk=disk, basis="table")

    def _calibration_tokens(self, node: Node) -> float:
        """Of the rows that GPTQ looks at: a conversation has two texts, a column one."""
        step: Any = node.step
        if step.calibrate_on is None:
            return 0.0
        flow = self.flows.edge(node.inputs[step.calibrate_on])
        row = flow.tokens * self.flows.ratio * (1 if step.columns else 2)
        rows = min(step.calibration_rows, step.calibration_rows if flow.rows is None else flow.rows)
        return rows * min(row, step.max_length)

    def _validation_tokens(self, node: Node) -> float:
        """Of the texts that both models read."""
        step: Any = node.step
        if step.validate_on is None:
            return self.rates.value("quantizing", "sentences")
        return step.validate_rows * self.flows.edge(node.inputs[step.validate_on]).tokens * self.flows.ratio

    def _flops(self) -> float:
        """Operations per second of one device at the table's share of its peak."""
        if self.device == "cpu":
            return self.rates.value("training", "cpu_flops")
        return self.rates.gpu(self.device, "tflops") * 1e12 * self.rates.value("training", "utilisation")

    def _evaluation(self, node: Node) -> NodeCost:
        assert node.source is not None
        step: Any = node.step
        model = self.graph.nodes[node.source.node]
        size, scheme = self.sizes.of(model.name), self.sizes.scheme(model.name)
        writes = hasattr(step, "max_new_tokens")
        samples, length = self._samples(node)
        written, read = (samples * length * self.flows.ratio, samples * length) if writes else (0.0, samples * length)
        if isinstance(model.step, AnsweringModel):
            return self._answered(node, model, read, written, tokens=written or read)
        if size is None:
            return NodeCost(node.name, node.artifact, None, None, None, None, None)
        found = best(self.measured, step.verb, "requests", self.speaker, size)
        seconds = samples / found.rate if found else self._speaking(written, read, size, scheme)
        return self._speaking_cost(node, seconds, tokens=written or read, basis=_basis(found))

    def _samples(self, node: Node) -> tuple[float, float]:
        """How many samples an evaluation has, and tokens of each."""
        step: Any = node.step
        if self.rates.has("evaluation", step.verb):
            samples, length = self.rates.value("evaluation", step.verb)
            most = step.most_samples()
            return (samples if most is None else min(samples, most)), length
        flows = [
            self.flows.edge(edge) for edge in node.inputs.values() if self.graph.nodes[edge.node].kind == "dataset"
        ]
        wanted = getattr(step, "n", None)
        rows = flows[0].rows if flows else None
        if wanted is None and rows is None:
            return tuple(self.rates.value("evaluation", "default"))
        samples = min(item for item in (wanted, rows) if item is not None)
        return samples, flows[0].tokens if flows else self.rates.value("text", "tokens", "default")

    def _speaking_cost(self, node: Node, seconds: float, **rest: Any) -> NodeCost:
        return _cost(node, seconds, self.speakers, self.speaker_price, **rest)


def _cost(node: Node, seconds: float, devices: int, price: float | None, **rest: Any) -> NodeCost:
    dollars = seconds / 3600 * price if price is not None else None
    return NodeCost(
        node.name, node.artifact, device_seconds=seconds, seconds=seconds / devices, dollars=dollars, **rest
    )


def _known_gpu(said: str, key: str) -> str:
    """The GPU's name in the table.

    Raises:
        UsageError: it is not there.
    """
    name = device_key(said)
    if name not in table()["gpus"]:
        raise UsageError(f"no figures for the GPU {said!r}", fix=f"{key} in the profile: {', '.join(table()['gpus'])}")
    return name


def _basis(found: Measured | None) -> str:
    return f"measured: {found.rate:,.0f} {found.unit} per second in {found.node}" if found else "table"


def _per_row(entry: NodePlan) -> float | None:
    """Tokens per row that the step wrote before it changed."""
    before: Manifest | None = entry.manifest
    if before is None or before.rows is None or not before.rows.rows_in or not before.usage.completion_tokens:
        return None
    return before.usage.completion_tokens / before.rows.rows_in
