"""Continuous batching with vLLM, in a process of its own that is restarted when it dies.

Trust in it is earned: once per model its log-probabilities are compared with those of transformers. Some mistakes
of an engine are silent: a wrong rotary embedding or a tied output layer still writes fluent nonsense.
"""

import hashlib
import json
import logging
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import psutil

from factory.engines.base import Batch, Completion, Engine, LogProbability, Request, Scorer, State
from factory.engines.environments import find, needed, root
from factory.engines.loading import too_late
from factory.engines.process import Died, EngineProcess, last_error, new_log
from factory.engines.tokens import Tokens
from factory.engines.transformers import TransformersEngine, context_length
from factory.engines.vllm_options import llm_options, process_environment
from factory.engines.weights import weight_files
from factory.errors import FactoryError
from factory.profile import Profile
from factory.waiting import waiting_for

WORKER = Path(__file__).with_name("vllm_worker.py")
WINDOW = 2048  # requests handed to the process at once: more than it runs together, few enough to send again
CHUNK = 256  # prompts tokenized together while the process works
BATCH, BATCH_SECONDS = 64, 1.0  # a batch is handed on when it has so many completions or is so old

TEXTS = (
    "The river is wide, and seven birds sing near the old bridge. A child counts them twice.",
    "def total(values):\n    return sum(value * 2 for value in values if value > 10)\n",
    "النهر واسع، وسبعة طيور تغني قرب الجسر القديم. ويعدها طفل مرتين.",
    "1. Water boils at 100 °C.\n2. Ice melts at 0 °C.\n3. Which of the two is warmer?",
)
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.05, "float16": 0.02}
"""Nats per token (assumed). In float32 a right engine was found within 3e-6."""
QUANTIZED = 0.2
"""The same for compressed weights (assumed): engines round activations differently, up to 0.15 apart where tried."""


_log = logging.getLogger(__name__)


class VllmEngine(Scorer, Engine):
    """Speaks token ids with `vllm_worker.py`.

    Requests in flight when the process dies are sent again, after a death without any answer one by one: so a prompt
    that kills the engine is found, and only its row fails.
    """

    def __init__(self, model: Path, profile: Profile, *, trust_remote_code: bool = False) -> None:
        self.model, self.profile, self.trust_remote_code = model, profile, trust_remote_code
        self._python = needed("vllm").python
        self.options = llm_options(model, profile, trust_remote_code=trust_remote_code)
        self.tokens = Tokens(model, trust_remote_code=trust_remote_code)
        self.log = new_log("vllm")
        self.version = ""
        self._process: EngineProcess | None = None
        self._deaths = 0  # since the last answer
        self._answered = False
        self._count = 0

    @classmethod
    def state(cls) -> State:
        return find("vllm").state()

    def __enter__(self) -> Self:
        with verified(self):
            self._start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._process is not None:
            self._process.close()

    @property
    def pid(self) -> int | None:
        """Of the process, which also leads its group."""
        return self._process and self._process.pid

    def generate(self, requests: Sequence[Request]) -> Iterator[Batch]:
        # The longest first, so that none is left running alone at the end.
        waiting = deque(sorted(range(len(requests)), key=lambda i: (-requests[i].max_new_tokens, i)))
        prompts: dict[int, list[int]] = {}  # of those in flight
        window, batch, since = WINDOW, Batch(), time.monotonic()
        while waiting or prompts:
            if waiting and len(prompts) <= window - min(CHUNK, window):
                chunk = [waiting.popleft() for _ in range(min(CHUNK, window - len(prompts), len(waiting)))]
                encoded = dict(zip(chunk, self.tokens.encode([requests[i] for i in chunk]), strict=True))
                prompts |= encoded
                ends = self.tokens.ends
                self._send({"generate": [_order(i, encoded[i], requests[i], ends) for i in chunk]})
                continue
            try:
                answer = self._receive(max(0.0, since + BATCH_SECONDS - time.monotonic()) if batch else None)
            except Died as death:
                if window == 1 and self._deaths >= self.profile.vllm.restarts and self._answered:
                    (i,) = prompts
                    batch.append((i, Completion.error(f"the engine died of it: {death}", len(prompts.pop(i)))))
                    self._deaths = 0
                waiting.extendleft(sorted(prompts, key=lambda i: (requests[i].max_new_tokens, -i)))
                prompts.clear()
                window = 1 if self._deaths else WINDOW
                self._restart(death)
                continue
            for name, ids in answer.get("done", ()):
                budget = requests[int(name)].max_new_tokens
                batch.append((int(name), self.tokens.completion(ids, len(prompts.pop(int(name))), budget)))
            for name, why in answer.get("failed", ()):
                batch.append((int(name), Completion.error(why, len(prompts.pop(int(name))))))
            window = min(WINDOW, window * 2) if "done" in answer else window
            if len(batch) >= BATCH or (batch and time.monotonic() - since >= BATCH_SECONDS):
                yield batch
                batch, since = Batch(), time.monotonic()
        if batch:
            yield batch

    @property
    def longest(self) -> int:
        """One less than the context, since vLLM writes a token behind what it scores."""
        from transformers import AutoConfig

        config = AutoConfig.from_pretrained(self.model, trust_remote_code=self.trust_remote_code)
        return int(self.options.get("max_model_len") or context_length(config)) - 1

    def score_ids(self, texts: Sequence[tuple[list[int], int]]) -> list[LogProbability]:
        """See `Scorer.score_ids`.

        Raises:
            FactoryError: a text is longer than the model's context, or the engine keeps dying.
        """
        found: dict[int, LogProbability] = {}
        while len(found) < len(texts):
            missing = [i for i in range(len(texts)) if i not in found][:WINDOW]
            self._send({"score": [[str(i), *texts[i]] for i in missing]})
            try:
                while any(i not in found for i in missing):
                    answer = self._receive(None)
                    for name, why in answer.get("failed", ()):
                        raise FactoryError(f"text {name} cannot be scored: {why}", where=str(self.model))
                    for name, total, greedy in answer.get("scores", ()):
                        ids, begin = texts[int(name)]
                        found[int(name)] = LogProbability(total, greedy, len(ids) - begin)
            except Died as death:
                self._restart(death)
        return [found[i] for i in range(len(texts))]

    def _send(self, order: dict[str, Any]) -> None:
        assert self._process is not None, "use the engine in a with statement"
        self._process.send(order)

    def _receive(self, timeout: float | None) -> dict[str, Any]:
        assert self._process is not None
        answer = self._process.receive(timeout) or {}
        if "done" in answer or "scores" in answer:
            self._deaths, self._answered = 0, True
        return answer

    def _start(self) -> None:
        """Start the process and wait until it has loaded the model.

        Raises:
            FactoryError: it cannot load it, or not in the profile's time.
        """
        command = [str(self._python), "-P", str(WORKER)]
        seconds = self.profile.loading
        process = self._process = EngineProcess(command, process_environment(self.profile), self.log, seconds)
        process.send(self.options)
        try:
            with waiting_for(f"vllm to load {self.model}"):
                ready = process.receive(seconds)  # the first thing that it says
            if ready is None:
                raise too_late("vllm", self.model, seconds, self.log)
        except Died as death:
            raise self._gone(f"vllm did not start: {death}") from None
        except BaseException:
            process.close()
            raise
        self.version = ready["ready"]
        process.silence = self.profile.vllm.silence

    def _restart(self, death: Died) -> None:
        assert self._process is not None
        self._process.close()
        self._deaths += 1
        if self._deaths > self.profile.vllm.restarts:
            raise self._gone(f"vllm died {self._deaths} times without an answer between, the last: {death}")
        _log.warning("vllm died (%s) and is started again; its log: %s", death, self.log)
        self._start()

    def _gone(self, what: str) -> FactoryError:
        if self._process is not None:
            self._process.close()
        return FactoryError(f"{what}: {last_error(self.log)}", where=str(self.log), fix="finished work is kept")


