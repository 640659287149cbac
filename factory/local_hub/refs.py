"""Branches, tags, history, squashing, and the large files of a repo."""

import html
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from factory.local_hub.context import find_repo, flag, hub_of, logged_in, many, next_link, param, whole
from factory.local_hub.errors import HubError, bad_request, forbidden, revision_not_found
from factory.local_hub.routing import REPO, Answer, Routes
from factory.local_hub.storage import CONVERTS, HEADS, PULLS, TAGS, Commit
from factory.local_hub.trees import EMPTY

routes = Routes()
PAGE = 50


@routes("GET", REPO + "/refs")
def list_refs(request: Request) -> Answer:
    hub, repo = hub_of(request), find_repo(request)

    def listed(prefix: str) -> list[dict[str, str]]:
        # a pull request is called `refs/pr/1`, a branch or tag by its short name
        return [
            {"name": name if prefix == PULLS else name.removeprefix(prefix), "ref": name, "targetCommit": oid}
            for name, oid in hub.store.refs(repo, prefix)
        ]

    answer = {"branches": listed(HEADS), "converts": listed(CONVERTS), "tags": listed(TAGS)}
    if flag(request, "include_prs") or flag(request, "include_pull_requests"):
        answer["pullRequests"] = listed(PULLS)
    return answer


@routes("GET", REPO + "/commits/{rev}")
def list_commits(request: Request) -> Answer:
    hub, repo = hub_of(request), find_repo(request)
    head = hub.store.resolve(repo, param(request, "rev"))
    query = request.query_params
    page = max(whole(query.get("p") or 0, "p"), 0)
    limit = min(max(whole(query.get("limit") or PAGE, "limit"), 1), 1000)
    commits = islice(hub.store.history(repo, head.oid), page * limit, (page + 1) * limit + 1)
    found = [_json(commit, formatted="formatted" in many(request, "expand")) for commit in commits]
    headers = next_link(request, p=page + 1) if len(found) > limit else {}
    return JSONResponse(found[:limit], headers=headers)


def _json(commit: Commit, *, formatted: bool) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": commit.oid,
        "title": commit.title,
        "message": commit.message,
        "authors": [{"user": commit.author, "avatar": ""}],
        "date": commit.date,
    }
    if formatted:
        message = f"<p>{html.escape(commit.message)}</p>" if commit.message else ""
        item["formatted"] = {"title": html.escape(commit.title), "message": message}
    return item


def _check_ref_name(name: str) -> str:
    bad = not name or name.startswith(("/", "-", ".")) or name.endswith(("/", ".", ".lock")) or ".." in name
    if bad or "//" in name or any(c in " ~^:?*[\\" or ord(c) < 32 for c in name):
        raise bad_request(f"Invalid reference name: {name!r}")
    return name


def _delete_ref(request: Request, ref: str, name: str) -> Answer:
    hub, repo = hub_of(request), find_repo(request, write=True)
    if not hub.store.ref(repo, ref):
        raise revision_not_found(name)
    hub.store.set_ref(repo, ref, None)
    return Response(status_code=200)


@routes("POST", REPO + "/branch/{branch}")
def create_branch(request: Request, body: dict[str, Any]) -> Answer:
    hub, repo = hub_of(request), find_repo(request, write=True)
    name = _check_ref_name(param(request, "branch"))
    # a branch of the special name refs/convert/x is that ref itself
    ref = name if name.startswith((CONVERTS, HEADS)) else HEADS + name
    if name.startswith("refs/") and ref != name:
        raise forbidden(f"Invalid reference for a branch: {name}")
    with hub.store.db.writing():
        if hub.store.ref(repo, ref):
            raise HubError(409, f"Reference {ref} already exists")
        start = hub.store.resolve(repo, body.get("startingPoint") or "main")
        if body.get("emptyBranch"):
            start = hub.store.write_root(repo, EMPTY, "initial commit", logged_in(request).name)
        hub.store.set_ref(repo, ref, start.oid)
    return Response(status_code=201)


@routes("DELETE", REPO + "/branch/{branch}")
def delete_branch(request: Request) -> Answer:
    name = param(request, "branch")
    ref = name if name.startswith("refs/") else HEADS + name
    if ref == HEADS + "main":
        find_repo(request, write=True)
        raise forbidden(f"Cannot delete {HEADS}main: it is the default branch")
    return _delete_ref(request, ref, name)


@routes("POST", REPO + "/tag/{rev}")
def create_tag(request: Request, body: dict[str, Any]) -> Answer:
    hub, repo = hub_of(request), find_repo(request, write=True)
    target = hub.store.resolve(repo, param(request, "rev"))
    name = _check_ref_name(str(body.get("tag") or ""))
    with hub.store.db.writing():
        if hub.store.ref(repo, TAGS + name):
            raise HubError(409, f"Tag {name} already exists")
        hub.store.set_ref(repo, TAGS + name, target.oid, body.get("message"))
    return Response(status_code=201)


@routes("DELETE", REPO + "/tag/{rev}")
def delete_tag(request: Request) -> Answer:
    name = param(request, "rev")
    return _delete_ref(request, TAGS + name, name)


@routes("POST", REPO + "/super-squash/{rev}")
def super_squash(request: Request, body: dict[str, Any]) -> Answer:
    hub, repo = hub_of(request), find_repo(request, write=True)
    name = param(request, "rev")
    ref = hub.store.branch_ref(repo, name)
    if ref is None:
        raise revision_not_found(name)
    title = str(body.get("message") or f"Super-squash branch '{name}'")
    return {"commitId": hub.store.squash(repo, ref, title, logged_in(request).name).oid}
