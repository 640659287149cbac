"""What a judge of pictures said, as a dataset's card shows it: a table and a picture of the distribution."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from factory.evaluate.proportions import wilson
from factory.graph.lineage import Made
from factory.publishing.pictures import shares_svg
from factory.steps.safety import Safety
from factory.text.picture_policy import CATEGORIES, NONE

SAFETY_PICTURE = "safety.svg"
SAFE, UNREAD = "safe", "no verdict"


@dataclass(frozen=True)
class Share:
    """How many of the pictures got one verdict; `low` and `high` bound their share (Wilson, 95 %), in percent."""

    verdict: str
    count: int
    low: float
    high: float


@dataclass(frozen=True)
class Judged:
    """The verdicts of one step: safe, then the policy's categories in their order, then what was not told."""

    title: str
    model: str
    pictures: int
    shares: list[Share]


def judged_pictures(rows: Iterable[Made]) -> list[Judged]:
    """One entry for every finished step that judged pictures."""
    return [
        _judged(made.node.name, made.node.step, counts)
        for made in rows
        if isinstance(made.node.step, Safety) and made.manifest
        if (counts := made.manifest.metrics.get("safety")) and counts.get("pictures")
    ]


def safety_picture(rows: Iterable[Made]) -> bytes | None:
    """The distribution of every such step as an SVG; None where there is none."""
    found = {
        f"{step.title}: {step.pictures:,} pictures": {share.verdict: share.count for share in step.shares}
        for step in judged_pictures(rows)
    }
    return shares_svg(found) if found else None


def _judged(title: str, step: Safety, counts: dict[str, int]) -> Judged:
    names = {SAFE: SAFE, **{code: f"{code} {CATEGORIES[code].name}" for code in step.categories}, NONE: "no category"}
    total = counts["pictures"]
    told = {name: counts.get(code, 0) for code, name in names.items()}
    told[UNREAD] = total - sum(told.values())
    shown = {name: count for name, count in told.items() if count or name not in (names[NONE], UNREAD)}
    shares = [Share(name, count, *(100 * bound for bound in wilson(count, total))) for name, count in shown.items()]
    return Judged(title, step.model, total, shares)
