"""The configuration as AutoTrain's own parser reads it is tested where AutoTrain is installed: test_autotrain.py."""

import pytest
from pydantic import ValidationError

from factory.models.train.autotrain.config import autotrain_config, for_transformers_4, problems
from factory.models.train.autotrain.worker import read_line
from factory.steps.sft import Sft

POSSIBLE = {
    "data": "chats",
    "backend": "autotrain",
    "packing": True,
    "assistant_only_loss": False,
    "learning_rate": 1e-4,
}


def config(**options):
    step = Sft.model_validate(POSSIBLE | options)
    return autotrain_config(
        step, model="model", data="data", per_device=4, accumulation=2, precision="bf16", checkpointing=True
    )


def test_every_parameter_of_the_step_arrives():
    found = config(
        epochs=3,
        lr_scheduler_type="linear",
        warmup_ratio=0.1,
        weight_decay=0.01,
        max_grad_norm=0.5,
        max_length=512,
        learning_rate=3e-5,
    )
    assert (found["task"], found["backend"], found["log"]) == ("llm-sft", "local", "none")
    assert found["hub"] == {"username": None, "token": None, "push_to_hub": False}
    params = found["params"]
    assert (params["lr"], params["epochs"], params["scheduler"]) == (3e-5, 3, "linear")
    assert (params["warmup_ratio"], params["weight_decay"], params["max_grad_norm"]) == (0.1, 0.01, 0.5)
    assert params["block_size"] == params["model_max_length"] == 512
    assert params["batch_size"] * params["gradient_accumulation"] == 8
    assert params["mixed_precision"] == "bf16" and params["disable_gradient_checkpointing"] is False
    assert params["peft"] is False and params["quantization"] is None, "not the 4 bits it takes by default"
    assert found["project_name"].isalnum()


def test_adapters():
    params = config(lora={"r": 4, "lora_alpha": 8, "lora_dropout": 0.1, "target_modules": ["q_proj", "v_proj"]})[
        "params"
    ]
    assert (params["peft"], params["merge_adapter"], params["target_modules"]) == (True, False, "q_proj,v_proj")
    assert (params["lora_r"], params["lora_alpha"], params["lora_dropout"]) == (4, 8, 0.1)
    assert config(lora={})["params"]["target_modules"] == "all-linear"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"packing": False}, "it always packs: packing: true"),
        ({"assistant_only_loss": True}, "assistant_only_loss: false"),
        ({"epochs": 0.5}, "whole epochs"),
        ({"max_steps": 10}, "no max_steps"),
        ({"max_length": None}, "it packs to a length"),
        ({"eval_split": "test"}, "no eval_split"),
        ({"train_sampling_strategy": "group_by_length"}, "no train_sampling_strategy"),
        ({"seed": 1}, "its seed is always 42"),
        ({"lora": {"target_modules": ".*q_proj"}}, "a list of names"),
    ],
)
def test_what_autotrain_does_not_do_is_refused(options, said):
    with pytest.raises(ValidationError, match=f"AutoTrain cannot do this: .*{said}"):
        Sft.model_validate(POSSIBLE | options)
    assert Sft.model_validate(POSSIBLE | options | {"backend": "trl"}).backend == "trl"


def test_all_reasons_at_once():
    step = Sft.model_validate({"data": "x", "learning_rate": 1e-4, "max_steps": 5})
    assert len(problems(step)) == 3


def test_backend_is_part_of_the_identity():
    assert Sft.model_validate(POSSIBLE).parameters() != Sft.model_validate(POSSIBLE | {"backend": "trl"}).parameters()


def test_names_of_transformers_4():
    new = {
        "model_type": "llama",
        "rope_parameters": {"rope_theta": 500000.0, "rope_type": "default"},
        "dtype": "bfloat16",
    }
    assert for_transformers_4(new) == {
        "model_type": "llama",
        "rope_theta": 500000.0,
        "rope_scaling": None,
        "torch_dtype": "bfloat16",
    }
    scaled = {"rope_theta": 1e4, "rope_type": "llama3", "factor": 8.0}
    assert for_transformers_4({"model_type": "llama", "rope_parameters": scaled})["rope_scaling"] == {
        "rope_type": "llama3",
        "factor": 8.0,
    }


def test_layers_that_would_be_built_otherwise_are_refused():
    sliding, full = "sliding_attention", "full_attention"
    cohere = {"model_type": "cohere2", "layer_types": [sliding, sliding, sliding, full] * 2}
    assert for_transformers_4(cohere)["sliding_window_pattern"] == 4
    assert for_transformers_4({"model_type": "gemma2", "layer_types": [sliding, full] * 2})["model_type"] == "gemma2"
    for config in (
        {"model_type": "gemma2", "layer_types": [full, sliding]},
        {"model_type": "cohere2", "layer_types": [sliding, full, full, sliding]},
        {"model_type": "qwen2", "layer_types": [full, sliding]},
    ):
        with pytest.raises(ValueError, match="alternate otherwise"):
            for_transformers_4(config)


def test_lines_of_the_log():
    line = "INFO     | 2026-01-01 00:00:00 | autotrain.trainers.common:on_log:367 - {'loss': 2.5, 'epoch': 0.5}\n"
    assert read_line(line) == {"log": {"loss": 2.5, "epoch": 0.5}}
    assert read_line(f" 94%|█▌| 15/16 [00:02<00:00,  5.47it/s]{line}") == read_line(line)
    failed = "ERROR    | 2026-01-01 00:00:00 | autotrain.trainers.common:wrapper:216 - out - of memory\n"
    assert read_line(failed) == {"error": "out - of memory"}
    for other in (
        "INFO | x | y - {broken",
        "INFO | x | y - {'a': 1}",
        "  File 'x'",
        "INFO | x | y - {1: open('x')}",
        "",
    ):
        assert read_line(other) == {}
