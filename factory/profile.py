"""Where and how fast, never what: compute settings that are not part of a recipe or of any fingerprint."""

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from factory.errors import UsageError, nearest

FILE_NAME = "factory.toml"
KEEP_MINUTES = 30.0


TAKEN = {"model", "messages", "prompt", "stream", "n", "max_tokens", "max_completion_tokens"}  # of a request's body


class Endpoint(BaseModel):
    """``[profiles.<profile>.endpoints.<name>]``: a server that speaks OpenAI's completions protocol.

    It answers for the models that a recipe declares as ``from: {endpoint: <name>, model: …}``, and for no other.
    """

    model_config = ConfigDict(extra="forbid")

    base_url: str = Field(pattern="^https?://", description="up to and with /v1, e.g. http://127.0.0.1:8000/v1")
    api_key_env: str | None = Field(None, description="name of the environment variable that holds the key")
    concurrency: int = Field(256, ge=1, description="requests in flight, at most; fewer while the server is pressed")
    timeout: float = Field(600, gt=0, description="seconds for the whole of one request")
    retries: int = Field(8, ge=0, description="of one request, after 408, 409, 425, 429, 5xx and broken connections")
    max_wait: float = Field(60, gt=0, description="seconds between two tries, at most, unless the server says longer")
    token_limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    body: dict[str, Any] = Field({}, description="more fields for the body of every request")
    prompt_price: float | None = Field(None, ge=0, description="US dollars per million tokens it reads")
    completion_price: float | None = Field(None, ge=0, description="US dollars per million tokens it writes")

    @field_validator("body")
    @classmethod
    def _not_what_is_asked(cls, value: dict[str, Any]) -> dict[str, Any]:
        if taken := sorted(value.keys() & TAKEN):
            raise ValueError(
                f"{', '.join(taken)} cannot be set here: the recipe says what is asked, and of which model"
            )
        return value

    def dollars(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """The price of so many tokens; None where none is stated."""
        if self.prompt_price is None and self.completion_price is None:
            return None
        read, written = self.prompt_price or 0.0, self.completion_price or 0.0
        return (prompt_tokens * read + completion_tokens * written) / 1e6


class OldEndpoint(Endpoint):
    """``[profiles.<name>.openai]`` of the release before: the endpoint called ``openai``; `model` is not read."""

    model: str | None = None


class Vllm(BaseModel):
    """``[profiles.<name>.vllm]``: the worker process of the vllm engine."""

    model_config = ConfigDict(extra="forbid")

    options: dict[str, Any] = Field({}, description="arguments of vllm.LLM, e.g. tensor_parallel_size = 4")
    environment: dict[str, str] = Field({}, description="environment variables of the process")
    restarts: int = Field(3, ge=0, description="of a process that dies again and again without an answer between")
    silence: float = Field(600, gt=0, description="seconds without a sign of life after which it is restarted")
    verify: bool = Field(True, description="compare log-probabilities with transformers, once per model")


class Ray(BaseModel):
    """``[profiles.<name>.ray]``: actors that each hold one of the other engines."""

    model_config = ConfigDict(extra="forbid")

    engine: Literal["auto", "transformers", "vllm", "openai"] = "auto"
    address: str | None = Field(None, description="of a running cluster, e.g. auto; default: one on this machine")
    workers: int | None = Field(None, ge=1, description="actors; default: one per accelerator, or one per CPU core")
    cpus: float = Field(1, gt=0, description="cores that an actor claims")
    gpus: float | None = Field(
        None, ge=0, description="accelerators that an actor claims; default: 1 where there are any"
    )
    batch_size: int | None = Field(None, ge=1, description="prompts handed to an actor at once; default: batch_size")


class HubJobs(BaseModel):
    """``[profiles.<name>.jobs]``: the Hub Job that ``factory publish --on hf-jobs`` submits."""

    model_config = ConfigDict(extra="forbid")

    flavor: str = Field(description="hardware, as `hf jobs hardware` lists it, e.g. a100-large")
    timeout: str = Field("24h", description="after which the Hub stops the job: 90m, 24h, 3d")
    image: str | None = Field(None, description="container with uv; default: the Hub's client's")
    python: str = Field("3.12", description="version that uv runs")
    secrets: list[str] = Field([], description="names of environment variables sent as secrets, beside HF_TOKEN")
    namespace: str | None = Field(None, description="who pays for the job; default: the recipe's namespace")
    repo: str | None = Field(None, description="private dataset for bundles and steps; default: factory-<recipe>")
    keep_every: float = Field(KEEP_MINUTES, gt=0, description="minutes between two copies of the step at work")


class Profile(BaseModel):
    """One ``[profiles.<name>]`` table of factory.toml.

    `train_batch_size` counts samples per device; `gpu_hour` is US dollars.
    """

    model_config = ConfigDict(extra="forbid")

    device: str = Field("auto", description="auto, cpu, cuda or cuda:N")
    dtype: str = Field("auto", description="auto (bfloat16 on a GPU, float32 on a CPU), float32, bfloat16, float16")
    engine: str = Field("auto", description="who generates with models on this machine: auto, transformers, vllm, ray")
    loading: float = Field(3600, gt=0, description="seconds that an engine may take to load a model; then it is ended")
    batch_size: int = Field(256, ge=1, description="prompts generated together, at most")
    batch_tokens: int = Field(32_768, ge=1, description="tokens of a batch, prompts and budgets together, at most")
    train_batch_size: int | None = Field(None, ge=1, description="per device; default: the recipe's batch size")
    threads: int | None = Field(None, ge=1, description="CPU threads for torch; default: all")
    devices: int = Field(1, ge=1, description="accelerators that train together, and that estimates divide by")
    strategy: Literal["ddp", "fsdp", "deepspeed"] | None = Field(
        None, description="how several devices share a training: ddp (default), fsdp or deepspeed where it must be cut"
    )
    gradient_checkpointing: bool = Field(
        False, description="recompute activations in training, where the recipe does not say: less memory, slower"
    )
    report_to: Literal["none", "trackio"] = Field("none", description="where training runs are logged besides here")
    gpu: str | None = Field(None, description="accelerator's name in the table of rates, e.g. h100")
    gpu_hour: float | None = Field(None, ge=0, description="US dollars per accelerator and hour")
    generation_gpu: str | None = Field(
        None, description="accelerator that estimates let generate and evaluate, where it is another than `gpu`"
    )
    generation_devices: int | None = Field(None, ge=1, description="how many of those; default: devices")
    generation_gpu_hour: float | None = Field(None, ge=0, description="US dollars per one of those and hour")
    prompt_price: float | None = Field(None, ge=0, description="of endpoints that state none themselves")
    completion_price: float | None = Field(None, ge=0, description="of endpoints that state none themselves")
    endpoints: dict[str, Endpoint] = Field({}, description="servers by the names that recipes give them")
    openai: OldEndpoint | None = Field(None, description="old word, read for this release only: endpoints.openai")
    jobs: HubJobs | None = None
    vllm: Vllm = Field(default_factory=lambda: Vllm.model_validate({}))
    ray: Ray = Field(default_factory=lambda: Ray.model_validate({}))

    @property
    def notes(self) -> list[str]:
        """What to write in place of old words."""
        found = []
        if "openai" in (self.engine, self.ray.engine):
            found.append(
                '`engine = "openai"` is an old word, read for this release only: models run here, by "auto"; '
                "one behind an endpoint is declared in the recipe, `from: {endpoint: NAME, model: …}`"
            )
        if self.openai is not None:
            found.append("`[….openai]` is an old word, read for this release only: write `[….endpoints.openai]`")
        return found

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint that a recipe calls `name`, with the profile's prices where it states none.

        Raises:
            UsageError: the profile has none of that name.
        """
        known = {**({"openai": self.openai} if self.openai else {}), **self.endpoints}
        if name not in known:
            table = f'write [profiles.NAME.endpoints.{name}] with base_url = "…/v1" into {FILE_NAME}'
            raise UsageError(f"the profile has no endpoint {name!r}{nearest(name, known)}", fix=table)
        prices = {key: getattr(self, key) for key in ("prompt_price", "completion_price")}
        found = known[name]
        unpriced = found.prompt_price is None and found.completion_price is None
        return found.model_copy(update=prices) if unpriced else found

    def torch_device(self) -> str:
        import torch

        if self.device != "auto":
            return self.device
        return "cuda" if torch.cuda.is_available() else "cpu"

    def torch_dtype(self) -> str:
        if self.dtype != "auto":
            return self.dtype
        return "float32" if self.torch_device() == "cpu" else "bfloat16"


def profile_file(folder: Path | None = None) -> Path | None:
    """The nearest factory.toml at or above `folder`, by default the working folder; None where there is none."""
    start = (folder or Path.cwd()).absolute()
    return next((p / FILE_NAME for p in [start, *start.parents] if (p / FILE_NAME).is_file()), None)


def load_profile(name: str | None, folder: Path | None = None) -> Profile:
    """The named profile of the nearest factory.toml at or above `folder`; the defaults where neither is given.

    Raises:
        UsageError: the file is not valid, or has no such profile.
    """
    path = profile_file(folder)
    if path is None:
        if name is None:
            return Profile.model_validate({})
        raise UsageError(f"no {FILE_NAME} with a profile {name!r}", fix=f"write [profiles.{name}] into ./{FILE_NAME}")
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
        profiles = content.get("profiles", {})
        if unknown := sorted(content.keys() - {"profiles"}):
            raise UsageError(f"no such table: {', '.join(unknown)}", where=str(path), fix="tables are [profiles.NAME]")
        if not isinstance(profiles, dict):
            raise UsageError("`profiles` is no table", where=str(path), fix="tables are [profiles.NAME]")
        if name is None:
            return Profile.model_validate(profiles.get("default", {}))
        if name not in profiles:
            raise UsageError(f"no profile {name!r}", where=str(path), fix=f"it has: {', '.join(profiles) or 'none'}")
        return Profile.model_validate(profiles[name])
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except ValidationError as error:
        said = [f"{'.'.join(map(str, each['loc']))}: {_message(each)}" for each in error.errors()]
        raise UsageError(f"profile {name or 'default'}: {'; '.join(said)}", where=str(path)) from None
    except (ValueError, RecursionError) as error:  # no TOML, not UTF-8, a number or nesting past Python's limits
        raise UsageError(f"not valid TOML: {str(error)[:200]}", where=str(path)) from None


TABLES: dict[Any, type[BaseModel]] = {
    "endpoints": Endpoint,
    "openai": OldEndpoint,
    "vllm": Vllm,
    "ray": Ray,
    "jobs": HubJobs,
}


def _message(problem: Any) -> str:
    if problem["type"] != "extra_forbidden":
        return problem["msg"]
    *table, key = problem["loc"]
    keys = (TABLES[table[0]] if table else Profile).model_fields
    return f"no such key{nearest(key, keys, 99)}"
