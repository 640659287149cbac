"""Estimates: where rows, sizes, speeds and prices come from, and that what is not known is not made up."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from factory.cli import main
from factory.errors import UsageError
from factory.estimate.estimate import Costs, NodeCost, estimate
from factory.estimate.family import assumption_lines, beside, family
from factory.estimate.rates import Measured, Rates, best, device_key, interpolate, table
from factory.estimate.sizes import in_name
from factory.graph.nodes import Graph, build_graph
from factory.graph.plan import NodePlan, make_plan
from factory.profile import Profile
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.recipe.schema import ReportedCost
from factory.store import Manifest, RowCounts, Store, Usage
from factory.text.figures import number_text, rows_text, time_text
from tests.echo import EchoEngine, use
from tests.support import build

RECIPE = """\
recipe: 1
name: small
language: {source: en, target: ar}
hub: {namespace: me}
datasets:
  source:
    from: Open-Orca/OpenOrca
    split: train[:1000]
    rows: 4000000
    steps:
      - columns: {q: question, a: response}
  arabic:
    from: source
    steps:
      - translate: {model: LiquidAI/LFM2-1.2B, columns: [q, a], prompt: "Translate: {text}"}
      - filter: {checks: [script]}
  halves:
    from: arabic
    steps:
      - split: {test: 0.25}
  unknown:
    from: someone/something
    steps:
      - translate: {model: LiquidAI/LFM2-1.2B, columns: [text], prompt: "Translate: {text}"}
models:
  tuned:
    from: LiquidAI/LFM2-350M
    steps:
      - sft: {data: halves, epochs: 2, learning_rate: 1.0e-5, prompt: "{q_ar}", response: "{a_ar}"}
  steps:
    from: LiquidAI/LFM2-350M
    steps:
      - sft: {data: halves, max_steps: 10, batch_size: 4, max_length: 50, learning_rate: 1.0e-5}
evaluate:
  mmlu-translation: {models: [tuned], n: 500}
"""
JUDGED = """\
recipe: 1
name: judged
language: {source: en, target: ar}
hub: {namespace: me}
datasets:
  judged:
    from: {demo: instructions, rows: 20}
    steps:
      - judge: {model: LiquidAI/LFM2-350M, prompt: "PROMPT", criteria: {mark: LIMIT}}
