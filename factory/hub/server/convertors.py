"""Words that routes allow in their paths."""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor


def _words(pattern: str, suffix: str = "") -> Convertor[str]:
    class Words(Convertor[str]):
        regex = pattern

        def convert(self, value: str) -> str:
            return value.removesuffix(suffix)

        def to_string(self, value: str) -> str:
            return value + suffix

    return Words()


def register() -> None:
    register_url_convertor("kind", _words("models|datasets|spaces"))
    register_url_convertor("space", _words("spaces"))
    register_url_convertor("dataset", _words("datasets"))
    register_url_convertor("other", _words("datasets|spaces"))
    register_url_convertor("git", _words(r"[^/]+\.git", ".git"))
    register_url_convertor("edit", _words("edit|hide"))
