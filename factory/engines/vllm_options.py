"""How vLLM is started for a model on this machine: arguments of `vllm.LLM` and environment variables."""

import json
import os
from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from factory.profile import Profile

CPU_CACHE_GIB = (1, 8)  # at least, at most; a tenth of the free memory between them
CPU_SEQUENCES = 256
SECRETS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
OF_THIS_ENVIRONMENT = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


def llm_options(model: Path, profile: Profile, *, trust_remote_code: bool = False) -> dict[str, Any]:
    """Arguments of `vllm.LLM`; the profile's own win.

    Raises:
        FactoryError: vLLM would compute something else than the model does.
    """
    options: dict[str, Any] = {
        "model": str(model.absolute()),
        "dtype": profile.torch_dtype(),
        "skip_tokenizer_init": True,
        "generation_config": "vllm",  # none of the model's sampling settings: decoding is greedy
        "trust_remote_code": trust_remote_code,
        "disable_log_stats": True,
    }
    if profile.torch_device() == "cpu":
        options |= {"gpu_memory_utilization": 0.3, "max_num_seqs": CPU_SEQUENCES}
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    packed = config.get("quantization_config", {}).get("format") == "pack-quantized"
    if packed and profile.torch_device() == "cpu" and (options | profile.vllm.options)["dtype"] == "float32":
        raise FactoryError(
            "vLLM's kernel for 4-bit weights on a CPU computes in 16 bits, and the profile in 32",
            where=str(model),
            fix='dtype = "bfloat16" in the profile',
        )
    if config.get("model_type") == "lfm2":
        options |= _lfm2(config, model)
    return options | profile.vllm.options


def _lfm2(config: dict[str, Any], model: Path) -> dict[str, Any]:
    """vLLM reads two widths that transformers no longer writes, and always ties the output to the embeddings."""
    if not config.get("tie_word_embeddings", config.get("tie_embedding", True)):
        raise FactoryError(
            "vLLM ties the output layer of LFM2 models to the embeddings, and this model's are apart",
            where=str(model),
            fix='use engine = "transformers" in the profile',
        )
    width = config["hidden_size"]
    return {"hf_overrides": {name: config.get(name, width) for name in ("conv_dim", "block_dim")}}


def process_environment(profile: Profile) -> dict[str, str]:
    """What the process inherits: no tokens, no Python paths of this environment, no network."""
    left_out = {*SECRETS, *OF_THIS_ENVIRONMENT}
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    environment |= {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "VLLM_WORKER_MULTIPROC_METHOD": "spawn"}
    device = profile.torch_device()
    if device.startswith("cuda:"):
        environment["CUDA_VISIBLE_DEVICES"] = device.removeprefix("cuda:")
    if device == "cpu":
        import psutil

        least, most = CPU_CACHE_GIB
        cache = int(min(most, max(least, psutil.virtual_memory().available / 2**30 / 10)))
        environment.setdefault("VLLM_CPU_KVCACHE_SPACE", str(cache))
        environment["VLLM_CPU_NUM_OF_RESERVED_CPU"] = "0"  # else one core idles
        if profile.threads:
            environment |= {"OMP_NUM_THREADS": str(profile.threads), "VLLM_CPU_OMP_THREADS_BIND": "nobind"}
    return environment | profile.vllm.environment
