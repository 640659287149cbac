import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.steps.dpo import Dpo
from tests.steps.model_toys import CONFIGS, artifact, dataset, job, make_model, sentences, weights


def pairs(rows: int, seed: int = 0) -> list[dict]:
    """Short answers are preferred to long ones."""
    return [
        {
            "prompt": [{"role": "user", "content": text}],
            "chosen": [{"role": "assistant", "content": "cat"}],
            "rejected": [{"role": "assistant", "content": "the river walks"}],
        }
        for text in sentences(rows, seed)
    ]


def prefer(tmp_path, options, rows=None, source=None, name="out", held_out=None):
    source = source or make_model(tmp_path / "base")
    data = dataset(tmp_path / f"{name}-data", rows if rows is not None else pairs(24))
    if held_out:
        dataset(tmp_path / f"{name}-data", held_out, split="test")
    work = job(tmp_path / name, source, data=data)
    Dpo.model_validate({"data": "data", "learning_rate": 1e-3, "batch_size": 8} | options).run(work)
    return work


@pytest.mark.parametrize("kind", CONFIGS)
def test_each_architecture_takes_a_step(tmp_path, kind):
    source = make_model(tmp_path / "base", kind)
    work = prefer(tmp_path, {"max_steps": 1, "warmup_ratio": 0.0}, source=source)
    assert work.metrics["loss"]["first"] == pytest.approx(0.6931, abs=2e-3)  # ln 2: nothing is preferred yet
    ours, theirs = weights(work.out / "model"), weights(source.model)
    assert ours.keys() == theirs.keys() and any((ours[name] != theirs[name]).any() for name in ours)
    assert {path.name for path in work.out.iterdir()} == {"model"}


def test_the_margin_rises_on_pairs_it_never_saw(tmp_path):
    source = make_model(tmp_path / "base")
    work = prefer(tmp_path, {"epochs": 3, "eval_split": "test"}, source=source, held_out=pairs(8, seed=1))
    before, after = work.metrics["preference"]["before"], work.metrics["preference"]["after"]
    assert before["reward_margin"] == pytest.approx(0, abs=1e-5)
    assert after["reward_margin"] > 0.1 and after["reward_accuracy"] == 1
    assert after["log_probability_margin"] > before["log_probability_margin"] + 1
    assert after["reward_margin"] == pytest.approx(
        0.1 * (after["log_probability_margin"] - before["log_probability_margin"]), rel=1e-3
    )
    assert work.metrics["eval_loss"]["after"] < work.metrics["eval_loss"]["before"]


def test_adapters_are_merged_and_their_reference_is_the_model_without_them(tmp_path):
    source = make_model(tmp_path / "base", "llama")
    work = prefer(tmp_path, {"lora": {"r": 4}, "learning_rate": 1e-2}, source=source)
    ours, theirs = weights(work.out / "model"), weights(source.model)
    assert ours.keys() == theirs.keys()
    changed = {name for name in ours if not (ours[name] == theirs[name]).all()}
    assert changed and all("proj" in name for name in changed)
    assert work.metrics["loss"]["first"] == pytest.approx(0.6931, abs=2e-3)


def test_forms_of_rows_train_alike(tmp_path):
    """Messages with a prompt, messages that hold it, and texts that become turns."""
    source, rows = make_model(tmp_path / "base"), pairs(8)
    whole = [{side: row["prompt"] + row[side] for side in ("chosen", "rejected")} for row in rows]
    texts = [{name: row[name][0]["content"] for name in row} for row in rows]
    forms = {"prompt": rows, "whole": whole, "texts": texts}
    done = [weights(prefer(tmp_path, {}, form, source, name).out / "model") for name, form in forms.items()]
    for other in done[1:]:
        assert all((done[0][name] == other[name]).all() for name in other)


