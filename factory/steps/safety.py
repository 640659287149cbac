"""Keep rows whose texts or pictures a safety model finds safe."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import accumulate
from typing import Annotated, Any, ClassVar, NamedTuple, Self, get_args

from pydantic import Field, model_validator

from factory.arrays import Schema, Table, pa, pq
from factory.errors import FactoryError
from factory.images.facts import look
from factory.rows.classifier import Classifier
from factory.rows.executors import Tick
from factory.rows.generation import Ask, Generations, generations
from factory.rows.outcomes import Verdict, failed, rejected
from factory.rows.scoring import Scores, ScoreShard, ScoreStep
from factory.rows.step import input_shards
from factory.step.asking import Asks
from factory.step.base import Columns, Limit, ModelRef, Prompt, require_places
from factory.step.job import Job
from factory.store import Usage
from factory.store.columns import NotText, image_rows, require, texts
from factory.store.kinds import has_pictures
from factory.store.pictures import Picture
from factory.text.picture_policy import PROMPT, Code, policy, read_verdict
from factory.text.replies import labelled, parse
from factory.text.template import fill

SCORE, SAID, WHY, PLACE = "score_unsafe", "unsafe_category", "unsafe_rationale", "input_row"
WORDS = {"text": 32, "pictures": 256}  # tokens of a verdict


class _Said(NamedTuple):
    """What was found out about one text or picture of a row."""

    row: int
    score: float
    category: str = ""
    rationale: str | None = None


class Safety(Asks, ScoreStep):
    """Scores each of the `columns`, or each picture of `images`, and rejects a row whose worst is above `max`.

    Texts: without a `prompt` the model is a classifier: the score is the probability of the `unsafe_labels`, of the
    worst window of a long text. With a `prompt` it is a model that writes its verdict, and the score is 1 or 0: its
    reply must begin with a line that is `unsafe` or `safe` (Llama Guard's form; categories may follow), or be a JSON
    object that says so under `reply_key`. Null and blank texts are not scored.

    Pictures: the model is shown them one by one and asked by `prompt`, by default LlavaGuard's policy in our words.
    Its reply must be a JSON object with ``rating`` (`safe` or `unsafe`), ``category`` (the code of one of
    `categories`, or ``NA``) and ``rationale``. It is not asked about a picture that it would not see whole: one that
    is broken or has several frames.

    A reply in any other form makes the row `failed`, as does a picture that was not asked about. Kept rows have
    ``score_unsafe``. Rows that are not kept have ``unsafe_category`` and ``input_row``, their number in what came in,
    too, and else numbers only: what was not found safe is not written down again. Rationales stay with the scores.

    AIN judged images by LlavaGuard's policy with GPT-4o (arXiv 2502.00094, section 2: 95.63 % safe; all categories but
    O5) and names no model for texts, and neither does ALLaM: so the recipe names one. The limit 0.5 is assumed.
    """

    renamed: ClassVar[Mapping[str, str]] = {"on": "columns"}
    later: ClassVar[tuple[str, ...]] = (*Asks.later, "images", "categories")

    model: ModelRef = Field(description="a sequence classifier, or with `prompt` a guard or any instructed model")
    columns: Columns | None = Field(None, description="text columns; give these or `images`")
    images: list[str] = Field([], description="columns of pictures, which `model` is shown one by one")
    categories: list[Code] = Field(
        list(get_args(Code)), min_length=1, description="of the policy for pictures, LlavaGuard's O1 to O9"
    )
    unsafe_labels: list[str] = Field([], description="of a classifier: the labels that mean unsafe, as it names them")
    prompt: Prompt | None = Field(
        None, description="user message with {text}, for a model that writes its verdict; for pictures with {policy}"
    )
    system_prompt: Prompt | None = None
    unsafe: str = Field("unsafe", description="the reply's word for it")
    safe: str = Field("safe", description="the reply's word for it")
    reply_key: str | None = Field(None, description="key of a JSON reply about a text that holds the word")
    max: Annotated[float, Limit] = Field(0.5, ge=0, le=1, description="highest score that is kept (assumed)")
    max_new_tokens: int | None = Field(None, ge=1, description="default: 32, for pictures 256")
    keep_scores: Annotated[bool, Limit] = True

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.columns is None) != bool(self.images):
            raise ValueError("give either `columns` (of texts) or `images` (columns of pictures)")
        if self.images and (self.unsafe_labels or self.reply_key):
            raise ValueError("`unsafe_labels` and `reply_key` are for texts: of a picture the model writes a verdict")
        if self.columns and (self.prompt is None) != bool(self.unsafe_labels):
            raise ValueError("give either `unsafe_labels` (a classifier) or `prompt` (a model that writes)")
        if self.prompt is not None and self.images:
            require_places(self.prompt, None, "policy")
        elif self.prompt is not None:
            require_places(self.prompt, "text")
        if not parse(self.safe) or not parse(self.unsafe) or parse(self.safe) == parse(self.unsafe):
            raise ValueError("safe and unsafe must be two different words")
        return self

    @property
    def _asks(self) -> str:
        """What the model is asked: about a picture all of it, about a text with a place for that."""
        if not self.images:
            return self.prompt or ""
        return fill(self.prompt or PROMPT, {"policy": policy(self.categories)})

    @property
    def _budget(self) -> int:
        return self.max_new_tokens or WORDS["pictures" if self.images else "text"]

    def parameters(self) -> dict[str, Any]:
        asked = {"prompt": self._asks} if self.images else {}
        return {**super().parameters(), "max_new_tokens": self._budget, **asked}

    def generators(self) -> tuple[str, ...]:
        return ("model",) if self.prompt is not None or self.images else ()

    def viewers(self) -> tuple[str, ...]:
        return ("model",) if self.images else ()

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        require([*(self.columns or ()), *self.images], columns)
        if columns is None or not self.keep_scores or SCORE in columns:
            return columns
        return [*columns, SCORE]

    def accepted(self, scores: Mapping[str, Any]) -> Verdict | None:
        score = scores[SCORE]
        if score is None or score <= self.max:
            return None
        said = f" ({scores[SAID]})" if scores[SAID] else ""
        return rejected(self.verb, f"{score:.3g} > {self.max:g}{said}")

    def decided(self, table: Table, scores: Scores) -> Scores:
        shown = {name: column for name, column in scores.columns.items() if name != WHY}
        return super().decided(table, replace(scores, columns=shown))

    def hidden(self, columns: list[str]) -> list[str]:
        return [name for name in columns if name != SCORE or not self.keep_scores]

    def withheld(self, schema: Schema) -> list[str]:
        return [field.name for field in schema if not _is_number(field.type)]

    def unjudged(self, schema: Schema) -> list[str]:
        """Of the columns that rows had before this step, those of the kind that it judges."""
        return [
            field.name
            for field in schema
            if (has_pictures(field.type) if self.images else not has_pictures(field.type))
            and not _is_number(field.type)
        ]

    @contextmanager
    def scoring(self, job: Job) -> Iterator[ScoreShard]:
        model = job.inputs[self.model]
        sizes = [pq.read_metadata(path).num_rows for path in input_shards(job.input)]
        first = [0, *accumulate(sizes)]
        if self.generators():
            with generations(job, model, pictures=bool(self.images), manner=self.manner) as ledger:
                ask = self._shown if self.images else self._asked
                yield lambda number, table, tick, _: self._placed(ask(ledger, number, table, tick), first[number])
            return
        classifier = Classifier(model.model, job.profile, trust_remote_code=job.trust_remote_code)
        if unknown := [label for label in self.unsafe_labels if label not in classifier.labels]:
            raise FactoryError(
                f"{self.model} has no label {unknown[0]!r}",
                where=job.where or job.name,
                fix=f"unsafe_labels: some of {', '.join(classifier.labels)}",
            )
        yield lambda number, table, tick, _: self._placed(self._classified(classifier, table, tick), first[number])

    def finish(self, job: Job, totals: dict[str, float]) -> None:
        if self.images:
            job.metrics["safety"] = {name: int(value) for name, value in totals.items()}

    def _placed(self, scores: Scores, first: int) -> Scores:
        rows = len(scores.columns[SCORE])
        scores.columns[PLACE] = pa.array(range(first, first + rows), pa.int64())
        return scores

    def _cells(self, table: Table, verdicts: dict[int, Verdict]) -> list[tuple[int, str]]:
        found = []
        for name in self.columns or ():
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
        found = [_Said(row, score) for (row, _), score in zip(cells, scores, strict=True)]
        return self._scores(table, found, verdicts, Usage(requests=len(cells)))

    def _asked(self, ledger: Generations, number: int, table: Table, tick: Tick) -> Scores:
        verdicts: dict[int, Verdict] = {}
        cells = self._cells(table, verdicts)
        asks = [
            Ask(fill(self._asks, {"text": text}), self.system_prompt, max_new_tokens=self._budget) for _, text in cells
        ]
        answers = ledger.answer(number, asks, tick)
        found = []
        for (row, _), completion in zip(cells, answers.completions, strict=True):
            word, rest = labelled(completion.text, self.reply_key)
            if completion.finish_reason == "error":
                verdicts.setdefault(row, Verdict("failed", "safety: no reply", completion.detail))
            elif word not in (parse(self.safe), parse(self.unsafe)):
                verdicts.setdefault(row, self._unread())
            else:
                found.append(_Said(row, float(word == parse(self.unsafe)), rest))
        return self._scores(table, found, verdicts, answers.usage)

    def _shown(self, ledger: Generations, number: int, table: Table, tick: Tick) -> Scores:
        verdicts: dict[int, Verdict] = {}
        asked: list[tuple[int, Ask]] = []
        counts: Counter[str] = Counter()
        prompt, words = self._asks, (parse(self.safe), parse(self.unsafe))
        for row, pictures in enumerate(image_rows(table, self.images)):
            for picture in pictures:
                counts["pictures"] += 1
                if blind := _unseen(picture):
                    verdicts.setdefault(row, Verdict("failed", f"safety: {blind}"))
                else:
                    shown = (picture.bytes or b"",)
                    asked.append((row, Ask(prompt, self.system_prompt, "", self._budget, shown)))
        answers = ledger.answer(number, [ask for _, ask in asked], tick)
        found = []
        for (row, _), completion in zip(asked, answers.completions, strict=True):
            if completion.finish_reason == "error":
                verdicts.setdefault(row, Verdict("failed", "safety: no reply", completion.detail))
            elif (said := read_verdict(completion.text, self.categories, words)) is None:
                verdicts.setdefault(row, self._unread())
            else:
                unsafe = said.rating == words[1]
                counts[said.category if unsafe else "safe"] += 1
                found.append(_Said(row, float(unsafe), said.category, said.rationale))
        scores = self._scores(table, found, verdicts, answers.usage)
        scores.totals = dict(counts)
        return scores

    def _unread(self) -> Verdict:
        """The reply is not quoted: it may repeat what must not be shown."""
        wanted = "no verdict in the form asked for" if self.images else f"neither {self.safe} nor {self.unsafe}"
        return Verdict("failed", f"safety: reply is {wanted}")

    def _scores(self, table: Table, found: list[_Said], verdicts: dict[int, Verdict], usage: Usage) -> Scores:
        worst: list[_Said | None] = [None] * table.num_rows
        for one in found:
            known = worst[one.row]
            if known is None or one.score > known.score:
                worst[one.row] = one
        columns = {
            SCORE: pa.array([one and one.score for one in worst], pa.float32()),
            SAID: pa.array([one.category if one and one.score else None for one in worst], pa.string()),
        }
        if self.images:
            columns[WHY] = pa.array([one and one.rationale for one in worst], pa.string())
        return Scores(columns, verdicts, usage)


def _unseen(picture: Picture) -> str | None:
    """Why a judge would not see all of a picture; None where it would."""
    facts = look(picture.bytes, picture.path, decode=False)
    if facts.state != "whole":
        return f"a picture is {facts.state}"
    return f"a picture has {facts.frames} frames, and a judge sees one" if facts.frames > 1 else None


def _is_number(kind: Any) -> bool:
    return pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)
