"""`factory eval`: any model, any suite, and the scores beside those of the other models."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.commands.publish import stop_cleanly
from factory.commands.session import Choice, Session
from factory.commands.table import print_json, print_table
from factory.errors import UsageError, nearest
from factory.evaluate.board import BoardEntry, leaderboard
from factory.evaluate.suites import suites
from factory.graph import lineage
from factory.graph.run import Runner
from factory.graph.same_weights import adopt_scores
from factory.hub.names import require_repo
from factory.publishing.before import require_ready
from factory.publishing.results import push_results
from factory.publishing.stages import Execution, Report, builds
from factory.refs import is_hub_ref
from factory.step.progress import Progress
from factory.text import yaml

LIMITS = ("n", "max_samples", "limit")  # what suites call the field that bounds how much is measured


@dataclass(frozen=True)
class Wanted:
    """What an evaluation is asked for: a suite with settings of its fields, its languages, and where it works."""

    suite: str
    settings: Sequence[str]
    limit: int | None
    source: str
    language: str
    store: Path
    hub: Choice
    profile: str | None

    def entry(self) -> dict[str, Any]:
        """The suite's fields but for the models.

        Raises:
            UsageError: an unknown suite, a setting that is none, or a limit that the suite does not have.
        """
        known = suites()
        if self.suite not in known:
            fix = f"there are: {', '.join(sorted(known))}"
            raise UsageError(f"no suite {self.suite!r}{nearest(self.suite, known)}", fix=fix)
        found = dict(map(_setting, self.settings))
        if self.limit is not None:
            fields = [name for name in LIMITS if name in known[self.suite].model_fields]
            if not fields:
                fix = f"cut its data: --set 'split=test[:{self.limit}]'"
                raise UsageError(f"{self.suite} has no limit of its own", fix=fix)
            found[fields[0]] = self.limit
        return found


@dataclass(frozen=True)
class Evaluated:
    """What was scored now; `beside`: all that the store holds of the same protocols, the best first."""

    made: list[BoardEntry]
    beside: list[BoardEntry]
    report: Report


def run_eval(models: Sequence[str], wanted: Wanted, push: str | None, as_json: bool) -> None:
    """Score each model that has no such score in the store yet, show the suite's leaderboard, and push the scores.

    Raises:
        UsageError: an unknown suite or setting, or no name of a model or of a dataset.
        FactoryError: a model or dataset cannot be read, or a suite failed; the other models are scored all the same.
    """
    named = list(dict.fromkeys(map(_named, models)))
    if push:
        require_repo(push, "--push")
    with evaluated(named, wanted) as done:
        if as_json:
            print_json([entry.as_json() for entry in done.beside])
        else:
            show(done, wanted)
        if push and done.made:
            for path in push_results(push, done.made):
                print(f"pushed {push}: {path}", file=sys.stderr)
        done.report.require_success()


@contextmanager
def evaluated(models: Sequence[str], wanted: Wanted) -> Iterator[Evaluated]:
    """Score the models, and keep the Hub open meanwhile. A copy of a model that has its scores takes them over."""
    entry = {"models": list(models), **wanted.entry()}
    session = Session(_recipe(wanted, entry), wanted.store, wanted.hub, wanted.profile)
    with stop_cleanly(), session.open(building=True) as opened:
        graph = opened.graph
        require_ready(graph, graph.order(), opened.profile)
        runner = Runner(graph, opened.profile, Progress())

        @contextmanager
        def adopting(kind: str, subject: str) -> Iterator[None]:
            is_evaluation = kind == "build" and graph.nodes[subject].kind == "evaluation"
            if is_evaluation and (found := adopt_scores(graph, graph.nodes[subject])):
                runner.progress.log(f"{subject}: its model has the files of {found.name}'s, and takes its scores")
            yield

        report = Execution(runner, listeners=[adopting]).run(builds(graph.order()))
        made = lineage.board(graph)
        protocols = {new.protocol for new in made}
        yield Evaluated(made, [one for one in leaderboard(opened.store) if one.protocol in protocols], report)


def show(done: Evaluated, wanted: Wanted) -> None:
    """The leaderboard of the suite as a table."""
    if not done.beside:
        return
    now = {(new.model, new.measured) for new in done.made}
    rows = []
    for entry in done.beside:
        measured = "now" if (entry.model, entry.measured) in now else entry.measured[:10]
        rows.append([entry.label, *entry.shown().values(), measured])
    headline = done.made[0].headline
    columns = ["model", *done.beside[0].shown(), "measured"]
    columns[1] = headline
    print_table(f"{wanted.suite}, measured in {wanted.store}", columns, rows, right=[headline, "n"])


def _recipe(wanted: Wanted, entry: dict[str, Any]) -> Path:
    """The recipe of this evaluation, kept in the store so that it can be planned and repeated like any other."""
    content = {
        "recipe": 1,
        "name": f"eval-{wanted.suite}",
        "language": {"source": wanted.source, "target": wanted.language},
        "hub": {"namespace": "nobody", **({"endpoint": "local"} if wanted.hub == "local" else {})},
        "evaluate": {wanted.suite: entry},
    }
    path = wanted.store / "evaluations" / f"eval-{wanted.suite}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")  # JSON is YAML
    return path


def _named(model: str) -> str:
    folder = Path(model).expanduser()
    if (folder / "config.json").is_file():
        return str(folder.resolve())
    if not is_hub_ref(model):
        raise UsageError(f"no such model: {model!r}", fix="give owner/name of the Hub, or a folder with config.json")
    return model


def _setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"not a setting: {text!r}", fix="write KEY=VALUE, e.g. --set n=200")
    try:
        parsed = yaml.load(value)
    except ValueError as error:
        raise UsageError(f"not a value: {value!r} ({error})") from error
    local = Path(value).expanduser()
    return key, str(local.resolve()) if isinstance(parsed, str) and "." in value and local.is_file() else parsed
