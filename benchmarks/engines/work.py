"""What comparisons of engines share: a tiny model, texts, and the verb `translate` over a loaded engine."""

from __future__ import annotations

import json
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from factory.engines import engine_for
from factory.profile import Profile
from factory.step.job import Artifact
from factory.steps.translate import Translate
from tests.support import CHAT, _manifest, byte_tokenizer, dataset, kept, make_job, rejected

LIMIT, BATCH, LONGEST = 64, 32, 40  # tokens to write; prompts of a transformers batch; words of a text
ONE_PASS: dict[str, Any] = {"split": "none", "checks": [], "ladder": []}
"""Each text is asked once, as it is: the same work as the bare engines do."""

Timed = Callable[[], float]  # seconds of one run


def texts(rows: int) -> list[str]:
    """1 to `LONGEST` words each, all different up to 3,880 rows."""
    return [" ".join(f"word{(i * 7 + n) % 97}" for n in range(1 + i * 13 % LONGEST)) for i in range(rows)]


def model(folder: Path) -> Artifact:
    """A Llama of 3.4 million random parameters over bytes that never ends: every answer is as long as its budget."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = byte_tokenizer(CHAT)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=256,
        intermediate_size=768,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
    )
    torch.manual_seed(0)
    LlamaForCausalLM(config).save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    for name in ("config.json", "generation_config.json"):
        path = folder / "model" / name
        path.write_text(json.dumps(json.loads(path.read_text()) | {"eos_token_id": None}))
    path = folder / "model" / "tokenizer_config.json"
    settings = {name: value for name, value in json.loads(path.read_text()).items() if name != "eos_token"}
    path.write_text(json.dumps(settings))
    return Artifact(folder.name, folder, _manifest(folder.name, "model"))


class Translating:
    """The whole verb from a dataset on disk to a dataset on disk, ledger and checks and all, over a loaded engine.

    Answers that the budget cut short are rejected as such, and written with the rejected rows.
    """

    def __init__(self, folder: Path, model: Artifact, asked: Sequence[str], profile: Profile, engine: Any) -> None:
        class Loaded:
            count_tokens, generate = engine.count_tokens, engine.generate

            def __enter__(self) -> Any:
                return self

            def __exit__(self, *exception: object) -> None: ...

        self._engine, self._model, self._profile, self._out = Loaded(), model, profile, folder / "out"
        self._source = dataset(folder / "in", [{"text": text} for text in asked])
        self._step = Translate.model_validate(
            {"model": "m", "fields": ["text"], "prompt": "{text}", "max_new_tokens": LIMIT, **ONE_PASS}
        )
        self._asked = asked
        self.answers: list[str] = []

    def __call__(self) -> float:
        """Seconds of one run, which leaves its `answers` in the order of the texts."""
        shutil.rmtree(self._out, ignore_errors=True)
        started = time.monotonic()
        with patch("factory.step.job.engine_for", lambda *_, **__: self._engine):
            job = make_job(self._out, self._source, self._profile, m=self._model)
            self._step.run(job)
        seconds = time.monotonic() - started
        assert job.usage.completion_tokens == LIMIT * len(self._asked), f"{self._profile.engine} wrote {job.usage}"
        found = {row["text"]: row["text_ar"] for row in [*kept(job), *rejected(job)]}
        self.answers = [found[text] for text in self._asked]
        return seconds


@contextmanager
def translating(folder: Path, model: Artifact, asked: Sequence[str], profile: Profile) -> Iterator[Translating]:
    with engine_for(model.model, profile, endpoint=model.endpoint) as engine:
        yield Translating(folder, model, asked, profile, engine)


def in_turn(runs: Mapping[str, Timed], rounds: int) -> dict[str, list[float]]:
    """Seconds of each, round by round; the first run of each, which compiles and fills caches, is left out."""
    for run in runs.values():
        run()
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            found[name].append(run())
    return found


def rates(seconds: Mapping[str, Sequence[float]], rows: int) -> dict[str, float]:
    """Rows a second by the median of the rounds."""
    return {name: rows / statistics.median(found) for name, found in seconds.items()}


def rounded(seconds: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    return {name: [round(value, 2) for value in found] for name, found in seconds.items()}
