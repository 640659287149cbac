"""The engines. A module here that holds an `Engine` is one: its file name is what a profile writes."""

import json
from functools import cache
from pathlib import Path

from factory.engines.base import Completion, Engine, LogProbability, Request, Scorer, State
from factory.errors import UsageError, nearest
from factory.profile import Profile
from factory.resources import one_a_module

__all__ = [
    "Completion", "Engine", "LogProbability", "Request", "Scorer", "engine_for", "engines", "local_engine",
    "scorer_for", "scoring_engine", "states",
]  # fmt: skip

ENDPOINT = "openai"  # asked for models behind an endpoint, and for no other
ENDPOINT_FILE = "endpoint.json"  # {model: its name there, answers_as: the `model` that its answers state}


@cache
def engines() -> dict[str, type[Engine]]:
    """All engines by name. Importing them is cheap: each imports its heavy libraries when it is opened."""
    return one_a_module(__name__, Engine)


def states() -> dict[str, State]:
    """By name, AutoTrain among them, what is found on disk; nothing is imported."""
    from factory.engines.environments import find

    return {name: kind.state() for name, kind in engines().items()} | {"autotrain": find("autotrain").state()}


def engine_for(
    model: Path,
    profile: Profile,
    *,
    trust_remote_code: bool = False,
    endpoint: str | None = None,
    pictures: bool = False,
) -> Engine:
    """Who generates with a model, as a context manager that frees it at its end.

    A folder of weights is loaded by the profile's engine on this machine. With `endpoint` it is a model that this
    endpoint of the profile answers for, and the folder holds `ENDPOINT_FILE` alone. `pictures`: it will be asked
    about pictures.

    Raises:
        UsageError: the profile names an engine that this version does not have, or lacks the endpoint.
        FactoryError: the folder holds no model that can generate.
    """
    if endpoint is not None:
        from factory.engines.openai import OpenAIEngine

        declared = json.loads((model / ENDPOINT_FILE).read_bytes())
        return OpenAIEngine(declared["model"], profile.endpoint(endpoint), declared["answers_as"])
    kind = engines()[local_engine(profile, architecture(model), pictures=pictures)]
    return kind(model, profile, trust_remote_code=trust_remote_code)


def scorer_for(model: Path, profile: Profile, *, trust_remote_code: bool = False) -> Engine:
    """Who says how likely texts are under a model on this machine, as a context manager: a `Scorer`, too.

    Raises:
        UsageError: the profile names an engine that this version does not have, or one that cannot say.
    """
    kind = engines()[scoring_engine(profile, architecture(model))]
    return kind(model, profile, trust_remote_code=trust_remote_code)


def scoring_engine(profile: Profile, architecture: str | None = None) -> str:
    """The profile's engine for that, as in `local_engine`; in place of ``ray`` what its actors run, here.

    Raises:
        UsageError: as `scorer_for`.
    """
    name = local_engine(profile, architecture)
    if name == "ray":
        name = local_engine(profile.model_copy(update={"engine": profile.ray.engine}), architecture)
    if not issubclass(engines()[name], Scorer):
        able = [known for known, kind in engines().items() if issubclass(kind, Scorer)]
        raise UsageError(f"the engine {name} does not say how likely texts are", fix=f"set one of: {', '.join(able)}")
    return name


def local_engine(profile: Profile, architecture: str | None = None, *, pictures: bool = False) -> str:
    """The engine that runs a model on this machine: the profile's or, for ``auto``, the best that can.

    That is vllm where its environment is installed, a GPU is there and it knows the architecture (the class that
    config.json names; None: not known yet, taken to be one it knows), and transformers otherwise. With `pictures` it
    is one that can be asked about them.

    Raises:
        UsageError: the profile names an engine that this version does not have, or that is not asked about pictures.
    """
    said = "auto" if profile.engine == ENDPOINT else profile.engine
    if said != "auto":
        local = ["auto", *(name for name in engines() if name != ENDPOINT)]
        if said not in local:
            raise UsageError(f"unknown engine {said!r} in the profile{nearest(said, local)}")
        if pictures and not engines()[said].sees:
            raise UsageError(f"the engine {said} is not asked about pictures here", fix="set engine = transformers")
        return said
    if pictures:
        return "transformers"
    from factory.engines.environments import find, has_gpu

    if profile.device == "cpu" or not has_gpu() or not (environment := find("vllm")).installed:
        return "transformers"
    return "vllm" if architecture is None or environment.knows(architecture) else "transformers"


def architecture(model: Path) -> str | None:
    """The class that a model folder's config.json names; None where it names none."""
    try:
        named = json.loads((model / "config.json").read_bytes())["architectures"]
        return str(named[0])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None
