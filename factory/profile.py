"""Where and how fast, never what: compute settings that are not part of a recipe or of any fingerprint."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from factory.errors import UsageError

FILE_NAME = "factory.toml"


class Profile(BaseModel):
    """One ``[profiles.<name>]`` table of factory.toml.

    `train_batch_size` counts samples per device; `gpu_hour` is US dollars.
    """

    model_config = ConfigDict(extra="forbid")

    device: str = Field("auto", description="auto, cpu, cuda or cuda:N")
    dtype: str = Field("auto", description="auto (bfloat16 on a GPU, float32 on a CPU), float32, bfloat16, float16")
    engine: str = "transformers"
    batch_size: int = Field(256, ge=1, description="prompts generated together, at most")
    batch_tokens: int = Field(32_768, ge=1, description="tokens of a batch, prompts and budgets together, at most")
    train_batch_size: int | None = Field(None, ge=1, description="per device; default: the recipe's batch size")
    threads: int | None = Field(None, ge=1, description="CPU threads for torch; default: all")
    devices: int = Field(1, ge=1, description="accelerators, for estimates of GPU-hours")
    gpu: str | None = Field(None, description="accelerator's name in the table of rates, e.g. h100")
    gpu_hour: float | None = Field(None, ge=0, description="US dollars per accelerator and hour")
    prompt_price: float | None = Field(None, ge=0, description="US dollars per million tokens an endpoint reads")
    completion_price: float | None = Field(None, ge=0, description="US dollars per million tokens an endpoint writes")

    def torch_device(self) -> str:
        import torch

        if self.device != "auto":
            return self.device
        return "cuda" if torch.cuda.is_available() else "cpu"

    def torch_dtype(self) -> str:
        if self.dtype != "auto":
            return self.dtype
        return "float32" if self.torch_device() == "cpu" else "bfloat16"


def load_profile(name: str | None, folder: Path | None = None) -> Profile:
    """The named profile of the nearest factory.toml at or above `folder`; the defaults where neither is given.

    Raises:
        UsageError: the file is not valid, or has no such profile.
    """
    import tomllib

    from pydantic import ValidationError

    start = (folder or Path.cwd()).absolute()
    path = next((p / FILE_NAME for p in [start, *start.parents] if (p / FILE_NAME).is_file()), None)
    if path is None:
        if name is None:
            return Profile.model_validate({})
        raise UsageError(f"no {FILE_NAME} with a profile {name!r}", fix=f"write [profiles.{name}] into ./{FILE_NAME}")
    try:
        profiles = tomllib.loads(path.read_text(encoding="utf-8")).get("profiles", {})
        if name is None:
            return Profile.model_validate(profiles.get("default", {}))
        if name not in profiles:
            raise UsageError(f"no profile {name!r}", where=str(path), fix=f"it has: {', '.join(profiles) or 'none'}")
        return Profile.model_validate(profiles[name])
    except tomllib.TOMLDecodeError as error:
        raise UsageError(str(error), where=str(path)) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(f"profile {name or 'default'}: {place}: {first['msg']}", where=str(path)) from None
