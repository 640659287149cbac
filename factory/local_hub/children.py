"""Python processes that this package starts."""

import os
from pathlib import Path


def package_environment() -> dict[str, str]:
    """This process's environment, in which a Python finds this package wherever it starts."""
    root = str(Path(__file__).resolve().parents[2])
    return os.environ | {"PYTHONPATH": os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])}
