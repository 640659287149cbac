"""Translating a set of segments with the model under test, resumable, and scoring the result."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from factory.engines import Request
from factory.engines.tokens import has_chat_template
from factory.evaluate.base import Suite, report, versions
from factory.evaluate.generating import generate_all
from factory.evaluate.overlap import NAMES, overlap_scores
from factory.evaluate.samples import Samples
from factory.step.base import Prompt
from factory.step.job import Job
from factory.text import yaml

PROMPTS: dict[str, str] = yaml.load(Path(__file__).with_name("prompts.yaml").read_text("utf-8"))
"""The two prompts of Hala's Table 2: `specialised` for its translator, `plain` for the other models."""


class TranslationSuite(Suite):
    """Parameters and work common to suites that let a model translate and compare with references.

    Scores: ``bleu`` (headline), ``chrf++``, ``rougeL (report's tokenizer)``, ``rougeL (Unicode tokenizer)``.
    """

    prompt: Prompt = Field(
        PROMPTS["plain"], description="with {text}; or plain, or specialised (the prompts of Hala's report)"
    )
    system_prompt: Prompt | None = None
    n: int | None = Field(None, ge=1, description="segments, drawn without replacement; default: all")
    seed: int = Field(0, description="of the draw")
    max_new_tokens: int = Field(512, ge=1)
    chat_template: bool | Literal["auto"] = Field("auto", description="auto: where the tokenizer has one")

    version: ClassVar[int] = 2  # until then an endpoint of the profile could have answered for a local model
    texts: ClassVar[tuple[str, ...]] = ("source", "reference")
    score_list: ClassVar[tuple[str, ...]] = NAMES

    @field_validator("prompt", mode="after")
    @classmethod
    def _named_prompt(cls, value: str) -> str:
        value = PROMPTS.get(value, value)
        if "{text}" not in value:
            raise ValueError(f"the prompt has no {{text}}; write one, or one of: {', '.join(PROMPTS)}")
        return value

    def generators(self) -> tuple[str, ...]:
        return ("models",)

    def score_names(self) -> list[str]:
        return list(self.score_list)

    def chosen(self, total: int) -> list[int]:
        """Positions of the drawn segments, ascending: `n` of `total` without replacement, by Python's generator."""
        if self.n is None or self.n >= total:
            return list(range(total))
        return sorted(random.Random(self.seed).sample(range(total), self.n))

    def translate_and_report(
        self, job: Job, segments: Sequence[dict[str, Any]], about: dict[str, Any], protocol: dict[str, Any]
    ) -> None:
        """Translate every segment's `source`, score against `reference`, and report.

        `segments` have `index`, `source`, `reference` and may have more columns, which go into the details; `cluster`
        is what a segment belongs to, a document or a subject. Nothing is done to the output before scoring.
        """
        chats = job.input.endpoint is not None or has_chat_template(job.input.model)
        template = chats if self.chat_template == "auto" else self.chat_template
        requests = [self._request(segment["source"], template) for segment in segments]
        completions = generate_all(job, requests, "translate")
        outputs = [completion["text"] for completion in completions]
        references = [segment["reference"] for segment in segments]
        found = overlap_scores(
            outputs,
            references,
            sources=[segment["source"] for segment in segments],
            clusters=[segment["cluster"] for segment in segments] if "cluster" in segments[0] else None,
            task=job.name,
            **about,
        )
        details = [
            {**segment, "output": done["text"], "finish_reason": done["finish_reason"], **value}
            for segment, done, value in zip(segments, completions, found.segments, strict=True)
        ]
        cut = sum(done["finish_reason"] == "length" for done in completions)
        if cut:
            job.notes.append(f"{cut} of {len(outputs)} translations reached max_new_tokens={self.max_new_tokens}")
        report(
            job,
            NAMES[0],
            found.scores,
            Samples.pooled(found.parts),
            {
                "suite": self.verb,
                "prompt": self.prompt,
                "system_prompt": self.system_prompt,
                "chat_template": template,
                "few_shot": 0,
                "decoding": f"greedy, at most {self.max_new_tokens} new tokens",
                "cut_short": cut,
                "n": len(outputs),
                "seed": self.seed,
                "post_processing": "none",
                "engine": " and ".join(sorted({done["engine"] for done in completions})),
                "dtype": job.profile.torch_dtype(),
                "signatures": found.signatures,
                "versions": versions("sacrebleu", "rouge-score", "transformers", "torch"),
                **protocol,
            },
            details,
        )

    def _request(self, text: str, template: bool) -> Request:
        # Not str.format: a source text or a prompt may hold braces of its own.
        user = self.prompt.replace("{text}", text)
        if template:
            return Request.chat(user, system=self.system_prompt, max_new_tokens=self.max_new_tokens)
        prompt = f"{self.system_prompt}\n\n{user}" if self.system_prompt else user
        return Request(self.max_new_tokens, prompt=prompt)
