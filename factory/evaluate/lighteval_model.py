"""A model for lighteval over any engine that can say how likely texts are.

lighteval 0.13 encodes prompt and choices apart, as is right: a model writes its answer behind the prompt's own tokens.
Two things it does to a prompt that a chat template has rendered are not:
- it lets the tokenizer put a beginning-of-text token in front, where the template has written one;
- it moves the template's last line break from the prompt to the front of every choice, so that it is scored, and by
  a measure per character costs a short choice more than a long one.
With ``scoring: published`` both are done as there, for comparison with numbers that were made so.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from factory.engines.tokens import Tokens
from factory.evaluate.base import Scoring

if TYPE_CHECKING:
    from factory.engines import Scorer

SCORING = "clean: a chat template's prompt as it is; published: bug for bug as lighteval 0.13, for published numbers"
DIFFERS = (
    "clean differs from lighteval where a chat template is used: no second beginning-of-text token, and the "
    "template's last line break stays in the prompt"
)


def encoded_choices(
    tokens: Tokens, prompts: Sequence[str], choices: Sequence[Sequence[str]], *, as_text: bool, longest: int
) -> list[list[tuple[list[int], int]]]:
    """For every prompt and each of its choices (token ids, how many of them are the prompt).

    `as_text`: the prompts are text of which the tokenizer makes an input, special tokens included; spaces at the end
    go in front of the choices. Otherwise they are rendered by a chat template and complete. Too long a prompt loses
    its beginning.
    """
    bodies = [prompt.rstrip() if as_text else prompt for prompt in prompts]
    ends = [prompt[len(body) :] for prompt, body in zip(prompts, bodies, strict=True)]
    said = [[end + choice for choice in own] for end, own in zip(ends, choices, strict=True)]
    distinct = [*dict.fromkeys(choice for own in said for choice in own)]
    tokenizer = tokens.tokenizer
    contexts = tokenizer(bodies, add_special_tokens=as_text)["input_ids"]
    ids_of = dict(zip(distinct, tokenizer(distinct, add_special_tokens=False)["input_ids"], strict=True))
    start = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    found = []
    for context, own in zip(contexts, said, strict=True):
        if as_text and context and context[-1] == tokenizer.eos_token_id:
            context = context[:-1]  # what some tokenizers end texts with ends the answer before it begins
        context = context or [start]
        found.append([_cut(context, ids_of[choice], longest) for choice in own])
    return found


def _cut(context: list[int], choice: list[int], longest: int) -> tuple[list[int], int]:
    whole = (context + choice)[-longest:]
    return whole, max(1, len(whole) - len(choice))


def scoring_model(
    scorer: "Scorer", *, chat_template: bool, scoring: Scoring, cache: str, advance: Callable[..., None]
) -> Any:
    """The `LightevalModel`. It counts `requests` and `tokens`; `advance` is told of finished questions."""
    from lighteval.models.abstract_model import LightevalModel, ModelConfig
    from lighteval.models.model_output import ModelResponse
    from lighteval.tasks.prompt_manager import PromptManager
    from lighteval.utils.cache_management import SampleCache

    class ScorerModel(LightevalModel):
        def __init__(self) -> None:
            self.config = ModelConfig(model_name="model", cache_dir=cache)
            self._cache = SampleCache(self.config)  # the pipeline asks for one; nothing is put into it
            self.prompts = PromptManager(use_chat_template=chat_template, tokenizer=self.tokenizer)
            self.requests = self.tokens = 0

        @property
        def tokenizer(self) -> Any:
            return scorer.tokens.tokenizer

        @property
        def add_special_tokens(self) -> bool:
            return not chat_template or scoring == "published"

        @property
        def max_length(self) -> int:
            return scorer.longest

        def loglikelihood(self, docs: list[Any]) -> list[Any]:
            texts = encoded_choices(
                scorer.tokens,
                [self.prompts.prepare_prompt(doc) for doc in docs],
                [doc.choices for doc in docs],
                as_text=self.add_special_tokens,
                longest=self.max_length,
            )
            flat = [text for own in texts for text in own]
            results = iter(scorer.score_ids(flat))
            tokens = sum(len(ids) for ids, _ in flat)
            self.requests, self.tokens = self.requests + len(flat), self.tokens + tokens
            advance(0, questions=len(docs), tokens=tokens)
            return [self._response([(ids, begin, next(results)) for ids, begin in own]) for own in texts]

        def _response(self, scored: list[tuple[list[int], int, Any]]) -> Any:
            return ModelResponse(
                logprobs=[result.total for _, _, result in scored],
                argmax_logits_eq_gold=[result.greedy for _, _, result in scored],
                input_tokens=scored[0][0][: scored[0][1]],
                output_tokens=[ids[begin:] for ids, begin, _ in scored],
            )

        def greedy_until(self, docs: list[Any]) -> list[Any]:
            raise NotImplementedError("its tasks are scored, not written")

        def loglikelihood_rolling(self, docs: list[Any]) -> list[Any]:
            raise NotImplementedError("the suite perplexity measures that")

    return ScorerModel()