"""
H100 = Profile(gpu="h100", engine="vllm")


def graph_of(folder: Path, text: str = RECIPE) -> Graph:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return build_graph(load(path), Store(folder / "store"), Resolver(folder / "x.lock", online=False))


def costs_of(graph: Graph, profile: Profile = H100) -> Costs:
    return estimate(make_plan(graph), profile)


def finish(graph: Graph, name: str, *, device: str = "NVIDIA H100 80GB HBM3", **content: Any) -> None:
    """Put a finished manifest of the node into the store, as a run would leave it."""
    node = graph.nodes[name]
    graph.store.partial(node.folder).mkdir(parents=True)
    manifest = Manifest(
        name=name,
        kind=node.kind,
        verb=node.step.verb,
        fingerprint=node.fingerprint,
        identity=node.identity,
        inputs={edge.node: graph.nodes[edge.node].fingerprint for edge in node.edges},
        device=device,
        **content,
    )
    graph.store.finish(node.folder, manifest)


def test_rows_flow_from_the_slice_through_every_verb(tmp_path: Path) -> None:
    costs = costs_of(graph_of(tmp_path))
    rows = {name: costs.artifact(name).rows for name in ("source", "arabic", "halves", "unknown")}
    kept = table()["keep"]["translate"]["value"] * table()["keep"]["filter"]["value"]
    assert rows["source"] == 1000
    assert rows["arabic"] == rows["halves"] == pytest.approx(1000 * kept)
    assert rows["unknown"] is None
    assert costs.artifact("source").rows_text == "~1 k"


def test_tokens_are_rows_times_texts_times_length(tmp_path: Path) -> None:
    costs = costs_of(graph_of(tmp_path))
    text = table()["text"]["tokens"]["Open-Orca/OpenOrca"]["value"] * table()["text"]["target_ratio"]["value"]
    assert costs.nodes["arabic/01-translate"].tokens == pytest.approx(1000 * 2 * text)
    trained = costs.artifact("arabic").rows
    assert trained is not None
    assert costs.nodes["tuned/01-sft"].tokens == pytest.approx(trained * 0.75 * 2 * text * 2)  # 25 % are set apart
    assert costs.nodes["steps/01-sft"].tokens == 10 * 4 * 50


@pytest.mark.parametrize(
    ("more", "pixels"), [("", None), ("max_pixels: 78400, ", 78400), ("max_pixels: 9000000, ", None)]
)
def test_pictures_are_tokens_of_a_training_too(tmp_path: Path, more: str, pixels: int | None) -> None:
    known = table()["text"]
    shown = RECIPE.replace(
        "- sft: {data: halves, epochs", "- sft: {data: halves, images: [one, two], " + more + "epochs"
    )
    plain, costs = costs_of(graph_of(tmp_path)), costs_of(graph_of(tmp_path, shown))
    rows = costs.artifact("arabic").rows
    before, after = (found.nodes["tuned/01-sft"].tokens for found in (plain, costs))
    assert rows is not None and before is not None and after is not None
    each = (pixels or known["picture_pixels"]["value"]) / known["pixels_per_token"]["value"]
    assert after - before == pytest.approx(rows * 0.75 * 2 * 2 * each)  # two epochs, two pictures


def test_a_step_whose_limit_moved_asks_nothing_and_plan_says_why(tmp_path: Path, monkeypatch: Any) -> None:
    use(monkeypatch, EchoEngine(lambda text: "3"))

    def planned(limit: int, prompt: str = "{question}") -> tuple[NodePlan, NodeCost]:
        plan = make_plan(graph_of(tmp_path, JUDGED.replace("LIMIT", str(limit)).replace("PROMPT", prompt)))
        return plan.nodes["judged/01-judge"], estimate(plan, H100).nodes["judged/01-judge"]

    graph = graph_of(tmp_path, JUDGED.replace("LIMIT", "2").replace("PROMPT", "{question}"))
    finish(graph, "hub/LiquidAI/LFM2-350M", metrics={"parameters": 3.5e8})
    entry, cost = planned(2)
    assert not entry.scored and cost.tokens and cost.dollars
    build(graph)

    entry, cost = planned(4)
    moved = "judge.criteria.mark"
    assert (entry.state, entry.because, entry.scored) == ("changed", [moved], True)
    assert (cost.tokens, cost.dollars, cost.basis) == (0, 0, "scores are stored") and cost.seconds
    arguments = ["plan", str(tmp_path / "recipe.yaml"), "--store", str(tmp_path / "store"), "--hub", "local"]
    assert f"{moved}, its scores are stored" in CliRunner().invoke(main, arguments).output

    entry, cost = planned(4, "another {question}")
    assert set(entry.because) == {"judge.prompt", moved} and not entry.scored and cost.tokens


def test_devices_divide_time_and_not_money(tmp_path: Path) -> None:
    graph = graph_of(tmp_path)
    one, eight = costs_of(graph), costs_of(graph, H100.model_copy(update={"devices": 8}))
    name = "arabic/01-translate"
    assert eight.nodes[name].seconds == pytest.approx((one.nodes[name].seconds or 0) / 8)
    assert eight.nodes[name].dollars == pytest.approx(one.nodes[name].dollars)
    dear = costs_of(graph, H100.model_copy(update={"gpu_hour": 30.0}))
    hours = (one.nodes[name].device_seconds or 0) / 3600
    assert dear.nodes[name].dollars == pytest.approx(hours * 30)


def test_a_measured_rate_replaces_the_table(tmp_path: Path) -> None:
    graph = graph_of(tmp_path)
    by_table = costs_of(graph).nodes["arabic/01-translate"]
    assert by_table.basis == "table"
    finish(graph, "hub/LiquidAI/LFM2-1.2B", metrics={"parameters": 1.17e9})
    usage = Usage(completion_tokens=500_000, requests=1000, seconds=100)
    finish(graph, "unknown/01-translate", rows=RowCounts(rows_in=1000, kept=900, rejected=100), usage=usage)
    cost = costs_of(graph).nodes["arabic/01-translate"]
    assert cost.basis == "measured: 5,000 completion_tokens per second in unknown/01-translate"
    assert cost.device_seconds == pytest.approx((by_table.tokens or 0) / 5000)
    assert costs_of(graph, Profile(gpu="a100", engine="vllm")).nodes["arabic/01-translate"].basis == "table"
    assert "1 step by rates measured" in costs_of(graph).summary()


def test_a_training_is_measured_in_its_own_tokens_per_second(tmp_path: Path) -> None:
    graph = graph_of(tmp_path)
    metrics = {"parameters": 3.5e8, "tokens_per_second": 20_000.0}
    finish(graph, "steps/01-sft", metrics=metrics, usage=Usage(seconds=3600))
    cost = costs_of(graph).nodes["tuned/01-sft"]
    assert cost.device_seconds == pytest.approx((cost.tokens or 0) / 20_000)


def test_stand_ins_and_moments_measure_nothing(tmp_path: Path) -> None:
    graph = graph_of(tmp_path)
    finish(graph, "hub/LiquidAI/LFM2-1.2B", metrics={"parameters": 1.17e9})
    usage = Usage(completion_tokens=500_000, seconds=100)
    finish(graph, "unknown/01-translate", usage=usage, stand_in=True)
    assert costs_of(graph).nodes["arabic/01-translate"].basis == "table"


def test_what_is_done_costs_nothing_and_its_rows_are_counted(tmp_path: Path) -> None:
    graph = graph_of(tmp_path)
    finish(graph, "hub/Open-Orca/OpenOrca/train[:1000]", rows=RowCounts(rows_in=1000, kept=1000))
    finish(graph, "source/01-columns", rows=RowCounts(rows_in=1000, kept=876, rejected=124))
    costs = costs_of(graph)
    cost = costs.artifact("source")
    assert (cost.rows_text, cost.time_text, cost.money_text) == ("876", "-", "-")
    text = table()["text"]["tokens"]["Open-Orca/OpenOrca"]["value"] * table()["text"]["target_ratio"]["value"]
    assert costs.nodes["arabic/01-translate"].tokens == pytest.approx(876 * 2 * text)


def test_a_changed_step_is_figured_from_what_it_did_before(tmp_path: Path) -> None:
    old = graph_of(tmp_path)
    usage = Usage(completion_tokens=70_000, seconds=50)
    finish(old, "arabic/01-translate", rows=RowCounts(rows_in=1000, kept=600, rejected=400), usage=usage)
    new = graph_of(
        tmp_path, RECIPE.replace('columns: [q, a], prompt: "Translate', 'columns: [q, a], prompt: "Into Arabic')
    )
    costs = costs_of(new)
    assert costs.nodes["arabic/01-translate"].tokens == pytest.approx(70 * 1000)
    assert costs.nodes["arabic/01-translate"].rows == pytest.approx(600)


def test_a_sample_is_as_large_as_it_says_whatever_was_drawn_before(tmp_path: Path) -> None:
    recipe = RECIPE.replace("split: {test: 0.25}", "sample: {fraction: 0.1}")
    finish(graph_of(tmp_path, recipe), "halves/01-sample", rows=RowCounts(rows_in=1000, kept=100, rejected=900))
    kept = costs_of(graph_of(tmp_path, recipe)).nodes["arabic/02-filter"].rows
    assert kept is not None
    for size, rows in (("fraction: 0.2", 0.2 * kept), ("n: 300", 300)):
        costs = costs_of(graph_of(tmp_path, recipe.replace("fraction: 0.1", size)))
        assert costs.nodes["halves/01-sample"].rows == pytest.approx(rows)


def test_what_is_not_known_is_said_and_not_guessed(tmp_path: Path) -> None:
    costs = costs_of(graph_of(tmp_path))
    cost = costs.artifact("unknown")
    assert (cost.rows_text, cost.tokens_text, cost.time_text, cost.money_text) == ("-", "-", "-", "-")
    assert "unknown/01-translate" in costs.total.unknown
    assert costs.total.money_text.startswith("≥ ")
    assert "not estimated" in costs.summary() and "unknown/01-translate" in costs.summary()
    assert "unknown/01-translate" in costs.as_json()["total"]["not_estimated"]


def test_every_number_that_was_used_has_a_source(tmp_path: Path) -> None:
    document = costs_of(graph_of(tmp_path), Profile()).as_json()
    assert document["device"] == "h100"  # named by nobody, needed by a model of 1.2 B
    assert all(entry["source"] for entry in document["assumptions"])
    names = {entry["name"] for entry in document["assumptions"]}
    assert {"keep.filter", "generation.h100", "gpus.h100.dollars", "default_gpu"} <= names
    assert "keep.judge" not in names  # no step judges


def test_the_demo_world_on_a_cpu_is_small_and_free(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """\
recipe: 1
name: small
language: {source: en, target: ar}
hub: {namespace: me}
datasets:
  words:
    from: {demo: text, rows: 500}
