"""Names as a Hub takes them: of repos, their owners, collections and tags. One place, asked before any work.

The rules are those of `huggingface_hub.utils.validate_repo_id` and of the server's answer to ``/api/repos/create``
("Only regular characters and '-', '_', '.' are accepted. '--' and '..' are forbidden. '-' and '.' cannot start or end
the name. The name cannot end with ".git" or ".ipynb". Max length is 96.").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from factory.errors import UsageError

LONGEST_NAME = 96  # characters of a repo's name, and of its owner's
LONGEST_TITLE = 60  # of a collection
LONGEST_TAG = 100  # the Hub states no limit; longer ones are sentences
ENDINGS = (".git", ".ipynb")
OTHER = re.compile(r"[^A-Za-z0-9._-]")
OTHER_IN_TAG = re.compile(r"[^A-Za-z0-9._:+/-]")


def repo_problem(repo: str) -> str:
    """What a Hub refuses in ``owner/name``; empty where it takes it.

    >>> repo_problem("me/small-pairs"), repo_problem("me/small--pairs")
    ('', "the repo name 'small--pairs' has '--' in it")
    """
    owner, slash, name = repo.partition("/")
    if not slash:
        return f"{repo!r} is no name of a repo: it is owner/name"
    if "/" in name:
        return f"{repo!r} is no name of a repo: it is owner/name, with one slash"
    return owner_problem(owner) or _problem(name, "repo name")


def require_repo(repo: str, where: str) -> None:
    """
    Raises:
        UsageError: `where` (an option, a profile) names a repo that no Hub takes.
    """
    if problem := repo_problem(repo):
        raise UsageError(problem, where=where, fix="write owner/name")


def owner_problem(owner: str) -> str:
    """What a Hub refuses in the name of a user or an organisation; empty where it takes it."""
    return _problem(owner, "namespace")


def title_problem(title: str) -> str:
    """What a Hub refuses in the title of a collection, which may be in any language; empty where it takes it."""
    if not title.strip():
        return "the title of a collection is empty"
    if not title.isprintable():
        return f"the title {title!r} of a collection is more than one line"
    if len(title.strip()) > LONGEST_TITLE:
        return f"the title of a collection has {len(title.strip())} characters, {LONGEST_TITLE} at most"
    return ""


def tag_problem(tag: str) -> str:
    """What does not work as a tag, by which people filter on a Hub; empty where it does."""
    if not tag:
        return "a tag is empty"
    if len(tag) > LONGEST_TAG:
        return f"a tag has {len(tag)} characters, {LONGEST_TAG} at most"
    return _letters(tag, "tag", OTHER_IN_TAG, "'-', '_', '.', ':', '+' and '/'")


def _problem(name: str, what: str) -> str:
    return next(_problems(name, what), "")


def _problems(name: str, what: str) -> Iterator[str]:
    if not name:
        yield f"the {what} is empty"
        return
    if said := _letters(name, what, OTHER, "'-', '_' and '.'"):
        yield said
    if len(name) > LONGEST_NAME:
        yield f"the {what} {name[:20]!r}… has {len(name)} characters, {LONGEST_NAME} at most"
    for pair in ("--", ".."):
        if pair in name:
            yield f"the {what} {name!r} has {pair!r} in it"
    if name[0] in "-." or name[-1] in "-.":
        yield f"the {what} {name!r} begins or ends with '-' or '.'"
    if name.lower().endswith(ENDINGS):
        yield f"the {what} {name!r} ends in {name[name.rindex('.') :]!r}"


def _letters(name: str, what: str, other: re.Pattern[str], marks: str) -> str:
    if (found := other.search(name)) is None:
        return ""
    wrong = "a blank" if found[0].isspace() else repr(found[0])
    return f"the {what} {name!r} has {wrong} in it: it is written in letters from a to z, digits, {marks}"
