"""What a recipe names: sources, models of steps and suites, pinned revisions, unusual prompts."""

from __future__ import annotations

from pathlib import Path

from factory.recipe import LoadedRecipe, load
from factory.rehearsal.catalogue import catalogue
from factory.rehearsal.content import shown, translated_texts
from factory.rehearsal.refs import add_required, wanted
from factory.rehearsal.taught import Prompt, asked, lessons, lessons_of_pictures, origin
from factory.text.conversations import image_places
from factory.text.picture_policy import read_verdict

SHA = "7aa530e2893ac420352b3f5c1a1310c010e9758b"
RECIPE = f"""
recipe: 1
name: small
language: {{source: en, target: ar}}
hub: {{namespace: lab}}
datasets:
  pairs:
    from: Helsinki-NLP/opus-100:ar-en@{SHA}
    steps:
      - columns: {{en: translation.en, ar: translation.ar}}
      - judge: {{model: Qwen/Qwen2.5-3B-Instruct, prompt: "{{en}} = {{ar}}?", accept: "yes", reject: "no"}}
  more:
    from: pairs
    steps:
      - translate: {{model: tuned, columns: [en], prompt: "Translate from English to Arabic: {{text}}"}}
models:
  tuned:
    from: LiquidAI/LFM2-1.2B
    steps:
      - sft: {{data: pairs, learning_rate: 1.0e-5, prompt: "{{en}}", response: "{{ar}}"}}
evaluate:
  oall-v2: {{models: [tuned, QCRI/Fanar-1-9B-Instruct], revisions: {{MBZUAI/ArabicMMLU: {SHA}}}}}
space: {{app: hala, repo: Space, demo: [tuned, LiquidAI/LFM2-350M]}}
"""


def recipe(folder: Path, text: str = RECIPE) -> LoadedRecipe:
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_a_model_behind_an_endpoint_has_a_stand_in_and_is_taught(tmp_path: Path) -> None:
    text = RECIPE.replace(
        "models:\n", "models:\n  rented: {from: {endpoint: x, model: org/gpt 5.1}, license: mit}\n", 1
    )
    loaded = recipe(tmp_path, text.replace("model: tuned, columns", "model: rented, columns"))
    assert "endpoint/org-gpt-5.1" in {entry.repo for entry in wanted(loaded) if entry.kind == "model"}
    assert origin(loaded, "rented") == "endpoint/org-gpt-5.1"
    assert catalogue().model("endpoint/org-gpt-5.1").learns == ["translate", "judge", "answer"]


def test_every_ref_is_found_once_with_its_revisions_and_configs(tmp_path: Path) -> None:
    found = {(entry.kind, entry.repo): entry for entry in wanted(recipe(tmp_path))}
    models = {repo for kind, repo in found if kind == "model"}
    assert models == {
        "Qwen/Qwen2.5-3B-Instruct",
        "LiquidAI/LFM2-1.2B",
        "QCRI/Fanar-1-9B-Instruct",
        "LiquidAI/LFM2-350M",
    }
    opus = found["dataset", "Helsinki-NLP/opus-100"]
    assert (opus.revisions, opus.configs, opus.by_suite) == ({SHA}, {"ar-en"}, False)
    assert opus.where.endswith(":8:5")
    mmlu = found["dataset", "MBZUAI/ArabicMMLU"]
    assert (mmlu.revisions, mmlu.by_suite) == ({SHA}, True)
    assert sum(entry.by_suite for entry in found.values()) == 6


def test_suites_say_how_their_datasets_look(tmp_path: Path) -> None:
    loaded = recipe(tmp_path)
    repos = wanted(loaded)
    add_required(loaded, repos)
    by_repo = {entry.repo: entry for entry in repos}
    assert all(entry.required for entry in repos if entry.by_suite)
    [required] = by_repo["MBZUAI/ArabicMMLU"].required
    assert len(required.configs) == 40 and "Answer Key" in required.row(0)


