"""Creating, moving, duplicating and deleting repos, and their settings."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from factory.local_hub import clock
from factory.local_hub.context import (
    Hub,
    check_gate,
    find_repo,
    hub_of,
    identity,
    kind_of,
    logged_in,
    origin,
    with_body,
    writer,
)
from factory.local_hub.errors import HubError, bad_request, repo_not_found
from factory.local_hub.spaces import first_space_state
from factory.local_hub.storage import PREFIXES, Repo

NAME = re.compile(r"(?!.*--)(?!.*\.\.)[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_-])?")
# what the Hub writes into a new repo's .gitattributes
LFS_SUFFIXES = """7z arrow bin bz2 ckpt ftz gz h5 joblib lfs.* mlmodel model msgpack npy npz onnx ot parquet pb pickle
    pkl pt pth rar safetensors tar.* tar tflite tgz wasm xz zip zst"""
MEDIA_SUFFIXES = "pcm sam raw aac flac mp3 ogg wav bmp gif png tiff jpg jpeg webp mp4 webm"
SDKS = ("gradio", "streamlit", "docker", "static")
RESERVED = {"api", "models", "datasets", "spaces", "collections", "login", "logout", "xet", "lfs", "v1", "style.css"}


def gitattributes(kind: str) -> bytes:
    suffixes = LFS_SUFFIXES.split() + (MEDIA_SUFFIXES.split() if kind == "dataset" else [])
    patterns = [f"*.{suffix}" for suffix in suffixes] + ["saved_model/**/*", "*tfevents*"]
    return "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in patterns).encode()


def space_readme(name: str, sdk: str) -> bytes:
    about = f"title: {name}\nemoji: 🏭\ncolorFrom: gray\ncolorTo: blue\nsdk: {sdk}\napp_file: app.py\npinned: false"
    return f"---\n{about}\n---\n".encode()


def repo_url(request: Request, kind: str, repo_id: str) -> str:
    return f"{origin(request)}/{PREFIXES[kind]}{repo_id}"


def _named(body: dict[str, Any], default_namespace: str) -> tuple[str, str]:
    """(kind, full id) of a create or delete request."""
    kind = body.get("type") or "model"
    if kind not in PREFIXES:
        raise bad_request(f"This Hub has no repos of type {kind!r}")
    name = str(body.get("name") or "")
    namespace = body.get("organization")
    if "/" in name:
        namespace, _, name = name.partition("/")
    return kind, f"{namespace or default_namespace}/{name}"


def _check_name(repo_id: str) -> None:
    namespace, _, name = repo_id.partition("/")
    if namespace.lower() in RESERVED:
        raise bad_request(f"The namespace {namespace!r} is reserved")
    if not NAME.fullmatch(name) or not NAME.fullmatch(namespace) or name.endswith((".git", ".ipynb")):
        raise bad_request(
            f"Invalid repo name {repo_id!r}: use letters, digits, '-', '_' and '.', at most 96, no '--' or '..'"
        )


def _wants_private(body: dict[str, Any], default: str = "public") -> tuple[bool, str]:
    visibility = body.get("visibility")
    if visibility is None:
        asked = body.get("private")
        visibility = default if asked is None else "private" if asked else "public"
    if visibility not in ("public", "private", "protected"):
        raise bad_request(f"Invalid visibility {visibility!r}")
    return visibility == "private", visibility


@with_body
def create(request: Request, body: dict[str, Any]) -> JSONResponse:
    hub, who = hub_of(request), logged_in(request)
    kind, repo_id = _named(body, who.name)
    _check_name(repo_id)
    writer(request, repo_id.split("/")[0], f"a {kind}")
    closed = repo_id.split("/")[0].lower() in hub.accounts.private_by_default
    private, visibility = _wants_private(body, "private" if closed else "public")
    files = {".gitattributes": gitattributes(kind)}
    space = None
    if kind == "space":
        sdk = body.get("sdk") or "gradio"
        if sdk not in SDKS:
            raise bad_request(f"The sdk must be one of {', '.join(SDKS)}")
        files["README.md"] = space_readme(repo_id.split("/")[1], sdk)
        space = first_space_state(body)
    with hub.store.db.writing():
        _check_free(request, hub, kind, repo_id)
        repo = hub.store.create_repo(
            kind,
            repo_id,
            creator=who.name,
            private=private,
            first_files=files,
            visibility=visibility,
            space=space,
        )
    return JSONResponse(
        {"url": repo_url(request, kind, repo.id), "name": repo.id, "id": repo.id, "private": repo.private}
    )


def _check_free(request: Request, hub: Hub, kind: str, repo_id: str) -> None:
    existing = hub.store.repo(kind, repo_id)
    if existing:
        url = repo_url(request, kind, existing.id)
        raise HubError(
            409,
            f"A {kind} repository called {existing.id} already exists",
            extra={"url": url, "name": existing.id, "id": existing.id},
        )


@with_body
def delete(request: Request, body: dict[str, Any]) -> Response:
    hub, who = hub_of(request), logged_in(request)
    kind, repo_id = _named(body, who.name)
    repo = hub.store.repo(kind, repo_id)
    if repo is None or (repo.private and not who.may_read(repo.namespace)):
        raise repo_not_found()
    writer(request, repo.namespace, f"the {kind}")
    hub.store.delete_repo(repo)
    return Response(status_code=200)


@with_body
def move(request: Request, body: dict[str, Any]) -> JSONResponse:
    hub, who = hub_of(request), logged_in(request)
    kind = body.get("type") or "model"
    source, target = str(body.get("fromRepo") or ""), str(body.get("toRepo") or "")
    repo = hub.store.repo(kind, source)
    if repo is None or (repo.private and not who.may_read(repo.namespace)):
        raise repo_not_found()
    _check_name(target)
    writer(request, repo.namespace, f"the {kind}")
    writer(request, target.split("/")[0], f"the {kind}")
    with hub.store.db.writing():
        if target.lower() != source.lower():
            _check_free(request, hub, kind, target)
        hub.store.move_repo(repo, target)
    return JSONResponse({"url": repo_url(request, kind, target)})


@with_body
def settings(request: Request, body: dict[str, Any]) -> JSONResponse:
    hub, repo = hub_of(request), find_repo(request, write=True)
    changes: dict[str, Any] = {}
    if "visibility" in body or "private" in body:
        private, visibility = _wants_private(body)
        changes |= {"private": int(private), "visibility": visibility}
    if "gated" in body:
        if body["gated"] not in ("auto", "manual", False, None):
            raise bad_request('"gated" must be "auto", "manual" or false')
        changes["gated"] = body["gated"] or None
    if changes:
        hub.store.update_repo(repo, **changes)
    repo = hub.store.repo_by_pk(repo.pk) or repo
    return JSONResponse({"private": repo.private, "visibility": repo.visibility, "gated": repo.gated or False})


def auth_check(request: Request) -> JSONResponse:
    repo = find_repo(request)
    check_gate(hub_of(request), identity(request), repo)
    return JSONResponse({"ok": True})


def write_check(request: Request) -> JSONResponse:
    find_repo(request, write=True)
    return JSONResponse({"ok": True})


@with_body
def duplicate(request: Request, body: dict[str, Any]) -> JSONResponse:
    """A new repo with the head of another's main branch as its first commit."""
    hub, source = hub_of(request), find_repo(request, files=True)
    kind, target = kind_of(request), str(body.get("repository") or "")
    _check_name(target)
    who = writer(request, target.split("/")[0], f"a {kind}")
    private, visibility = (source.private, source.visibility)
    if "visibility" in body or "private" in body:
        private, visibility = _wants_private(body)
    with hub.store.db.writing() as connection:
        _check_free(request, hub, kind, target)
        space = first_space_state(body) if kind == "space" else None
        repo: Repo = hub.store.create_repo(
            kind, target, creator=who.name, private=private, first_files={}, visibility=visibility, space=space
        )
        connection.execute(
            "INSERT OR IGNORE INTO repo_blobs SELECT ?, sha256, size, lfs, ? FROM repo_blobs WHERE repo = ?",
            (repo.pk, clock.now(), source.pk),
        )
        head = hub.store.resolve(source, "main")
        first = hub.store.write_root(repo, head.tree, f"Duplicate from {source.id}", who.name)
        hub.store.set_ref(repo, "refs/heads/main", first.oid)
    return JSONResponse({"url": repo_url(request, kind, repo.id), "name": repo.id, "id": repo.id})


