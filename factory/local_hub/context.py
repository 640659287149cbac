"""What every route needs: the store, who asks, and the repo that the URL names."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from factory.local_hub import convertors
from factory.local_hub.errors import bad_request, bad_token, forbidden, gated, login_needed, repo_not_found
from factory.local_hub.storage import Repo, Store
from factory.local_hub.users import Accounts, Identity

convertors.register()  # before any module of routes names them
COOKIE = "hub_token"
KINDS = {"models": "model", "datasets": "dataset", "spaces": "space"}


@dataclass
class Hub:
    """The state of one server, at `request.app.state.hub`."""

    store: Store
    accounts: Accounts
    jobs: Any = None
    instance: str = ""
    caches: dict[str, Any] = field(default_factory=dict)


class Moved(Exception):
    """The repo has another name now; `repo_id` is the new one."""

    def __init__(self, kind: str, old_id: str, new_id: str) -> None:
        super().__init__(new_id)
        self.kind, self.old_id, self.new_id = kind, old_id, new_id


def hub_of(request: Request) -> Hub:
    return request.app.state.hub


def param(request: Request, name: str) -> str:
    """A path parameter, decoded; routing works on the raw path, so a quoted slash stays inside its segment."""
    return unquote(request.path_params[name])


def origin(request: Request) -> str:
    """The URL the client reached us at, so that links in answers work through a proxy or another host name."""
    scheme = request.headers.get("x-forwarded-proto") or request.url.scheme
    return f"{scheme}://{request.headers.get('host') or request.url.netloc}"


def identity(request: Request) -> Identity | None:
    """Who asks, None when nobody says; 401 for an unknown token."""
    header = request.headers.get("authorization", "")
    if not header:
        return _from_cookie(request)
    scheme, _, token = header.partition(" ")
    if scheme.lower() == "basic":  # git and git-lfs send the token as the password
        import base64
        import binascii

        try:
            token = base64.b64decode(token).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            raise bad_token() from None
    found = hub_of(request).accounts.by_token(token.strip())
    if found is None:
        raise bad_token()
    return found


def _from_cookie(request: Request) -> Identity | None:
    """Who signed in on the pages: for reading pages and files only, never for the API."""
    if request.method not in ("GET", "HEAD") or request.scope["path"].startswith("/api/"):
        return None
    return hub_of(request).accounts.by_token(request.cookies.get(COOKIE, ""))


def logged_in(request: Request) -> Identity:
    who = identity(request)
    if who is None:
        raise login_needed()
    return who


def writer(request: Request, namespace: str, what: str = "this repo") -> Identity:
    who = logged_in(request)
    if who.role == "read":
        raise forbidden(f"Your token has the role `read`; a write token is needed for {what}.")
    if not who.may_write(namespace):
        raise forbidden(f'You don\'t have the rights to write {what} under the namespace "{namespace}"')
    return who


def may_see(who: Identity | None, repo: Repo) -> bool:
    return not repo.private or (who is not None and who.may_read(repo.namespace))


def kind_of(request: Request) -> str:
    """model, dataset or space from the `kind` of the route ('' means a model's page)."""
    return KINDS[request.path_params.get("kind") or "models"]


def find_repo(request: Request, *, write: bool = False, files: bool = False) -> Repo:
    """The repo of the URL, if the asker may see it.

    `write` asks for the right to change it, `files` for the right to read the files of a gated repo.
    Raises 404 RepoNotFound also for a repo that is hidden, 401, 403, 403 GatedRepo; Moved after a rename.
    """
    hub = hub_of(request)
    kind, repo_id = kind_of(request), f"{param(request, 'namespace')}/{param(request, 'name')}"
    who = identity(request)
    repo = hub.store.repo(kind, repo_id)
    if repo is None:
        target = hub.store.moved_to(kind, repo_id)
        if target is None or not may_see(who, target):
            raise repo_not_found(anonymous=who is None)
        raise Moved(kind, repo_id, target.id)
    if not may_see(who, repo):
        raise repo_not_found(anonymous=who is None)
    if write:
        writer(request, repo.namespace, f"the {kind}")
    if files:
        check_gate(hub, who, repo)
    return repo


def check_gate(hub: Hub, who: Identity | None, repo: Repo) -> None:
    if not repo.gated or (who and who.may_read(repo.namespace)):
        return
    if who:
        row = hub.store.db.one("SELECT status FROM access_requests WHERE repo = ? AND user = ?", repo.pk, who.name)
        if row and row["status"] == "accepted":
            return
    raise gated(f"{repo.kind} {repo.id}", anonymous=who is None)


async def json_body(request: Request) -> dict[str, Any]:
    body = await request.body()
    if not body.strip():
        return {}
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise bad_request("The body is not valid JSON") from None
    if not isinstance(data, dict):
        raise bad_request("The body must be a JSON object")
    return data


def with_body(handle: Callable[[Request, dict[str, Any]], Any]) -> Callable[[Request], Any]:
    """An endpoint that is handed the JSON body of its request, and runs in a thread since it waits for files."""

    @functools.wraps(handle)
    async def endpoint(request: Request) -> Any:
        return await run_in_threadpool(handle, request, await json_body(request))

    return endpoint


def whole(value: Any, name: str) -> int:
    """A whole number of a request, or 400."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise bad_request(f"{name} must be a whole number") from None


def flag(request: Request, name: str) -> bool:
    return request.query_params.get(name, "").lower() in ("1", "true", "yes", "on")


def many(request: Request, name: str) -> list[str]:
    """All values of a query parameter, written `name=a&name=b` or `name[]=a`."""
    values = request.query_params.getlist(name) + request.query_params.getlist(f"{name}[]")
    return [value for value in values if value]


def next_link(request: Request, **changes: Any) -> dict[str, str]:
    """The `Link` header of a page that has a next one."""
    return {"Link": f'<{origin(request)}{request.scope["path"]}?{_query(request, changes)}>; rel="next"'}


def _query(request: Request, changes: dict[str, Any]) -> str:
    from urllib.parse import urlencode

    kept = [(key, value) for key, value in request.query_params.multi_items() if key not in changes]
    return urlencode([*kept, *((key, str(value)) for key, value in changes.items())])
