"""`factory engines`: who can generate text here, and the environments of those that live apart."""

import subprocess
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from factory.commands.table import print_json, print_table
from factory.engines import ENDPOINT, Completion, Request, engine_for, engines, states
from factory.engines.environments import NAMES, install, needed
from factory.engines.tiny import make_tiny_model
from factory.errors import FactoryError, UsageError
from factory.profile import Profile, load_profile
from factory.step.surroundings import quiet_libraries
from factory.text.figures import counted

SHOWN_MODELS = 20


def show_engines(*, as_json: bool = False) -> None:
    found = states()
    if as_json:
        print_json([{"engine": name, **asdict(state)} for name, state in found.items()])
    else:
        rows = [[name, *asdict(state).values()] for name, state in found.items()]
        print_table(
            "factory engines",
            ["engine", "state", "version", "where", "what to do"],
            rows,
            texts=["where", "what to do"],
        )


def install_engine(name: str, folder: Path | None) -> None:
    if name not in NAMES:
        advice = known.to_do if (known := states().get(name)) else ""
        raise UsageError(f"{name} has no environment of its own", fix=advice or f"one of: {', '.join(NAMES)}")
    started = time.monotonic()
    environment = install(name, folder)
    print(f"{name} {environment.version} is in {environment.folder} ({time.monotonic() - started:.0f} s)")


def check_engine(name: str, profile_name: str | None) -> None:
    """Generate with a tiny model, or list what the profile's endpoints serve, and print what came.

    Raises:
        FactoryError: the engine does not answer, or answers something else than transformers does.
    """
    if name == "autotrain":
        _check_autotrain()
        return
    if name not in engines():
        raise UsageError(f"unknown engine {name!r}", fix=f"one of: {', '.join([*engines(), 'autotrain'])}")
    if name == ENDPOINT:
        _check_endpoints(load_profile(profile_name))
        return
    profile = load_profile(profile_name)
    requests = [Request.chat(f"Translate: {word}", max_new_tokens=16) for word in ("river", "house", "نهر")]

    def ask(engine: str, model: Path) -> list[Completion]:
        with engine_for(model, profile.model_copy(update={"engine": engine})) as running:
            found = dict(pair for batch in running.generate(requests) for pair in batch)
        return [found[i] for i in range(len(requests))]

    with tempfile.TemporaryDirectory(prefix="factory-check-") as folder, quiet_libraries():
        started = time.monotonic()
        model = make_tiny_model(Path(folder))
        found = ask(name, model)
        same = _compared(name, found, profile, ask("transformers", model))
    if wrong := next((completion for completion in found if completion.finish_reason == "error"), None):
        raise FactoryError(f"{name} refuses to answer: {wrong.detail}")
    tokens = sum(completion.completion_tokens for completion in found)
    print(
        f"{name} works: {counted(len(found), 'answer')}, {counted(tokens, 'token')}{same}, "
        f"{time.monotonic() - started:.1f} s with its start"
    )


def _compared(name: str, found: list, profile: Profile, expected: list) -> str:
    if name == "transformers":
        return ""
    if found != expected and profile.torch_dtype() == "float32":  # in 16 bits a tie may fall either way
        raise FactoryError(f"{name} writes something else than transformers", fix="do not use it on this machine")
    return ", as transformers writes them" if found == expected else ", not all as transformers writes them (16 bits)"


def _check_endpoints(profile: Profile) -> None:
    """Ask each for the models that it serves: a request that costs nothing and needs address and key to be right."""
    from factory.engines.openai import OpenAIEngine

    if not profile.endpoints:
        raise UsageError("the profile names no endpoint", fix="write [profiles.NAME.endpoints.…] into factory.toml")
    for name in profile.endpoints:
        with OpenAIEngine("", profile.endpoint(name)) as engine:
            served = engine.served()
        more = f" and {len(served) - SHOWN_MODELS} more" if len(served) > SHOWN_MODELS else ""
        shown = ", ".join(served[:SHOWN_MODELS]) + more
        print(f"{name} answers and serves {shown or 'no model by name'}")


def _check_autotrain() -> None:
    environment = needed("autotrain")
    done = subprocess.run(
        [str(environment.python), "-c", "import autotrain"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise FactoryError(f"autotrain cannot be imported: {done.stderr.strip().splitlines()[-1]}")
    print(
        f"autotrain {environment.version} can be imported; it trains and does not generate, so nothing else was tried"
    )
