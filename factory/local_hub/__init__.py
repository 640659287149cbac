"""The embedded Hub: a server speaking the Hugging Face Hub's HTTP protocol, for a first run, tests, air-gapped sites.

Imported lazily, so that naming it costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from factory.local_hub.app import create_app
    from factory.local_hub.local import LocalHub
    from factory.local_hub.serving import serve
    from factory.local_hub.users import User, load_users

__all__ = ["LocalHub", "User", "create_app", "load_users", "serve"]

_HOMES = {"create_app": "app", "serve": "serving", "LocalHub": "local", "User": "users", "load_users": "users"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
