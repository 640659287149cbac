"""factory: declare datasets and models in a recipe, plan, publish to the Hub."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from factory.api import build, check, load_recipe, plan, publish

__version__ = "0.1.0"
__all__ = ["build", "check", "load_recipe", "plan", "publish"]


def __getattr__(name: str) -> Any:
    """Functions of the Python API come when they are first asked for, so that importing the package costs nothing."""
    if name in __all__:
        from factory import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
