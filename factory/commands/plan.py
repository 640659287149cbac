"""`factory plan`."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from factory.commands.session import PLAN_TIMEOUT, Opened, Session, has_token
from factory.commands.table import print_json, print_table, say
from factory.engines import architecture, local_engine
from factory.errors import FactoryError, UsageError
from factory.estimate.costs import Costs
from factory.estimate.estimate import estimate
from factory.estimate.family import assumption_lines, beside, family
from factory.evaluate.gates import parse_dataset_gate
from factory.graph.endpoints import endpoint_problems
from factory.graph.installed import missing_engines
from factory.graph.licenses import Rollup, effective_licenses, license_problems, require_licenses
from factory.graph.model_sources import UNKNOWN, AnsweringModel
from factory.graph.models import model_problems, refuse
from factory.graph.origins import AUTHENTIC, estimated_share
from factory.graph.plan import Plan, make_plan
from factory.graph.plan import as_json as nodes_as_json
from factory.hub.access import NO_TOKEN, SET_TOKEN
from factory.profile import FILE_NAME, Profile, profile_file
from factory.publishing.before import disk_problems, renamed
from factory.publishing.stages import Build, Push, Space, stages
from factory.step.base import Step
from factory.text.figures import counted, number_text

SCORED = "its scores are stored, nothing is scored again"


def show_plan(session: Session, *, as_json: bool = False, diff: bool = False, assumptions: bool = False) -> None:
    """What a publish would do, in its order, and what that costs; with `diff` only what is not done yet.

    Raises:
        FactoryError: after all that, as `foreseen`.
    """
    with session.open() as opened:
        found = _Foreseen.of(session, opened)
        if as_json:
            print_json(found.document(diff))
        else:
            found.show(diff, assumptions)
        found.require_possible()


def foreseen(session: Session, *, diff: bool = False) -> dict[str, Any]:
    """What `show_plan` shows, as JSON.

    Raises:
        FactoryError: a local file cannot be loaded, or a publish would refuse the recipe: for its models, its
            licences, or a repo that was renamed on the Hub.
    """
    with session.open() as opened:
        found = _Foreseen.of(session, opened)
        found.require_possible()
        return found.document(diff)


@dataclass(frozen=True)
class _Foreseen:
    """A plan and all that is known beside it before any work.

    Attributes:
        licences: conflicts, one line each. `effective`: what each published artifact would bear.
        impossible: models that cannot be made or asked.
        speakers: model -> who generates with it. `missing`: engines that are not installed.
        lacking: what else a publish would miss on this machine.
    """

    opened: Opened
    profile: str
    plan: Plan
    costs: Costs
    licences: list[str]
    effective: dict[str, Rollup]
    impossible: list[FactoryError]
    speakers: dict[str, str]
    missing: list[str]
    lacking: list[str]

    @classmethod
    def of(cls, session: Session, opened: Opened) -> Self:
        graph, plan = opened.graph, make_plan(opened.graph)
        costs = estimate(plan, opened.profile)
        lacking = endpoint_problems(graph, graph.order(), opened.profile, ask=False)
        lacking += [] if opened.rehearsal else disk_problems(plan, costs)
        return cls(
            opened,
            _profile(session),
            plan,
            costs,
            license_problems(graph),
            effective_licenses(graph),
            model_problems(graph, graph.order(), PLAN_TIMEOUT),
            _speakers(opened),
            [str(error) for error in missing_engines(graph, graph.order(), opened.profile)],
            [*map(str, lacking), *_without_token(opened)],
        )

    def document(self, diff: bool) -> dict[str, Any]:
        said = {"models": list(map(str, self.impossible)), "profile": self.profile, "engines": self.speakers}
        said["effective_licences"] = {
            name: {"license": rollup.license, "declared": rollup.declared, "chain": list(map(asdict, rollup.chain))}
            for name, rollup in self.effective.items()
        }
        said |= {"not_installed": self.missing, "lacking": self.lacking}
        return _document(self.plan, self.costs, self.licences, diff) | said

    def show(self, diff: bool, assumptions: bool) -> None:
        _print(self.plan, self.costs, self.licences, diff)
        for name, rollup in self.effective.items():
            if not diff:
                say(f"licence of {name}: {rollup}")
        say(f"profile: {self.profile}")
        for model, engine in self.speakers.items():
            say(f"generates with {model}: {engine}")
        for line in (*self.missing, *self.lacking):
            say(f"on this machine not yet: {line}")
        reported = self.opened.loaded.recipe.reported_cost
        for line in beside(family([self.costs]), reported) if reported else []:
            say(line)
        if assumptions:
            say("\n".join(["the cost rests on:", *assumption_lines(self.costs.rates.used.values())]))

    def require_possible(self) -> None:
        """
        Raises:
            FactoryError: as `foreseen`.
        """
        refuse([*self.plan.unreadable(), *self.impossible])
        require_licenses(self.opened.graph, online=False)
        _require_targets(self.opened)


def _require_targets(opened: Opened) -> None:
    """A plan that cannot ask the Hub, or may not, says nothing of the repos there.

    Raises:
        Renamed: a repo that the recipe publishes to has another name now.
    """
    if opened.target.url is None or not opened.resolver.reachable:
        return
    try:
        found = list(renamed(opened.graph, stages(opened.graph), timeout=PLAN_TIMEOUT))
    except FactoryError:
        return
    refuse(found)


def _without_token(opened: Opened) -> list[str]:
    pushes = any(isinstance(stage, Push | Space) for stage in stages(opened.graph))
    return [f"{NO_TOKEN} ({SET_TOKEN})"] if pushes and not opened.target.embedded and not has_token() else []


def show_family(sessions: list[Session], *, as_json: bool = False, assumptions: bool = False) -> None:
    """What several recipes cost, each for itself and together, beside what their document reports."""
    costs, rows, reported = [], [], None
    for session in sessions:
        with session.open() as opened:
            costs.append(estimate(make_plan(opened.graph), opened.profile))
            reported = reported or opened.loaded.recipe.reported_cost
            alone = family(costs[-1:])
            rows.append([opened.loaded.recipe.name, alone.steps, number_text(alone.tokens), f"{alone.total:,.0f}"])
    found = family(costs)
    if as_json:
        print_json({"recipes": [str(session.recipe) for session in sessions], **found.as_json(reported)})
        return
    rows.append(["together, shared steps once", found.steps, number_text(found.tokens), f"{found.total:,.0f}"])
    columns = ["recipe", "steps to do", "tokens", "US$"]
    print_table(counted(len(sessions), "recipe"), columns, rows, right=columns[1:])
    for line in beside(found, reported):
        print(line)
    if found.not_estimated:
        print(f"not estimated: {', '.join(found.not_estimated[:4])}")
    lines = assumption_lines(found.assumptions)
    if assumptions:
        print("\n".join(["the cost rests on:", *lines]))
    else:
        print(f"rests on {counted(len(lines), 'number')}: --assumptions")


def _document(plan: Plan, costs: Costs, problems: list[str], diff: bool) -> dict[str, object]:
    return {
        "recipe": plan.graph.loaded.recipe.name,
        "nodes": [node for node in nodes_as_json(plan) if not (diff and node["state"] == "done")],
        "stages": [stage for stage in _stages(plan) if stage["new"] or not diff],
        "estimate": costs.as_json(),
        "licences": problems,
        "origins": _origins(plan, costs),
        "notes": plan.notes(),
        "unresolved": plan.graph.unresolved,
    }


def _print(plan: Plan, costs: Costs, problems: list[str], diff: bool) -> None:
    recipe = plan.graph.loaded.recipe
    say(f"{recipe.name}: {costs.summary()}\n")
    rows = []
    for name in plan.graph.finals:
        entry = plan.artifact(name)
        if diff and entry.state == "done":
            continue
        spec = recipe.datasets.get(name) or recipe.models[name]
        steps = " > ".join(node.step.verb for node in plan.graph.chain(name)) or "as it is"
        cost = costs.artifact(name)
        rows.append(
            [
                name,
                entry.node.kind,
                entry.state,
                steps,
                cost.rows_text,
                cost.tokens_text,
                cost.time_text,
                cost.money_text,
                spec.publish.repo if spec.publish else "",
                ", ".join(entry.because),
            ]
        )
    numbers = ["rows", "tokens", "time", "US$"]
    columns = ["artifact", "kind", "state", "steps", *numbers, "publishes", "because of"]
    title = f"{counted(len(rows), 'artifact')}{' to make' if diff else ''}"
    print_table(title, columns, rows, numbers, spare=["publishes", "steps", "kind"], texts=["because of"])
    print()
    for suite in recipe.evaluate:
        nodes = [
            entry for entry in plan.nodes.values() if entry.node.kind == "evaluation" and entry.node.artifact == suite
        ]
        done = sum(entry.state == "done" for entry in nodes)
        say(f"evaluate {suite}: {counted(len(nodes), 'model')}, {done} done")
    rows = [
        [f"{s['stage']} {s['subject']}", s["state"], ", ".join([*s["because"], *([SCORED] if s["scored"] else [])])]
        for s in _stages(plan)
        if s["new"] or not diff
    ]
    columns = ["stage", "state", "because of"]
    print()
    print_table("what publish does, in this order", columns, rows, texts=["because of"])
    print()
    for name, expected in _origins(plan, costs).items():
        say(f"{name}: {expected}")
    for note in plan.notes():
        say(f"note: {note}")
    for problem in problems:
        say(f"licence: {problem}")
    if plan.graph.unresolved:
        refs = sorted(set(plan.graph.unresolved))
        say(f"not resolved to a commit (Hub not asked or not reached): {', '.join(refs)}")


def _origins(plan: Plan, costs: Costs) -> dict[str, str]:
    """What is expected of each dataset that states or asks for a share of authentic text."""
    recipe, found = plan.graph.loaded.recipe, {}
    for name, spec in recipe.datasets.items():
        gates = [text for text in spec.gates if parse_dataset_gate(text).suite == AUTHENTIC]
        if gates or (spec.publish and any(other.origin == AUTHENTIC for other in recipe.datasets.values())):
            share = estimated_share(plan.graph, name, lambda edge: costs.flows.edge(edge).rows)
            said = "not known before its parts are counted" if share is None else f"{share.percent:.1f} %"
            asked = f" (gate: {', '.join(gates)})" if gates else ""
            found[name] = f"authentic of its {recipe.language.target} rows: {said}{asked}"
    return found


def _profile(session: Session) -> str:
    """Which table of which factory.toml is in force."""
    path = profile_file(session.recipe.parent)
    return f"{session.profile or 'default'} of {path}" if path else f"no {FILE_NAME}, every default"


def _speakers(opened: Opened) -> dict[str, str]:
    """Model, as steps name it -> who generates with it."""
    graph, found = opened.graph, {}
    for node in graph.nodes.values():
        for parameter, value, kind in node.step.references():
            if kind == "model" and parameter in node.step.generators():
                final = graph.final(value)
                looks = parameter in node.step.viewers()
                found[value] = _speaker(final.step, final.folder / "model", opened.profile, pictures=looks)
    return found


def _speaker(step: Step, model: Path, profile: Profile, *, pictures: bool) -> str:
    if not isinstance(step, AnsweringModel):
        return local_engine(profile, architecture(model), pictures=pictures)
    try:
        address = profile.endpoint(step.endpoint).base_url
    except UsageError as error:
        address = f"NOT IN THE PROFILE: {error.fix}"
    known = step.answers_as != UNKNOWN
    stated = f"answers as {step.answers_as}" if known else "which model answers is asked when work begins"
    return f"endpoint {step.endpoint}, {step.model} ({stated}), {address}"


def _stages(plan: Plan) -> list[dict[str, Any]]:
    """One entry a stage: {stage, subject, state, because, scored, needs, new}. What is on the Hub is not asked.

    `new`: it is not done, or what it needs is not.
    """
    found, news = [], set[str]()
    for stage in stages(plan.graph):
        entry = plan.nodes[stage.subject] if isinstance(stage, Build) else None
        state, because, scored = (entry.state, entry.because, entry.scored) if entry else ("", [], False)
        new = state not in ("", "done") or not news.isdisjoint(stage.needs)
        news |= {stage.name} if new else set()
        said = {"state": state, "because": because, "scored": scored, "needs": list(stage.needs), "new": new}
        found.append({"stage": stage.kind, "subject": stage.subject, **said})
    return found
