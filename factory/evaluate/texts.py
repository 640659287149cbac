"""The texts and pictures of a benchmark as a dataset: what training data must not hold."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import SerializeAsAny

from factory.arrays import Table, pa
from factory.errors import FactoryError
from factory.evaluate.base import Suite, input_rows
from factory.evaluate.suites import suites
from factory.refs import HubRef
from factory.rows.hub import hub_rows
from factory.rows.unreadable import Unreadable
from factory.step.base import ReferenceKind, Source, Step
from factory.step.job import Job
from factory.store import RowCounts, write_shard
from factory.store.packs import digest_of
from factory.store.pictures import picture_type
from factory.text.words import texts_in


def suite_named(evaluate: Mapping[str, Step], name: str) -> Suite | None:
    """The entry of a recipe's `evaluate` of that name, or a suite of that name which needs no parameters."""
    from pydantic import ValidationError

    if name in evaluate:
        suite = evaluate[name]
        return suite if isinstance(suite, Suite) else None
    if name not in suites():
        return None
    try:
        return suites()[name].model_validate({"models": ["none"]})
    except ValidationError:
        return None


def data_references(suite: Suite) -> list[str]:
    """The datasets that a suite's parameters name."""
    return [value for _, value, kind in suite.references() if kind == "dataset"]


class SuiteTexts(Source):
    """Every text (questions, contexts, options, references) of the data that a suite measures on, and every picture.

    Columns out: `benchmark` (repo, config or artifact) and `text`, one row per text; where the suite shows pictures
    also `image`, one row per picture. Only what chooses the data is part of the identity: another number of few-shot
    examples changes nothing here.
    """

    produces: ClassVar[Literal["dataset", "model"]] = "dataset"

    suite: SerializeAsAny[Suite]

    def references(self) -> Iterator[tuple[str, str, ReferenceKind]]:
        for value in data_references(self.suite):
            yield "data", value, "dataset"

    def parameters(self) -> dict[str, Any]:
        return {
            "suite": self.suite.verb,
            "columns": list(self.suite.needed_columns().values()),
            "split": getattr(self.suite, "split", None),
            "revisions": getattr(self.suite, "revisions", {}) if self.suite.hub_datasets() else {},
            **({"pictures": True} if self.suite.shows_pictures else {}),
        }

    def run(self, job: Job) -> None:
        parts = self._parts()
        written = 0
        with job.ledger() as ledger, job.progress.task(job.name, total=len(parts), unit="configs") as progress:
            done = {entry["shard"]: entry["rows"] for entry in ledger}
            for number, (name, config, split) in enumerate(parts):
                if number not in done:
                    label = f"{name}:{config}" if config and config != "default" else name
                    table = self._table(label, self._rows(job, name, config, split))
                    write_shard(job.out / "data" / f"train-{number:05d}.parquet", table)
                    ledger.append({"shard": number, "rows": table.num_rows})
                    done[number] = table.num_rows
                written += done[number]
                progress.advance(1)
        job.rows = RowCounts.model_validate({"in": written, "kept": written})

    def _table(self, label: str, rows: Iterator[dict[str, Any]]) -> Table:
        """Each text and each picture of the rows once."""
        texts: dict[str, None] = {}
        pictures: dict[str, dict[str, Any]] = {}
        for row in rows:
            for value in row.values():
                shown = _pictures(value)
                pictures |= {digest_of(one["bytes"], one["path"]): one for one in shown}
                texts |= dict.fromkeys(text for text in ([] if shown else texts_in(value)) if text.strip())
        if not self.suite.shows_pictures:
            pictures.clear()
        columns = {"text": pa.array([*texts, *([None] * len(pictures))], pa.string())}
        if self.suite.shows_pictures:
            columns["image"] = pa.array([None] * len(texts) + [*pictures.values()], picture_type())
        return pa.table({"benchmark": pa.array([label] * len(columns["text"]), pa.string()), **columns})

    def _parts(self) -> list[tuple[str, str | None, str | None]]:
        """(reference or repo, config, split): a shard each. A reference has no config and split of its own."""
        named: list[tuple[str, str | None, str | None]] = [
            (value, None, None) for value in dict.fromkeys(data_references(self.suite))
        ]
        own = self.suite.hub_datasets()
        required = [known for known in self.suite.required_datasets() if known.repo in own] if own else []
        return [*named, *((known.repo, config, known.split) for known in required for config in known.configs)]

    def _rows(self, job: Job, name: str, config: str | None, split: str | None) -> Iterator[dict[str, Any]]:
        if split is None:
            columns = self.suite.needed_columns().get(name) or job.inputs[name].dataset.schema().names
            yield from input_rows(job, name, columns, getattr(self.suite, "split", None))[1]
            return
        revision = getattr(self.suite, "revisions", {}).get(name)
        for row in hub_rows(HubRef(HubRef.parse(name).repo, config, revision), split):
            if isinstance(row, Unreadable):
                raise FactoryError(row.error, where=name, fix=row.fix)
            yield row


def _pictures(value: Any) -> list[dict[str, Any]]:
    """A value's pictures, {bytes, path} each: of one that is a picture or a list of some."""
    found = value if isinstance(value, list) else [value]
    return [one for one in found if isinstance(one, dict) and {*one} == {"bytes", "path"} and one["bytes"]]
