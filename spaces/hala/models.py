"""The Space's models: loaded once, unloaded when memory is short, answering word by word."""

from __future__ import annotations

import copy
import queue
import threading
import time
import traceback
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jinja2 import TemplateError
from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, AutoTokenizer
from transformers.generation import BaseStreamer, StoppingCriteria

import memory
from config import Model
from factory.engines.processors import load_processor
from refused import Refused

try:
    from spaces import GPU  # ZeroGPU, where the Hub lends one for a call
except ImportError:

    def GPU(function: Any) -> Any:
        return function


DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
DTYPE = torch.bfloat16 if DEVICE == "cuda" else torch.float32
FILES = ["*.json", "*.safetensors", "*.jinja", "*.txt", "*.model"]  # no pickles, no code
SPARE = 1.25  # of the weights: what generating takes besides
NEW_TOKENS = 512
PAUSE = 0.05  # seconds between two looks at what is written: a page cannot show more

Messages = list[dict[str, Any]]


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen: the likeliest at temperature 0."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_new_tokens: int = NEW_TOKENS

    @classmethod
    def of(cls, model: Model) -> Sampling:
        """The settings that the model's authors chose."""
        own = model.generation
        return cls(
            temperature=float(own.get("temperature") or 1.0) if own.get("do_sample") else 0.0,
            top_p=float(own.get("top_p") or 1.0),
            max_new_tokens=int(own.get("max_new_tokens") or NEW_TOKENS),
        )


@dataclass(frozen=True)
class Loaded:
    """A model and its tokenizer, or processor where it sees."""

    model: Any
    front: Any

    @property
    def tokenizer(self) -> Any:
        return getattr(self.front, "tokenizer", self.front)

    @property
    def longest(self) -> int | None:
        """Tokens that the model reads at most."""
        return getattr(self.model.config.get_text_config(), "max_position_embeddings", None)