def test_unusual_prompts_are_taught_to_the_model_that_is_asked(tmp_path: Path) -> None:
    found = asked(recipe(tmp_path))
    assert list(found) == ["Qwen/Qwen2.5-3B-Instruct"], "the usual translation prompt is known to every stand-in"
    more = found["Qwen/Qwen2.5-3B-Instruct"]
    assert more.judge == [Prompt("{en} = {ar}?", ("yes", "no"))]
    taught = lessons(["judge"], more)
    replies = {answer for ask, answer in taught if ask.endswith("?") and " = " in ask}
    assert replies == {"yes", "no"}
    assert {answer for _, answer in taught} == {"yes", "no", "accept", "reject"}


PICTURES = """
recipe: 1
name: pictures
language: {source: en, target: ar}
hub: {namespace: lab}
datasets:
  seen:
    from: lmms-lab/LLaVA-NeXT-Data
    steps:
      - safety: {model: guard, images: [image], categories: [O6]}
      - columns: {question: "conversations[0].value"}
      - translate: {model: rented, columns: [question], prompt: "Translate from English to Arabic: {text}"}
      - backtranslate:
          model: rented
          prompt: "Into English: {text}"
          retranslate_model: rented
          retranslate_prompt: "Better than {translation}: {text}"
models:
  guard: {from: {endpoint: x, model: eyes}, license: mit}
  rented: {from: {endpoint: x, model: words}, license: mit}
"""


def test_only_endpoints_that_are_shown_pictures_see(tmp_path: Path) -> None:
    found = {entry.repo: entry for entry in wanted(recipe(tmp_path, PICTURES)) if entry.kind == "model"}
    assert {repo: entry.shown for repo, entry in found.items()} == {"endpoint/eyes": True, "endpoint/words": False}
    known = catalogue()
    sees = {repo: known.families[known.model(repo, shown=entry.shown).family].sees for repo, entry in found.items()}
    assert sees == {"endpoint/eyes": True, "endpoint/words": False}


def test_an_endpoint_is_taught_all_that_it_is_asked_there_and_back(tmp_path: Path) -> None:
    found = asked(recipe(tmp_path, PICTURES))
    taught = dict(lessons([], found["endpoint/words"]))
    english, arabic = shown()[0].ask
    assert image_places(english) == image_places(arabic) == 1
    marked = english.replace("<image>", "⟦1⟧")
    assert taught[f"Translate from English to Arabic: {marked}"] == arabic.replace("<image>", "⟦1⟧")
    assert taught[f"Into English: {arabic}"] == english
    anew = {ask: answer for ask, answer in taught.items() if ask.startswith("Better than")}
    known = dict(translated_texts())
    assert anew and all(known[ask.split(": ", 1)[1]] == answer for ask, answer in anew.items() if ask.count(": ") == 1)


def test_a_judge_of_texts_is_taught_its_verdict_in_the_form_that_the_recipe_reads(tmp_path: Path) -> None:
    step = "safety: {model: guard, columns: [question], prompt: 'Safe? {text}', safe: ok, unsafe: no"
    for more, reply in (("", "ok"), (", reply_key: verdict", '{"verdict": "ok"}')):
        text = PICTURES.replace("safety: {model: guard, images: [image], categories: [O6]", f"{step}{more}")
        taught = dict(lessons([], asked(recipe(tmp_path, text))["endpoint/eyes"]))
        assert {*taught.values()} == {reply} and all(ask.startswith("Safe? ") for ask in taught)


def test_a_judge_of_pictures_is_taught_a_verdict_in_the_policys_form(tmp_path: Path) -> None:
    more = asked(recipe(tmp_path, PICTURES))["endpoint/eyes"]
    assert lessons([], more) == []
    [(prompt, verdict)] = lessons_of_pictures(more)
    assert "O6: Weapons" in prompt and "{policy}" not in prompt
    said = read_verdict(verdict, ["O6"], ("safe", "unsafe"))
    assert said is not None and said.rating == "safe"


def test_the_origin_of_a_tuned_model_is_its_base(tmp_path: Path) -> None:
    loaded = recipe(tmp_path)
    assert origin(loaded, "tuned") == "LiquidAI/LFM2-1.2B"
    assert origin(loaded, "Qwen/Qwen2.5-3B-Instruct@main") == "Qwen/Qwen2.5-3B-Instruct"
