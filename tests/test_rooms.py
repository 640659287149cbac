"""The rooms of the house, from the top down: imports point down this list and never run in a ring."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "factory"
ORDER = (
    "cli api commands local_hub publishing look estimate rehearsal remote graph recipe steps evaluate rows models "
    "step engines hub store checks demo starter profile images text arrays resources refs waiting errors"
)
ROOMS = ORDER.split()


def imported(path: Path) -> set[str]:
    """Modules of the package that a file names in an import, those under TYPE_CHECKING and in functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {known for name in found if name.startswith("factory.") and (known := _module(name))}


def _module(name: str) -> str:
    """`a.b.Class` -> `a.b`, the package's own name left out."""
    parts = name.split(".")[1:]
    while parts and not (PACKAGE.joinpath(*parts).with_suffix(".py").is_file() or _is_package(parts)):
        parts.pop()
    return ".".join(parts)


def _is_package(parts: list[str]) -> bool:
    return (PACKAGE.joinpath(*parts) / "__init__.py").is_file()


def modules() -> dict[str, set[str]]:
    """Every module, with those that it imports."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        if name not in ("__init__", "__main__"):
            found[name] = imported(path) - {name}
    return found


def test_every_module_is_in_a_room_of_the_list():
    assert {name.partition(".")[0] for name in modules()} == set(ROOMS)


def test_imports_point_down_or_stay_in_their_room():
    place = {room: number for number, room in enumerate(ROOMS)}
    up = [
        f"{name} imports {other}"
        for name, others in modules().items()
        for other in sorted(others)
        if place[other.partition(".")[0]] < place[name.partition(".")[0]]
    ]
    assert not up, "\n".join(up)


def test_no_modules_import_each_other_in_a_ring():
    TopologicalSorter(modules()).prepare()
