"""Large files by git-lfs's protocol: batch, single and multipart uploads, verification, listing, deletion."""

from __future__ import annotations

import hashlib
import hmac
import re
import shutil
import time
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from factory.local_hub.blobs import CHUNK, receive
from factory.local_hub.context import Hub, find_repo, hub_of, json_body, logged_in, origin, whole
from factory.local_hub.errors import HubError, bad_request, forbidden, unprocessable
from factory.local_hub.metadata import mappings
from factory.local_hub.storage import Repo

MULTIPART_ABOVE = 512 << 20  # bytes: bigger uploads come in parts, so that a broken one does not start over
PART = 256 << 20
VALID_FOR = 24 * 3600  # seconds an upload link works
SHA256 = re.compile(r"[0-9a-f]{64}")


def _sign(hub: Hub, *values: Any) -> str:
    text = ":".join(str(value) for value in values)
    return hmac.new(hub.store.db.meta("secret").encode(), text.encode(), hashlib.sha256).hexdigest()


def _link(hub: Hub, request: Request, action: str, repo: Repo, oid: str, size: int) -> str:
    """Upload links carry their own permission: clients send no token with them."""
    expires = int(time.time()) + VALID_FOR
    signature = _sign(hub, action, repo.pk, oid, size, expires)
    return f"{origin(request)}/lfs/{action}/{repo.pk}/{oid}?size={size}&expires={expires}&signature={signature}"


def _checked(request: Request, action: str) -> tuple[Repo, str, int]:
    hub, query = hub_of(request), request.query_params
    oid = request.path_params["oid"]
    try:
        pk, size, expires = int(request.path_params["pk"]), int(query["size"]), int(query["expires"])
    except (KeyError, ValueError):
        raise forbidden("This is not an upload link") from None
    good = hmac.compare_digest(_sign(hub, action, pk, oid, size, expires), query.get("signature", ""))
    repo = hub.store.repo_by_pk(pk)
    if not good or expires < time.time() or repo is None:
        raise forbidden("This upload link is not valid (any more)")
    return repo, oid, size


async def batch(request: Request) -> JSONResponse:
    body = await json_body(request)
    answer = await run_in_threadpool(_batch, request, body)
    return JSONResponse(answer, media_type="application/vnd.git-lfs+json")


