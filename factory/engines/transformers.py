"""Batched greedy generation with transformers: the engine that runs everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from factory.engines.base import Completion, Request
from factory.errors import FactoryError

if TYPE_CHECKING:
    from factory.profile import Profile


class TransformersEngine:
    """Prompts are sorted by length and padded on the left in batches as large as the profile allows."""

    def __init__(self, model: Path, profile: Profile, *, trust_remote_code: bool = False) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.folder = model
        self.batch_size, self.batch_tokens = profile.batch_size, profile.batch_tokens
        try:
            self.tokenizer: Any = AutoTokenizer.from_pretrained(
                model, padding_side="left", trust_remote_code=trust_remote_code
            )
            self.model: Any = AutoModelForCausalLM.from_pretrained(
                model,
                dtype=getattr(torch, profile.torch_dtype()),
                trust_remote_code=trust_remote_code,
                use_safetensors=True,
            )
        except (OSError, ValueError, KeyError) as error:
            first_line = str(error).strip().splitlines()[0]
            raise FactoryError(f"cannot load the model: {first_line}", where=str(model)) from error
        self.model.to(profile.torch_device()).eval()
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        import gc

        import torch

        del self.model
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        return [len(ids) for ids in self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]]

    def encode(self, request: Request) -> list[int]:
        """Token ids of the rendered prompt.

        Raises:
            FactoryError: chat messages for a model without a chat template.
        """
        if request.messages is None:
            return self.tokenizer(request.prompt)["input_ids"]
        if self.tokenizer.chat_template is None:
            raise FactoryError(
                "the model has no chat template, so it cannot be prompted with messages",
                where=str(self.folder),
                fix="use an instruction-tuned model, or give it one with `sft: {chat_template: …}`",
            )
        messages = [{"role": role, "content": content} for role, content in request.messages]
        text = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def generate(self, requests: Sequence[Request]) -> Iterator[list[tuple[int, Completion]]]:
        prompts = [self.encode(request) for request in requests]
        # The longest first: memory runs out at once or not at all, and the estimate of the time left errs high.
        order = sorted(range(len(requests)), key=lambda i: (-len(prompts[i]), -requests[i].max_new_tokens, i))
        start = 0
        while start < len(order):
            ahead = order[start : start + self.batch_size]
            width = len(prompts[ahead[0]]) + max(requests[i].max_new_tokens for i in ahead)
            size = max(1, min(self.batch_size, self.batch_tokens // width))
            yield self._batch(order[start : start + size], requests, prompts)
            start += size

    def _batch(
        self, batch: list[int], requests: Sequence[Request], prompts: list[list[int]]
    ) -> list[tuple[int, Completion]]:
        import torch
        from transformers import GenerationConfig

        inputs = self.tokenizer.pad({"input_ids": [prompts[i] for i in batch]}, return_tensors="pt")
        width = inputs["input_ids"].shape[1]
        ends = self._end_ids()
        settings = GenerationConfig(
            do_sample=False,
            max_new_tokens=max(requests[i].max_new_tokens for i in batch),
            pad_token_id=self.tokenizer.pad_token_id,
            eos_token_id=ends,
        )
        with torch.inference_mode():
            output = self.model.generate(**inputs.to(self.model.device), generation_config=settings)
        completions = []
        for i, row in zip(batch, output[:, width:].tolist(), strict=True):
            end = next((n for n, token in enumerate(row) if token in ends), None)
            tokens = row[: requests[i].max_new_tokens] if end is None else row[:end][: requests[i].max_new_tokens]
            stopped = end is not None and end <= requests[i].max_new_tokens
            text = self.tokenizer.decode(tokens, skip_special_tokens=False)
            completions.append(
                (i, Completion(text, "stop" if stopped else "length", len(prompts[i]), len(tokens) + int(stopped)))
            )
        return completions

    def _end_ids(self) -> list[int]:
        configured = self.model.generation_config.eos_token_id
        ids = configured if isinstance(configured, list) else [configured]
        return [i for i in {*ids, self.tokenizer.eos_token_id, self._turn_end()} if i is not None]

    def _turn_end(self) -> int | None:
        """The token that the chat template puts right after an answer.

        It need not be the one that ends the turn: Command A closes its answers with <|END_RESPONSE|> before that.
        """
        from jinja2 import TemplateError

        if self.tokenizer.chat_template is None:
            return None
        turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "!"}]
        try:
            text = self.tokenizer.apply_chat_template(turns, tokenize=False)
        except (TemplateError, ValueError, TypeError):
            return None
        after = self.tokenizer(text.rpartition("!")[2].lstrip(), add_special_tokens=False)["input_ids"]
        return after[0] if after and after[0] in self.tokenizer.added_tokens_decoder else None
