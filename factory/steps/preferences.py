"""preferences: pairs of a better and a worse answer, chosen by a judge among candidates."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from factory.arrays import Array, Table, pa
from factory.rows.executors import Tick
from factory.rows.generation import Ask, Generations, generations
from factory.rows.outcomes import Verdict, failed, rejected
from factory.rows.scoring import Scores, ScoreShard, ScoreStep
from factory.rows.step import input_shards
from factory.step.base import Columns, Limit, ModelRef, Prompt
from factory.step.job import Job
from factory.store import Usage, read_shard
from factory.store.columns import Hole, filled, require, texts
from factory.text.replies import numbers, parse
from factory.text.template import fill, pieces, placeholders

OUT = ("prompt", "chosen", "rejected", "score_chosen", "score_rejected", "chosen_from", "rejected_from")
SCORE, PAIR = {"prompt", "response"}, {"prompt", "response_a", "response_b"}


@dataclass(frozen=True)
class Candidate:
    """An answer, and where it is from: a column, or a model with the number of its prompt."""

    text: str
    origin: str


class Preferences(ScoreStep):
    """Lets a judge find the best and the worst of several answers to each prompt: rows for `dpo`.

    Candidates are the answers in `columns`, answers of `models`, or both; each model answers every one of `prompts`
    once, greedily, so that candidates differ by model and prompt. Answers that were cut off are none.

    `score` asks the judge for a mark of each candidate: a bare number, or `score: number`, within `scale`.
    `pairwise` asks of every two candidates which is better, `A`, `B` or `tie`, in both orders, for judges favour a
    place (Zheng et al. 2023, arXiv 2306.05685); where the orders disagree neither wins. A win counts 1, a tie one
    half. A reply that is no mark and no choice makes the row `failed`. A row whose best and worst are less than
    `min_margin` apart, or equal, is rejected, and so is one with fewer than two different candidates.

    Columns in: those that `prompt` names, and `columns`. Columns out, in TRL's conversational preference format:
    prompt, chosen and rejected as messages, score_chosen, score_rejected, and chosen_from and rejected_from, which
    name the column or model. Other columns stay.

    Example:
        - preferences: {prompt: "{question}", models: [small, large], judge: large, judge_prompt: prompts/compare.txt}
        - preferences: {prompt: "{question}", columns: [a, b], judge: judge, method: score, judge_prompt: "…"}
    """

    renamed: ClassVar[Mapping[str, str]] = {"candidates": "columns"}

    prompt: Prompt = Field("{prompt}", description="what is asked, with {column}, or a .txt file beside the recipe")
    columns: Columns | None = Field(None, description="columns with answers")
    models: list[ModelRef] = Field([], description="models that answer every prompt")
    prompts: list[Prompt] = Field(
        ["{prompt}"], min_length=1, description="how the models are asked; {prompt} is what is asked"
    )
    system_prompt: Prompt | None = Field(None, description="a system turn for the models, kept in the pairs' prompt")
    max_new_tokens: int = Field(512, ge=1, description="longest answer of the models")
    judge: ModelRef = Field(description="model that judges")
    judge_prompt: Prompt = Field(
        description="with {prompt} and {response} for score, {prompt}, {response_a} and {response_b} for pairwise"
    )
    judge_system_prompt: Prompt | None = None
    judge_max_new_tokens: int = Field(8, ge=1)
    method: Literal["pairwise", "score"] = Field("pairwise", description="how the judge is asked")
    scale: tuple[float, float] = Field((1, 10), description="lowest and highest mark of score")
    min_margin: Annotated[float, Limit] = Field(
        0.0, ge=0, description="difference of scores that a pair must at least have"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self._candidates_per_row < 2:
            raise ValueError("a choice needs two candidates: in `columns`, of `models`, or for several `prompts`")
        if not placeholders(self.prompt):
            raise ValueError("the prompt has no {column}: every row would be asked the same")
        wanted = PAIR if self.method == "pairwise" else SCORE
        if set(placeholders(self.judge_prompt)) != wanted:
            names = ", ".join(f"{{{name}}}" for name in sorted(wanted))
            raise ValueError(f"judge_prompt: method {self.method} needs exactly {names}")
        for prompt in self.prompts:
            if placeholders(prompt) != ["prompt"]:
                raise ValueError("prompts: each must hold {prompt}, and no other placeholder")
        return self

    def generators(self) -> tuple[str, ...]:
        return ("models", "judge")

    @property
    def asks_per_row(self) -> int:
        """Requests that a row costs, at most."""
        count = self._candidates_per_row
        return self.answers_per_row + (count * (count - 1) if self.method == "pairwise" else count)

    @property
    def answers_per_row(self) -> int:
        """Requests of those that are for an answer."""
        return len(self.models) * len(self.prompts)

    @property
    def _candidates_per_row(self) -> int:
        return len(self.columns or ()) + self.answers_per_row

    @classmethod
    def in_new_words(cls, given: Mapping[str, Any], folders: Iterable[Path]) -> tuple[dict[str, Any], dict[str, str]]:
        """`prompt` was a column."""
        given = {name: value for name, value in given.items() if (name, value) != ("candidates", [])}
        words, said = super().in_new_words(given, folders)
        prompt = given.get("prompt")
        if isinstance(prompt, str) and placeholders(f"{{{prompt}}}") == [prompt] and not prompt.endswith(".txt"):
            words["prompt"] = f"{{{prompt}}}"
            said["prompt"] = f'`prompt: "{{{prompt}}}"`, text with columns in braces'
        return words, said

    def parameters(self) -> dict[str, Any]:
        """A prompt that is one column is named by it, as an earlier release did."""
        [(is_column, column), *more] = pieces(self.prompt)
        prompt = column if is_column and not more else self.prompt
        found = super().parameters()
        return {**found, "prompt": prompt, "candidates": found["candidates"] or []}

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        require([*placeholders(self.prompt), *(self.columns or ())], columns)
        return None if columns is None else [*(name for name in columns if name not in OUT), *OUT]

    @contextmanager
    def scoring(self, job: Job) -> Iterator[ScoreShard]:
        self._write(job)
        with ExitStack() as stack:
            writers = [
                stack.enter_context(generations(job, job.inputs[model], f"answers-{number}"))
                for number, model in enumerate(self.models)
            ]
            judge = stack.enter_context(generations(job, job.inputs[self.judge], "judgements"))
            yield lambda number, table, tick, _: self._scores(writers, judge, number, table, tick)

    def _write(self, job: Job) -> None:
        """Let one model after the other answer all that is not scored, so that only one is in memory at a time."""
        shards = enumerate(input_shards(job.input))
        shards = [(n, path) for n, path in shards if not self.scores_file(job.made, n).exists()]
        for number, model in enumerate(self.models):
            with generations(job, job.inputs[model], f"answers-{number}") as ledger:
                for shard, path in shards:
                    asks = self._asks(filled(read_shard(path), self.prompt, blank=False))
                    ledger.answer(shard, asks, lambda share, tokens=0: job.progress.advance(0, tokens=tokens))

    def _asks(self, asked: Sequence[Any]) -> list[Ask]:
        """What each model is asked: all its prompts for every row that has one."""
        return [
            Ask(fill(prompt, {"prompt": text}), self.system_prompt, max_new_tokens=self.max_new_tokens)
            for text in asked
            if isinstance(text, str)
            for prompt in self.prompts
        ]

    def finish(self, job: Job, totals: dict[str, float]) -> None:
        job.metrics["preferences"] = {name: int(value) for name, value in totals.items()}

    def accepted(self, scores: Mapping[str, Any]) -> Verdict | None:
        margin = scores["score_chosen"] - scores["score_rejected"]
        if 0 < margin >= self.min_margin:
            return None
        return rejected("preferences: no preference", f"best and worst are {margin:g} apart")

    def _scores(
        self, writers: Sequence[Generations], judge: Generations, number: int, table: Table, tick: Tick
    ) -> Scores:
        asked = filled(table, self.prompt, blank=False)
        usage, verdicts = Usage(), {}
        found = self._candidates(writers, number, table, asked, usage)
        for row, text in enumerate(asked):
            if isinstance(text, Hole):
                no_prompt = rejected("preferences: no prompt")
                verdicts[row] = failed(self.verb, text.error) if text.error else no_prompt
            elif len(found[row]) < 2:
                verdicts[row] = rejected("preferences: fewer than two different answers")
        rows = [row for row in range(table.num_rows) if row not in verdicts]
        questions = [self._questions(str(asked[row]), found[row]) for row in rows]
        answers = judge.answer(number, [ask for asks in questions for ask in asks], tick)
        usage.add(answers.usage)
        replies = iter(answers.completions)
        pairs: dict[int, tuple[Candidate, Candidate, float, float]] = {}
        totals = {"judged": 0, "unclear": 0, "orders_disagree": 0}
        for row, asks in zip(rows, questions, strict=True):
            said = [next(replies).text for _ in asks]
            totals["judged"] += len(said)
            outcome = self._decide(found[row], said, totals)
            if isinstance(outcome, Verdict):
                verdicts[row] = outcome
            else:
                pairs[row] = outcome
        return Scores(self._columns(asked, pairs), verdicts, usage, totals)

    def _candidates(
        self, writers: Sequence[Generations], number: int, table: Table, asked: Sequence[Any], usage: Usage
    ) -> list[list[Candidate]]:
        """Different answers of each row, in the order of the recipe."""
        found: list[dict[str, Candidate]] = [{} for _ in asked]
        for column in self.columns or ():
            for row, text in enumerate(texts(table, column)):
                if isinstance(text, str) and text.strip():
                    found[row].setdefault(text.strip(), Candidate(text, column))
        rows = [row for row, text in enumerate(asked) if isinstance(text, str)]
        for model, writer in zip(self.models, writers, strict=True):
            answers = writer.answer(number, self._asks(asked), lambda share, **counts: None)
            usage.add(answers.usage)
            for place, completion in enumerate(answers.completions):
                row, prompt = divmod(place, len(self.prompts))
                text = completion.text.strip()
                if completion.finish_reason == "stop" and text:
                    origin = model if len(self.prompts) == 1 else f"{model}, prompt {prompt + 1}"
                    found[rows[row]].setdefault(text, Candidate(text, origin))
        return [list(candidates.values()) for candidates in found]

    def _questions(self, asked: str, candidates: list[Candidate]) -> list[Ask]:
        if self.method == "score":
            users = [fill(self.judge_prompt, {"prompt": asked, "response": one.text}) for one in candidates]
        else:
            users = [
                fill(self.judge_prompt, {"prompt": asked, "response_a": a.text, "response_b": b.text})
                for one, other in _couples(candidates)
                for a, b in ((one, other), (other, one))
            ]
        return [Ask(user, self.judge_system_prompt, max_new_tokens=self.judge_max_new_tokens) for user in users]

    def _decide(
        self, candidates: list[Candidate], replies: list[str], totals: dict[str, int]
    ) -> tuple[Candidate, Candidate, float, float] | Verdict:
        """(best, worst, their scores), or why there are none. Of equal ones the first is taken."""
        scores = self._marks(replies) if self.method == "score" else self._wins(candidates, replies, totals)
        if isinstance(scores, Verdict):
            totals["unclear"] += 1
            return scores
        best, worst = max(range(len(scores)), key=scores.__getitem__), min(range(len(scores)), key=scores.__getitem__)
        return candidates[best], candidates[worst], scores[best], scores[worst]

    def _marks(self, replies: list[str]) -> list[float] | Verdict:
        marks = []
        for reply in replies:
            if (given := numbers(reply, ["score"], self.scale)) is None:
                return failed_reply(f"no mark from {self.scale[0]:g} to {self.scale[1]:g}", reply)
            marks.append(given["score"])
        return marks

    def _wins(self, candidates: list[Candidate], replies: list[str], totals: dict[str, int]) -> list[float] | Verdict:
        wins = dict.fromkeys(candidates, 0.0)
        said = iter(replies)
        for one, other in _couples(candidates):
            straight, turned = next(said), next(said)
            choices = []
            for reply, names in ((straight, (one, other)), (turned, (other, one))):
                word = parse(reply)
                if word not in ("a", "b", "tie"):
                    return failed_reply("neither A, B nor tie", reply)
                choices.append({"a": names[0], "b": names[1], "tie": None}[word])
            if choices[0] is not None and choices[0] == choices[1]:
                wins[choices[0]] += 1.0
            else:
                totals["orders_disagree"] += choices[0] != choices[1]
                wins[one] += 0.5
                wins[other] += 0.5
        return list(wins.values())

    def _columns(self, asked: Sequence[Any], pairs: dict[int, Any]) -> dict[str, Array]:
        def turn(role: str, text: str) -> dict[str, str]:
            return {"role": role, "content": text}

        system = [turn("system", self.system_prompt)] if self.system_prompt else []
        values: dict[str, list[Any]] = {name: [None] * len(asked) for name in OUT}
        for row, (best, worst, high, low) in pairs.items():
            values["prompt"][row] = [*system, turn("user", asked[row])]
            values["chosen"][row] = [turn("assistant", best.text)]
            values["rejected"][row] = [turn("assistant", worst.text)]
            values["score_chosen"][row], values["score_rejected"][row] = high, low
            values["chosen_from"][row], values["rejected_from"][row] = best.origin, worst.origin
        messages = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
        kinds = [messages] * 3 + [pa.float64()] * 2 + [pa.string()] * 2
        return {name: pa.array(values[name], kind) for name, kind in zip(OUT, kinds, strict=True)}


def _couples(candidates: list[Candidate]) -> Iterator[tuple[Candidate, Candidate]]:
    for first, one in enumerate(candidates):
        for other in candidates[first + 1 :]:
            yield one, other


def failed_reply(what: str, reply: str) -> Verdict:
    return Verdict("failed", f"preferences: the judge's reply is {what}", " ".join(reply.split())[:200])
