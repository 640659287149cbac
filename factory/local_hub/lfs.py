"""Large files by git-lfs's protocol: batch, single and multipart uploads, verification, listing, deletion."""

import hmac
import re
import shutil
import time
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from factory.local_hub.blobs import CHUNK, receive
from factory.local_hub.context import Hub, find_repo, hub_of, origin, whole, with_write_token
from factory.local_hub.errors import HubError, bad_request, forbidden, unprocessable
from factory.local_hub.metadata import mappings
from factory.local_hub.read import BlobResponse
from factory.local_hub.routing import Answer, Routes
from factory.local_hub.storage import Repo

routes = Routes()
GIT = ("/{kind:other}/{namespace}/{name:git}", "/{namespace}/{name:git}")

MULTIPART_ABOVE = 512 << 20  # bytes: bigger uploads come in parts, so that a broken one does not start over
PART = 256 << 20
LARGEST = 500 * 10**9  # bytes of a file, as on the Hub
MOST_OBJECTS = 1000  # in one request; clients send 256
VALID_FOR = 24 * 3600  # seconds an upload link works
SHA256 = re.compile(r"[0-9a-f]{64}")


def _link(hub: Hub, request: Request, action: str, repo: Repo, oid: str, size: int) -> dict[str, str]:
    """Upload links carry their own permission: clients send no token with them."""
    expires = int(time.time()) + VALID_FOR
    signature = hub.sign(action, repo.pk, oid, size, expires)
    query = f"size={size}&expires={expires}&signature={signature}"
    return {"href": f"{origin(request)}/lfs/{action}/{repo.pk}/{oid}?{query}"}


def _checked(request: Request, action: str) -> tuple[Repo, str, int]:
    hub, query = hub_of(request), request.query_params
    oid = request.path_params["oid"]
    try:
        pk, size, expires = int(request.path_params["pk"]), int(query["size"]), int(query["expires"])
    except (KeyError, ValueError):
        raise forbidden("This is not an upload link") from None
    good = hmac.compare_digest(hub.sign(action, pk, oid, size, expires), query.get("signature", ""))
    repo = hub.store.repo_by_pk(pk)
    if not good or expires < time.time() or repo is None:
        raise forbidden("This upload link is not valid (any more)")
    return repo, oid, size


@routes("POST", *(f"{of_repo}/info/lfs/objects/batch" for of_repo in GIT))
def batch(request: Request, body: dict[str, Any]) -> Answer:
    hub, operation = hub_of(request), body.get("operation", "upload")
    repo = find_repo(request, files=operation == "download")
    if operation == "upload":  # anybody with a write token may send files: they may be for a pull request
        with_write_token(request, "to upload")
    parts_allowed = "multipart" in body.get("transfers", ["basic"])
    objects = []
    asked = mappings(body.get("objects"))
    if len(asked) > MOST_OBJECTS:
        raise HubError(413, f"More than {MOST_OBJECTS:,} objects in one request")
    for item in asked:
        oid, size = str(item.get("oid", "")), whole(item.get("size") or 0, "size")
        answer: dict[str, Any] = {"oid": oid, "size": size, "authenticated": True}
        present = hub.store.owned_lfs(repo, oid)
        if not SHA256.fullmatch(oid):
            answer["error"] = {"code": 422, "message": "the oid must be a sha256"}
        elif not 0 <= size <= LARGEST:
            answer["error"] = {"code": 422, "message": f"a file has at most {LARGEST:,} bytes here"}
        elif operation != "download":
            if present != size:
                answer["actions"] = _uploads(hub, request, repo, oid, size, in_parts=parts_allowed)
        elif present is None:
            answer["error"] = {"code": 404, "message": "the object does not exist"}
        else:
            answer["actions"] = {"download": _link(hub, request, "download", repo, oid, size)}
        objects.append(answer)
    used = any("header" in answer.get("actions", {}).get("upload", {}) for answer in objects)
    return JSONResponse(
        {"transfer": "multipart" if used else "basic", "objects": objects, "hash_algo": "sha256"},
        media_type="application/vnd.git-lfs+json",
    )


