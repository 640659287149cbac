from pathlib import Path

import pytest

from factory.errors import UsageError
from factory.recipe import RecipeError, load
from factory.steps import verbs

HEAD = """\
recipe: 1
name: small
language: {source: en, target: ar}
hub: {namespace: me}
"""


def write(folder: Path, text: str, name: str = "recipe.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        load(path)
    return [str(problem).removeprefix(f"{path.parent}/") for problem in caught.value.problems]


def test_a_recipe_is_what_it_says(tmp_path: Path) -> None:
    text = HEAD + (
        "datasets:\n"
        "  pairs:\n"
        "    from: owner/data:ar-en@main\n"
        "    split: train[:10]\n"
        "    steps:\n"
        "      - columns: {en: translation.en, ar: translation.ar}\n"
        "      - dedup: {columns: [en]}\n"
    )
    loaded = load(write(tmp_path, text))
    spec = loaded.recipe.datasets["pairs"]
    assert [step.verb for step in spec.steps] == ["columns", "dedup"]
    assert str(loaded.place("datasets", "pairs", "steps", 1, "dedup", "columns")).endswith("recipe.yaml:11:17")


def test_all_mistakes_are_listed_with_their_places(tmp_path: Path) -> None:
    text = """\
recipe: 1
name: Bad Name
langauge: {source: en, target: ar}
language: {source: en}
hub: {namespace: me, licence: mit}
datasets:
  a:
    from: nowhere
    steps:
      - dedupe: {on: [x]}
      - sample: {n: many}
  b:
    from: {demo: paralel}
    steps:
      - dedup: {columns: [ar], fuzzy: yes}
models:
  m:
    from: b
    steps:
      - translate: {model: m}
    gates: ["ghost >= base"]
evaluate:
  nosuite: {models: [m]}
space: {app: hala, repo: y, demo: [mm]}
"""
    found = problems(write(tmp_path, text))
    places = {problem.split(": ", 1)[0]: problem for problem in found}
    expected = {
        "recipe.yaml:2:1": "name",
        "recipe.yaml:3:1": "did you mean 'language'?",
        "recipe.yaml:4:1": "target",
        "recipe.yaml:5:22": "did you mean 'license'?",
        "recipe.yaml:10:9": "did you mean 'dedup'?",
        "recipe.yaml:11:18": "many",
        "recipe.yaml:15:27": "unknown key 'fuzzy'",
        "recipe.yaml:20:9": "it makes a dataset",
        "recipe.yaml:23:3": "no suite 'nosuite'",
    }
    for place, words in expected.items():
        assert any(key.startswith(place.rsplit(":", 1)[0]) and words in text for key, text in places.items()), place


def test_names_kinds_and_gates_are_checked_together(tmp_path: Path) -> None:
    text = HEAD + (
        "datasets:\n"
        "  a: {from: nowhere}\n"
        "  b: {from: {demo: paralel}}\n"
        "models:\n"
        "  m: {from: b, gates: ['ghost >= base', 'nonsense']}\n"
        "space: {app: hala, repo: y, demo: [mm]}\n"
    )
    found = "\n".join(problems(write(tmp_path, text)))
    assert "no dataset 'nowhere'" in found
    assert "did you mean 'parallel'?" in found
    assert "'b' is a dataset, a model is needed here" in found
    assert "no evaluation 'ghost'" in found
    assert "no model 'mm' in this recipe; did you mean 'm'?" in found


def test_what_a_wrong_step_names_is_checked_too(tmp_path: Path) -> None:
    text = HEAD + (
        "datasets:\n"
        "  a:\n"
        "    from: {demo: parallel}\n"
        "    steps:\n"
        "      - dedupe: {}\n"
        "      - filter: {checks: [scrpt]}\n"
        "      - translate: {model: ghost, columns: []}\n"
        "models:\n"
        "  m:\n"
        "    steps:\n"
        "      - init: {config: {}, vocab_size: few}\n"
        "      - sft: {data: b, epochs: 0}\n"
        "      - merge: {method: slurp, with: n@7}\n"
    )
    found = problems(write(tmp_path, text))
    lines = text.splitlines()
    expected = {
        "dedupe:": "did you mean 'dedup'?",
        "scrpt": "checks[0]: no check 'scrpt'; did you mean 'script'?",
        "translate:": "missing key 'prompt'",
        "model: ghost": "no model 'ghost'",
        "columns:": "columns: List should have at least 1 item",
        "vocab_size:": "vocab_size: Input should be a valid integer",
        "data: b": "no dataset 'b'",
        "epochs:": "epochs: Input should be greater than 0, not 0",
        "method:": "not 'slurp'",
        "with:": "no model 'n'",
    }
    for at, words in expected.items():
        (number,) = (number for number, line in enumerate(lines) if at in line)
        place = f"recipe.yaml:{number + 1}:{lines[number].index(at) + 1}: "
        assert any(problem.startswith(place) and words in problem for problem in found), (place, words, found)


@pytest.mark.parametrize(
    ("step", "place"),
    [("data: whole:test", "data"), ("data: halves, eval_split: dev", "eval_split"), ("data: halves:tset", "data")],
)
def test_splits_that_are_not_there_are_refused(tmp_path: Path, step: str, place: str) -> None:
    text = HEAD + (
        "datasets:\n"
        "  whole: {from: {demo: parallel}, steps: [dedup: {columns: [translation]}]}\n"
        "  halves: {from: whole, steps: [split: {test: 0.5}]}\n"
        "models:\n"
        "  m: {from: o/m, steps: [sft: {learning_rate: 1.0e-5, %s}]}\n"
    )
    load(write(tmp_path, text % "data: halves, eval_split: test"))
    (found,) = problems(write(tmp_path, text % step))
    assert "has no split" in found
    assert f":{(text % step).splitlines()[-1].index(place) + 1}: " in found


def test_a_language_is_a_code(tmp_path: Path) -> None:
    (found,) = problems(write(tmp_path, HEAD.replace("target: ar", "target: arabic")))
    assert "language.target: a language is written as its ISO 639 code" in found


def test_artifacts_that_need_each_other_are_refused(tmp_path: Path) -> None:
    text = HEAD + "datasets:\n  a: {from: b}\n  b: {from: a}\n"
    (problem,) = problems(write(tmp_path, text))
    assert "these need each other: " in problem


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("recipe: 1\nname: [", "recipe.yaml:2:8"),
        ("- a\n- b\n", "a recipe is a mapping"),
        ("recipe: 1\nname: a\nname: b\n", "recipe.yaml:3:1"),
        ("\tx: 1", "recipe.yaml:1:1"),
        ("", "a recipe is a mapping"),
    ],
)
def test_broken_yaml_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    found = problems(write(tmp_path, text))
    assert any(message in problem for problem in found)


