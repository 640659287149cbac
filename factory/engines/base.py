"""Who generates text: one small interface that every engine implements."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from factory.engines.manner import AS_IT_IS, Manner
from factory.profile import Profile


@dataclass(frozen=True)
class Request:
    """One prompt: either chat `messages` ({role, content}), rendered by the model's chat template, or plain text.

    `images` are files of pictures, which stand before the text of the last message. `manner` says how it is put to the
    model, and `seed` begins what is drawn, where the manner samples.
    """

    max_new_tokens: int
    messages: tuple[tuple[str, str], ...] | None = None
    prompt: str | None = None
    images: tuple[bytes, ...] = ()
    manner: Manner = AS_IT_IS
    seed: int = 0

    @classmethod
    def chat(
        cls,
        user: str,
        *,
        system: str | None = None,
        images: Sequence[bytes] = (),
        max_new_tokens: int,
        manner: Manner = AS_IT_IS,
        seed: int = 0,
    ) -> Self:
        """A turn of a user; in a plain manner the same text without turns, the system's above the user's."""
        if manner.plain:
            text = f"{system}\n\n{user}" if system else user
            return cls(max_new_tokens, prompt=text, images=tuple(images), manner=manner, seed=seed)
        turns = (("system", system),) if system else ()
        messages = (*turns, ("user", user))
        return cls(max_new_tokens, messages=messages, images=tuple(images), manner=manner, seed=seed)

    def turns(self) -> list[dict[str, Any]]:
        """The messages as chat templates take them.

        Where there are pictures, or the manner has keys beside the text, the last one's content is parts.
        """
        turns: list[dict[str, Any]] = [{"role": role, "content": content} for role, content in self.messages or ()]
        if self.images or self.manner.content:
            pictures = [{"type": "image"} for _ in self.images]
            text = {"type": "text", **self.manner.content, "text": turns[-1]["content"]}
            turns[-1]["content"] = [*pictures, text]
        return turns


FinishReason = Literal["stop", "length", "error"]


@dataclass(frozen=True)
class Completion:
    """What came back for one request.

    `finish_reason` is ``stop`` (the model ended), ``length`` (the budget ended it) or ``error`` (this request cannot
    be answered, whatever is tried: the prompt is too long, the endpoint refuses it). With ``error`` the text is empty
    and `detail` says why.
    """

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    detail: str = ""

    @classmethod
    def error(cls, detail: str, prompt_tokens: int = 0) -> Self:
        return cls("", "error", prompt_tokens, 0, detail)


Batch = list[tuple[int, Completion]]


@dataclass(frozen=True)
class State:
    """Of an engine on this machine, as far as it shows without importing it.

    Attributes:
        state: installed, half installed or missing.
        to_do: what would install it; empty where it can be used.
    """

    state: str
    version: str = ""
    where: str = ""
    to_do: str = ""

    @classmethod
    def of_package(cls, package: str, to_do: str) -> Self:
        """An engine that lies in this environment as a package."""
        try:
            found = distribution(package)
        except PackageNotFoundError:
            return cls("missing", where="this environment", to_do=to_do)
        return cls("installed", found.version, str(found.locate_file("")))


class Engine(ABC):
    """Generation, greedy or drawn from a request's seed: equal requests give equal completions, as far as the engine's
    arithmetic allows.

    Adding one means adding one file to this folder with one class in it; the file's name is what a profile writes.
    """

    sees: ClassVar[bool] = False  # can it be asked with pictures?
    tokens: Any  # the `Tokens` of the model

    @abstractmethod
    def __init__(self, model: Path, profile: Profile, *, trust_remote_code: bool = False) -> None:
        """`model` is a folder with config.json, *.safetensors and a tokenizer."""

    @classmethod
    @abstractmethod
    def state(cls) -> State:
        """Whether it can be used on this machine."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text under the model's tokenizer, for output budgets."""
        return self.tokens.count(texts)

    @abstractmethod
    def generate(self, requests: Sequence[Request]) -> Iterator[Batch]:
        """Yield finished batches of (index into `requests`, completion), in any order, each index once.

        Engines that batch here divide by `requests` alone, in a way that stays the same for the rest when whole
        batches are left out, so that an interrupted run repeats exactly. Engines that batch continuously yield what
        has finished, often enough that little is lost.
        """

    def __enter__(self) -> Self:
        return self

    @abstractmethod
    def __exit__(self, *exception: object) -> None: ...


@dataclass(frozen=True)
class LogProbability:
    """Of a continuation given its context: the sum over its tokens in nats, and whether greedy decoding writes it."""

    total: float
    greedy: bool
    tokens: int


class Scorer(ABC):
    """What engines have that can also say how likely given texts are: transformers and vllm."""

    tokens: Any  # the `Tokens` of the model

    def log_probabilities(self, pairs: Sequence[tuple[str, str]]) -> list[LogProbability]:
        """One result per (context, continuation), in order. The context is taken as it is: no chat template.

        The texts are tokenized together and divided where the context alone would end, trailing spaces going to the
        continuation, as in the Language Model Evaluation Harness (lm_eval/api/model.py, `_encode_pair`).
        """
        return self.score_ids([self.tokens.encode_pair(*pair) for pair in pairs])

    @property
    @abstractmethod
    def longest(self) -> int:
        """Tokens of the longest text that can be scored."""

    @abstractmethod
    def score_ids(self, texts: Sequence[tuple[list[int], int]]) -> list[LogProbability]:
        """The same for (token ids, how many of them are context, 1 at least)."""
