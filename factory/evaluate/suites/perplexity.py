"""Perplexity of plain text, by language."""

import math
from typing import Any, ClassVar

from pydantic import Field

from factory.arrays import np
from factory.errors import FactoryError
from factory.evaluate.base import DatasetRefs, Suite, asked, input_rows, report, versions
from factory.evaluate.samples import Part, Samples
from factory.evaluate.score import Score, bootstrap
from factory.step.job import Job

HEADLINE = "perplexity"
BITS = "bits per byte"
AT_ONCE = 256  # texts handed to the engine, which makes batches of them
PER_TOKEN = "exp of the mean negative log-likelihood per token"


class Perplexity(Suite):
    """exp(mean negative log-likelihood per token), every token of a language weighing the same.

    Columns in: `text`, and `by` where given. Scores: ``perplexity`` over all rows and one of each value of `by`, and
    ``bits per byte`` likewise: perplexity is per token, so of two models with different vocabularies (before and
    after `expand_vocab`) only the bits per byte compare. Lower is better.
    """

    texts: ClassVar[tuple[str, ...]] = ("text",)
    description: ClassVar[str] = "perplexity and bits per byte of plain text, by language"

    data: DatasetRefs = Field(min_length=1)
    text: str = "text"
    by: str | None = Field(None, description="column with the language")
    split: str | None = Field(None, description="default: the split that the ref names")
    max_length: int = Field(1024, ge=2, description="tokens per text; the rest of a text is not read")

    def needed_columns(self) -> dict[str, list[str]]:
        return {ref: [self.text, *([self.by] if self.by else [])] for ref in self.data}

    def run(self, job: Job) -> None:
        rows: list[dict[str, Any]] = []
        abouts: list[dict[str, Any]] = []
        for ref in self.data:
            source, found = input_rows(job, ref, self.needed_columns()[ref], self.split)
            abouts.append(source.about())
            rows += [{"text": row[self.text] or "", "group": str(row[self.by]) if self.by else None} for row in found]
        measured = self._measure(job, [row["text"] for row in rows])
        if not any(tokens for _, tokens, _ in measured):
            raise FactoryError(f"no text to score in column {self.text!r}", where=job.where or job.name)
        details = [
            {"index": i, **row, "nll": nll, "tokens": tokens, "bytes": size}
            for i, (row, (nll, tokens, size)) in enumerate(zip(rows, measured, strict=True))
        ]
        about = abouts[0] if len(abouts) == 1 else {"dataset": ", ".join(self.data), "split": abouts[0]["split"]}
        scores: list[Score] = []
        parts: dict[str, Part] = {}
        groups = sorted({row["group"] for row in rows if row["group"] is not None})
        for group in [None, *groups]:
            of_group = [n for n, row in enumerate(rows) if group in (None, row["group"])]
            made = _parts([asked(rows[n]["text"]) for n in of_group], np.array([measured[n] for n in of_group]), group)
            for name, (part, metric) in made.items():
                parts[name] = part
                scores.append(bootstrap(name, part, metric=metric, task=job.name, higher_is_better=False, **about))
        protocol = {
            "suite": self.verb,
            "data": self.data,
            "weighting": "by token",
            "max_length": self.max_length,
            "engine": " and ".join(job.engines),
            "dtype": job.profile.torch_dtype(),
            "versions": versions("transformers", "torch"),
        }
        report(job, HEADLINE, scores, Samples.pooled(parts), protocol, details)

    def _measure(self, job: Job, texts: list[str]) -> list[tuple[float, int, int]]:
        """(negative log-likelihood in nats, tokens predicted, UTF-8 bytes of those) of every text.

        The first token is predicted only where the tokenizer puts a beginning-of-text token before it.
        """
        found = [(0.0, 0, 0)] * len(texts)
        with (
            job.scorer() as engine,
            job.progress.task(f"{job.name}: perplexity", total=len(texts)) as progress,
        ):
            tokenizer, longest = engine.tokens.tokenizer, min(self.max_length, engine.longest)
            encoded = [ids[:longest] for ids in tokenizer(texts)["input_ids"]] if texts else []
            job.usage.requests += len(encoded)
            job.usage.prompt_tokens += sum(map(len, encoded))
            order = sorted((i for i, ids in enumerate(encoded) if len(ids) > 1), key=lambda i: -len(encoded[i]))
            progress.advance(len(encoded) - len(order))
            for start in range(0, len(order), AT_ONCE):
                batch = order[start : start + AT_ONCE]
                for i, score in zip(batch, engine.score_ids([(encoded[i], 1) for i in batch]), strict=True):
                    size = len(tokenizer.decode(encoded[i][1:], skip_special_tokens=True).encode())
                    found[i] = (-score.total, score.tokens, size)
                progress.advance(len(batch), tokens=sum(len(encoded[i]) for i in batch))
        return found


def _parts(keys: list[str], sums: Any, group: str | None) -> dict[str, tuple[Part, str]]:
    """{score: what it is made from and how} of rows of (nll in nats, tokens, bytes); nothing of none to divide by."""
    suffix = f".{group}" if group else ""
    nll, tokens, size = sums.T
    measures = {
        f"{HEADLINE}{suffix}": (Part(keys, np.stack([nll, tokens], axis=1), "exp"), PER_TOKEN),
        f"{BITS}{suffix}": (Part(keys, np.stack([nll / math.log(2), size], axis=1)), BITS),
    }
    return {name: (part, metric) for name, (part, metric) in measures.items() if part.statistics[:, 1].any()}