models:
  base:
    steps:
      - init:
          config: {model_type: lfm2, hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 2}
          tokenizer_data: words
          vocab_size: 1000
      - pretrain: {data: words, learning_rate: 1.0e-3}
""",
    )
    costs = costs_of(graph, Profile())
    assert (costs.device, costs.device_assumed) == ("cpu", False)
    assert 0 < costs.total.seconds < 60
    assert costs.total.money_text == "-" and "US$" not in costs.summary()
    assert costs.artifact("words").rows_text == "500"
    assert 1e3 < costs.total.tokens < 1e6


def test_a_gpu_without_figures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no figures for the GPU 'tpu'"):
        costs_of(graph_of(tmp_path), Profile(gpu="tpu"))


def test_eight_bits_help_only_where_the_gpu_has_them(tmp_path: Path) -> None:
    quantized = "models:\n  fast:\n    from: LiquidAI/LFM2-1.2B\n    steps: [quantize]\n"
    text = RECIPE.replace("models:\n", quantized, 1)
    plain, fast = (
        graph_of(tmp_path, text),
        text.replace("model: LiquidAI/LFM2-1.2B, columns: [q", "model: fast, columns: [q"),
    )
    seconds = {}
    for gpu in ("h100", "a100"):
        for kind, graph in (("16", plain), ("8", graph_of(tmp_path, fast))):
            cost = costs_of(graph, Profile(gpu=gpu, engine="vllm")).nodes["arabic/01-translate"]
            seconds[gpu, kind] = cost.device_seconds
    faster = table()["generation"]["quantized_speedup"]
    assert seconds["h100", "8"] == pytest.approx(seconds["h100", "16"] / faster["FP8_DYNAMIC"]["value"])
    assert seconds["a100", "8"] == pytest.approx(seconds["a100", "16"])
    assert seconds["a100", "16"] > seconds["h100", "16"]


SMALLER = """\
  {name}:
    from: {source}
    steps: [{{quantize: {{scheme: {scheme}{more}}}}}]
