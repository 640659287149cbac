"""A write-only Xet store, so that clients in their default environment can upload.

Chunks arrive packed in xorbs; the shard that follows says which files they make up, and each file is then written into
the blob store under its sha256. Downloads never mention Xet, so they stay plain HTTP.

Xorbs are kept for a while only. Clients remember, per store URL, which chunks they have sent, and never send them
again to the same URL: so the URL names the store, the token and the day, and a day's xorbs live longer than the day.
"""

import hashlib
import hmac
import re
import shutil
import time
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from factory.local_hub.blobs import receive
from factory.local_hub.context import Hub, find_repo, flag, hub_of, logged_in, origin, param
from factory.local_hub.errors import HubError, bad_request, forbidden, missing
from factory.local_hub.routing import REPO, Answer, Routes
from factory.local_hub.storage import PULLS, Repo
from factory.local_hub.xet_format import FormatError, ShardFile, Xorb, read_shard

routes = Routes()
_STORE = "/xet/{session}"

VALID_FOR = 3600  # seconds
EPOCH = 24 * 3600  # seconds that a store URL stays the same
KEPT_EPOCHS = 3  # today, and two days of uploads that started earlier
LARGEST_XORB = LARGEST_SHARD = 80 << 20  # bytes; clients stay below 64 MiB
HASH = re.compile(r"[0-9a-f]{64}")


@routes("GET", REPO + "/xet-write-token/{rev}")
def write_token(request: Request) -> Answer:
    hub, repo, who = hub_of(request), find_repo(request), logged_in(request)
    for_pull = flag(request, "create_pr") or param(request, "rev").startswith(PULLS)
    if who.role == "read" or not (who.may_write(repo.namespace) or for_pull):
        raise forbidden(f"You don't have the rights to upload to {repo.id}")
    epoch = int(time.time()) // EPOCH
    expires = int(time.time()) + VALID_FOR
    text = f"{repo.pk}.{epoch}.{expires}"
    token = f"{text}.{hub.sign('xet', text)}"
    holder = hashlib.sha256(request.headers["authorization"].encode()).hexdigest()[:12]
    url = f"{origin(request)}/xet/{hub.store.db.meta('store')}-{holder}-{epoch}"
    return JSONResponse(
        {"accessToken": token, "exp": expires, "casUrl": url},
        headers={"X-Xet-Cas-Url": url, "X-Xet-Access-Token": token, "X-Xet-Token-Expiration": str(expires)},
    )


def _repo_of(request: Request) -> Repo:
    """The repo that the access token was made for."""
    hub = hub_of(request)
    token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    text, _, signature = token.rpartition(".")
    if not text or not hmac.compare_digest(hub.sign("xet", text), signature):
        raise HubError(401, "This is not a Xet access token of this Hub")
    pk, _epoch, expires = text.split(".")
    repo = hub.store.repo_by_pk(int(pk))
    if int(expires) < time.time() or repo is None:
        raise HubError(401, "The Xet access token has expired")
    return repo


def _folder(request: Request) -> Path:
    name = request.path_params["session"]
    if not re.fullmatch(r"[0-9a-f]{32}-[0-9a-f]{12}-\d+", name):
        raise missing("Store")
    return hub_of(request).store.data / "xorbs" / name


@routes("POST", _STORE + "/v1/xorbs/{prefix}/{hash}")
async def put_xorb(request: Request) -> Answer:
    hub = hub_of(request)
    await run_in_threadpool(_repo_of, request)
    folder, name = _folder(request), request.path_params["hash"]
    if not HASH.fullmatch(name):
        raise bad_request("the xorb's name must be its hash")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    if target.is_file():
        return {"was_inserted": False}
    with hub.store.blobs.draft() as draft:
        await receive(request.stream(), draft, LARGEST_XORB)
        await run_in_threadpool(draft.close, sync=False)  # the shard's files are synced; a lost xorb is sent again
        draft.path.replace(target)
    return {"was_inserted": True}


@routes("POST", _STORE + "/v1/shards")
async def put_shard(request: Request) -> Answer:
    repo = await run_in_threadpool(_repo_of, request)
    hub, folder = hub_of(request), _folder(request)
    with hub.store.blobs.draft() as draft:
        await receive(request.stream(), draft, LARGEST_SHARD)
        await run_in_threadpool(draft.close, sync=False)
        await run_in_threadpool(_store_files, hub, repo, folder, draft.path)
    return {"result": 1}


def _store_files(hub: Hub, repo: Repo, folder: Path, shard: Path) -> None:
    opened: dict[str, Xorb] = {}
    try:
        with hub.heavy, shard.open("rb") as body:
            files = list(read_shard(body))
        for file in files:
            size = sum(segment.size for segment in file.segments)
            if file.sha256 and hub.store.owned_lfs(repo, file.sha256) == size:
                continue
            _store_file(hub, repo, folder, file, opened)
    except FormatError as error:
        raise bad_request(f"The shard was refused: {error}") from error
    finally:
        for xorb in opened.values():
            xorb.close()


def _store_file(hub: Hub, repo: Repo, folder: Path, file: ShardFile, opened: dict[str, Xorb]) -> None:
    with hub.store.blobs.draft() as draft:
        for segment in file.segments:
            if segment.xorb not in opened:
                opened[segment.xorb] = Xorb(_find_xorb(folder, segment.xorb))
            for chunk in opened[segment.xorb].chunks(segment.start, segment.end):
                draft.write(chunk)
        if file.sha256 and draft.sha256 != file.sha256:
            raise FormatError("a file does not have the sha256 that the shard says")
        hub.store.keep_lfs(repo, draft)


def _find_xorb(folder: Path, name: str) -> Path:
    """Of this store and token; an upload that runs past midnight has its first xorbs in yesterday's folder."""
    same_holder = folder.name.rpartition("-")[0]
    for candidate in [folder, *folder.parent.glob(f"{same_holder}-*")]:
        if (candidate / name).is_file():
            return candidate / name
    raise FormatError(f"xorb {name} was not uploaded")


def forget_old_xorbs(hub: Hub) -> None:
    """Frees the disk of uploads that ended days ago; called when the server starts."""
    oldest = int(time.time()) // EPOCH - KEPT_EPOCHS + 1
    for folder in (hub.store.data / "xorbs").glob("*-*-*"):
        if int(folder.name.rpartition("-")[2]) < oldest:
            shutil.rmtree(folder, ignore_errors=True)


@routes("GET HEAD POST PUT", _STORE + "/{rest:path}")
def not_here(_request: Request) -> Answer:
    """Clients try these first and go on without them."""
    return JSONResponse({"error": "not found"}, 404)
