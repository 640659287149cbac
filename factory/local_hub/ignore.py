"""Patterns of .gitattributes and .gitignore files."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def pattern(text: str) -> re.Pattern[str]:
    """A git pattern as a regular expression over the whole path: one without a slash matches in any folder."""
    anchored = "/" in text.rstrip("/")
    text = text.strip("/")
    out, i = "", 0
    while i < len(text):
        if text.startswith("**/", i):
            out, i = out + "(?:.*/)?", i + 3
        elif text.startswith("/**", i) and i + 3 == len(text):
            out, i = out + "/.*", i + 3
        elif text[i] == "*":
            out, i = (
                out + ("[^/]*" if not text.startswith("**", i) else ".*"),
                i + (2 if text.startswith("**", i) else 1),
            )
        elif text[i] == "?":
            out, i = out + "[^/]", i + 1
        elif text[i] == "[" and "]" in text[i + 2 :]:
            end = text.index("]", i + 2)
            inside = text[i + 1 : end].replace("\\", r"\\")
            out, i = out + f"[{'^' + inside[1:] if inside[0] == '!' else inside}]", end + 1
        else:
            out, i = out + re.escape(text[i]), i + 1
    return re.compile(("" if anchored else "(?:.*/)?") + out)


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
