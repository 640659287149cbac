"""`factory eval`: any model, any suite, and the scores beside those of the other models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from factory.commands.publish import stop_cleanly
from factory.commands.session import Choice, Session
from factory.commands.table import print_json, print_table
from factory.errors import UsageError, nearest
from factory.graph import lineage
from factory.graph.run import Runner
from factory.publishing.stages import Execution, builds
from factory.step.progress import Progress
from factory.text import yaml


def run_eval(
    models: list[str],
    suite: str,
    settings: list[str],
    language: tuple[str, str],
    store: Path,
    hub: Choice,
    profile: str | None,
    *,
    as_json: bool = False,
) -> None:
    """Score each model that has no such score in the store yet, and show the leaderboard of the suite.

    Raises:
        UsageError: an unknown suite or setting, or a model that is neither a Hub ref nor a folder.
        FactoryError: a model or dataset cannot be read, or a suite failed; the other models are scored all the same.
    """
    from factory.evaluate.board import leaderboard

    session = Session(_recipe(models, suite, settings, language, store, hub), store, hub, profile)
    with stop_cleanly(), session.open(building=True) as opened:
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


def _recipe(
    models: list[str], suite: str, settings: list[str], language: tuple[str, str], store: Path, hub: Choice
) -> Path:
    """The recipe of this evaluation, kept in the store so that it can be planned and repeated like any other."""
    from factory.evaluate.suites import suites
    from factory.refs import is_hub_ref

    known = suites()
    if suite not in known:
        raise UsageError(f"no suite {suite!r}{nearest(suite, known)}", fix=f"there are: {', '.join(sorted(known))}")
    named = []
    for model in models:
        folder = Path(model).expanduser()
        if (folder / "config.json").is_file():
            named.append(str(folder.resolve()))
        elif not is_hub_ref(model):
            fix = "give owner/name of the Hub, or a folder with config.json"
            raise UsageError(f"no such model: {model!r}", fix=fix)
        else:
            named.append(model)
    entry: dict[str, Any] = {"models": list(dict.fromkeys(named)), **dict(map(_setting, settings))}
    content = {
        "recipe": 1,
        "name": f"eval-{suite}",
        "language": {"source": language[0], "target": language[1]},
        "hub": {"namespace": "nobody", **({"endpoint": "local"} if hub == "local" else {})},
        "evaluate": {suite: entry},
    }
    path = store / "evaluations" / f"eval-{suite}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")  # JSON is YAML
    return path


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