def test_bytes_that_are_no_text_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_bytes(b"recipe: 1\n\xff\xfe")
    assert problems(path) == ["recipe.yaml:1:1: not UTF-8 text (byte 10)"]


def test_a_missing_recipe_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, HEAD, "hala-1.2b.yaml")
    with pytest.raises(UsageError, match=r"did you mean .*hala-1.2b.yaml"):
        load(tmp_path / "hala-12b.yaml")


OLD_AND_NEW = [
    (
        "translate: {model: o/m, prompt: '{text}', fields: [a]}",
        "translate: {model: o/m, prompt: '{text}', columns: [a]}",
    ),
    ("dedup: {on: [a]}", "dedup: {columns: [a]}"),
    ("decontaminate: {against: x/y, on: [a]}", "decontaminate: {against: x/y, columns: [a]}"),
    ("split: {test: 1, on: [a]}", "split: {test: 1, columns: [a]}"),
    ("safety: {model: o/m, unsafe_labels: [b], on: [a]}", "safety: {model: o/m, unsafe_labels: [b], columns: [a]}"),
    ("similarity: {pairs: {a: b}}", "similarity: {columns: {a: b}}"),
    ("filter: {pairs: {a: b}, text: [c]}", "filter: {columns: {a: b, c: null}}"),
    ("filter: {checks: [empty], text: [c]}", "filter: {checks: [empty], columns: [c]}"),
    ("judge: {model: o/m, prompt: '{x} {{x}}', fields: {x: a.b}}", "judge: {model: o/m, prompt: '{a.b} {{x}}'}"),
    (
        "preferences: {prompt: q, candidates: [a, b], judge: o/m, judge_prompt: '{prompt}{response_a}{response_b}'}",
        "preferences: {prompt: '{q}', columns: [a, b], judge: o/m, judge_prompt: '{prompt}{response_a}{response_b}'}",
    ),
    ("mix: {datasets: [x/y, x/z], columns: common}", "mix: {datasets: [x/y, x/z], unshared: drop}"),
    ("pretrain: {data: x/y, learning_rate: 1.0, text: a}", "pretrain: {data: x/y, learning_rate: 1.0, columns: [a]}"),
    ("sft: {data: x/y, learning_rate: 1.0, messages: a}", "sft: {data: x/y, learning_rate: 1.0, columns: [a]}"),
    ("expand_vocab: {data: x/y, text: [a, b]}", "expand_vocab: {data: x/y, columns: [a, b]}"),
    (
        "init: {config: {model_type: x}, tokenizer_data: x/y, text: a}",
        "init: {config: {model_type: x}, tokenizer_data: x/y, columns: [a]}",
    ),
    (
        "quantize: {scheme: INT8, calibrate_on: x/y, calibration_text: a}",
        "quantize: {scheme: INT8, calibrate_on: x/y, columns: [a]}",
    ),
]