"""


def quantized(tmp_path: Path, source: str = "LiquidAI/LFM2-1.2B", **schemes: str) -> Graph:
    """The recipe with a model for each scheme, whose parameters go on as `schemes` says."""
    models = "".join(
        SMALLER.format(name=scheme.lower().replace("_", "-"), source=source, scheme=scheme, more=more)
        for scheme, more in schemes.items()
    )
    return graph_of(tmp_path, RECIPE.replace("models:\n", f"models:\n{models}", 1))


def test_a_quantized_model_is_as_large_as_its_bits(tmp_path: Path) -> None:
    """W4A16 beside FP8 and 16 bits, with the share that stays in 16 bits."""
    graph = quantized(tmp_path, FP8_DYNAMIC="", INT8=", calibrate_on: arabic", W4A16=", calibrate_on: arabic")
    costs = costs_of(graph)
    size = 1.2e9
    assert costs.nodes["hub/LiquidAI/LFM2-1.2B"].disk == 2 * size
    left = table()["weights"]["left_alone"]["value"]
    for name, width in (("fp8-dynamic", 1), ("int8", 1), ("w4a16", 0.5 + 2 / 128)):
        wanted = size * (2 * left + width * (1 - left))
        assert costs.nodes[f"{name}/01-quantize"].disk == pytest.approx(wanted, rel=1e-3), name


def test_the_bits_of_a_quantized_model_decide_its_speed(tmp_path: Path) -> None:
    graph = quantized(tmp_path, INT8=", calibrate_on: halves", W4A16=", calibrate_on: halves")
    text = graph.loaded.path.read_text(encoding="utf-8")
    text = text.replace("someone/something", "Open-Orca/OpenOrca\n    rows: 100")
    faster, seconds = table()["generation"]["quantized_speedup"], {}
    for worker in ("LiquidAI/LFM2-1.2B", "int8", "w4a16"):
        other = text.replace("model: LiquidAI/LFM2-1.2B, columns: [text]", f"model: {worker}, columns: [text]")
        seconds[worker] = costs_of(graph_of(tmp_path, other)).nodes["unknown/01-translate"].device_seconds
    plain = seconds["LiquidAI/LFM2-1.2B"]
    assert plain and seconds["int8"] == pytest.approx(plain / faster["INT8"]["value"])
    assert seconds["w4a16"] == pytest.approx(plain / faster["W4A16"]["value"])


def test_quantizing_is_priced_with_its_calibration_and_validation(tmp_path: Path) -> None:
    rates = table()
    short = ", calibrate_on: arabic, calibration_rows: 8, max_length: 100"
    nodes = {
        name: costs_of(quantized(tmp_path, **{scheme: more})).nodes[f"{scheme.lower().replace('_', '-')}/01-quantize"]
        for name, scheme, more in (
            ("fp8", "FP8_DYNAMIC", ""),
            ("read", "FP8_DYNAMIC", ", validate_on: source, text: q, validate_rows: 1000"),
            ("int8", "INT8", ", calibrate_on: arabic"),
            ("short", "INT8", short),
        )
    }
    tokens = {name: cost.tokens or 0.0 for name, cost in nodes.items()}
    text = rates["text"]["tokens"]["Open-Orca/OpenOrca"]["value"] * rates["text"]["target_ratio"]["value"]
    sentences = rates["quantizing"]["sentences"]["value"]
    assert tokens["fp8"] == 2 * sentences  # both models read them
    assert tokens["read"] == pytest.approx(2 * 1000 * text)
    assert tokens["int8"] == pytest.approx(2 * sentences + 512 * 2 * text)
    assert tokens["short"] == 2 * sentences + 8 * 100
    seconds = {name: cost.device_seconds or 0.0 for name, cost in nodes.items()}
    rounding = 1.2e9 / rates["quantizing"]["gptq"]["value"]
    assert seconds["int8"] > seconds["short"] > seconds["fp8"] + rounding * 0.99
    assert seconds["read"] > seconds["fp8"]
    assert nodes["fp8"].dollars == pytest.approx(seconds["fp8"] / 3600 * rates["gpus"]["h100"]["dollars"])


def test_a_larger_vocabulary_costs_the_text_it_is_learnt_on(tmp_path: Path) -> None:
    def seconds(options: str) -> float:
        model = f"  wide:\n    from: LiquidAI/LFM2-1.2B\n    steps: [{{expand_vocab: {{data: source, {options}}}}}]\n"
        graph = graph_of(tmp_path, RECIPE.replace("models:\n", f"models:\n{model}", 1))
        return costs_of(graph).nodes["wide/01-expand_vocab"].seconds or 0.0

    weights = 2 * 1.2e9 / table()["work"]["weight_bytes_per_second"]["value"]
    text = table()["text"]["tokens"]["Open-Orca/OpenOrca"]["value"]
    row = text / table()["work"]["vocabulary_tokens_per_second"]["value"]
    assert seconds("text: q") == pytest.approx(weights + 1000 * row)
    assert seconds("text: [q, a], rows: 10") == pytest.approx(weights + 2 * 10 * row)


def test_a_large_model_is_quantized_on_as_many_gpus_as_hold_it(tmp_path: Path) -> None:
    """111 B parameters in 16 bits are 222 GB: four H100, whose hours all cost, at one's speed."""
    graph = quantized(tmp_path, "CohereLabs/command-a-translate-08-2025", FP8_DYNAMIC="")
    node = costs_of(graph, H100.model_copy(update={"devices": 8})).nodes["fp8-dynamic/01-quantize"]
    assert node.device_seconds == pytest.approx(4 * (node.seconds or 0))
    assert node.seconds == pytest.approx(costs_of(graph).nodes["fp8-dynamic/01-quantize"].seconds)
    found = family([costs_of(graph)])
    assert found.dollars["compression"] == pytest.approx(node.dollars)