def _uploads(hub: Hub, request: Request, repo: Repo, oid: str, size: int, *, in_parts: bool) -> dict[str, Any]:
    """The links by which a content is sent and then verified."""
    upload: dict[str, Any] = _link(hub, request, "upload", repo, oid, size)
    if in_parts and size > MULTIPART_ABOVE:
        part = _link(hub, request, "part", repo, oid, size)["href"]
        parts = {f"{n:05d}": f"{part}&part={n}" for n in range(1, _parts(size) + 1)}
        upload = _link(hub, request, "complete", repo, oid, size) | {"header": {"chunk_size": str(PART), **parts}}
    return {"upload": upload, "verify": _link(hub, request, "verify", repo, oid, size)}


def _parts(size: int) -> int:
    return -(-size // PART)


@routes("PUT", "/lfs/upload/{pk}/{oid}")
async def upload(request: Request) -> Answer:
    store = hub_of(request).store
    repo, oid, size = await run_in_threadpool(_checked, request, "upload")
    with store.blobs.draft() as draft:
        await receive(request.stream(), draft, size)
        if draft.sha256 != oid or draft.size != size:
            raise unprocessable(
                f"the content does not have the announced sha256 and size ({draft.size} of {size} bytes)"
            )
        await run_in_threadpool(store.keep_lfs, repo, draft)
    return Response(status_code=200, headers={"ETag": f'"{oid}"'})


def _parts_folder(hub: Hub, repo: Repo, oid: str) -> Path:
    return hub.store.data / "parts" / f"{repo.pk}-{oid}"


@routes("PUT", "/lfs/part/{pk}/{oid}")
async def part(request: Request) -> Answer:
    hub = hub_of(request)
    repo, oid, size = await run_in_threadpool(_checked, request, "part")
    number = whole(request.query_params.get("part"), "part")
    if not 1 <= number <= _parts(size):
        raise bad_request("there is no such part")
    folder = _parts_folder(hub, repo, oid)
    folder.mkdir(parents=True, exist_ok=True)
    with hub.store.blobs.draft() as draft:
        await receive(request.stream(), draft, min(PART, size))
        await run_in_threadpool(draft.close, sync=True)
        draft.path.replace(folder / f"{number:05d}")
    return Response(status_code=200, headers={"ETag": f'"{draft.sha256}"'})


@routes("POST", "/lfs/complete/{pk}/{oid}")
def complete(request: Request) -> Answer:
    hub = hub_of(request)
    repo, oid, size = _checked(request, "complete")
    folder = _parts_folder(hub, repo, oid)
    if hub.store.owned_lfs(repo, oid) == size:  # a repeated completion
        return Response(status_code=200)
    with hub.store.blobs.draft() as draft:
        for number in range(1, _parts(size) + 1):
            path = folder / f"{number:05d}"
            if not path.is_file():
                raise unprocessable(f"part {number} is missing")
            with path.open("rb") as file:
                while piece := file.read(4 * CHUNK):
                    draft.write(piece)
        whole_again = draft.sha256 == oid and draft.size == size
        if whole_again:
            hub.store.keep_lfs(repo, draft)
    shutil.rmtree(folder, ignore_errors=True)
    if not whole_again:
        raise unprocessable("the parts do not add up to the announced sha256 and size")
    return Response(status_code=200)


def forget_old_parts(hub: Hub) -> None:
    """Parts of uploads that were never completed and no longer can be."""
    for folder in (hub.store.data / "parts").glob("*"):
        if folder.stat().st_mtime < time.time() - VALID_FOR:
            shutil.rmtree(folder, ignore_errors=True)


@routes("POST", "/lfs/verify/{pk}/{oid}")
def verify(request: Request) -> Answer:
    repo, oid, size = _checked(request, "verify")
    if hub_of(request).store.owned_lfs(repo, oid) != size:
        raise HubError(404, "the object was not uploaded")
    return Response(status_code=200)


@routes("GET", "/lfs/download/{pk}/{oid}")
def download(request: Request) -> Answer:
    _repo, oid, _size = _checked(request, "download")
    return BlobResponse(hub_of(request).store.blobs.path(oid), media_type="application/octet-stream")
