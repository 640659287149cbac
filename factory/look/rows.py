"""Where rows come from: an artifact of a recipe, finished or not, a file, a folder, a Hub dataset."""

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from factory.checks import checks
from factory.errors import FactoryError, UsageError, nearest
from factory.graph import lineage
from factory.graph.nodes import Graph, Node
from factory.hub.client import hub_errors
from factory.look.layout import OUTCOMES, SORTED_OUT, STEP, groups, outcome, readable, reasons, scores
from factory.refs import HubRef
from factory.rows import reading
from factory.rows.hub import hub_rows
from factory.store import TRAIN, Dataset, Manifest
from factory.store.writing import require_undamaged

Row = dict[str, Any]
Numbered = tuple[int, Row]
LOOKED_FOR_SCORES = 1000  # rows


@dataclass(frozen=True)
class Rows:
    """Rows that can be read again and again. Without `rest`, what was sorted out is told by a row's own verdict."""

    title: str
    kept: Callable[[], Iterator[Row]]
    rest: Callable[[], Iterator[Row]] | None = None

    def numbered(self, *, rejected: bool = False, reason: str | None = None) -> Iterator[Numbered]:
        """(number, row), of the rows that were sorted out or of the others; `reason` is a group or its beginning."""
        rejected = rejected or reason is not None
        if self.rest is not None:
            rows = enumerate(self.rest() if rejected else self.kept())
        else:
            rows = ((n, row) for n, row in enumerate(self.kept()) if not rejected or _sorted_out(row))
        for number, row in rows:
            if reason is None or any(group.startswith(reason) for group in groups(row)):
                yield number, row


def _sorted_out(row: Row) -> bool:
    return outcome(row) in SORTED_OUT or (not any(name in row for name in OUTCOMES) and bool(reasons(row)))


def sample(rows: Iterator[Numbered], count: int, seed: int) -> list[Numbered]:
    """`count` rows drawn uniformly in one pass (reservoir sampling, Vitter 1985, algorithm R), in their order."""
    chance, drawn = random.Random(seed), list(islice(rows, count))
    for seen, row in enumerate(rows, count + 1):
        if (place := chance.randrange(seen)) < count:
            drawn[place] = row
    return sorted(drawn, key=lambda item: item[0])


def worst(rows: Iterator[Numbered], check: str, count: int) -> list[Numbered]:
    """The `count` rows that the check likes least, the worst first.

    Raises:
        UsageError: the first thousand rows have no such score.
    """
    head = list(islice(rows, LOOKED_FOR_SCORES))
    known = dict.fromkeys(name for _, row in head for name in scores(row))
    if head and check not in known:
        valid = ", ".join(known) or "none"
        raise UsageError(f"no score {check!r} in these rows{nearest(check, known)}", fix=f"there are: {valid}")
    sign = -1.0 if check in checks() and checks()[check].direction == "max" else 1.0
    scored = ((sign * found[check], n, row) for n, row in chain(head, rows) if check in (found := scores(row)))
    return [(n, row) for _, n, row in heapq.nsmallest(count, scored, key=lambda item: item[:2])]


def of_artifact(graph: Graph, name: str, split: str = TRAIN) -> Rows:
    """The rows of a dataset or of one step of it (``orca-ar/02-translate``), as far as they are made.

    Raises:
        UsageError: no such dataset. FactoryError: nothing of it is made yet, or a file is not as it was written.
    """
    nodes = {node.name: node for node in graph.nodes.values() if node.kind == "dataset"}
    names = [*(a for a in graph.finals if graph.final(a).kind == "dataset"), *nodes]
    if name not in names:
        raise UsageError(f"no dataset {name!r} in the recipe{nearest(name, names)}", fix=f"one of: {', '.join(names)}")
    if name in graph.finals:
        through = [made.node for made in lineage.of(graph, name).rows if made.node.kind == "dataset"]
    else:
        through = [nodes[name]]
    folder, node = _made(graph, through)
    if not Dataset(folder).shards(split):
        splits = ", ".join(Dataset(folder).splits)
        raise UsageError(f"{name} has no split {split!r}", fix=f"it has: {splits}")
    unfinished = "" if folder == node.folder else ", as far as it is made"
    return Rows(f"{node.name}{unfinished}", lambda: Dataset(folder).rows(split), lambda: _rejects(graph, through))


def _made(graph: Graph, through: list[Node]) -> tuple[Path, Node]:
    """The last step that has rows: its folder, finished or partial."""
    for node in reversed(through):
        for folder in (node.folder, graph.store.partial(node.folder)):
            if Dataset(folder).splits:
                if (manifest := Manifest.load(folder)) is not None:
                    require_undamaged(node.name, folder, manifest.files, digests=False)
                return folder, node
    raise FactoryError("nothing is made yet", where=through[-1].name, fix="build it first: factory build")


def _rejects(graph: Graph, through: list[Node]) -> Iterator[Row]:
    for node in through:
        folder = node.folder if node.folder.is_dir() else graph.store.partial(node.folder)
        for split in sorted({path.stem.rsplit("-", 1)[0] for path in (folder / "rejected").glob("*.parquet")}):
            for row in Dataset(folder).rows(split, "rejected"):
                yield {STEP: node.name, **row}


def of_path(path: Path, split: str = TRAIN) -> Rows:
    """Rows of a file, of a folder of files, or of a step's folder in a store. One broken row is a row that failed.

    Raises:
        UsageError: not a kind of file that holds rows.
    """
    if Dataset(path).splits:
        dataset = Dataset(path)
        return Rows(str(path), lambda: dataset.rows(split), lambda: dataset.rows(split, "rejected"))
    rows = reading.Rows(str(path), split)
    return Rows(str(path), lambda: map(readable, rows))


def of_hub(reference: str, split: str = TRAIN) -> Rows:
    """Rows of a Hub dataset, streamed: ``owner/name``, ``owner/name:config``, ``owner/name@revision``.

    What was sorted out is the config ``rejected`` where the repo has one, as every published dataset does.
    """
    ref = HubRef.parse(reference)

    def has_rejects() -> bool:
        import datasets

        with hub_errors(ref.repo, kind="dataset"):
            return "rejected" in datasets.get_dataset_config_names(ref.repo, revision=ref.revision)

    rejected = replace(ref, config="rejected")
    rest = (lambda: map(readable, hub_rows(rejected, TRAIN))) if ref.config is None and has_rejects() else None
    return Rows(reference, lambda: map(readable, hub_rows(ref, split)), rest)
