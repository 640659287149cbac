"""Modules of the factory that an app imports, laid beside it: it runs where the factory is not installed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

from factory.resources import PACKAGE


def bundle(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Path -> content of every module of the factory that the Python files among `files` import, and of what these do.

    The packages around them are empty, so what is laid is no more than what is used.
    """
    waiting = [path for name, content in files.items() if name.endswith(".py") for path in _imported(content)]
    found: dict[str, bytes] = {}
    while waiting:
        path = waiting.pop()
        name = path.relative_to(PACKAGE.parent).as_posix()
        if name not in found:
            found[name] = path.read_bytes()
            waiting += _imported(found[name])
    folders = {folder for name in found for folder in Path(name).parents[:-1]}
    return {**found, **{(folder / "__init__.py").as_posix(): b"" for folder in folders}}


def _imported(content: bytes) -> Iterable[Path]:
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"{PACKAGE.name}."):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            paths = [PACKAGE.parent.joinpath(*name.split(".")).with_suffix(".py") for name in names]
            yield from (path for path in paths if path.is_file())
