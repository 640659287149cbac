"""Keep translations that come back as their sources: translated back by a model and compared word by word."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from factory.arrays import Array, Table, pa
from factory.engines import Completion
from factory.rows.executors import Tick
from factory.rows.faults import certain
from factory.rows.generation import Ask, Generations, generations
from factory.rows.outcomes import Verdict
from factory.rows.pairs import text_pairs
from factory.rows.scoring import Scores, ScoreShard, ScoreStep, below, worst
from factory.step.asking import Asks
from factory.step.base import Limit, ModelRef, Pairs, Prompt, Suffix, TextPrompt, holding, suffix_of
from factory.step.job import Job
from factory.store import Usage
from factory.store.columns import NotText, column_pairs, texts
from factory.text.closeness import METRICS, closeness
from factory.text.template import fill

Metric = Literal["bleu", "chrf", "meteor", "rouge_precision", "rouge_recall", "rouge_f1"]
AIN: dict[Metric, float] = {"bleu": 60, "meteor": 80, "rouge_precision": 80, "rouge_recall": 80, "rouge_f1": 80}
BACK = "_back"
AGAIN = "translated_again"
TO = " -> "  # between the names of a pair's columns, where scores are stored


@dataclass
class _Try:
    """A translation, what came back of it, and how close that is to the source; or why it is none."""

    translation: str
    back: str = ""
    scores: dict[str, float] | None = None
    fault: Verdict | None = None


Tries = dict[tuple[str, str], list[list[_Try]]]
"""Columns of a pair -> for each row its translation and that made anew, if there is one; none where it has no pair."""
STORED = TypeAdapter(list[_Try])


class Backtranslate(Asks, ScoreStep):
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

    version: ClassVar[int] = 2  # Arabic is scored without vowel marks, and perfect texts of one word have METEOR 100
    uses_language: ClassVar[bool] = True
    renamed: ClassVar[Mapping[str, str]] = {"pairs": "columns"}

    model: ModelRef = Field(description="translates back, into the recipe's source language")
    prompt: TextPrompt = Field(description="user message with {text}, or a .txt file beside the recipe")
    system_prompt: Prompt | None = None
    columns: Pairs | None = Field(None, description="source -> translation; default: every x and x with the suffix")
    suffix: Suffix = Field(None, validate_default=True, description='default: "_" and the target language')
    gates: Annotated[dict[Metric, float], Limit] = Field(
        AIN, min_length=1, description="metric -> lowest score that is kept (AIN's)"
    )
    retranslate_model: ModelRef | None = Field(None, description="translates anew what fails; default: it is rejected")
    retranslate_prompt: Annotated[Prompt, holding("text", "translation")] | None = Field(
        None, description="with {text}, the source, and where wanted {translation}, the one that failed"
    )
    max_new_tokens: int | None = Field(None, ge=1, description="default: 2 x tokens of the text + 32")
    keep_scores: Annotated[bool, Limit] = Field(
        True, description="kept rows have the score columns; rejected rows always do"
    )
    keep_back: Annotated[bool, Limit] = Field(
        False, description="kept rows have what came back; rejected rows always do"
    )

    @model_validator(mode="after")
    def _retranslation_is_whole(self) -> Self:
        if (self.retranslate_model is None) != (self.retranslate_prompt is None):
            raise ValueError("retranslate_model and retranslate_prompt go together")
        if outside := [name for name, limit in self.gates.items() if not 0 <= limit <= 100]:
            raise ValueError(f"gates: the limit of {outside[0]!r} is outside 0 to 100")
        return self

    def generators(self) -> tuple[str, ...]:
        return ("model", "retranslate_model")

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
            back = stack.enter_context(generations(job, job.inputs[self.model], manner=self.manner))
            anew = back
            if self.retranslate_model is not None and self.retranslate_model != self.model:
                anew = generations(job, job.inputs[self.retranslate_model], "retranslations")
                anew = stack.enter_context(anew)

            def score(number: int, table: Table, tick: Tick, known: Scores | None) -> Scores:
                pairs = column_pairs(table.column_names, self.columns, suffix)
                known = known if known and _tries(known) else None
                return _Shard(self, back, anew, language, number, tick).scores(table, pairs, known)

            yield score

    def lacks(self, known: Scores) -> bool:
        found = _tries(known)  # older versions stored none
        failing = any(self.fails(tries) for rows in found.values() for tries in rows)
        return failing or (self.retranslate_model is not None and not found)

    def fails(self, tries: list[_Try]) -> bool:
        """Is there a translation that is to be made anew, and was not yet?"""
        return self.retranslate_model is not None and len(tries) == 1 and not self._passes(tries[0])

    def decided(self, table: Table, scores: Scores) -> Scores:
        return super().decided(table, self.chosen(table, _tries(scores), scores) if self.retranslate_model else scores)

    def chosen(self, table: Table, tries: Tries, scores: Scores) -> Scores:
        """What stands beside the rows: of every pair the first translation, or the second where that alone passes."""
        lowest: dict[str, list[float | None]] = {name: [None] * table.num_rows for name in METRICS}
        columns: dict[str, Array] = {}
        verdicts, again, rescued = dict(scores.verdicts), 0, []
        for (_, target), rows in tries.items():
            best = [self._best(some) for some in rows]
            for row, one in enumerate(best):
                if one is not None and one.fault:
                    verdicts.setdefault(row, one.fault)
                for name, score in ((one.scores or {}) if one else {}).items():
                    lowest[name][row] = worst(lowest[name][row], score)
            columns[target + BACK] = pa.array([one.back if one else None for one in best], pa.string())
            again += sum(len(some) > 0 and not self._passes(some[0]) for some in rows)
            if new := {row: one.translation for row, one in enumerate(best) if one and one is not rows[row][0]}:
                values = [None if isinstance(value, NotText) else value for value in texts(table, target)]
                columns[target] = pa.array([new.get(row, value) for row, value in enumerate(values)], pa.string())
                rescued += new
        columns = {_score(name): pa.array(values, pa.float32()) for name, values in lowest.items()} | columns
        totals = {**scores.totals, "rescued": len(rescued), "retranslated": 0}
        if self.retranslate_model:
            columns[AGAIN] = pa.array([row in rescued for row in range(table.num_rows)])
            totals["retranslated"] = again
        return replace(scores, columns=columns, verdicts=verdicts, totals=totals)

    def _best(self, tries: list[_Try]) -> _Try | None:
        return next((one for one in tries if self._passes(one)), tries[0] if tries else None)

    def _passes(self, one: _Try) -> bool:
        scores = one.scores
        return (
            one.fault is None and scores is not None and all(scores[name] >= self.gates[name] for name in self.gates)
        )

    def finish(self, job: Job, totals: dict[str, float]) -> None:
        names = ("pairs", "generated", "retranslated", "rescued")
        job.metrics["backtranslated"] = {name: int(totals.get(name, 0)) for name in names}


class _Shard:
    """The pairs of one shard on their way there and back, at most twice."""

    def __init__(
        self, step: Backtranslate, back: Generations, anew: Generations, language: str, number: int, tick: Tick
    ) -> None:
        self.step, self.back, self.anew, self.language, self.number = step, back, anew, language, number
        self.tick = tick
        self.usage = Usage()
        self.generated = 0

    def scores(self, table: Table, columns: dict[str, str], known: Scores | None) -> Scores:
        """The scores of all pairs; with what is `known`, the translations that fail now are made anew, no more."""
        verdicts: dict[int, Verdict] = {}
        tries: Tries = {}
        pairs: list[tuple[str, list[_Try]]] = []
        for source, target in columns.items():
            rows = tries[source, target] = _tries(known)[source, target] if known else [[] for _ in range(len(table))]
            for row, text, translation in text_pairs(self.step.verb, table, source, target, verdicts):
                pairs.append((text, rows[row]))
                if not known:
                    rows[row].append(_Try(translation))
        if not known:
            firsts = [(source, some[0]) for source, some in pairs]
            self._translate_back(firsts, "", (0, 3 if self.step.retranslate_model else 1))
        self._again([(source, some) for source, some in pairs if self.step.fails(some)])
        generated = self.generated + (known.totals["generated"] if known else 0)
        found = Scores({}, verdicts, self.usage, {"pairs": len(pairs), "generated": generated})
        if not self.step.retranslate_model:
            return self.step.chosen(table, tries, found)
        if known:
            found.usage.add(known.usage)
        found.columns = {
            source + TO + target: pa.array([STORED.dump_json(some) for some in rows], pa.string())
            for (source, target), rows in tries.items()
        }
        return found

    def _translate_back(self, made: list[tuple[str, _Try]], round: str, share: tuple[int, int]) -> None:
        """Fill in what comes back of translations, each given with its source."""
        step = self.step
        asks = [
            Ask(fill(step.prompt, {"text": one.translation}), step.system_prompt, one.translation, step.max_new_tokens)
            for _, one in made
        ]
        for (source, one), completion in zip(made, self._answers(self.back, asks, round, share), strict=True):
            one.back, one.fault = completion.text.strip(), self._verdict(one.translation, completion)
            if one.fault is None or one.fault.outcome == "rejected":
                one.scores = closeness(one.back, source, self.language)

    def _again(self, pairs: list[tuple[str, list[_Try]]]) -> None:
        """Translate the sources anew; what is as it was is not tried again."""
        step = self.step
        asks = [
            Ask(
                fill(step.retranslate_prompt or "", {"text": source, "translation": tries[0].translation}),
                step.system_prompt,
                source,
                step.max_new_tokens,
            )
            for source, tries in pairs
        ]
        fresh = []
        for (source, tries), completion in zip(pairs, self._answers(self.anew, asks, "anew", (1, 3)), strict=True):
            tries.append(_Try(completion.text.strip(), fault=self._verdict(source, completion)))
            if tries[1].fault is None and tries[1].translation != tries[0].translation:
                fresh.append((source, tries[1]))
        self._translate_back(fresh, "back again", (2, 3))

    def _verdict(self, asked: str, completion: Completion) -> Verdict | None:
        fault = certain(asked, completion)
        return fault and fault.verdict(self.step.verb)

    def _answers(self, ledger: Generations, asks: list[Ask], round: str, share: tuple[int, int]) -> list[Completion]:
        place, rounds = share
        answers = ledger.answer(
            self.number, asks, lambda done, **counts: self.tick((place + done) / rounds, **counts), round
        )
        self.generated += answers.generated
        self.usage.add(answers.usage)
        return answers.completions


def _tries(scores: Scores) -> Tries:
    """The tries as they were stored; none where nothing is translated anew, for then the scores are final."""
    return {
        (source, target): [STORED.validate_json(row) for row in column.to_pylist()]
        for name, column in scores.columns.items()
        for source, to, target in [name.rpartition(TO)]
        if to
    }


def _score(metric: str) -> str:
    return f"score_back_{metric}"