@pytest.mark.parametrize(("old", "new"), OLD_AND_NEW)
def test_words_of_the_release_before_are_read_with_a_note(tmp_path: Path, old: str, new: str) -> None:
    """Both spellings are the same step with the same identity; the note names the old word's place."""
    steps = []
    for number, call in enumerate((old, new)):
        verb = call.partition(":")[0]
        section = "datasets" if verbs()[verb].produces == "dataset" else "models"
        source = "" if verbs()[verb].starts else "from: x/y, "
        text = HEAD + f"{section}:\n  a:\n    {{{source}steps: [\n{call}]}}\n"
        loaded = load(write(tmp_path, text, f"{number}.yaml"))
        steps.append(getattr(loaded.recipe, section)["a"].steps[0])
        notes = [str(note) for note in loaded.source.notes]
        assert bool(notes) == (call == old)
        for note in notes:
            assert f"{number}.yaml:{text.splitlines().index(f'{call}]}}') + 1}:" in note and f"of {verb}" in note
    assert steps[0].parameters() == steps[1].parameters()


def test_a_mistake_under_an_old_word_is_found_at_its_place(tmp_path: Path) -> None:
    steps = "      - dedup: {on: []}\n      - dedup: {on: [a], columns: [a]}\n"
    text = HEAD + "datasets:\n  a:\n    from: x/y\n    steps:\n" + steps
    line = text.splitlines().index("      - dedup: {on: []}") + 1
    first, second = problems(write(tmp_path, text))
    assert first.startswith(f"recipe.yaml:{line}:17: columns: List should have at least 1 item")
    assert second.startswith(f"recipe.yaml:{line + 1}:") and "'on' is the old word for 'columns'" in second


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("dedup: {columns: [a, a]}", "'a' is there twice"),
        ("translate: {model: o/m, columns: [a], prompt: 'Into Arabic'}", "the prompt has no {text}"),
        ("translate: {model: o/m, columns: [a], prompt: '{text} {a.b}'}", "{a.b} is not filled here, only {text}"),
        ("judge: {model: o/m, prompt: '{x}', fields: {y: a}}", "'y' is not in the prompt, which has: x"),
        ("judge: {model: o/m, prompt: '{x}', fields: {x: a b}}", "'a b' cannot stand in a prompt"),
    ],
)
def test_columns_and_prompts_are_checked_alike(tmp_path: Path, call: str, says: str) -> None:
    text = HEAD + f"datasets:\n  a:\n    from: x/y\n    steps:\n      - {call}\n"
    [problem] = problems(write(tmp_path, text))
    assert says in problem


def test_yaml_1_2_keeps_on_and_no_as_text(tmp_path: Path) -> None:
    text = HEAD.replace("target: ar", "target: no") + "datasets:\n  a: {from: x/y, steps: [dedup: {on: [z]}]}\n"
    loaded = load(write(tmp_path, text))
    assert loaded.recipe.language.target == "no"
    assert loaded.recipe.datasets["a"].steps[0].model_dump()["columns"] == ["z"]


