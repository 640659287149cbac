"""A model's tokenizer as engines need it: prompts to token ids, token ids to text, and which tokens end an answer."""

import json
import re
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from factory.engines.base import Completion, Request
from factory.errors import FactoryError, first_line

ANSWER = "This answers it."  # of a sample; no template writes it


class Tokens:
    """Loads the tokenizer of a model folder; knows nothing of weights.

    `ends` are the tokens at which an answer ends; `after_answer` those that the chat template writes after one.
    """

    def __init__(self, model: Path, *, trust_remote_code: bool = False) -> None:
        from transformers import AutoTokenizer

        self.folder = model
        try:
            self.tokenizer: Any = AutoTokenizer.from_pretrained(
                model, padding_side="left", trust_remote_code=trust_remote_code
            )
        except (OSError, ValueError, KeyError) as error:
            raise unloadable(model, error) from error
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.after_answer = self._after_answer()
        self.ends = self._ends(trust_remote_code)

    def count(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        return [len(ids) for ids in self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]]

    def encode(self, requests: Sequence[Request]) -> list[list[int]]:
        """Token ids of the rendered prompts.

        Raises:
            FactoryError: chat messages for a model without a chat template.
        """
        if any(request.messages is not None for request in requests) and not self.tokenizer.chat_template:
            raise FactoryError(
                "the model has no chat template, so it cannot be prompted with messages",
                where=str(self.folder),
                fix="use an instruction-tuned model, ask it with `template: plain`, or give it one with "
                "`sft: {chat_template: …}`",
            )
        rendered = [self.render(request) for request in requests if request.messages is not None]
        plain = [request.prompt or "" for request in requests if request.messages is None]
        chats = iter(self.tokenizer(rendered, add_special_tokens=False)["input_ids"] if rendered else ())
        texts = iter(self.tokenizer(plain)["input_ids"] if plain else ())
        return [next(texts) if request.messages is None else next(chats) for request in requests]

    def render(self, request: Request) -> str:
        """A request's messages as the chat template writes them, up to where the answer begins.

        Raises:
            FactoryError: the template knows none of its arguments, or does not take the messages.
        """
        from jinja2 import TemplateError

        arguments = request.manner.arguments
        written = str(self.tokenizer.chat_template)
        if unknown := [name for name in arguments if not re.search(rf"\b{re.escape(name)}\b", written)]:
            what = f"its chat template has no argument {unknown[0]!r}"
            raise FactoryError(what, where=str(self.folder), fix="take it out of `template`")
        turns = request.turns()
        try:
            return self.tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False, **arguments)
        except (TemplateError, TypeError, KeyError) as error:
            what = f"its chat template does not take the messages: {first_line(error)}"
            fix = "set `content` as the model's card asks for, or leave out the system prompt"
            raise FactoryError(what, where=str(self.folder), fix=fix) from error

    def encode_pair(self, context: str, continuation: str) -> tuple[list[int], int]:
        """(ids of the whole, how many of them are context); see `Scorer.log_probabilities`."""
        body = context.rstrip()
        continuation, context = context[len(body) :] + continuation, body
        whole = self.tokenizer(context + continuation)["input_ids"]
        begin = len(self.tokenizer(context)["input_ids"])
        if begin == 0:  # something must stand before the first token whose probability is asked
            start = self.tokenizer.bos_token_id
            return [self.tokenizer.eos_token_id if start is None else start, *whole], 1
        return whole, begin

    def completion(self, ids: Sequence[int], prompt_tokens: int, budget: int) -> Completion:
        """The answer up to the first end token, at most `budget` tokens. Special tokens stay: leaks must show."""
        end = next((n for n, token in enumerate(ids) if token in self.ends), None)
        kept = list(ids[:budget] if end is None else ids[: min(end, budget)])
        stopped = end is not None and end <= budget
        text = self.tokenizer.decode(kept, skip_special_tokens=False)
        return Completion(text, "stop" if stopped else "length", prompt_tokens, len(kept) + int(stopped))

    def _ends(self, trust_remote_code: bool) -> list[int]:
        configured = generation_config(self.folder, trust_remote_code).eos_token_id
        ids = configured if isinstance(configured, list) else [configured]
        return sorted({i for i in [*ids, self.tokenizer.eos_token_id, *self.after_answer[:1]] if i is not None})

    def _after_answer(self) -> list[int]:
        """Special tokens that the chat template puts right after an answer, the one that ends it first.

        The first need not end the turn: Command A closes its answers with <|END_RESPONSE|> before that.
        """
        text = sample(self.tokenizer) if self.tokenizer.chat_template else ""
        after = self.tokenizer(text.rpartition(ANSWER)[2].lstrip(), add_special_tokens=False)["input_ids"]
        return list(takewhile(lambda token: token in self.tokenizer.added_tokens_decoder, after))


def sample(tokenizer: Any) -> str:
    """A question and an answer as the chat template writes them; "" where it does not take them."""
    from jinja2 import TemplateError

    turns = [{"role": "user", "content": "And this?"}, {"role": "assistant", "content": ANSWER}]
    try:
        return tokenizer.apply_chat_template(turns, tokenize=False)
    except (TemplateError, ValueError, TypeError):
        return ""


def has_chat_template(model: Path) -> bool:
    """Whether the tokenizer in the model folder carries a chat template; an empty one is none."""
    template = model / "chat_template.jinja"
    if template.is_file() and template.read_text(encoding="utf-8").strip():
        return True
    if (model / "additional_chat_templates").is_dir():
        return True
    config = model / "tokenizer_config.json"
    return config.is_file() and bool(json.loads(config.read_text(encoding="utf-8")).get("chat_template"))


def generation_config(model: Path, trust_remote_code: bool = False) -> Any:
    """The folder's generation_config.json or, without one, what its config.json implies."""
    from transformers import AutoConfig, GenerationConfig

    try:
        if (model / "generation_config.json").is_file():
            return GenerationConfig.from_pretrained(model)
        return GenerationConfig.from_model_config(
            AutoConfig.from_pretrained(model, trust_remote_code=trust_remote_code)
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise unloadable(model, error) from error


def unloadable(model: Path, error: Exception) -> FactoryError:
    return FactoryError(f"cannot load the model: {first_line(error)}", where=str(model))
