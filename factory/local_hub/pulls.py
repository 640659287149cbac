"""Pull requests: their commits, what merging them means, and what they or a commit change, as a unified diff."""

import difflib
from itertools import takewhile
from typing import Any

from factory.local_hub.context import Hub
from factory.local_hub.gitobjects import lfs_pointer
from factory.local_hub.storage import PULLS, Commit, Repo
from factory.local_hub.trees import EMPTY, TreeEditor

LONGEST = 256 << 10  # bytes of a file that is still compared line by line


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
        changed = list(hub.store.trees.changed(fork.tree, head.tree))
        for path, _, _ in (change for change in changed if change[2] is None):  # first: a file may become a folder
            editor.remove(path, folder=False)
        for path, _, new in changed:
            if new is not None:
                editor.put(path, new)

    title = f"{row['title']} (#{row['num']})"
    return hub.store.add_commit(repo, row["base"], apply, title=title, message="", author=author)


def pull_diff(hub: Hub, repo: Repo, row: Any) -> str:
    commits = pull_commits(hub, repo, row)
    if not commits:
        return ""
    first = hub.store.commit(repo, commits[0].parents[0]) if commits[0].parents else None
    head = hub.store.commit(repo, hub.store.ref(repo, f"{PULLS}{row['num']}") or "") or commits[-1]
    return tree_diff(hub, first.tree if first else EMPTY, head.tree)


def commit_diff(hub: Hub, repo: Repo, commit: Commit) -> str:
    parent = hub.store.commit(repo, commit.parents[0]) if commit.parents else None
    return tree_diff(hub, parent.tree if parent else EMPTY, commit.tree)


def tree_diff(hub: Hub, old: str, new: str) -> str:
    return "".join(_file(hub, *change) for change in hub.store.trees.changed(old, new))


def _file(hub: Hub, path: str, old: str | None, new: str | None) -> str:
    head = f"diff --git a/{path} b/{path}\n"
    if old is None:
        head += "new file mode 100644\n"
    if new is None:
        head += "deleted file mode 100644\n"
    head += f"index {old or '0' * 40}..{new or '0' * 40}\n"
    before, after = _text(hub, old), _text(hub, new)
    if before is None or after is None:
        return head + f"Binary files a/{path} and b/{path} differ\n"
    names = ("/dev/null" if old is None else f"a/{path}", "/dev/null" if new is None else f"b/{path}")
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), *names)
    return head + "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _text(hub: Hub, oid: str | None) -> str | None:
    """The text of a file, its pointer if it is a large file, None if it is binary or too long."""
    if oid is None:
        return ""
    file = hub.store.file(oid)
    if file.lfs:
        return lfs_pointer(file.sha256, file.size).decode()
    if file.size > LONGEST or not hub.store.blobs.has(file.sha256):
        return None
    content = hub.store.blobs.read(file.sha256)
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
