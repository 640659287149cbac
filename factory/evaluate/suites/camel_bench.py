"""CAMEL-Bench: 44 sets of questions about pictures in Arabic, asked as its own scripts ask them."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, field_validator

from factory.engines import Request
from factory.errors import FactoryError, nearest
from factory.evaluate.base import RequiredDataset, Scoring, Suite, report, versions
from factory.evaluate.camel import judge as judging
from factory.evaluate.camel.asking import Entry, answer_set, opened_when_needed
from factory.evaluate.camel.scoring import MICRO, TOTAL, Outcome, outcome, samples, set_score, table, tally
from factory.evaluate.camel.sets import DOMAINS, JUDGED, SPLIT, CamelSet, camel_sets
from factory.evaluate.camel.stand_ins import stand_in
from factory.evaluate.score import Score
from factory.step.base import Limit, ModelRef
from factory.step.job import Job
from factory.store import Ledger, write_atomically


class CamelBench(Suite):
    """Share of right answers of each set, both means of each of eight domains, and as headline the mean of those.

    Scores: ``total`` and ``total micro``; each domain (``ocr``) and ``ocr micro``; each set. The two scorings are two
    protocols: no table holds both, and what the model answered serves both.
    """

    description: ClassVar[str] = "CAMEL-Bench: 44 sets of questions about pictures in Arabic, eight domains"
    shows_pictures: ClassVar[bool] = True

    sets: list[str] | None = Field(None, min_length=1, description="of the 44, by their names; default: all")
    scoring: Annotated[Scoring, Limit] = Field(
        "published", description="published: the original's rules, oddities included; clean: what the answers say"
    )
    limit: int | None = Field(None, ge=1, description="rows of each set, the first ones; default: all")
    max_new_tokens: int = Field(2000, ge=1)
    judge: ModelRef | None = Field(None, description="who judges open answers as published; GPT-4o in the original")
    revisions: dict[str, str] = Field({}, description="commit SHA per dataset repo; default: the newest")

    @field_validator("sets")
    @classmethod
    def _known(cls, value: list[str] | None) -> list[str] | None:
        known = camel_sets()
        for number, name in enumerate(value or []):
            if name not in known:
                raise ValueError(f"no set {name!r}{nearest(name, known)}")
            if name in (value or [])[:number]:
                raise ValueError(f"the set {name!r} is there twice")
        return value

    def chosen(self) -> dict[str, CamelSet]:
        """The sets that are asked, in the order of the original."""
        return {name: one for name, one in camel_sets().items() if self.sets is None or name in self.sets}

    def generators(self) -> tuple[str, ...]:
        return ("models", "judge")

    def score_names(self) -> list[str]:
        chosen = self.chosen()
        domains = [domain for domain in DOMAINS if domain in {one.domain for one in chosen.values()}]
        return [*(f"{name}{micro}" for name in [TOTAL, *domains] for micro in ("", f" {MICRO}")), *chosen]

    @classmethod
    def board_columns(cls, metrics: Mapping[str, Any]) -> dict[str, dict[str, float]]:
        """The domains, each with its sets; the headline is their mean."""
        scores, sets = metrics["scores"], camel_sets()
        return {
            domain: {
                name: scores[name]["value"] for name, one in sets.items() if one.domain == domain and name in scores
            }
            for domain in DOMAINS
            if domain in scores
        }

    def most_samples(self) -> int | None:
        return self.limit and self.limit * len(self.chosen())

    def hub_datasets(self) -> list[str]:
        return [one.repo for one in self.chosen().values()]

    def at_revisions(self, revisions: Mapping[str, str]) -> Self:
        found = {repo: revisions[repo] for repo in self.hub_datasets() if repo in revisions}
        return self.model_copy(update={"revisions": found | self.revisions})

    def required_datasets(self) -> list[RequiredDataset]:
        return [RequiredDataset(one.repo, ("default",), SPLIT, stand_in(one)) for one in self.chosen().values()]

    def run(self, job: Job) -> None:
        chosen = self.chosen()
        answers = self._answers(job, chosen)
        judged = self._judged(job, chosen, answers)
        outcomes = {
            name: [outcome(one, self.scoring, entry, judged.get((name, entry["index"]))) for entry in answers[name]]
            for name, one in chosen.items()
        }
        scores: dict[str, Score] = {}
        for name, one in chosen.items():
            revision = self.revisions.get(one.repo)
            score = set_score(one, outcomes[name], self.scoring, task=job.name, revision=revision)
            if score is not None:
                scores[name] = score
        if not scores:
            failures = [entry["failure"] for entries in answers.values() for entry in entries if entry["failure"]]
            why = f": {failures[0]}" if failures else ""
            raise FactoryError(f"no row of {', '.join(chosen)} could be scored{why}", where=job.where or job.name)
        means = table(scores, chosen, self.scoring, task=job.name)
        self._note(job, chosen, scores, outcomes)
        self._submit(job, answers, outcomes)
        details = [
            {"set": name, "domain": chosen[name].domain, **entry, "state": found.state, "passed": found.passed}
            for name in chosen
            for entry, found in zip(answers[name], outcomes[name], strict=True)
        ]
        kept = samples(answers, outcomes, chosen, self.scoring)
        report(job, TOTAL, [*means, *scores.values()], kept, self._protocol(job, chosen, outcomes), details)

    def _answers(self, job: Job, chosen: Mapping[str, CamelSet]) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        with (
            opened_when_needed(job, job.input, pictures=True) as engine,
            job.progress.task(f"{job.name}: ask", total=self.limit and self.limit * len(chosen)) as progress,
        ):
            for name, one in chosen.items():
                found[name] = answer_set(
                    job, one, self.revisions.get(one.repo), self.limit, self.max_new_tokens, engine, progress.advance
                )
        # What another scoring has asked for, that one has paid.
        entries = [entry for of_set in found.values() for entry in of_set if entry.get("payer") == job.out.name]
        job.usage.requests = len(entries)
        job.usage.prompt_tokens = sum(entry["prompt_tokens"] for entry in entries)
        job.usage.completion_tokens = sum(entry["completion_tokens"] for entry in entries)
        job.usage.dollars = job.price(job.input, job.usage.prompt_tokens, job.usage.completion_tokens)
        return found

    def _judged(
        self, job: Job, chosen: Mapping[str, CamelSet], answers: Mapping[str, list[Entry]]
    ) -> dict[tuple[str, int], bool | None]:
        """{(set, row): what the judge said}: nothing where there is no judge, or where rules say it all."""
        if self.judge is None or self.scoring != "published":
            return {}
        entries = [
            (name, entry)
            for name, one in chosen.items()
            if one.rule == JUDGED
            for entry in answers[name]
            if entry["right"] is not None and entry["failure"] is None
        ]
        model = job.inputs[self.judge]
        with Ledger(job.out / "verdicts.jsonl") as ledger, opened_when_needed(job, model, pictures=False) as engine:
            done = {(said["set"], said["index"]): said["verdict"] for said in ledger}
            pending = [(name, entry) for name, entry in entries if (name, entry["index"]) not in done]
            requests = [
                Request.chat(
                    judging.asked(entry["question"], entry["output"], entry["right"]),
                    system=judging.SYSTEM,
                    max_new_tokens=judging.MAX_NEW_TOKENS,
                )
                for _, entry in pending
            ]
            for batch in engine().generate(requests) if requests else ():
                said = [
                    {"set": pending[i][0], "index": pending[i][1]["index"], "verdict": judging.verdict(made.text)}
                    for i, made in batch
                ]
                ledger.append(*said)
                done |= {(one["set"], one["index"]): one["verdict"] for one in said}
        return done

    def _note(
        self,
        job: Job,
        chosen: Mapping[str, CamelSet],
        scores: Mapping[str, Score],
        outcomes: Mapping[str, list[Outcome]],
    ) -> None:
        """What a reader has to know beside the scores."""
        states = tally(found for of_set in outcomes.values() for found in of_set)
        says = {
            "failed": "failed; "
            + ("they are left out, as in the original" if self.scoring == "published" else "wrong"),
            "withheld": "have no right answer: not scored, the answers are in submission/",
            "stopped": "stop the original's own script; they are counted as wrong",
            "unjudged": "are open answers without a verdict of a judge: not scored",
        }
        job.notes += [f"{states[state]} rows {text}" for state, text in says.items() if state in states]
        if missing := [name for name in chosen if name not in scores]:
            job.notes.append(f"no score for {', '.join(missing)}: the means are without them")
        if self.limit or self.sets:
            job.notes.append(f"{self.verb}: a part of the benchmark; not comparable with published numbers")
        if unpinned := [repo for repo in self.hub_datasets() if repo not in self.revisions]:
            job.notes.append(f"{self.verb}: newest version of {', '.join(unpinned)}, not a pinned one")

    def _submit(self, job: Job, answers: Mapping[str, list[Entry]], outcomes: Mapping[str, list[Outcome]]) -> None:
        """``submission/<set>.json`` for sets that withhold answers, in the form of the original's results."""
        for name, entries in answers.items():
            kept = [e for e, found in zip(entries, outcomes[name], strict=True) if found.state == "withheld"]
            if kept:
                rows = [{"index": e["index"], "pred_answer": e["output"], "question": e["question"]} for e in kept]
                path = job.out / "submission" / f"{name}.json"
                path.parent.mkdir(exist_ok=True)
                write_atomically(path, (json.dumps(rows, ensure_ascii=False, indent=2) + "\n").encode())

    def _protocol(
        self, job: Job, chosen: Mapping[str, CamelSet], outcomes: Mapping[str, list[Outcome]]
    ) -> dict[str, Any]:
        return {
            "suite": self.verb,
            "scoring": self.scoring,
            "rules": "mbzuai-oryx/Camel-Bench@ec717c5" if self.scoring == "published" else "this package's own",
            "pictures": "longer side 420 px, up to five a row, JPEG, before the text",
            "limit": self.limit,
            "few_shot": 0,
            "chat_template": True,
            "decoding": f"greedy, at most {self.max_new_tokens} new tokens",
            "judge": self.judge,
            "domains": "assumed: no script of the benchmark says which set belongs to which",
            "average": "total: unweighted mean of domains; of each domain the mean of its sets, and the micro mean",
            "rows": {name: tally(outcomes[name]) for name in chosen},
            "revisions": self.revisions,
            "engine": " and ".join(job.engines),
            "dtype": job.profile.torch_dtype(),
            "versions": versions("transformers", "torch", "pillow", "rapidfuzz"),
        }
