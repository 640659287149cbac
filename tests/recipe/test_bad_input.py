"""Whatever a recipe file holds, it loads or is refused with the places of its mistakes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.evaluate.suites import suites
from factory.recipe import RecipeError, load
from factory.steps import verbs

SHIPPED = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))
HEAD = "recipe: 1\nname: small\nlanguage: {source: en, target: ar}\nhub: {namespace: me}\n"


def refusal(path: Path) -> list[str]:
    """The mistakes of a recipe, each with its place; none where it loads."""
    try:
        load(path)
    except RecipeError as error:
        lines = str(error).splitlines()
        assert lines and all(line.startswith(f"{path.parent}/") for line in lines), lines
        assert all(":" in line.removeprefix(f"{path.parent}/") for line in lines)
        return lines
    return []


def refused(folder: Path, text: str | bytes) -> list[str]:
    path = folder / "recipe.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [line.removeprefix(f"{folder}/recipe.yaml:") for line in refusal(path)]


def step(text: str, section: str = "models") -> str:
    source = "from: {demo: parallel}" if section == "datasets" else "from: o/m"
    return f"{HEAD}{section}:\n  a:\n    {source}\n    steps:\n      {text}\n"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (step("- merge"), "9:9", "missing key 'with'"),
        (HEAD.replace("ar}", "Arabic}"), "3:24", "its ISO 639 code, which is ar, not 'Arabic'"),
        (HEAD.replace("ar}", "日本語}"), "3:24", "its ISO 639 code, which is ja, not '日本語'"),
        (HEAD.replace("ar}", "xx}"), "3:24", "its ISO 639 code, such as en, ar or pt-BR, not 'xx'"),
        (
            step("- translate: {model: o/m, prompt: '{text}', columns: [text]}", "datasets").replace("ar}", "en-GB}"),
            "9:",
            "one language twice (en and en-GB)",
        ),
        *(
            (HEAD + f"datasets: {{a: {{from: a.jsonl, image_hosts: [{host!r}]}}}}\n", "5:", "a host is written as")
            for host in ("https://a.org/", "*.a.org", "me@a.org", "a.org:x", "")
        ),
        (step("- merge: slerp"), "9:", "merge takes a mapping of parameters"),
        (step("- merge: [slerp]"), "9:", "merge takes a mapping of parameters"),
        (step("- [merge]"), "9:9", "a step is one verb"),
        (step("- filter: 3", "datasets"), "9:", "filter takes a mapping of parameters"),
        (HEAD + "env: {A: {b: c}}\n", "5:7", "env.A is one value"),
        (HEAD + "env: [[x]]\n", "5:1", "env is a mapping"),
        (HEAD + "env: 3\n", "5:1", "env is a mapping"),
        (HEAD + "evaluate:\n  t: {suite: [x]}\n", "6:7", "no suite"),
        (HEAD + "evaluate:\n  t: {suite: {a: b}}\n", "6:7", "no suite"),
        (HEAD + "title: !!omap [a: 1]\n", "5:8", "the tag !!omap"),
        (HEAD + "title: !!python/object:os.system x\n", "5:8", "the tag !!python/object:os.system"),
        (HEAD + "title: !!timestamp 2020-01-01\n", "5:8", "the tag !!timestamp"),
        (HEAD + "title: !!set {a}\n", "5:8", "the tag !!set"),
        (HEAD + "title: !own x\n", "5:8", "the tag !own"),
        (HEAD + 'include: ["a\\0b.yaml"]\n', "5:11", "no such file: a�b.yaml"),
        (HEAD + f"include: [{'a' * 5000}.yaml]\n", "5:11", "no such file"),
        (HEAD + "include: [[a.yaml]]\n", "5:11", "no such file"),
        (HEAD + f"datasets:\n  a: {{from: ./{'a' * 5000}}}\n", "6:7", "no such file"),
        (HEAD + 'datasets:\n  a: {from: "./a\\0b"}\n', "6:7", "NUL"),
        (HEAD + "datasets:\n  a: {from: ~nobody-of-this-name/x}\n", "6:7", ""),
        (step(f"- judge: {{model: o/m, prompt: {'a' * 5000}.txt}}", "datasets"), "9:", "no such prompt file"),
        (step(f"- sample: {{n: 0x{'f' * 5000}}}", "datasets"), "9:", "a number of 5,002 characters"),
        (step(f"- sample: {{n: {'9' * 5000}}}", "datasets"), "9:", "a number of 5,000 characters"),
        (step("- sample: {n: 99999999999999999999}", "datasets"), "9:", "below 2**63"),
        (step("- sample: {fraction: 1e999}", "datasets"), "9:", "finite"),
        (step("- sample: {fraction: .nan}", "datasets"), "9:", "finite"),
        (step("- sample: {fraction: -.inf}", "datasets"), "9:", "finite"),
        (HEAD + "name: again\n", "5:1", "already given in line 2"),
        (HEAD + "datasets: {a: {from: o/a}, a: {from: o/b}}\n", "5:28", "already given"),
        (HEAD + "title: *nothing\n", "5:8", "no anchor &nothing"),
        (HEAD + "title: &a [*a]\n", "5:12", "no anchor &a"),
        (HEAD + "datasets: {d: {from: {file: x.jsonl}}}\n", "5:16", "datasets.d.from: Hub ref, artifact[:split]"),
        (HEAD + "datasets: {d: {from: [x]}}\n", "5:16", "datasets.d.from: Hub ref, artifact[:split]"),
        (HEAD + "datasets: {d: {from: {ref: o/x, license: MIT}}}\n", "5:16", "did you mean 'mit'?"),
        (HEAD + "datasets: {d: {from: {demo: text, path: x}}}\n", "5:35", "unknown key 'path'"),
        (HEAD + "1: x\n", "5:1", "unknown key '1'"),
        (HEAD + "true: x\n", "5:1", "unknown key 'true'"),
        (HEAD + "null: x\n", "5:1", "unknown key 'null'"),
        (HEAD + "[a]: x\n", "5:1", "a key is plain text"),
        (HEAD + "{a: b}: x\n", "5:1", "a key is plain text"),
        (HEAD + "datasets: {[a]: {from: o/a}}\n", "5:12", "a key is plain text"),
        (HEAD + f"title: {'[' * 1500}\n", "5:", "nested deeper"),
        (HEAD + f"title: {'{a: ' * 1500}\n", "5:", "nested deeper"),
        (HEAD + "---\nrecipe: 1\n", "5:1", "a second document"),
        (HEAD + "\tname: x\n", "5:1", "\\t"),
        (HEAD + 'title: "\\ud800"\n', "5:8", "surrogate"),
        (HEAD + "title: a\x00b\n", "5:9", "U+0000"),
        (HEAD.encode() + b"title: \xff\n", "1:1", "not UTF-8"),
        (HEAD.encode("utf-16"), "1:1", "not UTF-8"),
        ("", "1:1", "a recipe is a mapping"),
        ("- a\n", "1:1", "a recipe is a mapping"),
        ("text", "1:1", "a recipe is a mapping"),
        (HEAD + "datasets: [a]\n", "5:1", "datasets"),
        (HEAD + "models: x\n", "5:1", "models"),
        (HEAD + "datasets: {a: x}\n", "5:12", "datasets.a"),
        (HEAD + "datasets: {a: }\n", "5:12", "datasets.a"),
        (step('- filter: {pairs: {".": b}}', "datasets"), "9:9", "not a column path: '.'"),
        (step("- dedup: {on: ['']}", "datasets"), "9:9", "not a column path: ''"),
        (HEAD.replace("me}", "[me]}"), "4:7", "hub.namespace"),
    ],
)
def test_a_slip_is_named_at_its_place(tmp_path: Path, text: str, place: str, words: str) -> None:
    found = refused(tmp_path, text)
    assert any(line.startswith(place) and words in line for line in found), found


def test_slips_of_form_are_named_together(tmp_path: Path) -> None:
    text = (
        HEAD
        + "name: again\ntitle: !!set {a}\n1: x\nenv: {A: []}\nmodels:\n  a: {from: o/m, steps: [merge, merge: 3]}\n"
    )
    found = "\n".join(refused(tmp_path, text))
    for words in ("already given", "!!set", "unknown key '1'", "env.A", "missing key 'with'", "merge takes a mapping"):
        assert words in found, (words, found)


def test_aliases_that_grow_without_end_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    (found,) = [line for line in refused(tmp_path, HEAD + "\n".join(lines)) if "more than" in line]
    assert "100,000 values" in found


def test_aliases_and_merge_keys_are_read(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(HEAD + "datasets:\n  a: &a {from: o/a, rows: 3}\n  b: {<<: *a, rows: 4}\n  c: *a\n")
    specs = load(path).recipe.datasets
    assert [(spec.from_, spec.rows) for spec in specs.values()] == [("o/a", 3), ("o/a", 4), ("o/a", 3)]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    assert refused(tmp_path, HEAD.encode("utf-8-sig")) == []
    (found,) = refused(tmp_path, (HEAD + "titel: x\n").encode("utf-8-sig"))
    assert found.startswith("5:1: unknown key 'titel'")


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**62, max_value=2**400),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        [
            "",
            ".",
            "..",
            "/",
            "./",
            "~",
            "a@x",
            "a:b",
            "o/m",
            "a",
            "m",
            "x.txt",
            "x.jinja",
            "./x",
            "{",
            "${A}",
            "[0]",
            "a.",
            "1:2:3",
        ]
    ),
    st.sampled_from(
        ["a" * 4000, "a" * 300 + ".txt", "./" + "b" * 4000, "\0", "a\0.txt", "\ud800"[:0], "${A", "*", "{q"]
    ),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.sampled_from(["a", "m", "x", ".", "suite"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(tree: Any) -> list[tuple[Any, Any]]:
    """(container, key) of every value in a tree."""
    pairs = list(tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else [])
    return [(tree, key) for key, _ in pairs] + [place for _, value in pairs for place in places(value)]


def every_part() -> dict[str, Any]:
    """A recipe that says something at every place of the language: each verb and suite with each of its parameters."""
    ordered = sorted(verbs().items())
    calls = {
        kind: [{name: dict.fromkeys(keys(verb), "a")} for name, verb in ordered if verb.produces == kind]
        for kind in ("dataset", "model")
    }
    return {
        **yaml.safe_load(HEAD),
        "env": {"A": "x"},
        "include": [],
        "datasets": {"a": {"from": {"demo": "parallel", "rows": 3}, "publish": "a", "steps": calls["dataset"]}},
        "models": {"m": {"from": "o/m", "gates": ["t >= base"], "steps": calls["model"], "publish": {"repo": "m"}}},
        "evaluate": {name: {"suite": name, **dict.fromkeys(keys(suite), "a")} for name, suite in suites().items()},
        "space": {"app": "hala", "repo": "s", "demo": ["m"]},
    }


def keys(step: Any) -> list[str]:
    return [field.alias or name for name, field in step.model_fields.items()]


FUZZ = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(tree=TREES, data=st.data())
def test_any_value_at_any_place_is_refused_or_read(tmp_path: Path, tree: Any, data: st.DataObject) -> None:
    recipe = every_part()
    for container, key in data.draw(st.lists(st.sampled_from(places(recipe)), min_size=1, max_size=6)):
        container[key] = tree
    refused(tmp_path, dumped(recipe))


@FUZZ
@given(source=st.sampled_from(SHIPPED), tree=TREES, seed=st.integers(0, 2**32))
def test_shipped_recipes_with_one_value_changed_are_refused_or_read(
    tmp_path: Path, source: Path, tree: Any, seed: int
) -> None:
    recipe = yaml.safe_load(source.read_text(encoding="utf-8"))
    container, key = random.Random(seed).choice(places(recipe))
    container[key] = tree
    refused(tmp_path, dumped(recipe))


@FUZZ
@given(source=st.sampled_from(SHIPPED), edits=st.lists(st.tuples(st.integers(0), st.text(max_size=4)), max_size=8))
def test_shipped_recipes_with_characters_changed_are_refused_or_read(
    tmp_path: Path, source: Path, edits: list[tuple[int, str]]
) -> None:
    text = source.read_text(encoding="utf-8")
    for place, put in edits:
        at = place % len(text)
        text = text[:at] + put + text[at + 1 :]
    refused(tmp_path, text.encode("utf-8", "surrogatepass"))


def dumped(recipe: Any) -> str:
    return yaml.safe_dump(recipe, allow_unicode=True, sort_keys=False)
