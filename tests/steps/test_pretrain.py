import pytest
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.profile import Profile
from factory.steps.pretrain import Pretrain
from tests.steps.model_toys import artifact, dataset, job, make_model, sentences, weights


def parallel(tmp_path, rows=200):
    texts = sentences(rows)
    return dataset(
        tmp_path / "text", [{"text": text, "language": "ar" if i % 2 else "en"} for i, text in enumerate(texts)]
    )


def test_it_learns_and_measures_each_language(tmp_path):
    source, text = make_model(tmp_path / "base"), parallel(tmp_path)
    work = job(tmp_path / "out", source, text=text)
    options = {"data": "text", "sequence_length": 32, "max_steps": 40, "learning_rate": 5e-3, "eval_rows": 20}
    Pretrain.model_validate(options).run(work)
    loss, held_out = work.metrics["loss"], work.metrics["held_out"]
    assert loss["last"] < loss["first"] - 1
    assert loss["curve"][0] == [1, loss["first"]] and loss["curve"][-1][0] == 40
    assert set(held_out["after"]) == {"en", "ar"} and held_out["rows"] == 20
    for language in ("en", "ar"):
        assert held_out["after"][language]["perplexity"] < held_out["before"][language]["perplexity"] / 2
        assert held_out["after"][language]["bits_per_byte"] < held_out["before"][language]["bits_per_byte"]
    assert work.metrics["rows"] == 180
    assert work.metrics["tokens"] == pytest.approx(40 * 8 * 32, rel=0.1)  # the last block of a pass is shorter
    assert {path.name for path in work.out.iterdir()} == {"model"}


def test_two_epochs_see_every_token_twice(tmp_path):
    from transformers import AutoTokenizer

    source, text = make_model(tmp_path / "base"), parallel(tmp_path, 30)
    work = job(tmp_path / "out", source, text=text)
    Pretrain.model_validate({"data": "text", "sequence_length": 16, "epochs": 2, "learning_rate": 1e-3}).run(work)
    tokenizer = AutoTokenizer.from_pretrained(source.model)
    once = sum(len(ids) + 1 for ids in tokenizer(sentences(30)).input_ids)  # bos is added, eos is ours
    assert work.metrics["tokens"] == 2 * once


def test_the_profile_does_not_change_the_result(tmp_path):
    source, text = make_model(tmp_path / "base"), parallel(tmp_path, 60)
    step = Pretrain.model_validate({"data": "text", "sequence_length": 16, "learning_rate": 1e-3, "batch_size": 8})
    results = []
    for name, size in (("whole", None), ("split", 3)):
        profile = Profile(device="cpu", threads=1, train_batch_size=size)
        step.run(job(tmp_path / name, source, profile, text=text))
        results.append(weights(tmp_path / name / "model"))
    assert max((results[0][name] - results[1][name]).abs().max().item() for name in results[0]) < 1e-5
    base = weights(source.model)
    assert max((results[0][name] - base[name]).abs().max().item() for name in base) > 1e-3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": ["body"]}, "no column 'body' in text.*valid: language, text"),
        ({"eval_rows": 30}, "eval_rows is 30, text has 30 rows"),
        ({"data": "empty"}, "empty has no rows"),
    ],
)
def test_wrong_data_is_one_clear_line(tmp_path, options, message):
    text = parallel(tmp_path, 30)
    empty = dataset(tmp_path / "empty", [], schema=text.dataset.schema())
    step = Pretrain.model_validate({"data": "text", "learning_rate": 1e-3} | options)
    with pytest.raises(FactoryError, match=message) as error:
        step.run(job(tmp_path / "out", artifact(tmp_path / "none"), text=text, empty=empty))
    assert error.value.where == "recipe.yaml:7:5"


def texts(folder, words, rows=60):
    return dataset(folder, [{"text": f"{words} {i % 7} " * 4} for i in range(rows)])


def mixed(tmp_path, source, data, name="out", **options):
    inputs = {"ar": texts(tmp_path / "ar", "قطة ترى"), "en": texts(tmp_path / "en", "the cat sees", 30)}
    work = job(tmp_path / name, source, **inputs)
    step = {"data": data, "sequence_length": 32, "learning_rate": 5e-3, "batch_size": 4, **options}
    Pretrain.model_validate(step).run(work)
    return work


def test_a_mix_is_learnt_and_each_language_is_measured_as_it_goes(tmp_path):
    """English falls from nine tenths to a tenth; both are measured on documents of their own."""
    source = make_model(tmp_path / "base")
    options = {"max_steps": 20, "eval_rows": 4, "eval_steps": 10}
    work = mixed(tmp_path, source, {"ar": [0.1, 0.9], "en": [0.9, 0.1]}, **options)
    held_out = work.metrics["held_out"]
    assert set(held_out["after"]) == {"ar", "en"} and held_out["rows"] == 8
    for name in ("ar", "en"):
        assert [step for step, _ in held_out["curve"][name]] == [0, 10, 20]
        assert held_out["after"][name]["perplexity"] == held_out["curve"][name][-1][1]
        assert held_out["after"][name]["perplexity"] < held_out["before"][name]["perplexity"] / 2
        assert held_out["after"][name]["bits_per_byte"] < held_out["before"][name]["bits_per_byte"]
    shares = {name: part["share"] for name, part in work.metrics["mix"].items()}
    assert shares == pytest.approx({"ar": 0.5, "en": 0.5}, abs=0.03)
    assert work.metrics["tokens"] == 20 * 4 * 32
    assert work.metrics["rows"] == 56 + 26
    again = mixed(tmp_path, source, {"ar": [0.1, 0.9], "en": [0.9, 0.1]}, "again", **options)
    ours, theirs = weights(work.out / "model"), weights(again.out / "model")
    assert all((ours[name] == theirs[name]).all() for name in ours)


def test_an_epoch_is_as_long_as_all_datasets(tmp_path):
    work = mixed(tmp_path, make_model(tmp_path / "base"), {"ar": 1, "en": 3})
    mix = work.metrics["mix"]
    assert mix["en"]["share"] == pytest.approx(0.75, abs=0.02)
    assert mix["ar"]["passes"] < 1 < mix["en"]["passes"]


def test_weights_are_part_of_the_identity_and_datasets_are_inputs():
    def step(data):
        return Pretrain.model_validate({"data": data, "learning_rate": 1.0})

    one, other = step({"a": 0.5, "b": 0.5}), step({"a": 0.5, "b": [0.5, 0.1]})
    assert one.parameters() != other.parameters()
    assert [value for _, value, _ in one.references()] == ["a", "b"]
    assert [value for _, value, _ in step("a").references()] == ["a"]
    assert "weights" not in step("a").parameters() and "data" not in step("a").parameters()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": {}}, "name at least one"),
        ({"data": {"a": 0}}, "all weights are 0"),
        ({"data": {"a": 1}, "train_sampling_strategy": "group_by_length"}, "an order of its own"),
        ({"data": "a", "eval_steps": 5}, "eval_steps needs eval_rows"),
    ],
)
def test_wrong_parameters_are_refused(options, message):
    with pytest.raises(ValidationError, match=message):
        Pretrain.model_validate({"learning_rate": 1e-3} | options)
