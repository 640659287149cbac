import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.errors import FactoryError
from factory.models.train.distributed import accelerate_config, check_strategy, processes
from factory.models.train.run import TrainingRun
from factory.profile import Profile
from factory.steps.sft import Sft
from tests.steps.model_toys import CONFIGS, artifact, chats, dataset, job, make_model, weights

TWO = Profile(device="cpu", threads=1, devices=2, strategy="ddp")
STEP = Sft(
    data="data",
    learning_rate=1e-2,
    batch_size=8,
    epochs=2,
    eval_split="test",
    eval_steps=8,
    lr_scheduler_type="cosine",
)


def make_data(folder):
    dataset(folder, chats(8, seed=3), split="test")
    return dataset(folder, chats(64))


def test_how_many_processes():
    assert processes(Profile(device="cpu")) == processes(Profile(device="cpu", devices=8)) == 1
    assert processes(TWO) == 2
    assert processes(Profile(device="cuda", devices=8)) == 8


def test_what_cannot_work_is_refused_before_anything_starts():
    with pytest.raises(FactoryError, match=r"strategy fsdp divides .* CPU .strategy: ddp"):
        check_strategy(Profile(device="cpu", devices=2, strategy="fsdp"), "")
    with pytest.raises(FactoryError, match=r"8 devices, and \d GPUs are visible"):
        check_strategy(Profile(device="cuda", devices=8), "")


@pytest.mark.parametrize("strategy", ["ddp", "fsdp", "deepspeed"])
def test_accelerate_reads_the_configuration(tmp_path, strategy):
    """Through accelerate's own classes, down to the plugin that each process makes of its environment."""
    from accelerate.commands.config.config_args import load_config_from_file
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils import DeepSpeedPlugin, FullyShardedDataParallelPlugin, patch_environment
    from accelerate.utils.launch import prepare_deepspeed_cmd_env, prepare_multi_gpu_env

    arguments = {"bf16": True, "fp16": False, "gradient_accumulation_steps": 4, "max_grad_norm": 1.0}
    work = TrainingRun(trainer="sft", model=Path("model"), arguments=arguments)
    path = tmp_path / "accelerate.yaml"
    path.write_text(yaml.safe_dump(accelerate_config(Profile(device="cuda", devices=8, strategy=strategy), work)))
    loaded = load_config_from_file(str(path))
    kinds = {"ddp": "MULTI_GPU", "fsdp": "FSDP", "deepspeed": "DEEPSPEED"}
    assert (loaded.distributed_type, loaded.num_processes, loaded.mixed_precision) == (kinds[strategy], 8, "bf16")
    args = launch_command_parser().parse_args(["--config_file", str(path), "-m", "module"])
    args = _validate_launch_command(args)[0]
    assert (args.multi_gpu, args.use_fsdp, args.use_deepspeed) == tuple(
        strategy == k for k in ("ddp", "fsdp", "deepspeed")
    )
    if strategy == "deepspeed":
        args.deepspeed_fields_from_accelerate_config = ",".join(loaded.deepspeed_config)  # as launch_command does
        with patch_environment(**prepare_deepspeed_cmd_env(args)[1]):
            plugin = DeepSpeedPlugin()
            plugin.set_mixed_precision("bf16")
        config: dict[str, Any] = plugin.deepspeed_config
        zero = config["zero_optimization"]
        assert zero["stage"] == 3 and zero["stage3_gather_16bit_weights_on_model_save"]
        assert zero["offload_param"]["device"] == zero["offload_optimizer"]["device"] == "none"
        assert (config["gradient_accumulation_steps"], config["gradient_clipping"]) == (4, 1.0)
        assert config["bf16"]["enabled"] and plugin.zero3_init_flag
    if strategy == "fsdp":
        with patch_environment(**prepare_multi_gpu_env(args)):
            plugin = FullyShardedDataParallelPlugin()
        assert plugin.fsdp_version == 2 and plugin.cpu_ram_efficient_loading and plugin.reshard_after_forward
        assert not plugin.activation_checkpointing
        assert str(plugin.state_dict_type).endswith("SHARDED_STATE_DICT")


