"""Batched greedy generation with transformers: the engine that runs everywhere."""

import gc
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from inspect import signature
from pathlib import Path
from typing import Any

from factory.engines.base import Batch, Completion, Engine, LogProbability, Request, Scorer, State
from factory.engines.drawing import drawing
from factory.engines.loading import loading
from factory.engines.tokens import Tokens, unloadable
from factory.engines.vision import Sight, config_of, sees
from factory.engines.weights import LOADING, needed_weights, require_complete
from factory.errors import first_line
from factory.profile import Profile


class TransformersEngine(Scorer, Engine):
    """Prompts are sorted by length and padded on the left in batches as large as the profile allows."""

    sees = True

    def __init__(self, model: Path, profile: Profile, *, trust_remote_code: bool = False) -> None:
        self.batch_size, self.batch_tokens = profile.batch_size, profile.batch_tokens
        with loading("transformers", model, profile.loading):
            self.tokens = Tokens(model, trust_remote_code=trust_remote_code)
            self.model = load_model(model, profile, trust_remote_code=trust_remote_code)
        self.new_sight = partial(Sight, model, self.tokens.tokenizer, trust_remote_code=trust_remote_code)

    @classmethod
    def state(cls) -> State:
        return State.of_package("transformers", "")

    def __exit__(self, *exception: object) -> None:
        del self.model
        release()

    def generate(self, requests: Sequence[Request]) -> Iterator[Batch]:
        looking = [i for i, request in enumerate(requests) if request.images]
        reading = [i for i, request in enumerate(requests) if not request.images]
        yield from self._read(reading, requests)
        if looking:
            yield from self._look(looking, requests)

    def _read(self, indices: list[int], requests: Sequence[Request]) -> Iterator[Batch]:
        prompts = dict(zip(indices, self.tokens.encode([requests[i] for i in indices]), strict=True))
        # The longest first: memory runs out at once or not at all, and the estimate of the time left errs high.
        order = sorted(indices, key=lambda i: (-len(prompts[i]), -requests[i].max_new_tokens, i))
        start = 0
        while start < len(order):
            ahead = order[start : start + self.batch_size]
            width = len(prompts[ahead[0]]) + max(requests[i].max_new_tokens for i in ahead)
            size = max(1, min(self.batch_size, self.batch_tokens // width))
            batch = order[start : start + size]
            inputs = self.tokens.tokenizer.pad({"input_ids": [prompts[i] for i in batch]}, return_tensors="pt")
            yield self._batch(batch, requests, inputs)
            start += size

    def _look(self, indices: list[int], requests: Sequence[Request]) -> Iterator[Batch]:
        """Batches as large as the first of them allows, which has the most pictures and text."""
        sight = self.new_sight()
        order = sorted(indices, key=lambda i: (-len(requests[i].images), -len(str(requests[i].messages)), i))
        while order:
            try:
                width = sight.encode([requests[order[0]]])["input_ids"].shape[1] + requests[order[0]].max_new_tokens
                size = max(1, min(self.batch_size, self.batch_tokens // width))
                inputs = sight.encode([requests[i] for i in order[:size]])
            except ValueError:  # of one of them, which alone shall fail
                size = 1
                yield self._alone(order[0], requests, sight)
            else:
                yield self._batch(order[:size], requests, inputs)
            order = order[size:]

    def _alone(self, i: int, requests: Sequence[Request], sight: Sight) -> Batch:
        try:
            return self._batch([i], requests, sight.encode([requests[i]]))
        except ValueError as error:
            return [(i, Completion.error(first_line(error)))]

    def _batch(self, batch: list[int], requests: Sequence[Request], inputs: Any) -> Batch:
        import torch
        from transformers import GenerationConfig

        tokenizer = self.tokens.tokenizer
        width = inputs["input_ids"].shape[1]
        lengths = inputs["attention_mask"].sum(dim=1).tolist()
        settings = GenerationConfig(
            do_sample=False,
            max_new_tokens=max(requests[i].max_new_tokens for i in batch),
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=self.tokens.ends,
        )
        sampling = requests[batch[0]].manner.sampling
        chosen = [drawing(sampling, [requests[i].seed for i in batch], tokenizer.pad_token_id)] if sampling else []
        with torch.inference_mode():
            output = self.model.generate(
                **inputs.to(self.model.device), generation_config=settings, logits_processor=chosen
            )
        rows = output[:, width:].tolist()
        return [
            (i, self.tokens.completion(row, length, requests[i].max_new_tokens))
            for i, row, length in zip(batch, rows, lengths, strict=True)
        ]

    @property
    def longest(self) -> int:
        return context_length(self.model.config)

    def score_ids(self, texts: Sequence[tuple[list[int], int]]) -> list[LogProbability]:
        """See `Scorer.score_ids`; batches of like length, at most `batch_tokens` tokens each.

        What stands before the last token is all that is read; texts that begin alike (the letters after one question)
        are read once.
        """
        groups = sorted(_read_together([ids[:-1] or ids for ids, _ in texts]), key=lambda group: -len(group[0]))
        found: dict[int, LogProbability] = {}
        while groups:
            size = max(1, min(self.batch_size, self.batch_tokens // len(groups[0][0])))
            batch, groups = groups[:size], groups[size:]
            found |= self._score(batch, texts)
        return [found[i] for i in range(len(texts))]

    def _score(
        self, batch: list[tuple[list[int], list[int]]], texts: Sequence[tuple[list[int], int]]
    ) -> Iterator[tuple[int, LogProbability]]:
        """(position in `texts`, result) of all that belong to the batch: (ids to read, positions) each."""
        import torch

        inputs = self.tokens.tokenizer.pad(
            {"input_ids": [ids for ids, _ in batch]}, padding_side="right", return_tensors="pt"
        ).to(self.model.device)
        # The output layer is most of a small model's work, and what it says of the context is not asked.
        first = min(texts[i][1] for _, members in batch for i in members) - 1
        kept = {"logits_to_keep": inputs["input_ids"].shape[1] - first} if self._keeps_logits else {}
        with torch.inference_mode():
            logits = self.model(**inputs, **kept).logits
        left_out = inputs["input_ids"].shape[1] - logits.shape[1]
        for (_, members), row in zip(batch, logits, strict=True):
            for i in members:
                ids, begin = texts[i]
                targets = torch.tensor(ids[begin:], device=row.device)
                logs = row[begin - 1 - left_out : len(ids) - 1 - left_out].float().log_softmax(-1)
                total = logs.gather(1, targets[:, None]).double().sum().item()
                yield i, LogProbability(total, bool((logs.argmax(-1) == targets).all()), len(targets))

    @cached_property
    def _keeps_logits(self) -> bool:
        return "logits_to_keep" in signature(self.model.forward).parameters


def _read_together(texts: Sequence[list[int]]) -> list[tuple[list[int], list[int]]]:
    """(ids, positions of the texts that they are or begin with).

    >>> _read_together([[1, 2], [1, 2, 3], [4], [1, 2]])
    [([4], [2]), ([1, 2, 3], [1, 3, 0])]
    """
    groups: list[tuple[list[int], list[int]]] = []
    for i in sorted(range(len(texts)), key=texts.__getitem__, reverse=True):  # what goes on stands before what ends
        if groups and groups[-1][0][: len(texts[i])] == texts[i]:
            groups[-1][1].append(i)
        else:
            groups.append((texts[i], [i]))
    return groups


def context_length(config: Any) -> int:
    """Tokens that a model reads at most, by its configuration; 2048 where that says nothing, as in lighteval."""
    text = config.get_text_config()
    names = ("n_positions", "max_position_embeddings", "n_ctx")
    return next((getattr(text, name) for name in names if getattr(text, name, None)), 2048)


def load_model(folder: Path, profile: Profile, *, trust_remote_code: bool = False) -> Any:
    """The language model (of text, or of images and text) on the profile's device and in its dtype, for inference.

    Raises:
        FactoryError: the folder holds no such model.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

    needed_weights(folder)
    kind = AutoModelForImageTextToText if sees(config_of(folder)) else AutoModelForCausalLM
    dtype = getattr(torch, profile.torch_dtype())
    try:
        loaded: Any = kind.from_pretrained(
            folder, dtype=dtype, trust_remote_code=trust_remote_code, use_safetensors=True, **LOADING
        )
    except (OSError, ValueError, KeyError) as error:
        raise unloadable(folder, error) from error
    model, report = loaded
    require_complete(folder, report)
    return model.to(profile.torch_device()).eval()


def release() -> None:
    """Give the memory of models that nobody holds any more back, to the next step."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