class Shelf:
    """Loaded models, the one last used at the end; those at the front make room when memory is short."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[str, Loaded] = OrderedDict()
        self._lock = threading.Lock()  # two visitors must not load the same weights twice

    def get(self, model: Model) -> Loaded:
        """The model, loaded if it is not.

        Raises:
            Refused: it does not fit, or cannot be read.
        """
        with self._lock:
            if model.repo not in self._loaded:
                self._loaded[model.repo] = self._load(model)
            self._loaded.move_to_end(model.repo)
            return self._loaded[model.repo]

    def _load(self, model: Model) -> Loaded:
        folder = _folder(model.repo)
        need = memory.needed(folder, DTYPE) * SPARE
        while memory.free() < need:
            if not self._loaded:
                raise Refused("too_big", model=model.name)
            self._loaded.popitem(last=False)
            torch.cuda.empty_cache()
        sees = model.task == "image"
        kind = AutoModelForImageTextToText if sees else AutoModelForCausalLM
        weights = kind.from_pretrained(folder, dtype=DTYPE, use_safetensors=True).eval().to(DEVICE)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        return Loaded(weights, load_processor(folder, tokenizer) if sees else tokenizer)


def warm(model: Model) -> None:
    """Load a model while nobody waits for it, so that the first visitor does not wait either."""

    def load() -> None:
        try:
            SHELF.get(model)
        except Exception as error:  # a visitor who asks for it is told
            traceback.print_exception(error)

    threading.Thread(target=load, daemon=True).start()


def _folder(repo: str) -> Path:
    from huggingface_hub import snapshot_download

    return Path(repo) if Path(repo).is_dir() else Path(snapshot_download(repo, allow_patterns=FILES))


SHELF = Shelf()


class _Tokens(BaseStreamer):
    """Hands each new token to another thread."""

    def __init__(self) -> None:
        self.queue: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._prompt = True

    def put(self, value: torch.Tensor) -> None:
        if self._prompt:  # the prompt comes first
            self._prompt = False
            return
        for token in value.flatten().tolist():
            self.queue.put(token)

    def end(self) -> None:
        self.queue.put(None)


class _Stopped(StoppingCriteria):
    def __init__(self) -> None:
        self.event = threading.Event()

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **_: Any) -> torch.Tensor:
        return torch.full((len(input_ids),), self.event.is_set(), device=input_ids.device)


@GPU
def stream(model: Model, messages: Messages, sampling: Sampling | None = None) -> Iterator[str]:
    """The model's next turn as far as it is written, again and again; closing the iterator stops the model.

    Args:
        messages: ``{role, content}``; for a model that sees, `content` may be a list of parts.
        sampling: the model's own by default.

    Raises:
        Refused: the model cannot be loaded, the text is too long for it, or it failed.
    """
    loaded = SHELF.get(model)
    inputs = _fitting(loaded, model, messages)
    tokens, stopped = _Tokens(), _Stopped()
    failure: list[Exception] = []

    def generate() -> None:
        try:
            with torch.inference_mode():
                loaded.model.generate(
                    **inputs,
                    generation_config=_settings(loaded, inputs, sampling or Sampling.of(model)),
                    streamer=tokens,
                    stopping_criteria=[stopped],
                )
        except Exception as error:
            failure.append(error)
            tokens.end()

    thread = threading.Thread(target=generate, daemon=True)
    thread.start()
    try:
        yield from _texts(loaded.tokenizer, tokens.queue)
    finally:
        stopped.event.set()
        thread.join()
    if failure:
        raise failure[0]


def answer(model: Model, messages: Messages, sampling: Sampling | None = None) -> str:
    """The model's whole next turn.

    Raises:
        Refused: as `stream`.
    """
    return deque(stream(model, messages, sampling), maxlen=1).pop()


def question(model: Model, text: str) -> Messages:
    """One text, put to the model in its own prompt."""
    return [{"role": "user", "content": model.prompt.replace("{text}", text)}]


def _texts(tokenizer: Any, tokens: queue.SimpleQueue[int | None]) -> Iterator[str]:
    """The text so far, for as many new tokens as there are; half a character waits for its rest."""
    ids: list[int] = []
    done = False
    while not done:
        new = [tokens.get()]
        while not tokens.empty():
            new.append(tokens.get())
        done = None in new
        ids += [token for token in new if token is not None]
        text = tokenizer.decode(ids, skip_special_tokens=True)
        yield text.strip() if done else text.lstrip().rstrip("\ufffd")
        if not done:
            time.sleep(PAUSE)


def _settings(loaded: Loaded, inputs: dict[str, Any], sampling: Sampling) -> Any:
    """The model's own settings with the visitor's; it ends on each of its end tokens and on its tokenizer's."""
    settings = copy.deepcopy(loaded.model.generation_config)
    ends = settings.eos_token_id if isinstance(settings.eos_token_id, list) else [settings.eos_token_id]
    ends = {end for end in [*ends, loaded.tokenizer.eos_token_id] if end is not None}
    room = sampling.max_new_tokens
    if loaded.longest:
        room = min(room, loaded.longest - inputs["input_ids"].shape[1])
    greedy = sampling.temperature <= 0
    settings.update(
        do_sample=not greedy,
        temperature=None if greedy else sampling.temperature,
        top_p=None if greedy else sampling.top_p,
        max_new_tokens=room,
        max_length=None,
        num_beams=1,
        eos_token_id=sorted(ends) or None,
    )
    if greedy:
        settings.update(top_k=None, min_p=None, typical_p=None)
    return settings


def _fitting(loaded: Loaded, model: Model, messages: Messages) -> dict[str, Any]:
    """The model's inputs; the oldest turns of a conversation that is too long are left out."""
    while True:
        inputs = _encoded(loaded, messages)
        length = inputs["input_ids"].shape[1]
        if not loaded.longest or length < loaded.longest:
            return inputs
        system, turns = _apart(messages)
        if len(turns) < 3:
            raise Refused("too_long", model=model.name, tokens=length, longest=loaded.longest)
        messages = [*system, *turns[2:]]


def _apart(messages: Messages) -> tuple[Messages, Messages]:
    first = 1 if messages[0]["role"] == "system" else 0
    return messages[:first], messages[first:]


def _encoded(loaded: Loaded, messages: Messages) -> dict[str, Any]:
    if loaded.tokenizer.chat_template or getattr(loaded.front, "chat_template", None):
        try:
            inputs = _templated(loaded, messages)
        except TemplateError:  # a template that knows no system prompt
            system, (first, *rest) = _apart(messages)
            if not system:
                raise
            inputs = _templated(loaded, [_with_system(system[0]["content"], first), *rest])
    else:
        inputs = loaded.tokenizer(messages[-1]["content"], return_tensors="pt", return_token_type_ids=False)
    return {
        name: value.to(DEVICE, DTYPE) if value.is_floating_point() else value.to(DEVICE)
        for name, value in inputs.items()
    }


def _templated(loaded: Loaded, messages: Messages) -> Any:
    return loaded.front.apply_chat_template(
        messages, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
    )


def _with_system(system: str, message: dict[str, Any]) -> dict[str, Any]:
    content = message["content"]
    if isinstance(content, str):
        return {**message, "content": f"{system}\n\n{content}"}
    return {**message, "content": [{"type": "text", "text": system}, *content]}
