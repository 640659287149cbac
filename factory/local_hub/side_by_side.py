"""A dataset's page for people who read translations: source beside translation, scores, why a row was sorted out."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from factory.arrays import np, pa
from factory.local_hub import viewer
from factory.local_hub.cells import shorten
from factory.local_hub.repo_pages import CHOICES, DATASET, page_of_rows
from factory.local_hub.viewer import Files
from factory.local_hub.web import Pages
from factory.look.layout import REASONS, View, groups, is_images, layout, lines_of, view
from factory.text.direction import right_to_left

routes = Pages()
ROWS = 20
SHOWN_GROUPS = 24
LONGEST_REASON = 1000  # characters
COUNTED = 20_000  # rows of a file that is no Parquet whose reasons are counted
FENCE = re.compile(r"(^```.*?(?:^```[ \t]*$|\Z))", re.MULTILINE | re.DOTALL)

Row = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """A page of rows with their numbers; `counts` are rows by reason, of the whole split unless `more_rows`."""

    rows: list[tuple[int, Row]]
    counts: Counter[str]
    more: bool
    more_rows: bool = False


@lru_cache(maxsize=256)
def _reasons(path: Path) -> tuple[list[tuple[str, ...]], Any]:
    """(distinct sets of reasons, which of them each row has) of a Parquet file, whose content never changes."""
    with viewer.opened(path) as file:
        names = [name for name in REASONS if name in file.schema_arrow.names][:1]
        if not names:
            return [()], np.zeros(file.metadata.num_rows, np.int32)
        known: dict[tuple[str, ...], int] = {}
        codes = [np.zeros(0, np.int32)]
        for batch in file.iter_batches(columns=names):
            column = batch.column(0)
            if pa.types.is_list(column.type):  # Arrow tells lists apart by no dictionary
                values, places = column.to_pylist(), np.arange(len(column))
            else:
                encoded = column.dictionary_encode("encode")
                values, places = encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False)
            kinds = [known.setdefault(tuple(groups({names[0]: value})), len(known)) for value in values]
            codes.append(np.array(kinds, np.int32)[places])
        return list(known), np.concatenate(codes)


def _parquet(files: Files, reason: str, start: int, count: int) -> Found:
    counts: Counter[str] = Counter()
    rows: list[tuple[int, Row]] = []
    before = matched = 0
    for _, path in files:
        kinds, codes = _reasons(path)
        for kind, times in zip(kinds, np.bincount(codes, minlength=len(kinds)).tolist(), strict=True):
            for group in kind:
                counts[group] += times
        fits = [number for number, kind in enumerate(kinds) if not reason or reason in kind]
        places = np.flatnonzero(np.isin(codes, fits))
        wanted = places[max(start - matched, 0) : max(start + count - matched, 0)]
        rows += [(before + number, row) for number, row in viewer.rows_at(path, wanted.tolist())]
        matched, before = matched + len(places), before + len(codes)
    return Found(rows, counts, start + count < matched)


def _others(files: Files, reason: str, start: int, count: int) -> Found:
    counts: Counter[str] = Counter()
    seen = 0
    for row in islice(viewer.rows(files), COUNTED):
        counts.update(groups(row))
        seen += 1
    fitting = ((n, row) for n, row in enumerate(viewer.rows(files)) if not reason or reason in groups(row))
    rows = list(islice(fitting, start, start + count + 1))
    return Found(rows[:count], counts, len(rows) > count, seen == COUNTED)


@routes.page(*(DATASET + "/side-by-side" + choice for choice in CHOICES))
def side_by_side(request: Request) -> Response:
    read = partial(page, reason=request.query_params.get("reason", ""))
    return page_of_rows(request, "side-by-side", "side_by_side.html", read)


def page(files: Files, number: int, reason: str) -> dict[str, Any]:
    """What the page of this number shows of the rows that were sorted out for a reason, or for any.

    Raises:
        what is in viewer.UNREADABLE.
    """
    found = (_parquet if viewer.all_parquet(files) else _others)(files, reason, number * ROWS, ROWS)
    return {
        "views": [(n, _shown(row)) for n, row in found.rows],
        "more": found.more,
        "more_rows": found.more_rows,
        "reason": reason,
        "rest": urlencode({"reason": reason}) if reason else "",
        "groups": [(group[:LONGEST_REASON], count) for group, count in found.counts.most_common(SHOWN_GROUPS)],
    }


def _shown(row: Row) -> dict[str, Any]:
    """A view with a direction for every text, and a line about every picture."""
    seen: View = view(row, layout(row))
    images = {name: lines_of(value) for name, value in row.items() if is_images(value)}
    return {
        "seen": replace(seen, pairs=[], texts=[], rest={name: text[:80] for name, text in seen.rest.items()}),
        "pairs": [(name, _cell(source), _cell(target)) for name, source, target in seen.pairs],
        "texts": [(name, _cell(text)) for name, text in seen.texts if name not in images],
        "images": [*images.items()],
        "blamed": set(groups(row)),
    }


def _cell(text: str) -> dict[str, Any]:
    """The text's direction, and its pieces: code in it runs from left to right wherever it stands."""
    pieces = [(piece.startswith("```"), piece.strip("\n")) for piece in FENCE.split(shorten(text))]
    prose = " ".join(piece for code, piece in pieces if not code)
    direction = "rtl" if right_to_left(prose or text) else "ltr"
    return {"dir": direction, "pieces": [piece for piece in pieces if piece[1]]}
