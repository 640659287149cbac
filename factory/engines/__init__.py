"""Engines by name; the profile chooses, the recipe never does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from factory.engines.base import Completion, Engine, LogProbability, Request, Scorer
from factory.errors import UsageError

if TYPE_CHECKING:
    from factory.profile import Profile

__all__ = ["ENGINES", "Completion", "Engine", "LogProbability", "Request", "Scorer", "engine_for"]

ENGINES = ("transformers", "vllm", "openai", "ray")


def engine_for(model: Path, profile: Profile, *, trust_remote_code: bool = False) -> Engine:
    """The profile's engine over a model folder, as a context manager that frees the model at its end.

    Raises:
        UsageError: the profile names an engine that this version does not have.
        FactoryError: the folder holds no model that can generate.
    """
    if profile.engine == "transformers":
        from factory.engines.transformers import TransformersEngine

        return TransformersEngine(model, profile, trust_remote_code=trust_remote_code)
    if profile.engine == "openai":
        from factory.engines.openai import OpenAIEngine

        return OpenAIEngine(model, profile, trust_remote_code=trust_remote_code)
    if profile.engine == "vllm":
        from factory.engines.vllm import VllmEngine

        return VllmEngine(model, profile, trust_remote_code=trust_remote_code)
    if profile.engine == "ray":
        from factory.engines.ray import RayEngine

        return RayEngine(model, profile, engine_for, trust_remote_code=trust_remote_code)
    raise UsageError(f"unknown engine {profile.engine!r} in the profile", fix=f"one of: {', '.join(ENGINES)}")
