"""Gated repos: who asked, who got in."""

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from factory.local_hub import clock
from factory.local_hub.context import Hub, find_repo, hub_of, logged_in, param
from factory.local_hub.errors import HubError, bad_request
from factory.local_hub.routing import OF_REPO, REPO, Answer, Routes
from factory.local_hub.storage import Repo
from factory.local_hub.users import User

routes = Routes()
_API = REPO + "/user-access-request"
STATUSES = ("pending", "accepted", "rejected")


def _gated(request: Request, *, write: bool) -> tuple[Hub, Repo]:
    repo = find_repo(request, write=write)
    if not repo.gated:
        raise bad_request("This repo is not gated")
    return hub_of(request), repo


def _status(text: Any) -> str:
    if text not in STATUSES:
        raise bad_request(f"The status must be one of {', '.join(STATUSES)}")
    return text


@routes("GET", _API + "/{status}")
def listing(request: Request) -> Answer:
    (hub, repo), status = _gated(request, write=True), _status(param(request, "status"))
    sql = "SELECT * FROM access_requests WHERE repo = ? AND status = ? ORDER BY created_at"
    answer = []
    for row in hub.store.db.all(sql, repo.pk, status):
        user = hub.accounts.user(row["user"]) or User(row["user"])
        answer.append(
            {
                "user": {"_id": user.name, "user": user.name, "fullname": user.fullname, "email": user.email},
                "status": row["status"],
                "timestamp": row["created_at"],
                "fields": json.loads(row["fields"]) if row["fields"] else None,
            }
        )
    return answer


@routes("POST", _API + "/handle", _API + "/grant")
def handle(request: Request, body: dict[str, Any]) -> Answer:
    hub, repo = _gated(request, write=True)
    granting, name = request.url.path.endswith("/grant"), str(body.get("user") or "")
    status = "accepted" if granting else _status(body.get("status"))
    user, db = hub.accounts.user(name), hub.store.db
    if user is None:
        raise HubError(404, f"There is no user {name}")
    with db.writing():
        old = db.value("SELECT status FROM access_requests WHERE repo = ? AND user = ?", repo.pk, user.name)
        if granting and old == "accepted":
            raise bad_request(f"{user.name} already has access")
        if not granting and old is None:
            raise HubError(404, f"{user.name} has not asked for access")
        if not granting and old == status:
            raise HubError(404, f"The request of {user.name} is already {status}")
        db.write(
            "INSERT INTO access_requests VALUES (?, ?, ?, ?, NULL)"
            " ON CONFLICT (repo, user) DO UPDATE SET status = excluded.status",
            *(repo.pk, user.name, status, clock.now()),
        )
    return {"success": True}


@routes("POST", *(of_repo + "/ask-access" for of_repo in OF_REPO))
async def ask(request: Request) -> Answer:
    """What the button on a gated repo's page sends; automatic gates open at once."""
    return await run_in_threadpool(_ask, request, await request.body())


def _ask(request: Request, form: bytes) -> Answer:
    (hub, repo), who = _gated(request, write=False), logged_in(request)
    fields = dict(parse_qsl(form.decode("utf-8", "replace")))
    status = "accepted" if repo.gated == "auto" else "pending"
    row = (repo.pk, who.name, status, clock.now(), json.dumps(fields) if fields else None)
    hub.store.db.write("INSERT OR IGNORE INTO access_requests VALUES (?, ?, ?, ?, ?)", *row)
    return {"success": True}
