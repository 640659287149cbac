"""Keep rows whose texts a safety model finds safe."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from factory.arrays import Table, pa
from factory.errors import FactoryError
from factory.rows.classifier import Classifier
from factory.rows.executors import Tick
from factory.rows.generation import Ask, Generations, generations
from factory.rows.outcomes import Verdict, failed, rejected
from factory.rows.scoring import Scores, ScoreShard, ScoreStep
from factory.step.base import Columns, Limit, ModelRef, Prompt, TextPrompt
from factory.step.job import Job
from factory.store import Usage
from factory.store.columns import NotText, require, texts
from factory.text.replies import labelled, parse
from factory.text.template import fill

SCORE, SAID = "score_unsafe", "unsafe_category"


class Safety(ScoreStep):
    """Scores each of the `columns` and rejects a row whose worst is above `max` (``safety: 0.93 > 0.5``).

    Without a `prompt` the model is a classifier: the score is the probability of the `unsafe_labels`, of the worst
    window of a long text. With a `prompt` it is a model that writes its verdict, and the score is 1 or 0: its reply
    must begin with a line that is `unsafe` or `safe` (Llama Guard's form; categories may follow), or be a JSON object
    that says so under `reply_key` (LlavaGuard's form, ``rating``). Any other reply makes the row `failed`. Null and
    blank texts are not scored. Kept rows have ``score_unsafe``; rejected rows ``unsafe_category`` too.

    AIN judged images by LlavaGuard's policy with GPT-4o (arXiv 2502.00094, section 2: 95.63 % safe) and names no model
    for texts, and neither does ALLaM: so the recipe names one. The limit 0.5 is assumed.
    """

    renamed: ClassVar[Mapping[str, str]] = {"on": "columns"}

    model: ModelRef = Field(description="a sequence classifier, or with `prompt` a guard or any instructed model")
    columns: Columns = Field(description="text columns")
    unsafe_labels: list[str] = Field([], description="of a classifier: the labels that mean unsafe, as it names them")
    prompt: TextPrompt | None = Field(
        None, description="user message with {text}, for a model that writes its verdict"
    )
    system_prompt: Prompt | None = None
    unsafe: str = Field("unsafe", description="the reply's word for it")
    safe: str = Field("safe", description="the reply's word for it")
    reply_key: str | None = Field(None, description="key of a JSON reply that holds the word")
    max: Annotated[float, Limit] = Field(0.5, ge=0, le=1, description="highest score that is kept (assumed)")
    max_new_tokens: int = Field(32, ge=1)
    keep_scores: Annotated[bool, Limit] = True

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.prompt is None) != bool(self.unsafe_labels):
            raise ValueError("give either `unsafe_labels` (a classifier) or `prompt` (a model that writes)")
        if not parse(self.safe) or not parse(self.unsafe) or parse(self.safe) == parse(self.unsafe):
            raise ValueError("safe and unsafe must be two different words")
        return self

    def generators(self) -> tuple[str, ...]:
        return ("model",) if self.prompt is not None else ()

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        require(self.columns, columns)
        if columns is None or not self.keep_scores or SCORE in columns:
            return columns
        return [*columns, SCORE]

    def accepted(self, scores: Mapping[str, Any]) -> Verdict | None:
        score = scores[SCORE]
        if score is None or score <= self.max:
            return None
        said = f" ({scores[SAID]})" if scores[SAID] else ""
        return rejected(self.verb, f"{score:.3g} > {self.max:g}{said}")

    def hidden(self, columns: list[str]) -> list[str]:
        return [SAID] if self.keep_scores else [SCORE, SAID]

    @contextmanager
    def scoring(self, job: Job) -> Iterator[ScoreShard]:
        model = job.inputs[self.model]
        if self.prompt is not None:
            with generations(job, model) as ledger:
                yield lambda number, table, tick, _: self._asked(ledger, self.prompt or "", number, table, tick)
            return
        classifier = Classifier(model.model, job.profile, trust_remote_code=job.trust_remote_code)
        if unknown := [label for label in self.unsafe_labels if label not in classifier.labels]:
            raise FactoryError(
                f"{self.model} has no label {unknown[0]!r}",
                where=job.where or job.name,
                fix=f"unsafe_labels: some of {', '.join(classifier.labels)}",
            )
        yield lambda number, table, tick, _: self._classified(classifier, table, tick)

    def _cells(self, table: Table, verdicts: dict[int, Verdict]) -> list[tuple[int, str]]:
        found = []
        for name in self.columns:
            for row, value in enumerate(texts(table, name)):
                if isinstance(value, NotText):
                    verdicts.setdefault(row, failed(self.verb, value.error))
                elif value is not None and value.strip():
                    found.append((row, value))
        return found

    def _classified(self, classifier: Classifier, table: Table, tick: Tick) -> Scores:
        verdicts: dict[int, Verdict] = {}
        cells = self._cells(table, verdicts)
        scores = classifier.score([text for _, text in cells], self.unsafe_labels, tick)
        found = [(row, score, "") for (row, _), score in zip(cells, scores, strict=True)]
        return self._scores(table, found, verdicts, Usage(requests=len(cells)))

    def _asked(self, ledger: Generations, prompt: str, number: int, table: Table, tick: Tick) -> Scores:
        verdicts: dict[int, Verdict] = {}
        cells = self._cells(table, verdicts)
        asks = [
            Ask(fill(prompt, {"text": text}), self.system_prompt, max_new_tokens=self.max_new_tokens)
            for _, text in cells
        ]
        answers = ledger.answer(number, asks, tick)
        found = []
        for (row, _), completion in zip(cells, answers.completions, strict=True):
            word, rest = labelled(completion.text, self.reply_key)
            if completion.finish_reason == "error":
                verdicts.setdefault(row, Verdict("failed", "safety: no reply", completion.detail))
            elif word not in (parse(self.safe), parse(self.unsafe)):
                shown = " ".join(completion.text.split())[:200]
                reason = f"safety: reply is neither {self.safe} nor {self.unsafe}"
                verdicts.setdefault(row, Verdict("failed", reason, shown))
            else:
                found.append((row, float(word == parse(self.unsafe)), rest))
        return self._scores(table, found, verdicts, answers.usage)

    def _scores(
        self, table: Table, found: list[tuple[int, float, str]], verdicts: dict[int, Verdict], usage: Usage
    ) -> Scores:
        scores: list[float | None] = [None] * table.num_rows
        said: list[str | None] = [None] * table.num_rows
        for row, score, rest in found:
            known = scores[row]
            if known is None or score > known:
                scores[row], said[row] = score, rest if score else None
        return Scores({SCORE: pa.array(scores, pa.float32()), SAID: pa.array(said, pa.string())}, verdicts, usage)
