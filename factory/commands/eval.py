"""`factory eval`: any model, any suite, and the scores beside those of the other models."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from factory.commands.publish import stop_cleanly
from factory.commands.session import Choice, Session
from factory.commands.table import print_json, print_table
from factory.errors import UsageError, nearest
from factory.evaluate.board import leaderboard
from factory.evaluate.suites import suites
from factory.graph import lineage
from factory.graph.models import require_models
from factory.graph.run import Runner
from factory.publishing.stages import Execution, builds
from factory.refs import is_hub_ref
from factory.step.progress import Progress
from factory.text import yaml


def run_eval(
    models: Sequence[str],
    suite: str,
    settings: Sequence[str],
    source: str,
    language: str,
    store: Path,
    hub: Choice,
    profile: str | None,
    as_json: bool,
) -> None:
    """Score each model that has no such score in the store yet, and show the leaderboard of the suite.

    Raises:
        UsageError: an unknown suite or setting, or a model that is neither a Hub ref nor a folder.
        FactoryError: a model or dataset cannot be read, or a suite failed; the other models are scored all the same.
    """
    known = suites()
    if suite not in known:
        raise UsageError(f"no suite {suite!r}{nearest(suite, known)}", fix=f"there are: {', '.join(sorted(known))}")
    entry = {"models": list(dict.fromkeys(map(_named, models))), **dict(map(_setting, settings))}
    session = Session(_recipe(suite, entry, source, language, store, hub), store, hub, profile)
    with stop_cleanly(), session.open(building=True) as opened:
        require_models(opened.graph, opened.graph.order())
        report = Execution(Runner(opened.graph, opened.profile, Progress())).run(builds(opened.graph.order()))
        made = lineage.board(opened.graph)
        shown = [entry for entry in leaderboard(opened.store) if entry.protocol in {new.protocol for new in made}]
    if as_json:
        print_json([entry.as_json() for entry in shown])
    elif shown:
        now = {(new.model, new.measured) for new in made}
        rows = []
        for entry in shown:
            measured = "now" if (entry.model, entry.measured) in now else entry.measured[:10]
            rows.append([entry.label, *entry.shown().values(), measured])
        columns = ["model", *shown[0].shown(), "measured"]
        columns[1] = made[0].headline
        print_table(f"{suite}, measured in {opened.store.root}", columns, rows, right=[made[0].headline, "n"])
    report.require_success()


def _recipe(suite: str, entry: dict[str, Any], source: str, language: str, store: Path, hub: Choice) -> Path:
    """The recipe of this evaluation, kept in the store so that it can be planned and repeated like any other."""
    content = {
        "recipe": 1,
        "name": f"eval-{suite}",
        "language": {"source": source, "target": language},
        "hub": {"namespace": "nobody", **({"endpoint": "local"} if hub == "local" else {})},
        "evaluate": {suite: entry},
    }
    path = store / "evaluations" / f"eval-{suite}.yaml"
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
