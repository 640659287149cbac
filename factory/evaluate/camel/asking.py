"""Asking a model the questions of a set: each row an entry in a ledger, whatever came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import islice
from typing import Any

from factory.engines import Engine, Request
from factory.evaluate.camel.pictures import pictures
from factory.evaluate.camel.questions import KINDS
from factory.evaluate.camel.sets import SPLIT, CamelSet
from factory.refs import HubRef
from factory.rows.hub import HubRows
from factory.rows.unreadable import Unreadable
from factory.step.job import Artifact, Job
from factory.store import Ledger

ROWS = 64  # whose pictures are in memory at a time

Entry = dict[str, Any]
"""{index, question, right, pictures, output, finish_reason, failure, engine, prompt_tokens, completion_tokens} of a
row, and `payer`, the folder of the evaluation that asked. `right` is None where the set withholds it; `failure` says
why there is no output."""


@contextmanager
def opened_when_needed(job: Job, model: Artifact, *, pictures: bool) -> Iterator[Callable[[], Engine]]:
    """The model's engine, opened at the first call and closed at the end."""
    with ExitStack() as stack:
        yield cache(lambda: stack.enter_context(job.engine(model, pictures=pictures)))


def answer_set(
    job: Job,
    chosen: CamelSet,
    revision: str | None,
    limit: int | None,
    max_new_tokens: int,
    engine: Callable[[], Engine],
    advance: Callable[..., None],
) -> list[Entry]:
    """An entry for each of the first `limit` rows of a set, in order.

    Finished rows are in a ledger in ``job.made``, which both scorings share: after an interruption only the rest is
    asked, and for another scoring nothing.

    Raises:
        FactoryError: what the Hub answers to what is wrong.
    """
    job.made.mkdir(parents=True, exist_ok=True)
    with Ledger(job.made / f"answers-{chosen.name}.jsonl") as ledger:
        done: dict[int, Entry] = {entry["index"]: entry for entry in ledger}
        advance(len(done))
        name = job.engine_name(job.input, pictures=True)
        for rows in _rows(chosen, revision, limit):
            pending = [_prepared(chosen, i, row, max_new_tokens) for i, row in rows if i not in done]
            asked = [(entry, request) for entry, request in pending if request is not None]
            failed = [entry for entry, request in pending if request is None]
            if failed:
                ledger.append(*failed)
            if asked:
                for batch in engine().generate([request for _, request in asked]):
                    finished = []
                    for i, made in batch:
                        entry = asked[i][0] | {key: value for key, value in vars(made).items() if key != "text"}
                        detail = entry.pop("detail")
                        finished.append(
                            entry
                            | {"output": made.text, "failure": detail or None, "engine": name, "payer": job.out.name}
                        )
                    ledger.append(*finished)
                    done |= {entry["index"]: entry for entry in finished}
                    advance(len(finished), tokens=sum(entry["completion_tokens"] for entry in finished))
            done |= {entry["index"]: entry for entry in failed}
            advance(len(failed))
    return [done[index] for index in sorted(done)]


def _rows(
    chosen: CamelSet, revision: str | None, limit: int | None
) -> Iterator[list[tuple[int, dict[str, Any] | Unreadable]]]:
    """(number, row) of a set, some at a time; pictures as they are stored."""
    stored = HubRows(HubRef(chosen.repo, None, revision), SPLIT)
    rows = (
        row
        for piece in stored.pieces(ROWS)
        for row in (piece.rows if isinstance(piece.rows, Sequence) else piece.rows.to_pylist())
    )
    numbered = enumerate(islice(rows, limit))
    while part := list(islice(numbered, ROWS)):
        yield part


def _prepared(
    chosen: CamelSet, index: int, row: Mapping[str, Any] | Unreadable, max_new_tokens: int
) -> tuple[Entry, Request | None]:
    """The entry of a row as far as it goes without the model, and what the model is asked; None: it has failed."""
    entry: Entry = {"index": index, "question": "", "right": None, "pictures": 0, "output": "", "failure": None}
    entry |= {"finish_reason": "error", "prompt_tokens": 0, "completion_tokens": 0, "engine": ""}
    if isinstance(row, Unreadable):
        return entry | {"failure": row.error}, None
    right = row.get("answer")
    entry["right"] = None if right is None or not str(right).strip() else str(right)
    try:
        entry["question"] = KINDS[chosen.question](row)
        images = pictures(row, chosen.images)
    except ValueError as error:
        return entry | {"failure": str(error)}, None
    request = Request.chat(entry["question"], images=images, max_new_tokens=max_new_tokens)
    return entry | {"pictures": len(images)}, request