def no_namespace(request: Request) -> Response:
    """A repo id without a namespace: here every repo has one, so there is no such repo."""
    raise repo_not_found(anonymous=identity(request) is None)


routes = [
    Route("/api/repos/create", create, methods=["POST"]),
    Route("/api/repos/delete", delete, methods=["DELETE"]),
    Route("/api/repos/move", move, methods=["POST"]),
    Route("/api/{kind:kind}/{namespace}/{name}/settings", settings, methods=["PUT"]),
    Route("/api/{kind:kind}/{namespace}/{name}/auth-check", auth_check),
    Route("/api/{kind:kind}/{namespace}/{name}/auth-check/write", write_check),
    Route("/api/{kind:kind}/{namespace}/{name}/duplicate", duplicate, methods=["POST"]),
]
_ANY = ["GET", "POST", "PUT", "PATCH", "DELETE"]
last_routes = [
    Route("/api/{kind:kind}/{name}", no_namespace, methods=_ANY),
    Route("/api/{kind:kind}/{name}/{part:part}", no_namespace, methods=_ANY),
    Route("/api/{kind:kind}/{name}/{part:part}/{rest:path}", no_namespace, methods=_ANY),
    Route("/{kind:other}/{name}/resolve/{rest:path}", no_namespace),
    Route("/{name}/resolve/{rest:path}", no_namespace),
]
