"""The recipes that come with the factory: all of them load and plan offline, and Hala's say what the report says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from factory.estimate.estimate import estimate
from factory.graph.nodes import Graph, build_graph
from factory.graph.plan import make_plan
from factory.profile import Profile
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.refs import HubRef, is_hub_ref
from factory.store import Store

RECIPES = Path(__file__).parents[2] / "recipes"
SHIPPED = sorted(path.name for path in RECIPES.glob("*.yaml"))
SIZES = {"hala-350m": 34.3, "hala-700m": 41.4, "hala-1.2b": 46.3, "hala-9b": 69.2}
"""The sizes, and the average of their bases in the report's Table 1."""
SHARED = ["teacher", "orca-bilingual", "opus-pairs", "translator-pairs", "translator", "hala-sft"]


def graph_of(path: Path, store: Path) -> Graph:
    return build_graph(load(path), Store(store), Resolver(store / "none.lock", online=False))


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Graph]:
    store = tmp_path_factory.mktemp("store")
    names = [*SIZES, "hala-9b-autotrain", "hala-translator", "hala-teacher-fp8"]
    return {name: graph_of(RECIPES / f"{name}.yaml", store) for name in names}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recipe_loads_plans_and_is_estimated_offline(name: str, tmp_path: Path) -> None:
    plan = make_plan(graph_of(RECIPES / name, tmp_path))
    assert plan.nodes and all(entry.state == "new" for entry in plan.nodes.values())
    costs = estimate(plan, Profile())
    assert set(costs.nodes) == set(plan.nodes)
    assert not [node for node in costs.nodes.values() if (node.seconds or 0) < 0]
    assert RECIPES.joinpath(name).read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=")


def test_the_sizes_share_teacher_translator_and_corpus(graphs: dict[str, Graph]) -> None:
    for artifact in SHARED:
        prints = {graphs[size].final(artifact).fingerprint for size in SIZES}
        assert len(prints) == 1, artifact
    assert graphs["hala-translator"].final("translator").fingerprint in {
        graphs["hala-9b"].final("translator").fingerprint
    }
    assert graphs["hala-teacher-fp8"].final("teacher").fingerprint == graphs["hala-9b"].final("teacher").fingerprint
    own = {graphs[size].final(size).fingerprint for size in SIZES}
    assert len(own) == len(SIZES)


def test_autotrain_takes_the_place_of_trl_and_of_nothing_else(graphs: dict[str, Graph]) -> None:
    trl, autotrain = graphs["hala-9b"], graphs["hala-9b-autotrain"]
    assert trl.nodes.keys() == autotrain.nodes.keys()
    other = {name for name, node in autotrain.nodes.items() if node.fingerprint != trl.nodes[name].fingerprint}
    assert other == {"hala-9b/01-sft", "hala-9b/02-merge", "oall-v2/hala-9b"}
    assert [node.name for node in autotrain.order() if node.step.engines()] == ["hala-9b/01-sft"]
    repos = {graph.loaded.recipe.models["hala-9b"].publish.repo for graph in (trl, autotrain)}  # type: ignore[union-attr]
    assert len(repos) == 2, "neither is pushed over the other"


@pytest.mark.parametrize(
    ("prompt", "first", "untouched"),
    [
        ("strict-bilingual-judge.txt", {"opus-pairs/02-judge"}, {"orca-bilingual/01-translate"}),
        ("hala-translate.txt", {"translator/01-sft"}, {"translator-pairs/01-mix", "opus-pairs/02-judge"}),
    ],
)  # fmt: skip
def test_a_changed_prompt_changes_what_depends_on_it_and_nothing_else(
    prompt: str, first: set[str], untouched: set[str], tmp_path: Path, graphs: dict[str, Graph]
) -> None:
    copy = tmp_path / "recipes"
    shutil.copytree(RECIPES, copy)
    path = copy / "prompts" / prompt
    path.write_text(path.read_text(encoding="utf-8").replace("Arabic", "arabic"), encoding="utf-8")
    before, after = graphs["hala-1.2b"], graph_of(copy / "hala-1.2b.yaml", tmp_path / "store")
    changed = {name for name, node in after.nodes.items() if node.fingerprint != before.nodes[name].fingerprint}

    def reaches(name: str) -> set[str]:
        inputs = [edge.node for edge in after.nodes[name].edges]
        return {name}.union(*(reaches(other) for other in inputs))

    named = {
        name for name in after.nodes if path.read_text(encoding="utf-8").strip() in str(after.nodes[name].identity)
    }
    expected = {name for name in after.nodes if reaches(name) & (first | named)}
    assert first <= changed and not untouched & changed
    assert changed == expected
    assert "hala-1.2b/02-merge" in changed and "teacher/01-quantize" not in changed


@pytest.mark.parametrize("size", SIZES)
def test_reported_scores_are_those_of_the_table(size: str, graphs: dict[str, Graph]) -> None:
    recipe = graphs[size].loaded.recipe
    reported = recipe.models[size].reported
    assert reported is not None and reported.source.startswith("Hala Technical Report")
    scores = dict(reported.scores)
    average = scores.pop("oall-v2")
    assert len(scores) == 6 and abs(sum(scores.values()) / 6 - average) <= 0.05 + 1e-9
    assert average > SIZES[size]
    known = recipe.evaluate["oall-v2"].score_names()  # type: ignore[attr-defined]
    assert {name.removeprefix("oall-v2.") for name in scores} == set(known) - {"average"}