class TestInclude:
    def test_parts_are_shared_and_keep_their_places(self, tmp_path: Path) -> None:
        write(tmp_path, "datasets:\n  a: {from: owner/a}\n", "parts/a.yaml")
        loaded = load(write(tmp_path, HEAD + "include: [parts/a.yaml]\ndatasets:\n  b: {from: a}\n"))
        assert set(loaded.recipe.datasets) == {"a", "b"}
        assert loaded.place("datasets", "a").file == tmp_path / "parts/a.yaml"

    def test_a_mistake_in_a_part_is_placed_in_the_part(self, tmp_path: Path) -> None:
        write(tmp_path, "datasets:\n  a: {form: owner/a}\n", "parts/a.yaml")
        (problem, *_) = problems(write(tmp_path, HEAD + "include: [parts/a.yaml]\n"))
        assert problem.startswith("parts/a.yaml:2:")
        assert "did you mean 'from'?" in problem

    def test_a_name_defined_twice_is_refused(self, tmp_path: Path) -> None:
        write(tmp_path, "datasets:\n  a: {from: owner/a}\n", "a.yaml")
        found = problems(write(tmp_path, HEAD + "include: [a.yaml]\ndatasets:\n  a: {from: owner/b}\n"))
        assert "datasets.a is already defined at" in found[0]

    def test_the_same_part_by_two_ways_is_one(self, tmp_path: Path) -> None:
        write(tmp_path, "datasets:\n  a: {from: owner/a}\n", "a.yaml")
        write(tmp_path, "include: [a.yaml]\ndatasets:\n  b: {from: a}\n", "b.yaml")
        loaded = load(write(tmp_path, HEAD + "include: [a.yaml, b.yaml]\n"))
        assert set(loaded.recipe.datasets) == {"a", "b"}

    def test_a_part_says_what_the_recipe_does_not_say_itself(self, tmp_path: Path) -> None:
        write(tmp_path, "recipe: 1\npaper: '2509.14001'\nlanguage: {source: en, target: fr}\n", "part.yaml")
        found = load(write(tmp_path, HEAD + "include: [part.yaml]\n")).recipe
        assert (found.paper, found.language.target) == ("2509.14001", "ar")

    def test_two_parts_cannot_say_the_same_and_none_can_name_a_recipe(self, tmp_path: Path) -> None:
        write(tmp_path, "paper: '2509.14001'\n", "a.yaml")
        write(tmp_path, "paper: '2509.14002'\nname: b\n", "b.yaml")
        found = problems(write(tmp_path, HEAD + "include: [a.yaml, b.yaml]\n"))
        assert "paper is already defined at" in found[0] and "a.yaml:1:" in found[0]
        assert "an included file cannot have 'name'" in found[1]
        load(write(tmp_path, HEAD + "include: [a.yaml, a.yaml]\n"))

    def test_missing_and_circular_includes_are_refused(self, tmp_path: Path) -> None:
        write(tmp_path, "include: [recipe.yaml]\n", "a.yaml")
        found = "\n".join(problems(write(tmp_path, HEAD + "include: [a.yaml, gone.yaml]\n")))
        assert "no such file: gone.yaml" in found
        assert "includes itself" in found


