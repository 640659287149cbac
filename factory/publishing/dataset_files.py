"""A dataset's shards as a repo wants them, what its card must say so that `datasets` loads them, and when none leave.

``data/<split>-00000-of-00007.parquet`` are the kept rows, ``rejected/train-…`` those that any step sorted out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.arrays import Table, pa, pq
from factory.errors import FactoryError
from factory.graph.lineage import Lineage
from factory.graph.nodes import Graph
from factory.publishing.withheld import withheld
from factory.rows.outcomes import emptied
from factory.store import SHARD_BYTES, TRAIN, Dataset, is_full, read_shard, write_parquet
from factory.store.kinds import convert, packable, wider
from factory.store.shards import referenced_bytes, stored_bytes, total_bytes

if TYPE_CHECKING:
    from datasets import Features

REJECTED = "rejected"
STEP_COLUMN = "rejected_by"


@dataclass(frozen=True)
class Shard:
    """A file of rows.

    Attributes:
        step: fills the column `rejected_by`.
        withheld: columns that are published empty.
    """

    path: Path
    step: str | None = None
    withheld: tuple[str, ...] = ()


@dataclass
class Part:
    """One split of one config: shards in order, with one set of columns for all."""

    folder: str
    split: str
    shards: Sequence[Shard]
    written: list[Path] = field(default_factory=list)

    @cached_property
    def _footers(self) -> list[Any]:
        return [pq.read_metadata(shard.path) for shard in self.shards]

    @cached_property
    def rows(self) -> int:
        return sum(footer.num_rows for footer in self._footers)

    @cached_property
    def num_bytes(self) -> int:
        """Uncompressed size of the column data."""
        return sum(map(stored_bytes, self._footers)) + self._picture_bytes

    @cached_property
    def download_size(self) -> int:
        return sum(shard.path.stat().st_size for shard in self.shards) + self._picture_bytes

    @cached_property
    def _picture_bytes(self) -> int:
        with_pictures = [packable(footer.schema.to_arrow_schema()) for footer in self._footers]
        return sum(referenced_bytes(shard.path) for shard in compress(self.shards, with_pictures))

    @cached_property
    def _schemas(self) -> list[Features]:
        from datasets import Features

        return [Features.from_arrow_schema(footer.schema.to_arrow_schema()) for footer in self._footers]

    @cached_property
    def features(self) -> Features:
        """Columns of all shards; where two shards disagree beyond what a type can hold, the column is JSON."""
        from datasets import Features, Value

        merged: dict[str, Any] = {}
        for features in self._schemas:
            for name, kind in features.items():
                merged[name] = _wider(merged[name], kind) if name in merged else kind
        if any(shard.step for shard in self.shards):
            first = {STEP_COLUMN: Value("string"), "outcome": Value("string"), "reason": Value("string")}
            merged = {**first, **{key: value for key, value in merged.items() if key not in first}}
        return Features(merged)

    @property
    def as_it_is(self) -> bool:
        """Whether the shards can be pushed without rewriting them."""
        if any(shard.step or packable(pq.read_schema(shard.path)) for shard in self.shards):
            return False
        return all(schema == self.features for schema in self._schemas)

    def files(self, scratch: Path) -> dict[str, Path]:
        """Path in the repo -> file; shards that do not fit as they are get written anew into `scratch`, one by one."""
        paths = [shard.path for shard in self.shards] if self.as_it_is else list(self._rewrite(scratch))
        return {f"{self.folder}/{self.split}-{i:05d}-of-{len(paths):05d}.parquet": p for i, p in enumerate(paths)}

    def first_rows(self, most: int) -> list[dict[str, Any]]:
        """The first rows as they are published; pictures as references into the store."""
        rows = (row for table in self._conformed() for row in table.slice(0, most).to_pylist())
        return list(islice(rows, most))

    def _rewrite(self, scratch: Path) -> Iterator[Path]:
        for number, tables in enumerate(_gathered(self._conformed())):
            path = scratch / f"{self.folder}-{self.split}-{number:05d}.parquet"
            write_parquet(path, pa.concat_tables(tables), whole=True, durable=False)
            yield path

    def _conformed(self) -> Iterator[Table]:
        schema = self.features.arrow_schema
        for shard in self.shards:
            table, columns = emptied(read_shard(shard.path), shard.withheld), []
            for wanted in schema:
                if wanted.name == STEP_COLUMN and shard.step:
                    columns.append(pa.repeat(pa.scalar(shard.step, pa.string()), table.num_rows))
                elif wanted.name in table.column_names:
                    columns.append(convert(table[wanted.name], wanted.type))
                else:
                    columns.append(pa.nulls(table.num_rows, wanted.type))
            yield pa.Table.from_arrays(columns, schema=schema)


def _gathered(tables: Iterable[Table]) -> Iterator[list[Table]]:
    """Small tables together, as many as make a file."""
    waiting: list[Table] = []
    for table in tables:
        if waiting and sum(map(total_bytes, [*waiting, table])) > SHARD_BYTES:
            yield waiting
            waiting = []
        waiting.append(table)
        if is_full(waiting):
            yield waiting
            waiting = []
    if waiting:
        yield waiting


@dataclass(frozen=True)
class DatasetFiles:
    """A dataset as its repo holds it: rows that were kept, a part per split, and those that any step sorted out."""

    kept: list[Part]
    rejected: Part | None

    @cached_property
    def rows(self) -> int:
        """How many were kept."""
        return sum(part.rows for part in self.kept)

    def paths(self, scratch: Path) -> dict[str, Path]:
        """Path in the repo -> file; what does not fit as it is gets written into `scratch`."""
        parts = [*self.kept, *([self.rejected] if self.rejected else [])]
        return {path: file for part in parts for path, file in part.files(scratch).items()}

    def metadata(self) -> dict[str, Any]:
        """`configs` and `dataset_info` of the card, as `datasets` reads them."""
        from datasets import DatasetInfo, SplitDict, SplitInfo
        from datasets.info import DatasetInfosDict
        from huggingface_hub import DatasetCardData

        configs = {"default": self.kept, **({REJECTED: [self.rejected]} if self.rejected else {})}
        infos = {
            name: DatasetInfo(
                features=members[0].features,
                splits=SplitDict({m.split: SplitInfo(m.split, m.num_bytes, m.rows) for m in members}),
                download_size=sum(m.download_size for m in members),
                dataset_size=sum(m.num_bytes for m in members),
            )
            for name, members in configs.items()
        }
        card = DatasetCardData()
        DatasetInfosDict(infos).to_dataset_card_data(card)
        files = [
            {
                "config_name": name,
                **({"default": True} if name == "default" and self.rejected else {}),
                "data_files": [{"split": m.split, "path": f"{m.folder}/{m.split}-*"} for m in members],
            }
            for name, members in configs.items()
        ]
        return {"configs": files, "dataset_info": card.to_dict()["dataset_info"]}


def files_of(lineage: Lineage) -> DatasetFiles:
    """The files of a dataset with this lineage; none before it is done."""
    if lineage.own[-1].manifest is None:
        return DatasetFiles([], None)
    shards = [
        Shard(path, step.node.name, tuple(withheld(lineage, step, pq.read_schema(path)) if lineage.judged else ()))
        for step in lineage.rows
        if step.node.kind == "dataset"
        for path in sorted((step.node.folder / REJECTED).glob("*.parquet"))
    ]
    rejected = Part(REJECTED, TRAIN, shards)
    return DatasetFiles(kept(lineage.final.folder), rejected if rejected.rows else None)


def kept(folder: Path) -> list[Part]:
    """The kept rows of a finished dataset, a part per split."""
    dataset = Dataset(folder)
    return [Part("data", split, [Shard(path) for path in dataset.shards(split)]) for split in dataset.splits]


def require_rows(graph: Graph, lineage: Lineage) -> None:
    """Every dataset whose rows went in must add up, with no more failed rows than its `max_failed`.

    Raises:
        FactoryError: one does not, or is not finished.
    """
    datasets = graph.loaded.recipe.datasets
    for step in lineage.derived:
        node, rows = step.node, step.manifest.rows if step.manifest else None
        own = node.artifact if node.artifact in datasets else lineage.final.artifact
        if own not in datasets or (own != node.artifact and not (rows and rows.failed)):
            continue
        if rows is None:
            raise FactoryError(f"{node.name} is not finished", where=str(node.place), fix="build it first")
        if not rows.balanced:
            raise FactoryError(
                f"rows do not add up: {rows.rows_in:,} in, {rows.kept:,} kept, {rows.rejected:,} rejected, "
                f"{rows.failed:,} failed",
                where=node.name,
                fix=f"delete {node.folder} and build it again",
            )
        allowed = datasets[own].max_failed
        if rows.failed > allowed * rows.rows_in:
            raise FactoryError(
                f"{rows.failed:,} of {rows.rows_in:,} rows failed, max_failed is {allowed:g}; not pushed",
                where=str(node.place),
                fix=f"see why in {node.folder / 'rejected'}, or allow it: max_failed",
            )


def _wider(one: Any, other: Any) -> Any:
    """The feature that can hold both."""
    from datasets import Features

    if one == other:
        return one
    kinds = [Features({"x": kind}).arrow_schema.field("x").type for kind in (one, other)]
    try:
        both = wider(*kinds)
    except ValueError:  # bytes go with nothing else
        both = pa.json_() if any(map(pa.types.is_nested, kinds)) else pa.binary()
    if both in kinds:
        return (one, other)[kinds.index(both)]
    return Features.from_arrow_schema(pa.schema([("x", both)]))["x"]
