"""Any of the other engines in several Ray actors: one per device, on one machine or many."""

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from factory.engines import architecture, engine_for, local_engine
from factory.engines.base import Batch, Engine, Request, State
from factory.engines.loading import too_late
from factory.engines.tokens import Tokens
from factory.errors import FactoryError, first_line
from factory.profile import Profile
from factory.waiting import waiting_for

BLOCKS_PER_ACTOR = 4  # at least: so that a fast actor takes over from a slow one, and little is lost with a dead one
QUEUED = 2  # blocks handed to an actor, so that it need not wait for the next
RETRIES = 3  # of a block whose actor died
LOGS = "/tmp/ray/session_latest/logs"  # where Ray keeps those of its actors on this machine


class RayEngine(Engine):
    """Actors that load the model once and keep it; blocks of requests go to whichever is free.

    Not Ray Data's `map_batches`: that starts its actors, and loads the model, anew for every call, which here is every
    shard. A dead actor is started again by Ray and its blocks are repeated. The model's folder must lie at the same
    path on every node.
    """

    def __init__(self, model: Path, profile: Profile, *, trust_remote_code: bool = False) -> None:
        self.model, self.profile, self.trust_remote_code = model.absolute(), profile, trust_remote_code
        self.tokens = Tokens(model, trust_remote_code=trust_remote_code)
        self._actors: list[Any] = []
        self._started = False

    @classmethod
    def state(cls) -> State:
        return State.of_package("ray", "pip install 'hf-factory[ray]'")

    def __enter__(self) -> Self:
        try:
            import ray
        except ModuleNotFoundError:
            raise FactoryError("the engine ray is not installed", fix="pip install 'hf-factory[ray]'") from None
        seconds = self.profile.loading
        with waiting_for(f"ray to load {self.model}"):
            self._start()
            asked = [actor.pid.remote() for actor in self._actors]
            _, late = ray.wait(asked, num_returns=len(asked), timeout=seconds)
        if late:
            self.__exit__()
            raise too_late(f"ray ({len(late)} of {len(asked)} actors)", self.model, seconds, Path(LOGS))
        return self

    def _start(self) -> None:
        """Reach the cluster, or make one, and ask it for the actors."""
        import ray

        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        settings = self.profile.ray
        if not ray.is_initialized():
            more: dict[str, Any] = {} if settings.address else {"include_dashboard": False}
            try:
                ray.init(address=settings.address, log_to_driver=False, logging_level=logging.WARNING, **more)
            except ConnectionError as error:
                raise FactoryError(f"no Ray cluster answers: {error}", where=settings.address) from None
            self._started = True
        workers, gpus = self._places()
        actor = ray.remote(num_cpus=settings.cpus, num_gpus=gpus, max_restarts=-1, max_task_retries=RETRIES)(_Actor)
        threads = self.profile.threads or max(1, int(settings.cpus))
        inner = self.profile.model_copy(update={"engine": settings.engine})
        own = inner.model_copy(update={"engine": local_engine(inner, architecture(self.model)), "threads": threads})
        arguments = str(self.model), own.model_dump(), self.trust_remote_code
        self._actors = [actor.remote(*arguments) for _ in range(workers)]

    def __exit__(self, *exception: object) -> None:
        import ray

        for actor in self._actors:
            ray.kill(actor)
        if self._started:
            ray.shutdown()

    def generate(self, requests: Sequence[Request]) -> Iterator[Batch]:
        import ray
        from ray.exceptions import RayActorError, RayTaskError

        blocks = iter(self._blocks(requests))
        running: dict[Any, tuple[Any, list[int]]] = {}

        def hand_out(actor: Any) -> None:
            if block := next(blocks, None):
                running[actor.answer.remote([requests[i] for i in block])] = actor, block

        for actor in self._actors * QUEUED:
            hand_out(actor)
        while running:
            (done,), _ = ray.wait(list(running), num_returns=1)
            actor, block = running.pop(done)
            try:
                found = ray.get(done)
            except RayTaskError as error:
                cause = error.cause
                raise cause if isinstance(cause, FactoryError) else FactoryError(f"an actor failed: {cause}") from None
            except RayActorError as error:
                said = f"an actor died {RETRIES + 1} times: {first_line(error)}"
                raise FactoryError(said, where=LOGS, fix="finished work is kept") from None
            hand_out(actor)
            yield [(block[n], completion) for n, completion in found]

    def _blocks(self, requests: Sequence[Request]) -> list[list[int]]:
        """The longest first; small enough that every actor gets several."""
        order = sorted(range(len(requests)), key=lambda i: (-_length(requests[i]), i))
        most = self.profile.ray.batch_size or self.profile.batch_size
        size = max(1, min(most, -(-len(order) // (BLOCKS_PER_ACTOR * len(self._actors)))))
        return [order[start : start + size] for start in range(0, len(order), size)]

    def _places(self) -> tuple[int, float]:
        """(actors, accelerators of each) from the profile or, by default, one per accelerator or else per core."""
        import ray

        resources = ray.cluster_resources()
        settings = self.profile.ray
        gpus = settings.gpus if settings.gpus is not None else float(resources.get("GPU", 0) >= 1)
        room = resources["GPU"] / gpus if gpus else resources["CPU"] / settings.cpus
        return settings.workers or max(1, int(room)), gpus


class _Actor:
    """Holds an engine; a restarted one loads it again."""

    def __init__(self, model: str, profile: dict[str, Any], trust_remote_code: bool) -> None:
        own = Profile.model_validate(profile)
        if own.engine == "transformers" and own.threads and own.torch_device() == "cpu":
            import torch

            torch.set_num_threads(own.threads)
        self._engine = engine_for(Path(model), own, trust_remote_code=trust_remote_code).__enter__()

    def answer(self, requests: list[Request]) -> Batch:
        return [pair for batch in self._engine.generate(requests) for pair in batch]

    def pid(self) -> int:
        return os.getpid()


def _length(request: Request) -> int:
    return request.max_new_tokens + len(request.prompt or "") + sum(len(text) for _, text in request.messages or ())
