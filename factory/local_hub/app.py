"""The application: routes by subject, routing on the raw path, errors as the Hub writes them."""

import uuid
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from factory.local_hub import (
    absent,
    access,
    collections,
    commit,
    discussions,
    identity,
    info,
    jobs,
    leaderboard,
    lfs,
    lfs_files,
    lists,
    misc,
    pages,
    read,
    refs,
    repo_pages,
    repos,
    side_by_side,
    spaces,
    thumbnails,
    webhooks,
    xet,
)
from factory.local_hub.bodies import Bodies
from factory.local_hub.context import Hub, Moved
from factory.local_hub.errors import HubError
from factory.local_hub.guard import Guard
from factory.local_hub.jobs import Jobs
from factory.local_hub.storage import Store
from factory.local_hub.sweep import sweep
from factory.local_hub.users import Accounts, User, default_users
from factory.local_hub.web import error_page, wants_page
from factory.store.disk import disk_fault

FILES = (read, commit, lfs, lfs_files, xet, refs)
API = (
    misc,
    absent,
    identity,
    repos,
    spaces,
    info,
    leaderboard,
    *FILES,
    discussions,
    collections,
    access,
    webhooks,
    jobs,
)
PAGES = (pages, lists, side_by_side, thumbnails, repo_pages)
# a path belongs to the first of them that knows it
ROUTES = [
    *chain.from_iterable(module.routes for module in API),
    *(*info.last_routes, *repos.last_routes, *pages.first_routes),
    *chain.from_iterable(module.routes for module in PAGES),
    *pages.last_routes,
]


class RawPath:
    """Routes on the path as it was sent: `refs%2Fpr%2F1` is one segment, a plain slash separates two."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            raw = scope.get("raw_path") or quote(scope["path"]).encode()
            path = raw.split(b"?")[0].decode("latin-1")
            while "//" in path:  # clients join an endpoint ending in a slash with a path starting with one
                path = path.replace("//", "/")
            scope = {**scope, "path": path, "root_path": ""}
            request_id = _request_id(scope)

            async def numbered(message: dict[str, Any]) -> None:
                if message["type"] == "http.response.start":  # clients quote it in their error messages
                    message = {**message, "headers": [*message.get("headers", []), (b"x-request-id", request_id)]}
                await send(message)

            await self.app(scope, receive, numbered)
            return
        await self.app(scope, receive, send)


def _request_id(scope: dict[str, Any]) -> bytes:
    """The number that the client gave the request, else a new one."""
    headers = dict(scope.get("headers", ()))
    given = headers.get(b"x-request-id")
    if given:
        return given[:200]
    trace = headers.get(b"x-amzn-trace-id")
    root = trace[:200] if trace else f"1-{uuid.uuid4().hex[:8]}-{uuid.uuid4().hex[:24]}".encode()
    return root if root.startswith(b"Root=") else b"Root=" + root


async def on_hub_error(request: Request, error: Exception) -> Response:
    """As clients want it; people who mistyped an address get a page that says so."""
    assert isinstance(error, HubError)
    if error.code == "RepoNotFound" and wants_page(request):
        return await run_in_threadpool(error_page, request, error)
    return error.response()


async def on_moved(request: Request, error: Exception) -> Response:
    assert isinstance(error, Moved)
    path = request.scope["path"].replace(error.old_id, error.new_id, 1)
    if path == request.scope["path"]:
        old = "/".join(quote(part, safe="") for part in error.old_id.split("/"))
        path = path.replace(old, error.new_id, 1)
    query = request.scope.get("query_string", b"").decode()
    return Response(status_code=307, headers={"Location": path + (f"?{query}" if query else "")})


async def on_gone(_request: Request, _error: Exception) -> Response:
    """The client hung up in the middle of a body: nobody reads this, and nothing was stored."""
    return Response(status_code=499)


async def on_bug(_request: Request, error: Exception) -> Response:
    """The traceback is in the server's log. 507 (RFC 4918 section 11.5): what cannot be stored."""
    if (what := disk_fault(error)) is not None:
        return JSONResponse({"error": f"{what} where this Hub keeps its data"}, 507)
    return JSONResponse({"error": "Internal Error - this Hub's log says more"}, 500)


async def on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = error.detail if error.status_code != 404 else "Not Found"
    if request.scope["path"].startswith("/api") or error.status_code != 404:
        return JSONResponse({"error": text}, error.status_code, headers={"X-Error-Message": text})
    return PlainTextResponse(text, error.status_code, headers={"X-Error-Message": text})


def create_app(data: Path, users: list[User] | None = None, jobs: bool = False, host: str | None = None) -> Starlette:
    """The embedded Hub over the folder `data`.

    Without `users` there is one, `factory`, whose write token `hf_local` may write to any namespace; with them, only
    their own namespace and their organisations. `jobs` lets clients run commands here as subprocesses. `host` is the
    address that it will be reached at, for the guard.
    """
    app = Starlette(
        routes=ROUTES,
        middleware=[Middleware(Guard, host=host), Middleware(RawPath), Middleware(Bodies)],
        exception_handlers={
            HubError: on_hub_error,
            Moved: on_moved,
            HTTPException: on_http_error,
            ClientDisconnect: on_gone,
            Exception: on_bug,
        },
    )
    app.router.redirect_slashes = False
    accounts = Accounts(users if users is not None else default_users())
    store = Store(Path(data))
    hub = Hub(store, accounts, Jobs(store, enabled=jobs), instance=uuid.uuid4().hex)
    sweep(store)
    xet.forget_old_xorbs(hub)
    lfs.forget_old_parts(hub)
    app.state.hub = hub
    return app
