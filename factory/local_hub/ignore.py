"""Patterns of .gitattributes and .gitignore files."""

import re
from functools import lru_cache

TOKEN = re.compile(r"\*\*/|/\*\*\Z|\*\*|\[.[^]]*\]|.", re.DOTALL)
GLOBS = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@lru_cache(maxsize=4096)
def pattern(text: str) -> re.Pattern[str]:
    """A git pattern as a regular expression over the whole path: one without a slash matches in any folder."""
    anywhere = "" if "/" in text.rstrip("/") else "(?:.*/)?"
    return re.compile(anywhere + TOKEN.sub(_translated, text.strip("/")))


def _translated(token: re.Match[str]) -> str:
    """A part of a pattern: wild cards, a class of characters, or a character that stands for itself."""
    if token[0] in GLOBS or len(token[0]) == 1:
        return GLOBS.get(token[0]) or re.escape(token[0])
    inside = token[0][1:-1].replace("\\", r"\\")
    return f"[{'^' + inside[1:] if inside[0] == '!' else inside}]"


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
