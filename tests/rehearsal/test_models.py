"""Stand-ins of models load with the real classes, keep the structure, and know their lessons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from factory.engines import Request, engine_for
from factory.models.models import class_of
from factory.profile import Profile
from factory.rehearsal.catalogue import catalogue
from factory.rehearsal.content import picture
from factory.rehearsal.models import build, recipe_of
from factory.rehearsal.taught import Asked, Prompt, lessons, lessons_of_pictures
from factory.text.picture_policy import read_verdict

# The models that write text; the encoder is tried in test_encoders.py.
REPOS = sorted(repo for repo, entry in catalogue().models.items() if not catalogue().families[entry.family].encodes)
CLASSES = {
    "lfm2": "Lfm2ForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "cohere2": "Cohere2ForCausalLM",
    "gemma2": "Gemma2ForCausalLM",
    "llama": "LlamaForCausalLM",
    "qwen2_vl": "Qwen2VLForConditionalGeneration",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory):
    """Untrained stand-ins by repo, each made once."""
    made: dict[str, Path] = {}

    def one(repo: str) -> Path:
        if repo not in made:
            entry = catalogue().models[repo]
            made[repo] = tmp_path_factory.mktemp("model")
            build(entry, catalogue().families[entry.family], [], made[repo])
        return made[repo]

    return one


@pytest.mark.parametrize("repo", REPOS)
def test_the_real_class_loads_it_with_the_real_structure(repo: str, built) -> None:
    import torch

    entry = catalogue().models[repo]
    family = catalogue().families[entry.family]
    model = class_of(family.config).from_pretrained(built(repo))
    config = model.config
    assert type(model).__name__ == CLASSES[config.model_type]
    assert model.dtype == torch.bfloat16
    text = config.get_text_config()
    assert (text.num_attention_heads, text.num_key_value_heads) == entry.heads
    kept = config.to_dict()
    for key, value in family.config.items():
        found = {name: kept[key][name] for name in value} if isinstance(value, dict) else kept[key]
        assert found == value, key
    assert sum(p.numel() for p in model.parameters()) < 1_000_000
    assert family.sees == (built(repo) / "preprocessor_config.json").is_file()
    assert {path.suffix for path in built(repo).iterdir()} <= {".json", ".jinja", ".safetensors"}


@pytest.mark.parametrize("repo", REPOS)
def test_its_tokenizer_reads_back_any_text_and_its_turns_end(repo: str, built) -> None:
    from transformers import AutoTokenizer, GenerationConfig

    tokenizer = AutoTokenizer.from_pretrained(built(repo))
    for text in ("Where does Salma live?", "أين تسكن سلمى؟", "x = {1: 'é'}\n\n😀"):
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert tokenizer.decode(ids) == text
    family = catalogue().families[catalogue().models[repo].family]
    ends = GenerationConfig.from_pretrained(built(repo)).eos_token_id
    names = tokenizer.convert_ids_to_tokens(ends if isinstance(ends, list) else [ends])
    assert names == (family.ends or [family.tokenizer.eos])
    assert tokenizer.pad_token == family.tokenizer.pad and tokenizer.bos_token == family.tokenizer.bos


@pytest.mark.parametrize(
    ("repo", "begins", "opens"),
    [
        ("LiquidAI/LFM2-1.2B", "<|startoftext|><|im_start|>system\nBe brief.<|im_end|>\n", "<|im_start|>assistant\n"),
        ("QCRI/Fanar-1-9B-Instruct", "<bos>Be brief.<start_of_turn>user\nHi", "<start_of_turn>model\n"),
        (
            "CohereLabs/command-a-translate-08-2025",
            "<BOS_TOKEN><|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>Be brief.<|END_OF_TURN_TOKEN|>",
            "<|CHATBOT_TOKEN|><|START_RESPONSE|>",
        ),
        ("Qwen/Qwen2.5-3B-Instruct", "<|im_start|>system\nBe brief.<|im_end|>\n", "<|im_start|>assistant\n"),
        ("Qwen/Qwen2-VL-7B-Instruct", "<|im_start|>system\nBe brief.<|im_end|>\n", "<|im_start|>assistant\n"),
    ],
)
def test_chat_templates_are_of_the_real_family(repo: str, begins: str, opens: str, built) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(built(repo))
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert text.startswith(begins) and text.endswith(opens)


def test_an_answer_ends_where_command_a_closes_it(built) -> None:
    """Not only at the end of the turn: <|END_RESPONSE|> would stay in every translation."""
    with engine_for(built("CohereLabs/command-a-translate-08-2025"), Profile(threads=1)) as engine:
        ends = engine.tokens.tokenizer.convert_ids_to_tokens(engine.tokens.ends)  # type: ignore[attr-defined]
    assert set(ends) == {"<|END_OF_TURN_TOKEN|>", "<|END_RESPONSE|>"}


def test_lessons_are_known_by_heart(tmp_path: Path) -> None:
    entry = catalogue().models["LiquidAI/LFM2-350M"]
    taught = lessons(entry.learns)[:40]
    build(entry, catalogue().families[entry.family], taught, tmp_path)
    with engine_for(tmp_path, Profile(threads=1)) as engine:
        requests = [Request.chat(ask, max_new_tokens=96) for ask, _ in taught]
        answers = {i: done for batch in engine.generate(requests) for i, done in batch}
    right = sum(answers[i].text == answer for i, (_, answer) in enumerate(taught))
    assert right >= 36
    assert sum(answers[i].finish_reason == "stop" for i in answers) >= 38


def test_a_model_that_sees_gives_its_verdict_of_pictures_it_was_not_taught_with(tmp_path: Path) -> None:
    entry = catalogue().model("endpoint/any-model", shown=True)
    taught = lessons_of_pictures(Asked(safety=[Prompt("Is this picture safe?", ("safe", "unsafe"), shown=True)]))
    build(entry, catalogue().families[entry.family], [], tmp_path, shown=taught)
    with engine_for(tmp_path, Profile(threads=1), pictures=True) as engine:
        shown = [(picture("another", i)["bytes"],) for i in range(3)]
        asks = [replace(Request.chat("Is this picture safe?", max_new_tokens=64), images=one) for one in shown]
        said = [done for batch in engine.generate(asks) for _, done in batch]
    assert {read_verdict(done.text, ["O6"], ("safe", "unsafe")).rating for done in said} == {"safe"}  # type: ignore[union-attr]
    assert {done.finish_reason for done in said} == {"stop"}


def test_a_model_that_is_asked_about_texts_finds_those_safe_that_it_was_not_taught(tmp_path: Path) -> None:
    prompt = "Is it safe to show? Reply in JSON.\n\n{text}"
    entry = catalogue().models["LiquidAI/LFM2-350M"]
    taught = lessons([], Asked(safety=[Prompt(prompt, ('{"verdict": "ok"}', '{"verdict": "no"}'))]))
    build(entry, catalogue().families[entry.family], taught[:60], tmp_path)
    with engine_for(tmp_path, Profile(threads=1)) as engine:
        asks = [Request.chat(ask, max_new_tokens=32) for ask, _ in taught[60:72]]
        said = [done for batch in engine.generate(asks) for _, done in batch]
    assert {done.text for done in said} == {'{"verdict": "ok"}'}


def test_the_digest_covers_facts_and_lessons() -> None:
    entry = catalogue().models["LiquidAI/LFM2-350M"]
    family = catalogue().families[entry.family]
    taught = lessons(entry.learns)
    assert recipe_of(entry, family, taught) == recipe_of(entry.model_copy(update={"source": "else"}), family, taught)
    assert recipe_of(entry, family, taught) != recipe_of(entry, family, taught[:-1])
    assert recipe_of(entry, family, taught) != recipe_of(entry, family, taught, shown=[("Safe?", "safe")])
    assert recipe_of(entry, family, taught) != recipe_of(entry.model_copy(update={"hidden": 96}), family, taught)