def test_speeds_between_and_beyond_the_points() -> None:
    points = table()["generation"]["h100"]["value"]
    assert interpolate(points, 8.2e9) == pytest.approx(6443)
    assert 6443 < interpolate(points, 1.2e9) < 45540
    assert interpolate(points, 1.11e11) < 1724
    assert interpolate(points, 5e7) > 45540


def test_only_like_measurements_count() -> None:
    found = [
        Measured("sft", "h100", 1e9, "tokens", 1000.0, "a"),
        Measured("sft", "h100", 8e9, "tokens", 100.0, "b"),
        Measured("columns", "cpu", None, "rows", 5000.0, "c"),
    ]
    assert best(found, "sft", "tokens", "h100", 7e9) is found[1]
    assert best(found, "sft", "tokens", "h100", 1.2e9) is found[0]
    assert best(found, "sft", "tokens", "h100", 3e9) is None
    assert best(found, "sft", "tokens", "a100", 1e9) is None
    assert best(found, "pretrain", "tokens", "h100", 1e9) is None
    assert best(found, "columns", "rows", "cpu") is found[2]


def test_names_and_texts() -> None:
    assert in_name("LiquidAI/LFM2-350M") == 350e6
    assert in_name("QCRI/Fanar-1-9B-Instruct") == 9e9
    assert in_name("Helsinki-NLP/opus-100") is None
    assert device_key("NVIDIA A100-SXM4-80GB") == "a100"
    assert device_key("NVIDIA L40S") == "l40s"
    assert (number_text(999), number_text(1_250_000), rows_text(None, False)) == ("999", "1.2 M", "-")
    assert (time_text(59.6), time_text(5399), time_text(5400)) == ("60 s", "90 min", "1.5 h")


