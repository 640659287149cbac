"""Words that routes allow in their paths."""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor

# what follows the id of a repo in the paths of clients
REPO_PARTS = """branch commit commits discussions lfs-files like likers paths-info preupload refs resolve revision
    settings super-squash tag tree""".split()  # noqa: SIM905


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
    register_url_convertor("switch", _words("enable|disable"))
    register_url_convertor("part", _words("|".join(REPO_PARTS)))
    register_url_convertor("keyed", _words("variables|secrets"))
    register_url_convertor("edit", _words("edit|hide"))
