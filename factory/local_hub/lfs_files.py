"""The large files of a repo: listing them, copying them to another repo, deleting them for good."""

from itertools import takewhile
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request

from factory.local_hub.context import Hub, find_repo, hub_of, paged, writer
from factory.local_hub.errors import repo_not_found
from factory.local_hub.gitobjects import DIRECTORY, lfs_pointer, object_id
from factory.local_hub.routing import REPO, Answer, Routes
from factory.local_hub.storage import Repo
from factory.local_hub.trees import EMPTY

routes = Routes()
_API = REPO + "/lfs-files"

PAGE = 1000


class Deletions(BaseModel):
    sha: list[str]
    rewriteHistory: bool = True


class Deletion(BaseModel):
    deletions: Deletions


@routes("GET", _API)
def listing(request: Request) -> Answer:
    hub, repo = hub_of(request), find_repo(request, write=True)
    rows = hub.store.db.all(
        "SELECT * FROM repo_blobs WHERE repo = ? AND lfs = 1 ORDER BY pushed_at DESC, sha256", repo.pk
    )

    def describe(page: list[Any]) -> list[dict[str, Any]]:
        oids = [_pointer_id(row) for row in page]
        names = _names(hub, repo, set(oids))
        answer = []
        for oid, row in zip(oids, page, strict=True):
            filename, ref = names.get(oid, ("", None))
            about = {"fileOid": oid, "filename": filename, "oid": row["sha256"], "ref": ref}
            answer.append(about | {"pushedAt": row["pushed_at"], "size": row["size"]})
        return answer

    return paged(request, rows, PAGE, describe)


def _pointer_id(row: Any) -> str:
    return object_id("blob", lfs_pointer(row["sha256"], row["size"]))


def _names(hub: Hub, repo: Repo, oids: set[str]) -> dict[str, tuple[str, str]]:
    """pointer oid -> (path, ref) of those among `oids` that the history has, the newest name first."""
    names: dict[str, tuple[str, str]] = {}
    seen: set[str] = set()
    for ref, head in hub.store.refs(repo, "refs/"):
        newer = EMPTY
        for commit in hub.store.history(repo, head):
            if commit.tree not in seen:
                seen.add(commit.tree)
                for path, _, oid in hub.store.trees.changed(newer, commit.tree):
                    if oid in oids:
                        names.setdefault(oid, (path, ref))
                newer = commit.tree
            if len(names) == len(oids):
                return names
    return names


@routes("POST", _API + "/batch")
def delete(request: Request, body: Deletion) -> Answer:
    """Removes contents for good; `rewriteHistory` also removes the files from every commit."""
    hub, repo = hub_of(request), find_repo(request, write=True)
    db, oids = hub.store.db, set(body.deletions.sha)
    with db.writing():
        files = [file for file in hub.store.files(sorted(oids)).values() if file.lfs]
        for row in db.all("SELECT * FROM repo_blobs WHERE repo = ? AND lfs = 1", repo.pk):
            if _pointer_id(row) in oids:  # also those never committed
                db.write("DELETE FROM repo_blobs WHERE repo = ? AND sha256 = ? AND lfs = 1", repo.pk, row["sha256"])
                hub.store.remove_orphans([row["sha256"]])
        if body.deletions.rewriteHistory and files:
            Rewriter(hub, repo, {file.oid for file in files}).run()
    return {"success": True}


class Rewriter:
    """Rewrites all refs of a repo as if some files had never been there."""

    def __init__(self, hub: Hub, repo: Repo, oids: set[str]) -> None:
        self.hub, self.repo, self.oids = hub, repo, oids
        self.trees: dict[str, str] = {}
        self.commits: dict[str, str] = {}

    def run(self) -> None:
        for ref, head in self.hub.store.refs(self.repo, "refs/"):
            new = self.commit(head)
            if new != head:
                self.hub.store.set_ref(self.repo, ref, new)
        with self.hub.store.db.writing():
            for old, new in self.commits.items():
                if old != new:
                    self.hub.store.db.write("DELETE FROM commits WHERE repo = ? AND oid = ?", self.repo.pk, old)

    def commit(self, oid: str) -> str:
        history = self.hub.store.history(self.repo, oid)
        for commit in reversed(list(takewhile(lambda commit: commit.oid not in self.commits, history))):
            parents = tuple(self.commits.get(parent, parent) for parent in commit.parents)
            tree = self.tree(commit.tree)
            if tree == commit.tree and parents == commit.parents:
                self.commits[commit.oid] = commit.oid
            else:
                self.commits[commit.oid] = self.hub.store.rewrite(self.repo, commit, tree, parents).oid
        return self.commits[oid]

    def tree(self, oid: str) -> str:
        if oid not in self.trees:
            left = {
                name: (mode, self.tree(child) if mode == DIRECTORY else child)
                for name, (mode, child) in self.hub.store.trees.entries(oid).items()
                if child not in self.oids
            }
            self.trees[oid] = self.hub.store.trees.save(left)
        return self.trees[oid]


@routes("POST", _API + "/duplicate")
def duplicate(request: Request, body: dict[str, Any]) -> Answer:
    """Lets another repo use contents of this one; nothing is copied on disk."""
    hub, source = hub_of(request), find_repo(request, files=True)
    target = body.get("target") or {}
    repo = hub.store.repo(str(target.get("type")), str(target.get("name")))
    if repo is None:
        raise repo_not_found()
    writer(request, repo.namespace, f"the {repo.kind}")
    done, failed = [], []
    for file in body.get("files") or []:
        sha256 = str(file.get("sha256"))
        size = hub.store.owned_lfs(source, sha256)
        if size is None:
            failed.append({"sha256": sha256, "error": "the file is not in the source repo"})
        else:
            hub.store.own_lfs(repo, sha256, size)
            done.append({"sha256": sha256})
    return {"success": done, "failed": failed}