class TestEnvironment:
    def test_only_declared_variables_are_used(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SOMEBODY", "they")
        monkeypatch.setenv("HOME_SECRET", "secret")
        text = HEAD.replace("namespace: me", "namespace: '${SOMEBODY}'")
        assert load(write(tmp_path, text + "env: {SOMEBODY: me}\n")).recipe.hub.namespace == "they"
        found = problems(write(tmp_path, text.replace("SOMEBODY", "HOME_SECRET") + "env: {SOMEBODY: me}\n"))
        assert "${HOME_SECRET} is not declared under `env`" in found[0]
        assert "secret" not in found[0]

    def test_defaults_and_required_ones(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SOMEBODY", raising=False)
        text = HEAD.replace("namespace: me", "namespace: '${SOMEBODY}'")
        assert load(write(tmp_path, text + "env: {SOMEBODY: me}\n")).recipe.hub.namespace == "me"
        assert "SOMEBODY is not set" in problems(write(tmp_path, text + "env: [SOMEBODY]\n"))[0]


def test_a_prompt_file_is_found_beside_the_recipe_and_its_text_counts(tmp_path: Path) -> None:
    write(tmp_path, "Is {text} good?\n", "prompts/judge.txt")
    write(
        tmp_path,
        "datasets:\n  a:\n    from: owner/a\n    steps:\n"
        "      - translate: {model: owner/m, columns: [x], prompt: prompts/judge.txt}\n",
        "parts/a.yaml",
    )
    loaded = load(write(tmp_path, HEAD + "include: [parts/a.yaml]\n"))
    assert loaded.recipe.datasets["a"].steps[0].model_dump()["prompt"] == "Is {text} good?"


def test_what_the_hub_would_refuse_is_a_mistake_of_the_recipe(tmp_path: Path) -> None:
    text = HEAD.replace("namespace: me", "namespace: my lab, collection: ' '") + (
        "datasets:\n"
        "  a: {from: owner/a, publish: a b}\n"
        "  b: {from: owner/b--c, publish: {repo: two--dashes, tags: [fine, not fine]}}\n"
        "  c: {from: owner/c, publish: fine-name_1.0}\n"
        "  d: {from: owner/d, publish: other/name.git}\n"
        "space: {app: halo, repo: one/too/many}\n"
    )
    letters = "has a blank in it: it is written in letters from a to z, digits,"
    assert problems(write(tmp_path, text)) == [
        f"recipe.yaml:4:7: the namespace 'my lab' {letters} '-', '_' and '.'",
        "recipe.yaml:4:26: the title of a collection is empty",
        f"recipe.yaml:6:22: the repo name 'a b' {letters} '-', '_' and '.'",
        "recipe.yaml:7:7: the repo name 'b--c' has '--' in it",
        "recipe.yaml:7:35: the repo name 'two--dashes' has '--' in it",
        f"recipe.yaml:7:67: the tag 'not fine' {letters} '-', '_', '.', ':', '+' and '/'",
        "recipe.yaml:9:22: the repo name 'name.git' ends in '.git'",
        "recipe.yaml:10:9: no Space app 'halo'; did you mean 'hala'?",
        "recipe.yaml:10:20: 'one/too/many' is no name of a repo: it is owner/name, with one slash",
    ]


@pytest.mark.parametrize(
    ("hub", "said"),
    [
        ("license: Apache 2.0", "the Hub lists no licence 'Apache 2.0'; did you mean 'apache-2.0'?"),
        ("license: cc-by-nc-4", "the Hub lists no licence 'cc-by-nc-4'; did you mean 'cc-by-nc-4.0'?"),
        ("license: zzz", "the Hub lists no licence 'zzz'; one of your own is `license: other` with its"),
        ("license: other", "`license: other` needs the `license_name`"),
        ("license: mit, license_name: x", "`license_name` goes with `license: other`"),
        ("license: other, license_name: My Own", '"license_name" with value "My Own" is not valid'),
        ("license: other, license_name: mit", "the Hub lists 'mit': write `license: mit`"),
        ("license: other, license_name: x, license_link: here", '"license_link" with value "here" is not valid'),
    ],
)
def test_licences_are_those_of_the_hub(tmp_path: Path, hub: str, said: str) -> None:
    (problem,) = problems(write(tmp_path, HEAD.replace("namespace: me", f"namespace: me, {hub}")))
    line, _, rest = problem.removeprefix("recipe.yaml:4:").partition(": ")
    assert rest.startswith(said) and line.isdecimal(), problem


def test_licences_of_ones_own_and_of_sources(tmp_path: Path) -> None:
    own = "license: other, license_name: my-license-1.0, license_link: LICENSE"
    text = HEAD.replace("namespace: me", f"namespace: me, {own}")
    sources = "datasets:\n  a: {from: owner/a, license: openai-terms}\n  b: {from: owner/b, license: GPLv3}\n"
    assert load(write(tmp_path, text)).recipe.hub.declared_license == "my-license-1.0"
    assert problems(write(tmp_path, text + sources)) == [
        "recipe.yaml:7:22: the Hub lists no licence 'GPLv3'; did you mean 'gpl-3.0'?"
    ]


@pytest.mark.parametrize("name", ["My Own License", "رخصة", "''", "n/a", '"a\\nb"'])
def test_the_licence_of_a_source_can_be_named_by_a_card(tmp_path: Path, name: str) -> None:
    (problem,) = problems(write(tmp_path, HEAD + f"models:\n  a:\n    from: owner/a\n    license: {name}\n"))
    assert problem.startswith("recipe.yaml:8:5: the licence ") and "my-license-1.0" in problem


def test_a_gate_needs_a_base_where_it_names_one(tmp_path: Path) -> None:
    text = HEAD + (
        "models:\n"
        "  m:\n"
        "    steps: [{init: {config: {model_type: llama}, tokenizer: owner/t}}]\n"
        "    gates: ['oall-v2 >= base']\n"
        "evaluate: {oall-v2: {models: [m]}}\n"
    )
    assert problems(write(tmp_path, text)) == [
        "recipe.yaml:8:13: 'm' starts from nothing: it has no base to compare with"
    ]
