"""The factory from Python: what the commands do, with values to go on with in place of printed tables.

    from factory import load_recipe, plan, publish
    plan("recipes/demo.yaml")

In a notebook results show themselves as tables, and progress is shown while the work goes on. The embedded Hub, where
a recipe names it, runs as long as a call. It must be the first in a process to import `huggingface_hub`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from factory.commands.check import choose_checks
from factory.commands.plan import foreseen
from factory.commands.publish import as_document, building, publishing
from factory.commands.session import Choice, Session
from factory.errors import UsageError
from factory.look.pairs import Judged, judge, prepared
from factory.recipe import LoadedRecipe, load
from factory.text.figures import counted
from factory.text.language_codes import require_pair

if TYPE_CHECKING:
    from factory.publishing.stages import Report

__all__ = ["Checked", "Planned", "Result", "Settings", "build", "check", "load_recipe", "plan", "publish"]


@dataclass(frozen=True)
class Planned:
    """What a publish would do and cost: the document of ``factory plan --json``."""

    document: Mapping[str, Any]

    @property
    def stages(self) -> list[dict[str, Any]]:
        """In their order: {stage, subject, state, because, scored, needs, new}."""
        return self.document["stages"]

    @property
    def todo(self) -> list[str]:
        """Names of the steps that are not done."""
        return [node["name"] for node in self.document["nodes"] if node["state"] != "done"]

    def _repr_html_(self) -> str:
        rows = [[f"{s['stage']} {s['subject']}", s["state"], ", ".join(s["because"])] for s in self.stages]
        return _table(["stage", "state", "because of"], rows)


@dataclass(frozen=True)
class Result:
    """What a run made, pushed and measured: `document` is that of ``factory publish --json``."""

    document: Mapping[str, Any]
    report: Report

    @property
    def built(self) -> list[str]:
        """Names of the steps that were made now."""
        return self.report.built

    @property
    def pushed(self) -> dict[str, str]:
        """Artifact -> its page on the Hub."""
        return {name: pushed.url for name, pushed in self.report.pushed.items()}

    @property
    def scores(self) -> list[dict[str, Any]]:
        """One entry for an evaluation: {suite, model, headline, scores, …}."""
        return self.document["scores"]

    def _repr_html_(self) -> str:
        made = _table(["artifact", "page"], [[name, url] for name, url in self.pushed.items()])
        rows = [[s["suite"], s["model"], f"{s['scores'][s['headline']]['value']:.2f}"] for s in self.scores]
        return made + (_table(["evaluation", "model", "score"], rows) if rows else "")


class Checked(list[Judged]):
    """One outcome a pair: `scores`, `verdict` (``kept``, ``rejected``, ``failed``) and `reasons`."""

    @property
    def kept(self) -> list[int]:
        """Places of the pairs that no check refuses."""
        return [place for place, outcome in enumerate(self) if outcome.verdict == "kept"]

    def _repr_html_(self) -> str:
        rows = ([str(place), found.verdict, "; ".join(found.reasons)] for place, found in enumerate(self))
        return _table(["pair", "verdict", "reasons"], rows)


class Settings(TypedDict, total=False):
    """Where and how a recipe is worked on, as the options of the commands.

    Attributes:
        store: the folder of all artifacts; ``.factory`` by default.
        hub: ``local`` is the embedded Hub, ``remote`` the one set up for every Hub tool, ``auto`` as the recipe says.
        profile: a table of factory.toml.
        locked: only the commit SHAs of the lock file count.
        rehearse: each Hub ref is a tiny stand-in.
    """

    store: str | Path
    hub: Choice
    profile: str | None
    locked: bool
    rehearse: bool


def _session(recipe: str | Path, settings: Settings) -> Session:
    return Session(Path(recipe), **{**settings, "store": Path(settings.get("store", ".factory"))})


def load_recipe(path: str | Path) -> LoadedRecipe:
    """Read and check a recipe; its artifacts are in ``.recipe``, the place of anything in the file is ``place(…)``.

    Raises:
        RecipeError: all mistakes at once, each with file:line:column.
    """
    return load(Path(path))


def plan(recipe: str | Path, *, diff: bool = False, **settings: Unpack[Settings]) -> Planned:
    """What a publish of the recipe would do, in its order, and what that costs. Touches nothing.

    Args:
        diff: leave out what is done.
        settings: see `Settings`.

    Raises:
        FactoryError: the recipe is wrong, or a publish would refuse it.
    """
    return Planned(foreseen(_session(recipe, settings), diff=diff))


def build(recipe: str | Path, *names: str, **settings: Unpack[Settings]) -> Result:
    """Make the named artifacts (all by default) and what they need; push nothing.

    Args:
        settings: see `Settings`.

    Raises:
        FactoryError: a step failed; what does not need it is made all the same, and the next call goes on from there.
    """
    with building(_session(recipe, settings), names) as (opened, report):
        report.require_success()
        return Result(as_document(opened, report), report)


def publish(recipe: str | Path, *, force: bool = False, **settings: Unpack[Settings]) -> Result:
    """Do what `plan` lists: build, judge, push.

    Args:
        force: push over somebody else's commits.
        settings: see `Settings`.

    Raises:
        FactoryError: a stage failed; everything that does not need it is done all the same.
    """
    with publishing(_session(recipe, settings), force=force) as (opened, report):
        report.require_success()
        return Result(as_document(opened, report), report)


def check(
    sources: Sequence[str | None],
    translations: Sequence[str | None],
    *,
    source_language: str = "en",
    target_language: str = "ar",
    checks: str | None = None,
) -> Checked:
    """Pairs of texts through the checks of `filter`.

    Args:
        checks: ``script,numbers=0.8`` takes these; ``+pii,-numbers`` changes the default set.

    Raises:
        UsageError: not as many translations as sources, no such language, or no such check.

    >>> [outcome.verdict for outcome in check(["How are you?", "Two cats."], ["كيف حالك؟", "Two cats."])]
    ['kept', 'rejected']
    """
    before, after = list(sources), list(translations)
    if len(before) != len(after):
        raise UsageError(f"{counted(len(before), 'source')} and {counted(len(after), 'translation')} are no pairs")
    require_pair(source_language, target_language)
    chosen = [one.in_language(target_language, source_language) for one in choose_checks(checks)]
    texts = [
        (one, other)
        for one, other in zip(before, after, strict=True)
        if isinstance(one, str) and isinstance(other, str)
    ]
    step = prepared(chosen, [([source for source, _ in texts], [target for _, target in texts])])
    return Checked(judge(step, before, after))


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    def line(cells: Iterable[str], tag: str) -> Iterator[str]:
        yield "<tr>"
        yield from (f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)
        yield "</tr>"

    body = "".join("".join(line(row, "td")) for row in rows)
    return f"<table><thead>{''.join(line(columns, 'th'))}</thead><tbody>{body}</tbody></table>"
