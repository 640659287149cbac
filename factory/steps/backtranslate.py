"""Keep translations that come back as their sources: translated back by a model and compared word by word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from factory.rows.executors import Tick
from factory.rows.generation import Ask, Generations, generations
from factory.rows.outcomes import Verdict, failed, rejected
from factory.rows.pairs import Suffix, column_pairs, suffix_of
from factory.rows.scoring import Scores, ScoreShard, ScoreStep, below, worst
from factory.step.base import ModelRef, Prompt
from factory.step.words import Pairs, TextPrompt, holding
from factory.store import Usage
from factory.store.columns import NotText, texts
from factory.text.chat import leaked_tokens
from factory.text.closeness import METRICS, closeness
from factory.text.template import fill

if TYPE_CHECKING:
    from typing import Self

    import pyarrow as pa

    from factory.engines import Completion
    from factory.step.job import Job

Metric = Literal["bleu", "chrf", "meteor", "rouge_precision", "rouge_recall", "rouge_f1"]
AIN: dict[Metric, float] = {"bleu": 60, "meteor": 80, "rouge_precision": 80, "rouge_recall": 80, "rouge_f1": 80}
BACK = "_back"
AGAIN = "translated_again"


@dataclass
class _Pair:
    """One translation on its way: what it says, what came back, and how close that is to the source."""

    row: int
    target: str
    source: str
    translation: str
    back: str = ""
    scores: dict[str, float] | None = None
    fault: Verdict | None = None


class Backtranslate(ScoreStep):
    """Translates each translation back and scores what returns against its source (``backtranslate: bleu: 41 < 60``).

    Columns: ``score_back_bleu``, ``score_back_chrf``, ``score_back_meteor``, ``score_back_rouge_precision``,
    ``…_recall``, ``…_f1``, each from 0 to 100 and of a row's worst pair, and ``{translation}_back`` with the text that
    came back. A row is kept where all of `gates` hold. With `retranslate_model`, a source whose translation fails is
    translated once more and tried again; the new translation takes the old one's place if it passes, and
    ``translated_again`` marks the row.

    A pair of two nulls or blanks is not scored; one with a blank side is rejected. Whole texts are translated back in
    one piece: code and tables too.

    The gates are those of AIN (arXiv 2502.00094, section 2 and figure 13): BLEU 60, METEOR 80, ROUGE precision, recall
    and F1 80, all to hold, else the text is to be translated again. Assumed: that BLEU means BLEU-4 and ROUGE means
    ROUGE-L, of which the paper says nothing; how often to translate again. METEOR is without synonyms here, so that
    its gate is a little stricter than the paper's.
    """

    uses_language: ClassVar[bool] = True
    renamed: ClassVar[Mapping[str, str]] = {"pairs": "columns"}

    model: ModelRef = Field(description="translates back, into the recipe's source language")
    prompt: TextPrompt = Field(description="user message with {text}, or a .txt file beside the recipe")
    system_prompt: Prompt | None = None
    columns: Pairs | None = Field(None, description="source -> translation; default: every x and x with the suffix")
    suffix: Suffix = Field(None, validate_default=True, description='default: "_" and the target language')
    gates: dict[Metric, float] = Field(AIN, min_length=1, description="metric -> lowest score that is kept (AIN's)")
    retranslate_model: ModelRef | None = Field(None, description="translates anew what fails; default: it is rejected")
    retranslate_prompt: Annotated[Prompt, holding("text", "translation")] | None = Field(
        None, description="with {text}, the source, and where wanted {translation}, the one that failed"
    )
    max_new_tokens: int | None = Field(None, ge=1, description="default: 2 x tokens of the text + 32")
    keep_scores: bool = Field(True, description="kept rows have the score columns; rejected rows always do")
    keep_back: bool = Field(False, description="kept rows have what came back; rejected rows always do")

    @model_validator(mode="after")
    def _retranslation_is_whole(self) -> Self:
        if (self.retranslate_model is None) != (self.retranslate_prompt is None):
            raise ValueError("retranslate_model and retranslate_prompt go together")
        if outside := [name for name, limit in self.gates.items() if not 0 <= limit <= 100]:
            raise ValueError(f"gates: the limit of {outside[0]!r} is outside 0 to 100")
        return self

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        if columns is None or (self.columns is None and self.suffix is None):
            return None
        pairs = column_pairs(columns, self.columns, self.suffix or "")
        made = self._made(list(pairs.values()))
        hidden = self.hidden(made)
        return [*columns, *(name for name in made if name not in hidden and name not in columns)]

    def _made(self, targets: list[str]) -> list[str]:
        again = [AGAIN] if self.retranslate_model else []
        return [*map(_score, METRICS), *(target + BACK for target in targets), *again]

    def without_limits(self, parameters: dict[str, Any]) -> dict[str, Any] | None:
        """What is translated again depends on the gates."""
        if self.retranslate_model is not None:
            return None
        return {name: value for name, value in parameters.items() if name not in ("gates", "keep_scores", "keep_back")}

    def accepted(self, scores: Mapping[str, Any]) -> Verdict | None:
        for metric, limit in self.gates.items():
            if verdict := below(f"backtranslate: {metric}", scores[_score(metric)], limit):
                return verdict
        return None

    def hidden(self, columns: list[str]) -> list[str]:
        scores = [] if self.keep_scores else [name for name in map(_score, METRICS) if name in columns]
        return scores + ([] if self.keep_back else [name for name in columns if name.endswith(BACK)])

    @contextmanager
    def scoring(self, job: Job) -> Iterator[ScoreShard]:
        suffix, language = suffix_of(self.suffix, job), job.language["source"]
        with ExitStack() as stack:
            back = stack.enter_context(generations(job, job.inputs[self.model]))
            anew = back
            if self.retranslate_model is not None and self.retranslate_model != self.model:
                anew = generations(job, job.inputs[self.retranslate_model], "retranslations")
                anew = stack.enter_context(anew)

            def score(number: int, table: pa.Table, tick: Tick) -> Scores:
                pairs = column_pairs(table.column_names, self.columns, suffix)
                return _Shard(self, back, anew, language, number, tick).scores(table, pairs)

            yield score

    def finish(self, job: Job, totals: dict[str, float]) -> None:
        names = ("pairs", "generated", "retranslated", "rescued")
        job.metrics["backtranslated"] = {name: int(totals.get(name, 0)) for name in names}

    def passes(self, scores: Mapping[str, float] | None) -> bool:
        return scores is not None and all(scores[metric] >= limit for metric, limit in self.gates.items())


class _Shard:
    """The pairs of one shard on their way there and back, at most twice."""

    def __init__(
        self, step: Backtranslate, back: Generations, anew: Generations, language: str, number: int, tick: Tick
    ) -> None:
        self.step, self.back, self.anew, self.language, self.number = step, back, anew, language, number
        self.tick = tick
        self.usage = Usage()
        self.generated = 0

    def scores(self, table: pa.Table, columns: dict[str, str]) -> Scores:
        import pyarrow as pa

        verdicts: dict[int, Verdict] = {}
        pairs = [pair for source, target in columns.items() for pair in self._pairs(table, source, target, verdicts)]
        rounds = 3 if self.step.retranslate_model else 1
        self._translate_back(pairs, "", (0, rounds))
        again = [pair for pair in pairs if pair.fault or not self.step.passes(pair.scores)]
        rescued = self._again(again) if self.step.retranslate_model else []
        for pair in pairs:
            if pair.fault:
                verdicts.setdefault(pair.row, pair.fault)
        made = {_score(name): self._worst(pairs, name, table.num_rows) for name in METRICS}
        found: dict[str, Any] = {name: pa.array(values, pa.float32()) for name, values in made.items()}
        for target in columns.values():
            own = {pair.row: pair for pair in pairs if pair.target == target}
            found[target + BACK] = pa.array(
                [own[row].back if row in own else None for row in range(table.num_rows)], pa.string()
            )
            if new := {pair.row: pair.translation for pair in rescued if pair.target == target}:
                values = [None if isinstance(value, NotText) else value for value in texts(table, target)]
                found[target] = pa.array([new.get(row, value) for row, value in enumerate(values)], pa.string())
        if self.step.retranslate_model:
            rows = {pair.row for pair in rescued}
            found[AGAIN] = pa.array([row in rows for row in range(table.num_rows)])
        totals = {"pairs": len(pairs), "generated": self.generated, "rescued": len(rescued)}
        totals["retranslated"] = len(again) if self.step.retranslate_model else 0
        return Scores(found, verdicts, self.usage, totals)

    def _pairs(self, table: pa.Table, source: str, target: str, verdicts: dict[int, Verdict]) -> Iterator[_Pair]:
        for row, (text, translation) in enumerate(zip(texts(table, source), texts(table, target), strict=True)):
            bad = next((side for side in (text, translation) if isinstance(side, NotText)), None)
            here = [isinstance(side, str) and bool(side.strip()) for side in (text, translation)]
            if bad is not None:
                verdicts.setdefault(row, failed(self.step.verb, bad.error))
            elif all(here):
                yield _Pair(row, target, text, translation)
            elif any(here):
                verdicts.setdefault(row, rejected("backtranslate: no text", target if here[0] else source))

    def _translate_back(self, pairs: list[_Pair], round: str, share: tuple[int, int]) -> None:
        step = self.step
        asks = [
            Ask(fill(step.prompt, {"text": p.translation}), step.system_prompt, p.translation, step.max_new_tokens)
            for p in pairs
        ]
        for pair, completion in zip(pairs, self._answers(self.back, asks, round, share), strict=True):
            pair.back, pair.fault = completion.text.strip(), _fault(pair.translation, completion)
            if pair.fault is None or pair.fault.outcome == "rejected":
                pair.scores = closeness(pair.back, pair.source, self.language)

    def _again(self, pairs: list[_Pair]) -> list[_Pair]:
        """Translate the sources anew; the pairs whose new translation passes, changed in place."""
        step = self.step
        asks = [
            Ask(
                fill(step.retranslate_prompt or "", {"text": pair.source, "translation": pair.translation}),
                step.system_prompt,
                pair.source,
                step.max_new_tokens,
            )
            for pair in pairs
        ]
        made = self._answers(self.anew, asks, "anew", (1, 3))
        fresh = [
            (pair, _Pair(pair.row, pair.target, pair.source, completion.text.strip()))
            for pair, completion in zip(pairs, made, strict=True)
            if _fault(pair.source, completion) is None and completion.text.strip() != pair.translation
        ]
        self._translate_back([new for _, new in fresh], "back again", (2, 3))
        rescued = []
        for old, new in fresh:
            if new.fault is None and step.passes(new.scores):
                old.translation, old.back, old.scores, old.fault = new.translation, new.back, new.scores, None
                rescued.append(old)
        return rescued

    def _answers(self, ledger: Generations, asks: list[Ask], round: str, share: tuple[int, int]) -> list[Completion]:
        place, rounds = share
        answers = ledger.answer(
            self.number, asks, lambda done, **counts: self.tick((place + done) / rounds, **counts), round
        )
        self.generated += answers.generated
        self.usage.requests += answers.usage.requests
        self.usage.prompt_tokens += answers.usage.prompt_tokens
        self.usage.completion_tokens += answers.usage.completion_tokens
        return answers.completions

    def _worst(self, pairs: list[_Pair], metric: str, rows: int) -> list[float | None]:
        found: list[float | None] = [None] * rows
        for pair in pairs:
            if pair.scores is not None:
                found[pair.row] = worst(found[pair.row], pair.scores[metric])
        return found


def _score(metric: str) -> str:
    return f"score_back_{metric}"


def _fault(asked: str, completion: Completion) -> Verdict | None:
    """Why what the model wrote is no translation, whatever its words are."""
    if completion.finish_reason == "error":
        return Verdict("failed", "backtranslate: no reply", completion.detail)
    if completion.finish_reason == "length":
        return rejected("backtranslate: cut off")
    if not completion.text.strip():
        return rejected("backtranslate: empty")
    if leaked := leaked_tokens(asked, completion.text):
        return rejected("backtranslate: chat tokens", " ".join(leaked))
    return None
