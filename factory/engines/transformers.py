"""Batched greedy generation with transformers: the engine that runs everywhere."""

import gc
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from factory.engines.base import Batch, Completion, Engine, LogProbability, Request, Scorer, State
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
        self.tokens = Tokens(model, trust_remote_code=trust_remote_code)
        self.new_sight = partial(Sight, model, self.tokens.tokenizer, trust_remote_code=trust_remote_code)
        self.model = load_model(model, profile, trust_remote_code=trust_remote_code)

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
        with torch.inference_mode():
            output = self.model.generate(**inputs.to(self.model.device), generation_config=settings)
        rows = output[:, width:].tolist()
        return [
            (i, self.tokens.completion(row, length, requests[i].max_new_tokens))
            for i, row, length in zip(batch, rows, lengths, strict=True)
        ]

    def score_ids(self, texts: Sequence[tuple[list[int], int]]) -> list[LogProbability]:
        """See `Scorer.score_ids`; batches of like length, at most `batch_tokens` tokens each."""
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i][0]))
        found: dict[int, LogProbability] = {}
        while order:
            size = max(1, min(self.batch_size, self.batch_tokens // max(1, len(texts[order[0]][0]))))
            batch, order = order[:size], order[size:]
            found.update(zip(batch, self._score([texts[i] for i in batch]), strict=True))
        return [found[i] for i in range(len(texts))]

    def _score(self, texts: list[tuple[list[int], int]]) -> Iterator[LogProbability]:
        import torch

        inputs = self.tokens.tokenizer.pad(
            {"input_ids": [ids for ids, _ in texts]}, padding_side="right", return_tensors="pt"
        ).to(self.model.device)
        with torch.inference_mode():
            logits = self.model(**inputs).logits
        for (ids, begin), row in zip(texts, logits, strict=True):
            targets = torch.tensor(ids[begin:], device=row.device)
            logs = row[begin - 1 : len(ids) - 1].float().log_softmax(-1)
            total = logs.gather(1, targets[:, None]).double().sum().item()
            yield LogProbability(total, bool((logs.argmax(-1) == targets).all()), len(targets))


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
    model, loading = loaded
    require_complete(folder, loading)
    return model.to(profile.torch_device()).eval()


def release() -> None:
    """Give the memory of models that nobody holds any more back, to the next step."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
