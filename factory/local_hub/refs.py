"""Branches, tags, history, squashing, and the large files of a repo."""

from __future__ import annotations

import html
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from factory.local_hub.context import find_repo, flag, hub_of, logged_in, many, next_link, param, with_body
from factory.local_hub.errors import HubError, bad_request, forbidden, revision_not_found
from factory.local_hub.storage import CONVERTS, HEADS, PULLS, TAGS

PAGE = 50


def list_refs(request: Request) -> JSONResponse:
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
    return JSONResponse(answer)


def list_commits(request: Request) -> JSONResponse:
    hub, repo = hub_of(request), find_repo(request)
    head = hub.store.resolve(repo, param(request, "rev"))
    try:
        page = max(int(request.query_params.get("p") or 0), 0)
        limit = min(max(int(request.query_params.get("limit") or PAGE), 1), 1000)
    except ValueError:
        raise bad_request("p and limit must be whole numbers") from None
    formatted = "formatted" in many(request, "expand")
    answer: list[dict[str, Any]] = []
    more = False
    for number, commit in enumerate(hub.store.history(repo, head.oid)):
        if number < page * limit:
            continue
        if len(answer) == limit:
            more = True
            break
        item: dict[str, Any] = {
            "id": commit.oid,
            "title": commit.title,
            "message": commit.message,
            "authors": [{"user": commit.author, "avatar": ""}],
            "date": commit.date,
        }
        if formatted:
            item["formatted"] = {
                "title": html.escape(commit.title),
                "message": f"<p>{html.escape(commit.message)}</p>" if commit.message else "",
            }
        answer.append(item)
    return JSONResponse(answer, headers=next_link(request, p=page + 1) if more else {})


def _check_ref_name(name: str) -> str:
    bad = not name or name.startswith(("/", "-", ".")) or name.endswith(("/", ".", ".lock")) or ".." in name
    if bad or "//" in name or any(c in " ~^:?*[\\" or ord(c) < 32 for c in name):
        raise bad_request(f"Invalid reference name: {name!r}")
    return name


@with_body
def create_branch(request: Request, body: dict[str, Any]) -> Response:
    hub, repo = hub_of(request), find_repo(request, write=True)
    name = _check_ref_name(param(request, "branch"))
    # a branch of the special name refs/convert/x is that ref itself
    ref = name if name.startswith((CONVERTS, HEADS)) else HEADS + name
    if name.startswith("refs/") and not name.startswith((CONVERTS, HEADS)):
        raise forbidden(f"Invalid reference for a branch: {name}")
    with hub.store.db.writing():
        if hub.store.ref(repo, ref):
            raise HubError(409, f"Reference {ref} already exists")
        start = hub.store.resolve(repo, body.get("startingPoint") or "main")
        if body.get("emptyBranch"):
            start = hub.store.write_root(repo, _EMPTY, "initial commit", logged_in(request).name)
        hub.store.set_ref(repo, ref, start.oid)
    return Response(status_code=201)


def delete_branch(request: Request) -> Response:
    hub, repo = hub_of(request), find_repo(request, write=True)
    name = param(request, "branch")
    if name in ("main", HEADS + "main"):
        raise forbidden(f"Cannot delete {HEADS}main: it is the default branch")
    ref = name if name.startswith("refs/") else HEADS + name
    if not hub.store.ref(repo, ref):
        raise revision_not_found(name)
    hub.store.set_ref(repo, ref, None)
    return Response(status_code=200)


@with_body
def create_tag(request: Request, body: dict[str, Any]) -> Response:
    hub, repo = hub_of(request), find_repo(request, write=True)
    target = hub.store.resolve(repo, param(request, "rev"))
    name = _check_ref_name(str(body.get("tag") or ""))
    with hub.store.db.writing():
        if hub.store.ref(repo, TAGS + name):
            raise HubError(409, f"Tag {name} already exists")
        hub.store.set_ref(repo, TAGS + name, target.oid, body.get("message"))
    return Response(status_code=201)


def delete_tag(request: Request) -> Response:
    hub, repo, name = hub_of(request), find_repo(request, write=True), param(request, "rev")
    if not hub.store.ref(repo, TAGS + name):
        raise revision_not_found(name)
    hub.store.set_ref(repo, TAGS + name, None)
    return Response(status_code=200)


@with_body
def super_squash(request: Request, body: dict[str, Any]) -> Response:
    hub, repo = hub_of(request), find_repo(request, write=True)
    name = param(request, "rev")
    ref = hub.store.branch_ref(repo, name)
    if ref is None:
        raise revision_not_found(name)
    title = str(body.get("message") or f"Super-squash branch '{name}'")
    made = hub.store.squash(repo, ref, title, logged_in(request).name)
    return JSONResponse({"commitId": made.oid})


_EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # git's empty tree
_API = "/api/{kind:kind}/{namespace}/{name}"
routes = [
    Route(_API + "/refs", list_refs),
    Route(_API + "/commits/{rev}", list_commits),
    Route(_API + "/branch/{branch}", create_branch, methods=["POST"]),
    Route(_API + "/branch/{branch}", delete_branch, methods=["DELETE"]),
    Route(_API + "/tag/{rev}", create_tag, methods=["POST"]),
    Route(_API + "/tag/{rev}", delete_tag, methods=["DELETE"]),
    Route(_API + "/super-squash/{rev}", super_squash, methods=["POST"]),
]
