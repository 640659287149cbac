"""Reading files: trees, path information, downloads with ranges."""

import mimetypes
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from factory.local_hub.context import Hub, check_gate, find_repo, flag, hub_of, identity, origin, paged, param
from factory.local_hub.errors import HubError, entry_not_found
from factory.local_hub.routing import OF_REPO, REPO, Answer, Routes, json_object
from factory.local_hub.storage import CONVERTS, PULLS, Commit, Repo, StoredFile
from factory.local_hub.trees import TreeEntry

routes = Routes()

PAGE, EXPANDED_PAGE, MOST_PATHS = 1000, 200, 1000
FREE_FILES = ("README.md",)  # readable without access to a gated repo
CACHED = "no-cache"
STORED_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'"


class BlobResponse(FileResponse):
    chunk_size = 1 << 20


def last_commits(hub: Hub, repo: Repo, head: Commit, entries: Iterable[TreeEntry]) -> dict[str, Commit]:
    """For each path, the newest commit in which it became what it is."""
    waiting = {entry.path: entry.oid for entry in entries}
    found: dict[str, Commit] = {}
    newer = head
    for commit in hub.store.history(repo, head.oid):
        if not waiting:
            break
        if commit.tree != newer.tree:
            for path, oid in list(waiting.items()):
                there = hub.store.entry(commit, path)
                if there is None or there.oid != oid:
                    found[path] = newer
                    del waiting[path]
        newer = commit
    return found | dict.fromkeys(waiting, newer)


def describe(hub: Hub, repo: Repo, head: Commit, entries: list[TreeEntry], *, expand: bool) -> list[dict[str, Any]]:
    files = hub.store.files([entry.oid for entry in entries if not entry.is_folder])
    commits = last_commits(hub, repo, head, entries) if expand else {}
    answer = []
    for entry in entries:
        if entry.is_folder:
            item: dict[str, Any] = {"type": "directory", "oid": entry.oid, "size": 0, "path": entry.path}
        else:
            file = files[entry.oid]
            item = {"type": "file", "oid": file.oid, "size": file.size, "path": entry.path}
            if file.lfs:
                item["lfs"] = {"oid": file.sha256, "size": file.size, "pointerSize": file.pointer_size}
        if expand:
            commit = commits[entry.path]
            item["lastCommit"] = {"id": commit.oid, "title": commit.title, "date": commit.date}
            if not entry.is_folder:
                item["securityFileStatus"] = {"status": "unscanned", "avScan": None, "pickleImportScan": None}
        answer.append(item)
    return answer


@routes("GET", REPO + "/tree/{rev}", REPO + "/tree/{rev}/{path:path}")
def tree(request: Request) -> Answer:
    hub, repo = hub_of(request), find_repo(request)
    head = hub.store.resolve(repo, param(request, "rev"))
    path = param(request, "path").strip("/") if "path" in request.path_params else ""
    folder = hub.store.entry(head, path)
    if folder is None or not folder.is_folder:  # clients ask for a file's folder then
        raise entry_not_found(path, head.oid)
    entries = list(hub.store.trees.walk(folder.oid, path, recursive=flag(request, "recursive")))
    expand = flag(request, "expand")
    most = EXPANDED_PAGE if expand else PAGE
    return paged(request, entries, most, lambda page: describe(hub, repo, head, page, expand=expand))


@routes("POST", REPO + "/paths-info/{rev}")
async def paths_info(request: Request) -> Answer:
    return await run_in_threadpool(_paths_info, request, await request.body())


def _asked(request: Request, body: bytes) -> tuple[list[str], bool]:
    """(paths, whether commits are wanted too) of a request, which is JSON or a form."""
    if "json" in request.headers.get("content-type", ""):
        asked = json_object(body)
        paths, expand = asked.get("paths", []), bool(asked.get("expand"))
        return [str(path) for path in paths] if isinstance(paths, list) else [str(paths)], expand
    form = parse_qs(body.decode("utf-8", "replace"))
    return form.get("paths", []), form.get("expand", [""])[0].lower() in ("true", "1")


def _paths_info(request: Request, body: bytes) -> Answer:
    paths, expand = _asked(request, body)
    if len(paths) > MOST_PATHS:
        raise HubError(413, f"too many paths: at most {MOST_PATHS} in one request")
    hub, repo = hub_of(request), find_repo(request)
    head = hub.store.resolve(repo, param(request, "rev"))
    found = [hub.store.entry(head, path) for path in dict.fromkeys(path.strip("/") for path in paths)]
    entries = [entry for entry in found if entry and entry.path]
    answer = describe(hub, repo, head, entries, expand=expand)
    for item in answer:
        if "lfs" in item:
            # Asked for before a copy between repos, which clients refuse without some hash. Not the 64 hex digits of
            # a real Xet hash, so that no client tries to download by it.
            item["xetHash"] = f"sha256:{item['lfs']['oid']}"
    return answer


def split_revision(request: Request) -> tuple[str, str]:
    """(revision, path); links of other tools leave the slashes of refs/pr/1 unquoted."""
    revision, path = param(request, "rev"), param(request, "path")
    if revision == "refs":
        group, number, *rest = [*path.split("/"), "", ""]
        if f"refs/{group}/" in (PULLS, CONVERTS):
            return f"refs/{group}/{number}", "/".join(rest).strip("/")
    return revision, path


@routes("GET", "/api/resolve-cache/{kind:kind}/{namespace}/{name}/{rev}/{path:path}")
@routes("GET", *(f"{of_repo}/{verb}/{{rev}}/{{path:path}}" for of_repo in OF_REPO for verb in ("resolve", "raw")))
def resolve(request: Request) -> Answer:
    hub, repo = hub_of(request), find_repo(request)
    revision, path = split_revision(request)
    if path not in FREE_FILES:
        check_gate(hub, identity(request), repo)
    commit = hub.store.resolve(repo, revision)
    entry = hub.store.entry(commit, path)
    if entry is None or entry.is_folder or not path:
        raise entry_not_found(path, commit.oid)
    file = hub.store.file(entry.oid)
    if not hub.store.blobs.has(file.sha256):
        raise entry_not_found(path, commit.oid)
    return send(request, repo, commit, path, file)


def send(request: Request, repo: Repo, commit: Commit, path: str, file: StoredFile) -> Answer:
    name = path.rsplit("/", 1)[-1]
    etag = f'"{file.etag}"'
    headers = {
        "X-Repo-Commit": commit.oid,
        "ETag": etag,
        "X-Linked-Etag": etag,
        "X-Linked-Size": str(file.size),
        "Accept-Ranges": "bytes",
        "Cache-Control": CACHED,
        # a stored page must never run as a page of this server
        "Content-Security-Policy": STORED_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Link": f'<{origin(request)}/{repo.path}/resolve/{commit.oid}/{path}>; rel="canonical"'.encode(
            "ascii", "ignore"
        ).decode(),
    }
    if request.headers.get("if-none-match") == etag and request.method in ("GET", "HEAD"):
        return Response(status_code=304, headers=headers)
    media = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if media.startswith("text/") or media in ("application/xhtml+xml", "image/svg+xml"):
        media = "text/plain" if media != "image/svg+xml" else media
    return BlobResponse(
        request.app.state.hub.store.blobs.path(file.sha256),
        media_type=media,
        headers=headers,
        filename=name,
        content_disposition_type="inline",
    )
