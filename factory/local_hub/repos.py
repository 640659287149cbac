"""Creating, moving, duplicating and deleting repos, and their settings."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from factory.local_hub import clock
from factory.local_hub.context import find_repo, hub_of, identity, logged_in, may_see, origin, writer
from factory.local_hub.errors import HubError, bad_request, repo_not_found
from factory.local_hub.routing import ANY, REPO, Answer, Routes
from factory.local_hub.spaces import first_space_state
from factory.local_hub.storage import HEADS, PREFIXES, Repo

routes = Routes()
last_routes = Routes()

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


def _visibility(body: dict[str, Any], default: str = "public") -> str:
    """The visibility that a request asks for in either of the two ways."""
    visibility = body.get("visibility")
    if visibility is None:
        asked = body.get("private")
        visibility = default if asked is None else "private" if asked else "public"
    if visibility not in ("public", "private", "protected"):
        raise bad_request(f"Invalid visibility {visibility!r}")
    return visibility


def _check_free(request: Request, kind: str, repo_id: str) -> None:
    existing = hub_of(request).store.repo(kind, repo_id)
    if existing:
        raise HubError(
            409, f"A {kind} repository called {existing.id} already exists", extra=_address(request, existing)
        )


def _address(request: Request, repo: Repo) -> dict[str, Any]:
    return {"url": f"{origin(request)}/{repo.path}", "name": repo.id, "id": repo.id}


def _existing(request: Request, kind: str, repo_id: str) -> Repo:
    """A repo that the body names and the asker may change. Raises 404 also where it is hidden from the asker."""
    repo, who = hub_of(request).store.repo(kind, repo_id), logged_in(request)
    if repo is None or not may_see(who, repo):
        raise repo_not_found()
    writer(request, repo.namespace, f"the {kind}")
    return repo


@routes("POST", "/api/repos/create")
def create(request: Request, body: dict[str, Any]) -> Answer:
    hub, who = hub_of(request), logged_in(request)
    kind, repo_id = _named(body, who.name)
    _check_name(repo_id)
    namespace, name = repo_id.split("/")
    writer(request, namespace, f"a {kind}")
    visibility = _visibility(body, "private" if namespace.lower() in hub.accounts.private_by_default else "public")
    files, space = {".gitattributes": gitattributes(kind)}, None
    if kind == "space":
        sdk = body.get("sdk") or "gradio"
        if sdk not in SDKS:
            raise bad_request(f"The sdk must be one of {', '.join(SDKS)}")
        files["README.md"] = space_readme(name, sdk)
        space = first_space_state(body)
    with hub.store.db.writing():
        _check_free(request, kind, repo_id)
        repo = hub.store.create_repo(kind, repo_id, who.name, visibility, first_files=files, space=space)
    return _address(request, repo) | {"private": repo.private}


@routes("DELETE", "/api/repos/delete")
def delete(request: Request, body: dict[str, Any]) -> Answer:
    hub_of(request).store.delete_repo(_existing(request, *_named(body, logged_in(request).name)))
    return Response(status_code=200)


@routes("POST", "/api/repos/move")
def move(request: Request, body: dict[str, Any]) -> Answer:
    store, kind = hub_of(request).store, body.get("type") or "model"
    source, target = str(body.get("fromRepo") or ""), str(body.get("toRepo") or "")
    repo = _existing(request, kind, source)
    _check_name(target)
    writer(request, target.split("/")[0], f"the {kind}")
    with store.db.writing():
        if target.lower() != source.lower():
            _check_free(request, kind, target)
        store.move_repo(repo, target)
    return {"url": f"{origin(request)}/{PREFIXES[kind]}{target}"}


@routes("PUT", REPO + "/settings")
def settings(request: Request, body: dict[str, Any]) -> Answer:
    store, repo = hub_of(request).store, find_repo(request, write=True)
    changes: dict[str, Any] = {}
    if "visibility" in body or "private" in body:
        visibility = _visibility(body)
        changes |= {"private": int(visibility == "private"), "visibility": visibility}
    if "gated" in body:
        if body["gated"] not in ("auto", "manual", False, None):
            raise bad_request('"gated" must be "auto", "manual" or false')
        changes["gated"] = body["gated"] or None
    if changes:
        store.update_repo(repo, **changes)
    repo = store.repo_by_pk(repo.pk) or repo
    return {"private": repo.private, "visibility": repo.visibility, "gated": repo.gated or False}


@routes("GET", REPO + "/auth-check")
def auth_check(request: Request) -> Answer:
    find_repo(request, files=True)
    return {"ok": True}


@routes("GET", REPO + "/auth-check/write")
def write_check(request: Request) -> Answer:
    find_repo(request, write=True)
    return {"ok": True}


@routes("POST", REPO + "/duplicate")
def duplicate(request: Request, body: dict[str, Any]) -> Answer:
    """A new repo with the head of another's main branch as its first commit."""
    store, source = hub_of(request).store, find_repo(request, files=True)
    kind, target = source.kind, str(body.get("repository") or "")
    _check_name(target)
    who = writer(request, target.split("/")[0], f"a {kind}")
    visibility = _visibility(body) if "visibility" in body or "private" in body else source.visibility
    space = first_space_state(body) if kind == "space" else None
    with store.db.writing():
        _check_free(request, kind, target)
        repo = store.create_repo(kind, target, who.name, visibility, first_files={}, space=space)
        store.db.write(
            "INSERT OR IGNORE INTO repo_blobs SELECT ?, sha256, size, lfs, ? FROM repo_blobs WHERE repo = ?",
            *(repo.pk, clock.now(), source.pk),
        )
        head = store.resolve(source, "main")
        first = store.write_root(repo, head.tree, f"Duplicate from {source.id}", who.name)
        store.set_ref(repo, HEADS + "main", first.oid)
    return _address(request, repo)


@last_routes(ANY, *("/api/{kind:kind}/{name}" + rest for rest in ("", "/{part:part}", "/{part:part}/{rest:path}")))
@last_routes("GET", "/{kind:other}/{name}/resolve/{rest:path}", "/{name}/resolve/{rest:path}")
def no_namespace(request: Request) -> Answer:
    """A repo id without a namespace: here every repo has one, so there is no such repo."""
    raise repo_not_found(anonymous=identity(request) is None)
