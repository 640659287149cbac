"""Generation that is never paid for twice: every finished batch is in a ledger before its texts are used."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from factory.engines import Completion, Engine, Request, engine_for
from factory.store import Usage

if TYPE_CHECKING:
    from factory.job import Artifact, Job

LEDGER = "generations"
BUDGET_FACTOR, BUDGET_EXTRA = 2, 32  # output tokens allowed for n tokens of source: 2 n + 32


@dataclass(frozen=True)
class Ask:
    """One prompt. Without `max_new_tokens` the budget follows the length of `source`, the text that is worked on."""

    user: str
    system: str | None = None
    source: str = ""
    max_new_tokens: int | None = None

    @property
    def key(self) -> bytes:
        """Digest of the prompt. Model and decoding are the same for a whole artifact: its fingerprint has them."""
        prompt = json.dumps([self.system, self.user], ensure_ascii=False)
        return hashlib.blake2b(prompt.encode(), digest_size=16).digest()


@dataclass(frozen=True)
class Answers:
    """The completions in the order asked, what was generated for them, and its cost."""

    completions: list[Completion]
    generated: int
    usage: Usage


class Generations:
    """Completions of one step, by prompt.

    ``generations.jsonl`` holds one line per finished batch, fsynced before anything uses it, so a torn line is a batch
    in flight and nothing else. An interrupted run generates exactly the batches it still lacks, in the division an
    uninterrupted one would have made: what is asked of the engine for a shard are the prompts that no earlier shard
    asked for, less whole batches. Only the current shard's texts are in memory; an index file knows where the others
    lie, and is made anew from the ledger whenever it is opened.
    """

    def __init__(self, job: Job, model: Artifact, stack: ExitStack) -> None:
        self._job, self._model, self._stack = job, model, stack
        self._engine: Engine | None = None
        self._ledger = stack.enter_context(job.ledger(LEDGER))
        self._index = _Index(job, stack)
        for offset, line in _lines(self._ledger.path):
            self._index.add(offset, line["shard"], [bytes.fromhex(entry[0]) for entry in line["batch"]])

    @property
    def engine(self) -> Engine:
        """Loaded at the first prompt that has no completion yet."""
        if self._engine is None:
            engine = engine_for(self._model.model, self._job.profile, trust_remote_code=self._job.trust_remote_code)
            self._engine = self._stack.enter_context(engine)
        return self._engine

    def answer(self, shard: int, asks: Sequence[Ask], tick: Callable[..., None]) -> Answers:
        """Completions of `asks`, equal ones generated once; `tick` is told the share that is done."""
        unique = {ask.key: ask for ask in reversed(asks)}
        unique = {ask.key: unique[ask.key] for ask in asks}
        found: dict[bytes, Completion] = {}
        own: list[bytes] = []
        for key, maker, completion in self._known(unique):
            found[key] = completion
            if maker == shard:
                own.append(key)
        missing = {key: ask for key, ask in unique.items() if key not in found}
        tick(len(found) / max(len(unique), 1))
        for batch in self._generate(shard, missing):
            found.update(batch)
            own += batch
            tick(len(found) / len(unique), tokens=sum(completion.completion_tokens for completion in batch.values()))
        usage = Usage(
            requests=len(own),
            prompt_tokens=sum(found[key].prompt_tokens for key in own),
            completion_tokens=sum(found[key].completion_tokens for key in own),
        )
        return Answers([found[ask.key] for ask in asks], len(own), usage)

    def _known(self, keys: Iterable[bytes]) -> Iterator[tuple[bytes, int, Completion]]:
        """(key, shard that generated it, completion) of the keys that are in the ledger."""
        places: dict[int, dict[int, tuple[bytes, int]]] = {}
        for key in keys:
            if place := self._index.find(key):
                shard, offset, position = place
                places.setdefault(offset, {})[position] = key, shard
        with self._ledger.path.open("rb") as file:
            for offset in sorted(places):
                file.seek(offset)
                batch = json.loads(file.readline())["batch"]
                for position, (key, shard) in places[offset].items():
                    yield key, shard, Completion(*batch[position][1:])

    def _generate(self, shard: int, asks: dict[bytes, Ask]) -> Iterator[dict[bytes, Completion]]:
        if not asks:
            return
        keys = list(asks)
        for batch in self.engine.generate(self._requests(list(asks.values()))):
            offset = self._ledger.path.stat().st_size
            entries = [
                [keys[i].hex(), c.text, c.finish_reason, c.prompt_tokens, c.completion_tokens] for i, c in batch
            ]
            self._ledger.append({"shard": shard, "batch": entries})
            self._index.add(offset, shard, [keys[i] for i, _ in batch])
            yield {keys[i]: completion for i, completion in batch}

    def _requests(self, asks: list[Ask]) -> list[Request]:
        open_ended = [ask.source for ask in asks if ask.max_new_tokens is None]
        counts = iter(self.engine.count_tokens(open_ended))
        return [
            Request.chat(
                ask.user,
                system=ask.system,
                max_new_tokens=ask.max_new_tokens or BUDGET_FACTOR * next(counts) + BUDGET_EXTRA,
            )
            for ask in asks
        ]


@contextmanager
def generations(job: Job, model: Artifact) -> Iterator[Generations]:
    """Open a step's generations; frees the model and drops the index at the end."""
    with ExitStack() as stack:
        yield Generations(job, model, stack)


class _Index:
    """Where each key's completion lies in the ledger: (shard, byte offset of the line, position in its batch)."""

    def __init__(self, job: Job, stack: ExitStack) -> None:
        path = job.out / f"{LEDGER}.index"
        path.unlink(missing_ok=True)
        self._base = sqlite3.connect(path, isolation_level=None)
        stack.callback(path.unlink, missing_ok=True)
        stack.callback(self._base.close)
        self._base.execute("PRAGMA journal_mode = OFF")
        self._base.execute("PRAGMA synchronous = OFF")
        self._base.execute(
            "CREATE TABLE place (key BLOB PRIMARY KEY, shard INT, offset INT, position INT) WITHOUT ROWID"
        )

    def add(self, offset: int, shard: int, keys: list[bytes]) -> None:
        rows = [(key, shard, offset, position) for position, key in enumerate(keys)]
        self._base.executemany("INSERT OR IGNORE INTO place VALUES (?, ?, ?, ?)", rows)

    def find(self, key: bytes) -> tuple[int, int, int] | None:
        query = "SELECT shard, offset, position FROM place WHERE key = ?"
        return self._base.execute(query, (key,)).fetchone()


def _lines(path: object) -> Iterator[tuple[int, dict]]:
    offset = 0
    with open(path, "rb") as file:  # type: ignore[arg-type]  # noqa: PTH123
        for line in file:
            yield offset, json.loads(line)
            offset += len(line)