def test_hub_refs_are_pinned_to_whole_commits_or_not_at_all(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        recipe = graph.loaded.recipe
        refs = [spec.from_ for spec in [*recipe.datasets.values(), *recipe.models.values()] if spec.from_]
        pins = [HubRef.parse(ref).revision for ref in refs if isinstance(ref, str) and is_hub_ref(ref)]
        suites = [getattr(suite, "revisions", {}) for suite in recipe.evaluate.values()]
        pins += [sha for revisions in suites for sha in revisions.values()]
        assert all(pin is None or re.fullmatch("[0-9a-f]{40}", pin) for pin in pins), pins


def test_the_prompts_are_the_reports(graphs: dict[str, Graph]) -> None:
    nodes = graphs["hala-translator"].nodes
    assert nodes["orca-bilingual/01-translate"].step.prompt == "Translate from English to Arabic: {text}"  # type: ignore[attr-defined]
    judge = nodes["opus-pairs/02-judge"].step.prompt.splitlines()  # type: ignore[attr-defined]
    assert judge == [
        "You are a strict bilingual judge.",
        "You will be given a translation pair.",
        "Arabic: {ar_text}",
        "English: {en_text}",
        "If the English is a correct and natural translation of the Arabic, output only: accept",
        "Otherwise, output only: reject",
    ]
    evaluate = graphs["hala-translator"].loaded.recipe.evaluate
    assert evaluate["teacher-translation"].prompt == "Translate everything that follows into Arabic: {text}"  # type: ignore[attr-defined]
    assert evaluate["mmlu-translation"].prompt.startswith("You are a professional translation engine. ")  # type: ignore[attr-defined]


def test_the_teacher_alone_is_measured_beside_its_original(graphs: dict[str, Graph]) -> None:
    graph = graphs["hala-teacher-fp8"]
    assert set(graph.finals) == {"teacher"}
    measured = {node.source.node for node in graph.evaluations() if node.source}
    assert measured == {"teacher/01-quantize", "hub/CohereLabs/command-a-translate-08-2025"}
    reported = graph.loaded.recipe.models["teacher"].reported
    assert reported is not None and reported.scores["teacher-translation.bleu"] == 53.5


def test_what_the_report_does_not_state_is_marked(graphs: dict[str, Graph]) -> None:
    recipe = graphs["hala-1.2b"].loaded.recipe
    for name in ("hala-1.2b", "translator"):
        spec = recipe.models[name]
        sft = next(step for step in spec.steps if step.verb == "sft")
        written = {f"sft.{key}" for key in sft.model_fields_set - {"data", "response", "gradient_checkpointing"}}
        assert written <= set(spec.assumed)
    parameters = {
        verb: set(type(s).model_fields) for spec in recipe.models.values() for s in spec.steps for verb in [s.verb]
    }
    for spec in recipe.models.values():
        for name in spec.assumed:
            verb, _, parameter = name.partition(".")
            assert parameter in parameters[verb], name


def test_a_plan_imports_no_heavy_library(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from factory.commands.plan import show_plan\n"
        "from factory.commands.session import Session\n"
        f"show_plan(Session(Path({str(RECIPES / 'hala-1.2b.yaml')!r}), Path({str(tmp_path)!r})))\n"
        "heavy = {'torch', 'pyarrow', 'datasets', 'transformers', 'lighteval', 'trl', 'numpy', 'pandas'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "hala-1.2b" in done.stdout and "to do:" in done.stdout
    assert not any(tmp_path.glob("*/*/manifest.json"))


@pytest.mark.parametrize("name", [*SIZES, "hala-translator"])
def test_what_hala_would_cost_is_of_the_reports_order(name: str, graphs: dict[str, Graph]) -> None:
    costs = estimate(make_plan(graphs[name]), Profile(gpu="h100", engine="vllm"))
    assert not costs.total.unknown
    assert 1500 / 10 < costs.total.dollars < 1500 * 2  # the report: US$ 1,000 for training, 500 for translation
    rows = costs.artifact("translator-pairs").rows
    assert rows == pytest.approx(1.25e6, rel=0.05)  # 1,249,592 by the report
    if name != "hala-translator":
        translated = [f"{part}-ar" for part in ("orca", "hermes", "scp", "realign", "gptj", "lamini", "tulu")]
        corpus = sum(costs.artifact(part).rows or 0 for part in translated)
        assert corpus == pytest.approx(5.0e6, rel=0.1)  # 5.09 M before code and other languages are taken out


def test_allam_marks_every_number_as_assumed(tmp_path: Path) -> None:
    graph = graph_of(RECIPES / "allam-7b-adapted.yaml", tmp_path)
    models = graph.loaded.recipe.models
    assert [step.verb for spec in models.values() for step in spec.steps] == ["expand_vocab", "pretrain", "sft", "dpo"]
    for spec in models.values():
        [step] = spec.steps
        given = {f"{step.verb}.{name}" for name in step.model_fields_set}
        place = {f"{step.verb}.{name}" for name in ("gradient_checkpointing", "eval_rows", "eval_steps", "eval_split")}
        assert given - place <= set(spec.assumed)
    weights = models["pretrained"].steps[0].data  # type: ignore[attr-defined]
    assert abs(weights["english-web"] - 660 / 1200) < 0.01 and abs(sum(weights.values()) - 1) < 1e-9


def test_allam_is_instructed_and_aligned_in_both_languages(tmp_path: Path) -> None:
    graph = graph_of(RECIPES / "allam-7b-adapted.yaml", tmp_path)
    costs = estimate(make_plan(graph), Profile(gpu="h100"))
    for name, part in (("chat", "chat"), ("preference-pairs", "pairs")):
        mix = graph.nodes[f"{name}/01-mix"].step
        assert mix.datasets == [f"arabic-{part}", f"english-{part}"]  # type: ignore[attr-defined]
        arabic, both = costs.artifact(f"arabic-{part}").rows, costs.artifact(name).rows
        assert arabic and both and 0.25 < arabic / both < 0.75
