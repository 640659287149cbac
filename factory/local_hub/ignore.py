"""Patterns of .gitattributes and .gitignore files."""

import re
from functools import lru_cache

TOKEN = re.compile(r"\*+|\[.[^]]*\]|.", re.DOTALL)


@lru_cache(maxsize=4096)
def pattern(text: str) -> re.Pattern[str]:
    """A git pattern as a regular expression over the whole path: one without a slash matches in any folder.

    Whoever writes patterns and paths must not be able to make a match take for ever: all wild cards but the last of a
    folder's name, and of a path, take as little as they can and are not tried again, as in `fnmatch.translate`.
    """
    names = text.strip("/").split("/")
    groups: list[list[str]] = [[]] if "/" in text.rstrip("/") else [[], []]
    for name in names:
        if name == "**":
            groups.append([])
        else:
            groups[-1].append(_name(name))
    first, *rest = ["/".join(group) for group in groups]
    return re.compile(first + _after(first, rest))


def _after(first: str, rest: list[str]) -> str:
    """What may follow the names before the first `**`: `rest` are those after it, and after each of the others."""
    if not rest:
        return ""
    *middle, last = rest
    slash = "/" if first else ""
    return (
        slash
        + "".join(f"(?>(?:[^/]*/)*?{names}/)" for names in middle if names)
        + (f"(?:.*/)?{last}" if last else ".*")
    )


def _name(text: str) -> str:
    """A file's or folder's name in a pattern."""
    pieces = [""]
    for token in TOKEN.findall(text):
        if token[0] == "*":
            pieces.append("")
        else:
            pieces[-1] += _character(token)
    first, *rest = pieces
    return (
        first + "".join(f"(?>[^/]*?{piece})" for piece in rest[:-1]) + "".join(f"[^/]*{piece}" for piece in rest[-1:])
    )


def _character(token: str) -> str:
    """One that stands for itself, any, or a class of them; a class that is none stands for itself."""
    if token == "?":
        return "[^/]"
    if len(token) == 1:
        return re.escape(token)
    inside = token[1:-1].replace("\\", r"\\")
    try:
        return re.compile(f"(?!/)[{'^' + inside[1:] if inside[0] == '!' else inside}]").pattern
    except re.error:
        return re.escape(token)


def lfs_rules(gitattributes: str) -> list[tuple[re.Pattern[str], bool]]:
    """(pattern, goes to LFS) in the order of the file."""
    rules = []
    for line in gitattributes.splitlines():
        name, _, attributes = line.strip().partition(" ")
        if not name or name.startswith("#"):
            continue
        if "filter=lfs" in attributes:
            rules.append((pattern(name), True))
        elif "-filter" in attributes or "!filter" in attributes:
            rules.append((pattern(name), False))
    return rules


def is_lfs(rules: list[tuple[re.Pattern[str], bool]], path: str) -> bool:
    answer = False
    for rule, lfs in rules:
        if rule.fullmatch(path):
            answer = lfs
    return answer


def is_ignored(gitignore: str, path: str) -> bool:
    answer = False
    parts = path.split("/")
    parents = ["/".join(parts[:i]) for i in range(1, len(parts))]
    for raw in gitignore.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        negated, line = line.startswith("!"), line.removeprefix("!")
        only_folders = line.endswith("/")
        rule = pattern(line.rstrip("/"))
        candidates = parents if only_folders else [*parents, path]
        if any(rule.fullmatch(candidate) for candidate in candidates):
            answer = not negated
    return answer
