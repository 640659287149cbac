import pytest

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
        ({"text": "body"}, "no column 'body' in text.*it has text, language"),
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
