"""The commits of a pull request, and what merging them means."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from factory.local_hub.context import Hub
from factory.local_hub.storage import PULLS, Commit, Repo
from factory.local_hub.trees import TreeEditor


def pull_commits(hub: Hub, repo: Repo, discussion: Any) -> list[Commit]:
    """The commits of a pull request that its base does not have, oldest first."""
    head = hub.store.ref(repo, f"{PULLS}{discussion['num']}")
    merged = hub.store.commit(repo, discussion["merge_commit"] or "")
    base = merged.parents[0] if merged and merged.parents else hub.store.ref(repo, discussion["base"])
    known = {commit.oid for commit in hub.store.history(repo, base or "")}
    own = takewhile(lambda commit: commit.oid not in known, hub.store.history(repo, head or ""))
    return list(own)[::-1]


def _ends(hub: Hub, repo: Repo, row: Any) -> tuple[Commit, Commit, Commit]:
    """(where the pull request left its base, the base's head, the pull request's head)."""
    base = hub.store.resolve(repo, row["base"])
    head = hub.store.resolve(repo, f"{PULLS}{row['num']}")
    known = {commit.oid for commit in hub.store.history(repo, base.oid)}
    fork = next((commit for commit in hub.store.history(repo, head.oid) if commit.oid in known), base)
    return fork, base, head


def conflicts(hub: Hub, repo: Repo, row: Any) -> list[str]:
    """Files that both the base and the pull request changed, differently."""
    fork, base, head = _ends(hub, repo, row)
    theirs = {path: new for path, _, new in hub.store.trees.changed(fork.tree, base.tree)}
    ours = {path: new for path, _, new in hub.store.trees.changed(fork.tree, head.tree)}
    return sorted(path for path in ours if path in theirs and theirs[path] != ours[path])


def apply_pull(hub: Hub, repo: Repo, row: Any, author: str) -> Commit:
    """One commit on the base with all that the pull request changed; there must be no `conflicts`."""
    fork, _, head = _ends(hub, repo, row)

    def apply(editor: TreeEditor) -> None:
        for path, _, new in hub.store.trees.changed(fork.tree, head.tree):
            if new is None:
                editor.remove(path, folder=False)
            else:
                editor.put(path, new)

    title = f"{row['title']} (#{row['num']})"
    return hub.store.add_commit(repo, row["base"], apply, title=title, message="", author=author)