def test_every_shape_of_pair_is_read_and_what_teaches_nothing_is_counted(tmp_path):
    """A prompt beside whole conversations is not said twice; single turns, aliases of roles and parts are read."""
    from factory.models.models import load_tokenizer
    from factory.models.train.data import Examples
    from factory.models.train.preference_pairs import make_pair_encoder

    tokenizer = load_tokenizer(make_model(tmp_path / "base").model)
    ask, good, bad = (
        {"role": "user", "content": "cat"},
        {"role": "model", "content": "dog"},
        {"role": "gpt", "content": "sun"},
    )
    parts = [{"type": "text", "text": "dog"}]
    shapes = [
        {"prompt": "cat", "chosen": "dog", "rejected": "sun"},
        {"prompt": "cat", "chosen": [ask, good], "rejected": [ask, bad]},
        {"chosen": [ask, good], "rejected": [ask, bad]},
        {"prompt": [ask], "chosen": {"from": "gpt", "value": "dog"}, "rejected": {"from": "gpt", "value": "sun"}},
        {
            "prompt": [{"role": "User", "content": "cat"}],
            "chosen": [{"role": "assistant", "content": parts}],
            "rejected": [bad],
        },
    ]
    left_out = {
        "role 'narrator' is not known": {
            "prompt": [{"role": "narrator", "content": "x"}],
            "chosen": [good],
            "rejected": [bad],
        },
        "an answer is empty": {"prompt": "cat", "chosen": "", "rejected": "sun"},
        "column 'chosen' is empty": {"prompt": [ask], "chosen": None, "rejected": [bad]},
    }
    found = []
    for row in [*shapes, *left_out.values()]:
        encode = Examples(make_pair_encoder(tokenizer, list(row), None, True, "here"))
        found.append(encode(pa.Table.from_pylist([row])))
    assert [made["left_out"][0] for made in found] == ["", "", "", "", "", *left_out]
    assert all(made == found[0] for made in found[: len(shapes)])


def test_plain_text_needs_no_template(tmp_path):
    source = make_model(tmp_path / "base", chat_template=None)
    rows = [{"prompt": "the cat ", "chosen": "sees", "rejected": "a big red house"}] * 8
    with pytest.raises(FactoryError, match=r"no chat template .*chat: false"):
        prefer(tmp_path, {}, rows, source)
    work = prefer(tmp_path, {"chat": False, "epochs": 4, "learning_rate": 1e-2}, rows, source, "plain")
    assert work.metrics["loss"]["last"] < 0.5


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([{"prompt": "a", "chosen": "b"}], {}, "no column 'rejected' in the preference data"),
        ([{"prompt": "a", "chosen": "b", "rejected": "b"}], {}, "no row is left to train on: .*the answers are equal"),
        (
            [{"prompt": "a", "chosen": "b", "rejected": None}],
            {},
            r"no row is left .*; column 'rejected' is empty \(1\)",
        ),
        (pairs(4), {"eval_split": "test"}, "data has no split 'test'"),
    ],
)
def test_wrong_data_is_one_clear_line(tmp_path, rows, options, message):
    with pytest.raises(FactoryError, match=message) as error:
        prefer(tmp_path, options, rows)
    assert error.value.where == "recipe.yaml:7:5"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_smoothing": 0.1}, "label_smoothing is for"),
        ({"loss_type": "exo_pair"}, "needs label_smoothing"),
        ({"loss_type": "best"}, "loss_type"),
        ({"patience": 2}, "give eval_steps"),
        ({"eval_steps": 2}, "eval_steps needs eval_split"),
    ],
)
def test_wrong_parameters_are_refused(options, message):
    with pytest.raises(ValidationError, match=message):
        Dpo.model_validate({"data": "d", "learning_rate": 1e-3} | options)


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.steps.model_toys import artifact, job
from factory.steps.dpo import Dpo
from factory.models.train import checkpoints

seal = checkpoints.seal

def sealed_and_dead(checkpoint, **options):
    seal(checkpoint, **options)
    os.kill(os.getpid(), signal.SIGKILL)

checkpoints.seal = sealed_and_dead
root = Path(sys.argv[1])
work = job(root / "killed", artifact(root / "base"), data=artifact(root / "data", "dataset"))
Dpo.model_validate_json(sys.argv[2]).run(work)
"""


def test_kill_9_and_resume_give_the_uninterrupted_model(tmp_path):
    """The reference stays the model before training. Weights agree to 1e-6."""
    source, data = make_model(tmp_path / "base"), dataset(tmp_path / "data", pairs(40))
    step = Dpo(data="data", learning_rate=1e-3, batch_size=8, epochs=2)
    whole = job(tmp_path / "whole", source, data=data)
    step.run(whole)
    command = [sys.executable, "-c", KILLED, str(tmp_path), step.model_dump_json()]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    killed = subprocess.run(command, capture_output=True, cwd=Path(__file__).parents[2], env=environment)
    assert killed.returncode == -9
    assert [path.name for path in (tmp_path / "killed" / "checkpoints").iterdir()] == ["checkpoint-1"]
    resumed = job(tmp_path / "killed", artifact(tmp_path / "base"), data=data)
    step.run(resumed)
    ours, theirs = weights(resumed.out / "model"), weights(whole.out / "model")
    assert max((ours[name] - theirs[name]).abs().max().item() for name in theirs) < 1e-6
    first, second = (dict(work.metrics["loss"]["curve"]) for work in (whole, resumed))
    assert second == pytest.approx(first, abs=1e-5)
