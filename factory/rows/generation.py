"""Generation that is never paid for twice: every finished batch is in a ledger before its texts are used."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

from factory.engines import Completion, Engine, Request
from factory.engines.manner import AS_IT_IS, Manner
from factory.rows.places import Place, Places
from factory.step.job import Artifact, Job
from factory.store import Ledger, Usage, canonical
from factory.store.memory import Memory
from factory.text.reasoning import spoken

LEDGER = "generations"
BUDGET_FACTOR, BUDGET_EXTRA = 2, 32  # output tokens allowed for n tokens of source: 2 n + 32
TEMPLATE_TOKENS = 64  # room left for what a chat template adds around a prompt
TOO_LONG = "longer than the model's context"
KEY_VERSION = 2  # raise it when the same prompt to the same model gives another completion

Origin = Literal["generated", "step", "memory"]
"""Where a completion is from: made now for this shard, made before in this step, or found in the memory."""


class Ask(NamedTuple):
    """One prompt. Without `max_new_tokens` the budget follows the length of `source`, the text that is worked on.

    `images` are files of pictures that are shown with it.
    """

    user: str
    system: str | None = None
    source: str = ""
    max_new_tokens: int | None = None
    images: tuple[bytes, ...] = ()

    @property
    def key(self) -> bytes:
        """Digest of the prompt, its pictures and its budget. The model is the same for a whole ledger."""
        lead = f"{self.max_new_tokens}\0{'' if self.system is None else f'{len(self.system)}:{self.system}'}\0"
        shown = b"".join(hashlib.blake2b(image, digest_size=16).digest() for image in self.images)
        person = b"pictures" if shown else b""  # no text can pass for a picture
        return hashlib.blake2b(shown + f"{lead}{self.user}".encode(), digest_size=16, person=person).digest()


@dataclass(frozen=True)
class Answers:
    """The completions in the order asked, without reasoning, and where each is from; what was generated for them, its
    cost, and how many unlike prompts were answered with reasoning first."""

    completions: list[Completion]
    origins: list[Origin]
    generated: int
    usage: Usage
    reasoned: int = 0


class Generations:
    """Completions of one model in one step, by prompt.

    The ledger holds one line per finished batch, fsynced before anything uses it, so a torn line is a batch in flight
    and nothing else. An interrupted run generates exactly the batches it still lacks, in the division an
    uninterrupted one would have made: what is asked of the engine are the prompts that neither an earlier call nor
    the memory of the store answered, less whole batches. For that, the memory is seen as it was when the step began,
    and what a call takes from it is a line of the ledger too. Only the current call's texts are in RAM.
    """

    def __init__(
        self,
        job: Job,
        model: Artifact,
        stack: ExitStack,
        name: str = LEDGER,
        *,
        pictures: bool = False,
        manner: Manner = AS_IT_IS,
    ) -> None:
        self._job, self._model, self._stack, self._pictures = job, model, stack, pictures
        self._manner = manner
        self._engine: Engine | None = None
        self._ledger = stack.enter_context(job.ledger(name))
        self._places = Places(job.out / f"{name}.index", stack)
        self._looked_up: set[tuple[int, str]] = set()
        self._memory = Memory(job.memory) if job.memory is not None else None
        if self._memory is not None:
            stack.callback(self._close_memory, self._memory)
        identity: dict[str, Any] = {"model": model.manifest.fingerprint, "decoding": "greedy", "version": KEY_VERSION}
        if manner != AS_IT_IS:
            identity["decoding"] = manner.model_dump(mode="json")
        self._identity = canonical(identity | {"budget": [BUDGET_FACTOR, BUDGET_EXTRA]}).encode()
        self._as_of: int | None = None
        for offset, line in _lines(self._ledger.path):
            self._note(offset, line)
        if self._memory is not None and self._as_of is None:
            self._append({"memory_as_of": self._memory.newest()})

    @property
    def engine(self) -> Engine:
        """Loaded at the first prompt that has no completion yet."""
        if self._engine is None:
            self._engine = self._stack.enter_context(self._job.engine(self._model, pictures=self._pictures))
        return self._engine

    def answer(self, shard: int, asks: Sequence[Ask], tick: Callable[..., None], round: str = "") -> Answers:
        """Completions of `asks`, equal ones generated once; `tick` is told the share that is done.

        A shard that asks more than once names its rounds.
        """
        keys = [ask.key for ask in asks]
        unique: dict[bytes, Ask] = {}
        for key, ask in zip(keys, asks, strict=True):
            unique.setdefault(key, ask)
        found: dict[bytes, Completion] = {}
        origins: dict[bytes, Origin] = {}
        own: list[bytes] = []
        for key, place, completion in self._known(list(unique)):
            found[key] = completion
            own_work = (place.shard, place.round) == (shard, round)
            origins[key] = "memory" if place.remembered else "generated" if own_work else "step"
            if origins[key] == "generated":
                own.append(key)
        for key, completion in self._remembered(shard, round, [key for key in unique if key not in found]):
            found[key], origins[key] = completion, "memory"
        tick(len(found) / max(len(unique), 1))
        for batch in self._generate(shard, round, {key: ask for key, ask in unique.items() if key not in found}):
            found.update(batch)
            own += batch
            tick(len(found) / len(unique), tokens=sum(completion.completion_tokens for completion in batch.values()))
        usage = Usage(
            requests=len(own),
            prompt_tokens=sum(found[key].prompt_tokens for key in own),
            completion_tokens=sum(found[key].completion_tokens for key in own),
        )
        usage.dollars = self._job.price(self._model, usage.prompt_tokens, usage.completion_tokens)
        said = {key: spoken(found[key].text, ask.user) for key, ask in unique.items()}
        completions = [replace(found[key], text=said[key].text) for key in keys]
        reasoned = sum(one.reasoned for one in said.values())
        return Answers(completions, [origins.get(key, "generated") for key in keys], len(own), usage, reasoned)

    def _known(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, Place, Completion]]:
        """The keys that are in the ledger."""
        lines: dict[int, list[tuple[bytes, Place]]] = {}
        for key, place in self._places.find(keys):
            lines.setdefault(place.offset, []).append((key, place))
        with self._ledger.path.open("rb") as file:
            for offset in sorted(lines):
                file.seek(offset)
                batch = Ledger.entry(self._ledger.path, file.readline())["batch"]
                for key, place in lines[offset]:
                    yield key, place, Completion(*batch[place.position][1:])

    def _remembered(self, shard: int, round: str, keys: list[bytes]) -> Iterator[tuple[bytes, Completion]]:
        if self._memory is None or not keys or (shard, round) in self._looked_up:
            return
        places = {self._memory_key(key): key for key in keys}
        found = self._memory.find(list(places), self._as_of)
        entries = {places[key]: Completion(*entry) for key, entry in found.items()}  # type: ignore[arg-type]
        batch = [_written(*entry) for entry in entries.items()]
        self._append({"shard": shard, "round": round, "memory": True, "batch": batch})
        yield from entries.items()

    def _generate(self, shard: int, round: str, asks: dict[bytes, Ask]) -> Iterator[dict[bytes, Completion]]:
        if not asks:
            return
        keys = list(asks)
        requests = self._requests(list(asks.values()))
        if too_long := {
            key: Completion.error(TOO_LONG) for key, request in zip(keys, requests, strict=True) if not request
        }:
            self._append({"shard": shard, "round": round, "batch": [_written(*entry) for entry in too_long.items()]})
            yield too_long
            keys = [key for key in keys if key not in too_long]
        if not keys:
            return
        for batch in self.engine.generate([request for request in requests if request]):
            entries = {keys[i]: _encodable(completion) for i, completion in batch}
            self._append({"shard": shard, "round": round, "batch": [_written(*entry) for entry in entries.items()]})
            yield entries

    def _append(self, line: dict[str, Any]) -> None:
        offset = self._ledger.path.stat().st_size
        self._ledger.append(line)
        self._note(offset, line)

    def _note(self, offset: int, line: dict[str, Any]) -> None:
        """Index a line of the ledger; what was generated goes into the memory, also after a kill in between."""
        if "memory_as_of" in line:
            self._as_of = line["memory_as_of"]
            return
        keys = [bytes.fromhex(entry[0]) for entry in line["batch"]]
        remembered = "memory" in line
        self._places.add(keys, line["shard"], line["round"], remembered, offset)
        if remembered:
            self._looked_up.add((line["shard"], line["round"]))
        elif self._memory is not None:
            entries = zip(keys, line["batch"], strict=True)
            self._memory.add({self._memory_key(key): (*entry[1:5],) for key, entry in entries if entry[2] != "error"})

    def _memory_key(self, key: bytes) -> bytes:
        return hashlib.blake2b(self._identity + key, digest_size=16).digest()

    def _close_memory(self, memory: Memory) -> None:
        if memory.trouble:
            self._job.progress.log(f"{self._job.name}: no translation memory ({memory.path}): {memory.trouble}")
        memory.close()

    def _requests(self, asks: list[Ask]) -> list[Request | None]:
        """None for one that does not fit into the model's context together with its budget."""
        unknown = [i for i, ask in enumerate(asks) if ask.max_new_tokens is None or self._may_be_too_long(ask)]
        counts = dict(zip(unknown, self.engine.count_tokens([asks[i].source for i in unknown]), strict=True))
        around = self._around(asks[0]) if counts and self._context else 0
        requests: list[Request | None] = []
        for i, ask in enumerate(asks):
            tokens = counts.get(i, 0)
            budget = ask.max_new_tokens or BUDGET_FACTOR * tokens + BUDGET_EXTRA
            fits = i not in counts or not self._context or around + tokens + budget <= self._context
            chat = Request.chat(
                ask.user,
                system=ask.system,
                images=ask.images,
                max_new_tokens=budget,
                manner=self._manner,
                seed=self._seed(ask),
            )
            requests.append(chat if fits else None)
        return requests

    def _seed(self, ask: Ask) -> int:
        """Of a prompt, whatever else is asked with it and whenever."""
        if (sampling := self._manner.sampling) is None:
            return 0
        return int.from_bytes(hashlib.blake2b(ask.key + str(sampling.seed).encode(), digest_size=4).digest()) >> 1

    def _may_be_too_long(self, ask: Ask) -> bool:
        """A text has no more tokens than bytes, so most need not be counted."""
        size = len(ask.user) + len(ask.system or "") + (ask.max_new_tokens or 0) + TEMPLATE_TOKENS
        return bool(ask.source and self._context and 4 * size > self._context)

    def _around(self, ask: Ask) -> int:
        """Tokens of a prompt besides its source."""
        return sum(self.engine.count_tokens([ask.user.replace(ask.source, "", 1), ask.system or ""])) + TEMPLATE_TOKENS

    @cached_property
    def _context(self) -> int | None:
        return context_length(self._model.model)