def _order(i: int, ids: list[int], request: Request, ends: list[int]) -> list[Any]:
    """What the worker takes; with vLLM's own words for sampling, where the request's manner samples."""
    chosen = request.manner.sampling
    sampled = chosen.model_dump(exclude={"seed"}) | {"seed": request.seed} if chosen else {"temperature": 0}
    return [str(i), ids, request.max_new_tokens, ends, sampled]


@contextmanager
def verified(engine: VllmEngine) -> Iterator[None]:
    """Around the start of an engine: reference first, so that both models are never in memory together.

    Raises:
        FactoryError: the engine computes other probabilities than transformers.
    """
    mark = root() / "verified" / f"{_digest(engine)}.json"
    if not engine.profile.vllm.verify or mark.is_file():
        yield
        return
    texts = [(engine.tokens.tokenizer(text)["input_ids"], 1) for text in TEXTS]
    expected = _reference(engine, texts)
    yield
    if expected is None:
        return
    found = engine.score_ids(texts)
    worst = max(abs(a.total - b.total) / a.tokens for a, b in zip(expected, found, strict=True))
    quantized = "quantization_config" in json.loads((engine.model / "config.json").read_text(encoding="utf-8"))
    if not worst <= (QUANTIZED if quantized else TOLERANCE[engine.profile.torch_dtype()]):
        engine.__exit__()
        raise FactoryError(
            f"vllm {engine.version} computes other probabilities than transformers: {worst:.3g} nats per token apart",
            where=str(engine.model),
            fix='use engine = "transformers", or change [profiles.NAME.vllm.options]',
        )
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(json.dumps({"model": str(engine.model), "vllm": engine.version, "nats_per_token": worst}))


def _reference(engine: VllmEngine, texts: list[tuple[list[int], int]]) -> list[LogProbability] | None:
    needed = _bytes(engine.model, engine.profile)
    free = _free_bytes(engine.profile)
    if needed > free:
        _log.warning(
            "%s: not compared with transformers: it needs %.1f GB and %.1f are free",
            engine.model,
            needed / 1e9,
            free / 1e9,
        )
        return None
    with TransformersEngine(engine.model, engine.profile, trust_remote_code=engine.trust_remote_code) as reference:
        return reference.score_ids(texts)


def _bytes(model: Path, profile: Profile) -> float:
    """Weights in memory with some room; on a CPU they may be widened from 16 bits to 32."""
    stored = sum(path.stat().st_size for path in weight_files(model))
    return stored * (2.2 if profile.torch_dtype() == "float32" else 1.2)


def _free_bytes(profile: Profile) -> float:
    if profile.torch_device().startswith("cuda"):
        import torch

        return torch.cuda.mem_get_info(profile.torch_device())[0]
    return psutil.virtual_memory().available


def _digest(engine: VllmEngine) -> str:
    """Of the model's files and of everything that decides how vLLM computes."""
    files = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(engine.model.glob("*.*"))]
    about = [files, engine.options, engine.profile.torch_device(), find("vllm").version, TEXTS]
    return hashlib.blake2b(json.dumps(about, default=str).encode(), digest_size=16).hexdigest()
