"""Words that routes allow in their paths."""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor


class _Words(Convertor[str]):
    def __init__(self, regex: str, suffix: str = "") -> None:
        self.regex, self.suffix = regex, suffix

    def convert(self, value: str) -> str:
        return value.removesuffix(self.suffix)

    def to_string(self, value: str) -> str:
        return value + self.suffix


def register() -> None:
    register_url_convertor("kind", _Words("models|datasets|spaces"))
    register_url_convertor("space", _Words("spaces"))
    register_url_convertor("dataset", _Words("datasets"))
    register_url_convertor("other", _Words("datasets|spaces"))
    register_url_convertor("git", _Words(r"[^/]+\.git", ".git"))
    register_url_convertor("edit", _Words("edit|hide"))