@pytest.mark.parametrize("kind", CONFIGS)
def test_fsdp_divides_every_architecture_by_its_layers(kind):
    """By accelerate's own policy; without one, a whole model would be gathered at once."""
    from accelerate.utils import FullyShardedDataParallelPlugin
    from accelerate.utils.fsdp_utils import fsdp2_prepare_auto_wrap_policy
    from transformers import AutoConfig, AutoModelForCausalLM

    work = TrainingRun(trainer="sft", model=Path("model"), arguments={"bf16": True, "fp16": False})
    options = accelerate_config(Profile(device="cuda", devices=8, strategy="fsdp"), work)["fsdp_config"]
    plugin = FullyShardedDataParallelPlugin(
        fsdp_version=options["fsdp_version"], auto_wrap_policy=options["fsdp_auto_wrap_policy"].lower()
    )
    config = AutoConfig.for_model(**CONFIGS[kind] | {"vocab_size": 64, "num_hidden_layers": 3, "full_attn_idxs": [1]})
    model = AutoModelForCausalLM.from_config(config)
    policy = fsdp2_prepare_auto_wrap_policy(plugin, model)
    assert policy is not None
    assert {name for name, module in model.named_modules() if policy(module)} == {
        f"model.layers.{number}" for number in range(3)
    }


def gap(first, second):
    ours, theirs = weights(first), weights(second)
    assert ours.keys() == theirs.keys()
    return max((ours[name] - theirs[name]).abs().max().item() for name in ours)


def test_two_processes_give_what_one_gives(tmp_path):
    """Losses agree to 1e-4, weights to 1e-5: sums come in another order."""
    source, data = make_model(tmp_path / "base"), make_data(tmp_path / "data")
    one, two = job(tmp_path / "one", source, data=data), job(tmp_path / "two", source, TWO, data=data)
    STEP.run(one)
    STEP.run(two)
    assert gap(one.out / "model", two.out / "model") < 1e-5
    assert dict(two.metrics["loss"]["curve"]) == pytest.approx(dict(one.metrics["loss"]["curve"]), abs=1e-4)
    assert dict(two.metrics["eval_loss"]["curve"]) == pytest.approx(dict(one.metrics["eval_loss"]["curve"]), abs=1e-4)
    assert two.metrics["tokens"] == one.metrics["tokens"] == two.progress.counts["tokens"]
    assert {path.name for path in two.out.iterdir()} == {"model"}


RUN = """
import sys
from pathlib import Path
from tests.steps.model_toys import CONFIGS, artifact, job
from tests.models.train.test_distributed import STEP, TWO

root = Path(sys.argv[1])
STEP.run(job(root / "killed", artifact(root / "base"), TWO, data=artifact(root / "data", "dataset")))
"""


@pytest.mark.slow
def test_kill_9_leaves_no_process_behind_and_a_resume_gives_the_same_model(tmp_path):
    import psutil

    source, data = make_model(tmp_path / "base"), make_data(tmp_path / "data")
    whole = job(tmp_path / "whole", source, data=data)
    STEP.run(whole)
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path)], cwd=Path(__file__).parents[3], env=environment
    )
    checkpoints = tmp_path / "killed" / "checkpoints"
    while not list(checkpoints.glob("*/complete")):
        assert process.poll() is None
        time.sleep(0.02)
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 3  # the launcher and two workers
    process.send_signal(signal.SIGKILL)
    process.wait()
    alive = psutil.wait_procs(children, timeout=60)[1]
    assert not alive, alive

    resumed = job(tmp_path / "killed", artifact(tmp_path / "base"), TWO, data=data)
    STEP.run(resumed)
    assert gap(whole.out / "model", resumed.out / "model") < 1e-5
    assert resumed.metrics["steps"] == whole.metrics["steps"] == 16
    assert resumed.metrics["loss"]["last"] == pytest.approx(whole.metrics["loss"]["last"], abs=1e-4)
