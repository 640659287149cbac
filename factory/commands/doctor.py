"""`factory doctor`: what this machine has, and what to do about what it lacks."""

import os
import platform
import shutil
import sys
from pathlib import Path

import psutil

from factory.commands.table import print_json, print_table
from factory.engines import states
from factory.errors import FactoryError
from factory.hub.access import NEW_TOKEN, access
from factory.hub.addresses import endpoint

NEEDED_GB = 20


def examine(store: Path, *, as_json: bool = False) -> None:
    """Print one row per check; exit code 1 where something needed is missing."""
    checks = [_python(), _packages(), _device(), _memory(), _disk(store), *_engines(), *_hub()]
    if as_json:
        print_json([dict(zip(("check", "ok", "found", "fix"), check, strict=True)) for check in checks])
    else:
        rows = [[name, "ok" if ok else "missing", found, "" if ok else fix] for name, ok, found, fix in checks]
        print_table("factory doctor", ["check", "state", "found", "what to do"], rows, texts=["found", "what to do"])
    if not all(ok for name, ok, _, _ in checks if name in ("python", "packages")):
        sys.exit(1)


Check = tuple[str, bool, str, str]


def _python() -> Check:
    fine = (3, 11) <= sys.version_info[:2] < (3, 13)
    return "python", fine, platform.python_version(), "use Python 3.11 or 3.12"


def _packages() -> Check:
    from factory.graph.run import RECORDED_PACKAGES, installed_versions

    found = installed_versions()
    missing = [name for name in RECORDED_PACKAGES if name not in found]
    shown = ", ".join(f"{name} {found[name]}" for name in RECORDED_PACKAGES if name in found)
    return "packages", not missing, shown, f"pip install {' '.join(missing)}"


def _device() -> Check:
    import torch

    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
        return "accelerator", True, ", ".join(names), ""
    return (
        "accelerator",
        False,
        f"none; {os.cpu_count()} CPU cores",
        "fine for demo and rehearsals; real sizes need a GPU",
    )


def _memory() -> Check:
    memory = psutil.virtual_memory()
    return "memory", memory.total > 6e9, f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB free", "6 GB"


def _disk(store: Path) -> Check:
    folder = next(p for p in [store.absolute(), *store.absolute().parents] if p.exists())
    free = shutil.disk_usage(folder).free / 1e9
    return "disk", free > NEEDED_GB, f"{free:.0f} GB free at {folder}", f"{NEEDED_GB} GB are wanted; use --store"


def _engines() -> list[Check]:
    return [
        (f"engine {name}", found.state == "installed", f"{found.version} {found.where}".strip(), found.to_do)
        for name, found in states().items()
    ]


def _hub() -> list[Check]:
    try:
        token = access()
    except FactoryError as error:
        return [("hub", False, f"{endpoint()}: {error.what}", error.fix or "")]
    shown = "; ".join(f"{entity}: {', '.join(permissions)}" for entity, permissions in token.scopes.items())
    found = f"{endpoint()} as {', '.join(token.namespaces)} ({token.role}{f': {shown}' if shown else ''})"
    return [("hub", token.writes, found, NEW_TOKEN)]