def _batch(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    hub, operation = hub_of(request), body.get("operation", "upload")
    repo = find_repo(request, files=operation == "download")
    if operation == "upload":
        who = logged_in(request)
        # anybody with a write token may send files: they may be for a pull request
        if who.role == "read":
            raise forbidden("Your token has the role `read`; a write token is needed to upload.")
    objects, multipart = [], "multipart" in body.get("transfers", ["basic"])
    used_multipart = False
    for item in mappings(body.get("objects")):
        oid, size = str(item.get("oid", "")), whole(item.get("size") or 0, "size")
        if not SHA256.fullmatch(oid):
            error = {"code": 422, "message": "the oid must be a sha256"}
            objects.append({"oid": oid, "size": size, "error": error})
            continue
        present = hub.store.owned_lfs(repo, oid)
        answer: dict[str, Any] = {"oid": oid, "size": size, "authenticated": True}
        if operation == "download":
            if present is None:
                answer["error"] = {"code": 404, "message": "the object does not exist"}
            else:
                answer["actions"] = {"download": {"href": _link(hub, request, "download", repo, oid, size)}}
        elif present is None or present != size:
            upload: dict[str, Any] = {"href": _link(hub, request, "upload", repo, oid, size)}
            if multipart and size > MULTIPART_ABOVE:
                used_multipart = True
                parts = -(-size // PART)
                part = _link(hub, request, "part", repo, oid, size)
                upload = {
                    "href": _link(hub, request, "complete", repo, oid, size),
                    "header": {
                        "chunk_size": str(PART),
                        **{f"{n:05d}": f"{part}&part={n}" for n in range(1, parts + 1)},
                    },
                }
            answer["actions"] = {
                "upload": upload,
                "verify": {"href": _link(hub, request, "verify", repo, oid, size)},
            }
        objects.append(answer)
    return {"transfer": "multipart" if used_multipart else "basic", "objects": objects, "hash_algo": "sha256"}


async def upload(request: Request) -> Response:
    hub = hub_of(request)
    repo, oid, size = await run_in_threadpool(_checked, request, "upload")
    draft = hub.store.blobs.draft()
    try:
        await receive(request.stream(), draft)
        if draft.sha256 != oid or draft.size != size:
            raise unprocessable(
                f"the content does not have the announced sha256 and size ({draft.size} of {size} bytes)"
            )
        await run_in_threadpool(_keep, hub, repo, draft)
    finally:
        draft.discard()
    return Response(status_code=200, headers={"ETag": f'"{oid}"'})


def _keep(hub: Hub, repo: Repo, draft: Any) -> None:
    draft.close(sync=True)
    with hub.store.db.writing():  # so that no repo being deleted takes the content with it
        hub.store.blobs.keep(draft)
        hub.store.own_lfs(repo, draft.sha256, draft.size)


def _parts_folder(hub: Hub, repo: Repo, oid: str) -> Path:
    return hub.store.data / "parts" / f"{repo.pk}-{oid}"


async def part(request: Request) -> Response:
    hub = hub_of(request)
    repo, oid, size = await run_in_threadpool(_checked, request, "part")
    try:
        number = int(request.query_params["part"])
    except (KeyError, ValueError):
        raise bad_request("part is missing") from None
    if not 1 <= number <= -(-size // PART):
        raise bad_request("there is no such part")
    folder = _parts_folder(hub, repo, oid)
    folder.mkdir(parents=True, exist_ok=True)
    draft = hub.store.blobs.draft()
    try:
        await receive(request.stream(), draft)
        await run_in_threadpool(draft.close, sync=True)
        draft.path.replace(folder / f"{number:05d}")
    finally:
        draft.discard()
    return Response(status_code=200, headers={"ETag": f'"{draft.sha256}"'})


async def complete(request: Request) -> Response:
    body = await json_body(request)
    repo, oid, size = await run_in_threadpool(_checked, request, "complete")
    await run_in_threadpool(_complete, hub_of(request), repo, oid, size, body)
    return Response(status_code=200)


def _complete(hub: Hub, repo: Repo, oid: str, size: int, body: dict[str, Any]) -> None:
    folder = _parts_folder(hub, repo, oid)
    if hub.store.owned_lfs(repo, oid) == size:  # a repeated completion
        return
    draft = hub.store.blobs.draft()
    try:
        for number in range(1, -(-size // PART) + 1):
            path = folder / f"{number:05d}"
            if not path.is_file():
                raise unprocessable(f"part {number} is missing")
            with path.open("rb") as file:
                while piece := file.read(4 * CHUNK):
                    draft.write(piece)
        if draft.sha256 != oid or draft.size != size:
            shutil.rmtree(folder, ignore_errors=True)
            raise unprocessable("the parts do not add up to the announced sha256 and size")
        _keep(hub, repo, draft)
    finally:
        draft.discard()
    shutil.rmtree(folder, ignore_errors=True)


def forget_old_parts(hub: Hub) -> None:
    """Parts of uploads that were never completed and no longer can be."""
    for folder in (hub.store.data / "parts").glob("*"):
        if folder.stat().st_mtime < time.time() - VALID_FOR:
            shutil.rmtree(folder, ignore_errors=True)


async def verify(request: Request) -> Response:
    repo, oid, size = await run_in_threadpool(_checked, request, "verify")
    if hub_of(request).store.owned_lfs(repo, oid) != size:
        raise HubError(404, "the object was not uploaded")
    return Response(status_code=200)


def download(request: Request) -> Response:
    from factory.local_hub.read import BlobResponse

    _repo, oid, _size = _checked(request, "download")
    return BlobResponse(hub_of(request).store.blobs.path(oid), media_type="application/octet-stream")


routes = [
    Route("/{kind:other}/{namespace}/{name:git}/info/lfs/objects/batch", batch, methods=["POST"]),
    Route("/{namespace}/{name:git}/info/lfs/objects/batch", batch, methods=["POST"]),
    Route("/lfs/upload/{pk}/{oid}", upload, methods=["PUT"]),
    Route("/lfs/part/{pk}/{oid}", part, methods=["PUT"]),
    Route("/lfs/complete/{pk}/{oid}", complete, methods=["POST"]),
    Route("/lfs/verify/{pk}/{oid}", verify, methods=["POST"]),
    Route("/lfs/download/{pk}/{oid}", download),
]
