"""Where the command `factory` begins: outside the package `factory`, as factory_boy installs one of that name too."""

import sys
from pathlib import Path


def main() -> None:
    """The command line; refused where factory_boy is installed beside it, as parts of the two are mixed up then."""
    if place := clash(sys.path):
        sys.exit(
            f"error: factory_boy is installed here too, in {place}, and both packages are called `factory` "
            "(take an environment for each, or: pip uninstall factory_boy hf-factory, and install the one you want)"
        )
    from factory.cli import main as command

    command()


def clash(path: list[str]) -> str | None:
    """The folder of `path` in which factory_boy is installed; None where it is in none."""
    return next((folder for folder in path if folder and any(Path(folder).glob("factory_boy-*.dist-info"))), None)