def test_the_table_gives_a_source_for_every_number() -> None:
    def walk(entry: Any, path: tuple[str, ...]) -> None:
        assert isinstance(entry, dict), path
        if "value" in entry:
            assert entry["source"], path
            assert Rates().value(*path) == entry["value"]
            return
        for key, inner in entry.items():
            walk(inner, (*path, key))

    for section, content in table().items():
        if section == "gpus":
            figures = [set(gpu) for gpu in content.values()]
            assert all(names == {"tflops", "memory", "bandwidth", "fp8", "dollars"} for names in figures)
        elif section != "gpu_sources":
            walk(content, (section,))


def test_generation_may_be_figured_for_other_accelerators_than_training(tmp_path: Path) -> None:
    graph = graph_of(tmp_path)
    one = estimate(make_plan(graph), Profile(gpu="h100", engine="vllm"))
    two = estimate(make_plan(graph), Profile(gpu="h100", engine="vllm", generation_gpu="a100", generation_devices=2))
    speed = table()["gpus"]["h100"]["bandwidth"] / table()["gpus"]["a100"]["bandwidth"]
    price = table()["gpus"]["a100"]["dollars"] / table()["gpus"]["h100"]["dollars"]
    for name in ("arabic/01-translate", "mmlu-translation/tuned"):
        before, after = one.nodes[name], two.nodes[name]
        assert after.device_seconds == pytest.approx((before.device_seconds or 0) * speed)
        assert after.seconds == pytest.approx((after.device_seconds or 0) / 2)
        assert after.dollars == pytest.approx((before.dollars or 0) * speed * price)
    assert two.nodes["tuned/01-sft"] == one.nodes["tuned/01-sft"]
    assert "generation on 2 x a100" in two.summary()
    with pytest.raises(UsageError, match="generation_gpu in the profile"):
        estimate(make_plan(graph), Profile(gpu="h100", generation_gpu="abacus"))


def test_a_family_counts_shared_steps_once_and_stands_beside_what_was_reported(tmp_path: Path) -> None:
    other = RECIPE.replace("learning_rate: 1.0e-5, prompt", "learning_rate: 2.0e-5, prompt")
    costs = []
    for name, text in (("a", RECIPE), ("b", other)):
        (tmp_path / name).mkdir()
        costs.append(costs_of(graph_of(tmp_path / name, text)))
    alone, both = family(costs[:1]), family(costs)
    assert both.dollars["translation"] == pytest.approx(alone.dollars["translation"])
    assert both.dollars["training"] > alone.dollars["training"]
    assert both.total == pytest.approx(sum(both.dollars.values())) and both.steps < 2 * alone.steps
    reported = ReportedCost(dollars={"training": 1000, "translation": 500}, scope="all of it", source="a report")
    lines = beside(both, reported)
    assert "US$ 1,500 (training 1,000, translation 500) for all of it; a report" in lines[1]
    assert {entry["name"] for entry in both.assumptions} >= {"gpus.h100.dollars", "training.utilisation"}
    lines = assumption_lines(both.assumptions)
    assert all(entry["source"] in line for entry, line in zip(both.assumptions, lines, strict=True))


def test_plan_shows_the_hala_family_beside_the_report() -> None:
    root = Path(__file__).parents[2]
    recipes = [str(root / "recipes" / f"hala-{size}.yaml") for size in ("350m", "1.2b")]
    result = CliRunner().invoke(main, ["plan", *recipes, "--assumptions"])
    assert result.exit_code == 0, result.output
    assert "together, shared steps once" in result.output and "reported: US$ 1,500" in result.output
    assert "training.utilisation = 0.3" in result.output
