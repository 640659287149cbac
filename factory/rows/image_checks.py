"""Pictures of a shard through the checks that look at them, each decoded once for all of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from factory.arrays import Table, np
from factory.checks.base import Check, ImageCheck
from factory.checks.scoring import Scored
from factory.errors import FactoryError
from factory.images.facts import look
from factory.rows.units import is_conversation
from factory.store.columns import column, image_rows
from factory.store.kinds import is_json, is_text, picture_columns, plain
from factory.store.pictures import Picture


def image_scores(
    table: Table,
    columns: Sequence[str],
    texts: Sequence[str],
    checks: Sequence[Check],
    done: Callable[[float], None] = lambda share: None,
) -> Scored:
    """The worst score of each check over the pictures of a row; `columns` hold them, by default all that do.

    `texts` are columns of texts and conversations that may have places for pictures, by default all that are such.

    Raises:
        FactoryError: a column is not there or holds no pictures, or none does.
    """
    images = columns or picture_columns(table.schema)
    if not images:
        raise FactoryError("no column holds pictures", fix="name those that do in `images` of the dataset")
    wanted = texts or [field.name for field in table.schema if _may_have_places(field.type)]
    said = [plain(column(table, name)) for name in wanted]
    rows = ((pictures, [values[row] for values in said]) for row, pictures in enumerate(image_rows(table, images)))
    return row_scores(rows, table.num_rows, checks, done)


def row_scores(
    rows: Iterable[tuple[Sequence[Picture], Sequence[Any]]],
    count: int,
    checks: Sequence[Check],
    done: Callable[[float], None] = lambda share: None,
) -> Scored:
    """As `image_scores`, for `count` rows of (pictures, texts and conversations)."""
    scored = Scored(checks, count)
    looking = [check for check in checks if isinstance(check, ImageCheck)]
    decode = any(check.decodes for check in looking)
    scores: dict[str, dict[int, Any]] = {check.name: {} for check in looking}
    for row, (pictures, texts) in enumerate(rows):
        facts = [look(picture.bytes, picture.path, decode=decode) for picture in pictures]
        for check in looking:
            try:
                score = check.measure_row(facts, texts)
            except Exception as error:  # one bad row never stops a run
                score = error
            if score is not None:
                scores[check.name][row] = score
        done((row + 1) / count)
    for check in looking:
        rows_of, values = [*scores[check.name]], [*scores[check.name].values()]
        errors = {place: value for place, value in enumerate(values) if isinstance(value, Exception)}
        found = np.array([np.nan if place in errors else value for place, value in enumerate(values)], np.float64)
        scored.put(check, rows_of, found, errors)
    return scored


def _may_have_places(kind: Any) -> bool:
    return is_text(kind) or is_json(kind) or is_conversation(kind)
