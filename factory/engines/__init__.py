"""The engines. A module here that holds an `Engine` is one: its file name is what a profile writes."""

from functools import cache
from pathlib import Path

from factory.engines.base import Completion, Engine, LogProbability, Request, Scorer
from factory.errors import UsageError, nearest
from factory.profile import Profile
from factory.resources import one_a_module

__all__ = ["Completion", "Engine", "LogProbability", "Request", "Scorer", "engine_for", "engines"]


@cache
def engines() -> dict[str, type[Engine]]:
    """All engines by name. Importing them is cheap: each imports its heavy libraries when it is opened."""
    return one_a_module(__name__, Engine)


def engine_for(model: Path, profile: Profile, *, trust_remote_code: bool = False) -> Engine:
    """The profile's engine over a model folder, as a context manager that frees the model at its end.

    Raises:
        UsageError: the profile names an engine that this version does not have.
        FactoryError: the folder holds no model that can generate.
    """
    if (kind := engines().get(profile.engine)) is None:
        raise UsageError(f"unknown engine {profile.engine!r} in the profile{nearest(profile.engine, engines())}")
    return kind(model, profile, trust_remote_code=trust_remote_code)
