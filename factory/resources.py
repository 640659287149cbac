"""Files that are not code: cards/, spaces/, recipes/. Beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

from factory.errors import FactoryError

PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """The folder ``cards``, ``spaces`` or ``recipes``.

    Raises:
        FactoryError: the installation is incomplete.
    """
    for folder in (PACKAGE / "_resources" / name, PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FactoryError(f"the folder {name}/ is missing from this installation", fix="install hf-factory again")
