"""Any of the other engines in several Ray actors: one per device, on one machine or many."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from factory.engines.base import Batch, Completion, Request
from factory.engines.tokens import Tokens

if TYPE_CHECKING:
    from factory.profile import Profile

BLOCKS_PER_ACTOR = 4  # at least: so that a fast actor takes over from a slow one, and little is lost with a dead one


class RayEngine:
    """Ray Data's `map_batches` over actors that load the model once.

    Ray starts a dead actor again and repeats its batch; answers that come twice for that reason are dropped here. The
    model's folder must lie at the same path on every node.
    """

    def __init__(self, model: Path, profile: Profile, *, trust_remote_code: bool = False) -> None:
        self.model, self.profile, self.trust_remote_code = model.absolute(), profile, trust_remote_code
        self.tokens = Tokens(model, trust_remote_code=trust_remote_code)
        self._started = False

    def __enter__(self) -> Self:
        import logging

        import ray
        import ray.data

        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        if not ray.is_initialized():
            ray.init(
                address=self.profile.ray.address,
                include_dashboard=False if self.profile.ray.address is None else None,
                log_to_driver=False,
                logging_level=logging.WARNING,
                runtime_env={"env_vars": {"OMP_NUM_THREADS": str(self.profile.threads or 1)}},
            )
            self._started = True
        ray.data.DataContext.get_current().enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.WARNING)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._started:
            import ray

            ray.shutdown()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self.tokens.count(texts)

    def generate(self, requests: Sequence[Request]) -> Iterator[Batch]:
        import ray.data

        settings, workers, gpus = self.profile.ray, *self._places()
        # The longest first, and blocks small enough that every actor gets several.
        order = sorted(range(len(requests)), key=lambda i: (-_length(requests[i]), i))
        most = settings.batch_size or self.profile.batch_size
        size = max(1, min(most, -(-len(order) // (BLOCKS_PER_ACTOR * workers))))
        blocks = [
            {"block": json.dumps([(i, vars(requests[i])) for i in order[start : start + size]])}
            for start in range(0, len(order), size)
        ]
        data = ray.data.from_items(blocks, override_num_blocks=max(1, len(blocks)))
        answers = data.map_batches(
            _Actor,
            fn_constructor_args=(str(self.model), self.profile.model_dump(), self.trust_remote_code),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=workers),
            num_cpus=settings.cpus,
            num_gpus=gpus,
            max_restarts=-1,
            max_task_retries=-1,
        )
        seen: set[int] = set()
        for row in answers.iter_rows():
            fresh = [(i, Completion(**values)) for i, values in json.loads(row["answers"]) if i not in seen]
            seen |= {i for i, _ in fresh}
            if fresh:
                yield fresh

    def _places(self) -> tuple[int, float]:
        """(actors, accelerators of each) from the profile or, by default, one per accelerator or else per core."""
        import ray

        resources = ray.cluster_resources()
        settings = self.profile.ray
        gpus = settings.gpus if settings.gpus is not None else float(resources.get("GPU", 0) >= 1)
        room = resources["GPU"] / gpus if gpus else resources["CPU"] / settings.cpus
        return settings.workers or max(1, int(room)), gpus


class _Actor:
    """Holds an engine; Ray calls it with one block of rows at a time."""

    def __init__(self, model: str, profile: dict[str, Any], trust_remote_code: bool) -> None:
        import atexit

        from factory.engines import engine_for
        from factory.profile import Profile

        whole = Profile.model_validate(profile)
        own = whole.model_copy(
            update={"engine": whole.ray.engine, "threads": whole.threads or int(whole.ray.cpus) or 1}
        )
        stack = ExitStack()
        atexit.register(stack.close)
        if own.engine == "transformers" and own.torch_device() == "cpu":
            import torch

            torch.set_num_threads(own.threads or 1)
        self._engine = stack.enter_context(engine_for(Path(model), own, trust_remote_code=trust_remote_code))

    def __call__(self, blocks: dict[str, Any]) -> dict[str, Any]:
        return {"answers": [self._answer(json.loads(block)) for block in blocks["block"]]}

    def _answer(self, block: list[tuple[int, dict[str, Any]]]) -> str:
        requests = [Request(**{**fields, "messages": _turns(fields["messages"])}) for _, fields in block]
        found = [(block[n][0], vars(done)) for batch in self._engine.generate(requests) for n, done in batch]
        return json.dumps(found)


def _turns(messages: list[list[str]] | None) -> tuple[tuple[str, str], ...] | None:
    return None if messages is None else tuple((role, content) for role, content in messages)


def _length(request: Request) -> int:
    return request.max_new_tokens + len(request.prompt or "") + sum(len(text) for _, text in request.messages or ())