@contextmanager
def generations(
    job: Job, model: Artifact, name: str = LEDGER, *, pictures: bool = False, manner: Manner = AS_IT_IS
) -> Iterator[Generations]:
    """Open a step's generations with one model, which is shown `pictures` or not; at the end the model is freed."""
    with ExitStack() as stack:
        yield Generations(job, model, stack, name, pictures=pictures, manner=manner)


def context_length(model: Path) -> int | None:
    """Tokens that prompt and answer may have together, by the model's config.json; None where it does not say."""
    try:
        config = json.loads((model / "config.json").read_text(encoding="utf-8"))
        found = config.get("max_position_embeddings") or config.get("text_config", {}).get("max_position_embeddings")
    except (OSError, ValueError, AttributeError):
        return None
    return found if isinstance(found, int) else None


def _written(key: bytes, completion: Completion) -> list[Any]:
    entry = [
        key.hex(),
        completion.text,
        completion.finish_reason,
        completion.prompt_tokens,
        completion.completion_tokens,
    ]
    return [*entry, completion.detail] if completion.detail else entry


def _encodable(completion: Completion) -> Completion:
    """Half a surrogate pair, as an endpoint's JSON may hold, can be stored nowhere: it becomes a question mark."""
    text = completion.text.encode("utf-8", "replace").decode()
    if text == completion.text:
        return completion
    return Completion(text, completion.finish_reason, completion.prompt_tokens, completion.completion_tokens)


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    offset = 0
    with path.open("rb") as file:
        for line in file:
            yield offset, Ledger.entry(path, line)
            offset += len(line)
