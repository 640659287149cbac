"""The large files of a repo: listing them, copying them to another repo, deleting them for good."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from factory.local_hub.context import Hub, find_repo, hub_of, next_link, with_body, writer
from factory.local_hub.errors import bad_request, repo_not_found
from factory.local_hub.gitobjects import DIRECTORY, lfs_pointer, object_id
from factory.local_hub.storage import Commit, Repo

PAGE = 1000


def listing(request: Request) -> JSONResponse:
    hub, repo = hub_of(request), find_repo(request, write=True)
    names = _names(hub, repo)
    rows = hub.store.db.all(
        "SELECT * FROM repo_blobs WHERE repo = ? AND lfs = 1 ORDER BY pushed_at DESC, sha256", repo.pk
    )
    try:
        start = int(request.query_params.get("cursor") or 0)
    except ValueError:
        raise bad_request("cursor must be a whole number") from None
    answer = []
    for row in rows[start : start + PAGE]:
        oid = object_id("blob", lfs_pointer(row["sha256"], row["size"]))
        filename, ref = names.get(oid, ("", None))
        answer.append(
            {
                "fileOid": oid,
                "filename": filename,
                "oid": row["sha256"],
                "pushedAt": row["pushed_at"],
                "ref": ref,
                "size": row["size"],
            }
        )
    headers = next_link(request, cursor=start + PAGE) if start + PAGE < len(rows) else {}
    return JSONResponse(answer, headers=headers)


def _names(hub: Hub, repo: Repo) -> dict[str, tuple[str, str]]:
    """pointer oid -> (path, ref) over the whole history, the newest name first."""
    names: dict[str, tuple[str, str]] = {}
    seen: set[str] = set()
    for ref, head in hub.store.refs(repo, "refs/"):
        for commit in hub.store.history(repo, head):
            if commit.tree in seen:
                continue
            seen.add(commit.tree)
            for entry in hub.store.trees.files(commit.tree):
                names.setdefault(entry.oid, (entry.path, ref))
    return names


@with_body
def delete(request: Request, body: dict[str, Any]) -> JSONResponse:
    """Removes contents for good; `rewriteHistory` also removes the files from every commit."""
    hub, repo = hub_of(request), find_repo(request, write=True)
    wanted = body.get("deletions")
    if not isinstance(wanted, dict) or not isinstance(wanted.get("sha"), list):
        raise bad_request("deletions needs a list of sha")
    oids = {str(oid) for oid in wanted["sha"]}
    with hub.store.db.writing() as connection:
        files = [file for file in hub.store.files(sorted(oids)).values() if file.lfs]
        for row in hub.store.db.all("SELECT * FROM repo_blobs WHERE repo = ? AND lfs = 1", repo.pk):
            if object_id("blob", lfs_pointer(row["sha256"], row["size"])) in oids:  # also those never committed
                connection.execute(
                    "DELETE FROM repo_blobs WHERE repo = ? AND sha256 = ? AND lfs = 1", (repo.pk, row["sha256"])
                )
                hub.store.remove_orphans([row["sha256"]])
        if wanted.get("rewriteHistory", True) and files:
            Rewriter(hub, repo, {file.oid for file in files}).run()
    return JSONResponse({"success": True})


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
        with self.hub.store.db.writing() as connection:
            for old, new in self.commits.items():
                if old != new:
                    connection.execute("DELETE FROM commits WHERE repo = ? AND oid = ?", (self.repo.pk, old))

    def commit(self, oid: str) -> str:
        chain: list[Commit] = []
        for commit in self.hub.store.history(self.repo, oid):
            if commit.oid in self.commits:
                break
            chain.append(commit)
        for commit in reversed(chain):
            parents = tuple(self.commits.get(parent, parent) for parent in commit.parents)
            tree = self.tree(commit.tree)
            if tree == commit.tree and parents == commit.parents:
                self.commits[commit.oid] = commit.oid
            else:
                self.commits[commit.oid] = self.hub.store.rewrite(self.repo, commit, tree, parents).oid
        return self.commits[oid]

    def tree(self, oid: str) -> str:
        if oid not in self.trees:
            entries = {}
            for name, (mode, child) in self.hub.store.trees.entries(oid).items():
                if mode == DIRECTORY:
                    child = self.tree(child)
                    if not self.hub.store.trees.entries(child):
                        continue
                elif child in self.oids:
                    continue
                entries[name] = (mode, child)
            self.trees[oid] = self.hub.store.trees.save(entries)
        return self.trees[oid]


@with_body
def duplicate(request: Request, body: dict[str, Any]) -> JSONResponse:
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
    return JSONResponse({"success": done, "failed": failed})


_API = "/api/{kind:kind}/{namespace}/{name}/lfs-files"
routes = [
    Route(_API, listing),
    Route(_API + "/batch", delete, methods=["POST"]),
    Route(_API + "/duplicate", duplicate, methods=["POST"]),
]
