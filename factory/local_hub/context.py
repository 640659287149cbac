"""What every route needs: the store, who asks, and the repo that the URL names."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse

from factory.local_hub.aside import Aside
from factory.local_hub.errors import bad_request, bad_token, forbidden, gated, login_needed, repo_not_found
from factory.local_hub.storage import Repo, Store
from factory.local_hub.users import Accounts, Identity

COOKIE = "hub_session"
SESSIONS = 10_000  # kept at once; the oldest goes first
KINDS = {"models": "model", "datasets": "dataset", "spaces": "space"}


@dataclass
class Hub:
    """The state of one server, at `request.app.state.hub`."""

    store: Store
    accounts: Accounts
    jobs: Any = None
    instance: str = ""
    caches: dict[str, Any] = field(default_factory=dict)
    aside: Aside = field(default_factory=Aside)
    heavy: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(2))  # held while a lot is in memory
    sessions: dict[str, str] = field(default_factory=dict)  # of those who signed in on the pages: id to token

    def sign_in(self, token: str) -> str:
        """A new session's id, which says nothing of the token."""
        while len(self.sessions) >= SESSIONS:
            del self.sessions[next(iter(self.sessions))]
        session = secrets.token_urlsafe(32)
        self.sessions[session] = token
        return session

    def sign(self, *values: Any) -> str:
        """A signature of `values` that only this Hub can make."""
        text = ":".join(str(value) for value in values)
        return hmac.new(self.store.db.meta("secret").encode(), text.encode(), hashlib.sha256).hexdigest()


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
    hub = hub_of(request)
    return hub.accounts.by_token(hub.sessions.get(request.cookies.get(COOKIE, ""), ""))


def logged_in(request: Request) -> Identity:
    who = identity(request)
    if who is None:
        raise login_needed()
    return who


def with_write_token(request: Request, what_for: str) -> Identity:
    who = logged_in(request)
    if who.role == "read":
        raise forbidden(f"Your token has the role `read`; a write token is needed {what_for}.")
    return who


def writer(request: Request, namespace: str, what: str = "this repo") -> Identity:
    who = with_write_token(request, f"for {what}")
    if not who.may_write(namespace):
        raise forbidden(f'You don\'t have the rights to write {what} under the namespace "{namespace}"')
    return who


def may_see(who: Identity | None, repo: Repo) -> bool:
    return not repo.private or (who is not None and who.may_read(repo.namespace))


def visible(request: Request, kind: str | None = None, namespace: str | None = None) -> list[Repo]:
    """The repos that the asker may see, those of one kind or namespace where it is given."""
    who = identity(request)
    return [repo for repo in hub_of(request).store.repos(kind, namespace) if may_see(who, repo)]


def kind_of(request: Request) -> str:
    """model, dataset or space from the `kind` of the route ('' means a model's page)."""
    return KINDS[request.path_params.get("kind") or "models"]


def revision_of(request: Request) -> str:
    """The revision that the URL names, `main` where it names none."""
    return param(request, "rev") if "rev" in request.path_params else "main"


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
        sql = "SELECT status FROM access_requests WHERE repo = ? AND user = ?"
        if hub.store.db.value(sql, repo.pk, who.name) == "accepted":
            return
    raise gated(f"{repo.kind} {repo.id}", anonymous=who is None)


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
    kept = [(key, value) for key, value in request.query_params.multi_items() if key not in changes]
    query = urlencode([*kept, *changes.items()])
    return {"Link": f'<{origin(request)}{request.scope["path"]}?{query}>; rel="next"'}


def paged(request: Request, items: list[Any], most: int, describe: Callable[[list[Any]], Any] = list) -> JSONResponse:
    """The page of `items` that `cursor` and `limit` ask for, at most `most` of them, with a link to the next."""
    query = request.query_params
    start = max(whole(query.get("cursor") or 0, "cursor"), 0)
    end = start + min(max(whole(query.get("limit") or most, "limit"), 1), most)
    headers = next_link(request, cursor=end) if end < len(items) else {}
    return JSONResponse(describe(items[start:end]), headers=headers)
